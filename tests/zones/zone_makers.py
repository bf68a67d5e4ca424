"""Zones, fixes and walks in central London for the tests; nobody's real track."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from zones import Decision, Fix, PlaceState, Zone, decide
from zones.geo import Frame

LAT, LON = 51.5, -0.12
START = 1_767_600_000.0  # Monday 5 January 2026, 08:00 in London.
FRAME = Frame(LAT, LON)


def feature(geometry: dict[str, Any] | None = None, **properties: Any) -> dict[str, Any]:
    """A GeoJSON Feature; without a geometry, a circle of 100 m around the middle of the tests' world."""
    if geometry is None:
        geometry = {"type": "Point", "coordinates": [LON, LAT]}
        if "radius_miles" not in properties:
            properties.setdefault("radius_m", 100)
    properties.setdefault("id", "home")
    properties.setdefault("buffer_m", 200)
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def circle(**properties: Any) -> Zone:
    return Zone.from_geojson(feature(**properties))


def square(half_m: float = 100, hole_half_m: float = 0, **properties: Any) -> Zone:
    """A square zone around the middle, with a square hole where asked."""

    def ring(half: float) -> list[list[float]]:
        corners = [(-half, -half), (half, -half), (half, half), (-half, half), (-half, -half)]
        return [list(reversed(FRAME.to_degrees(*corner))) for corner in corners]

    rings = [ring(half_m)] + ([ring(hole_half_m)] if hole_half_m else [])
    return Zone.from_geojson(feature({"type": "Polygon", "coordinates": rings}, **properties))


def at(east: float, north: float = 0.0, after_s: float = 0.0, accuracy_m: float | None = 8.0, **more: Any) -> Fix:
    """A fix some metres east and north of the middle, some seconds after the start."""
    lat, lon = FRAME.to_degrees(east, north)
    return Fix(START + after_s, lat, lon, accuracy_m, **more)


def judge(zone: Zone, fixes: Iterable[Fix], state: PlaceState | None = None) -> list[Decision]:
    decisions = []
    for fix in fixes:
        decisions.append(decide(zone, fix, state))
        state = decisions[-1].state
    return decisions


def last(zone: Zone, *fixes: Fix) -> Decision:
    return judge(zone, fixes)[-1]


def told(decision: Decision) -> tuple[str, str]:
    return decision.level.name.lower(), str(decision.certainty)
