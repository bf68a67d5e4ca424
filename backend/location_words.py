"""A wearer's location in words to read out to a control room: a grid reference, and the distance from the place."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backend import places
from backend.models import (
    Alert,
    AlertKind,
    Fix,
    Handling,
    LocationConsent,
    PlaceZone,
    ProtectedPlace,
    VictimPosition,
)
from backend.places import Nearest
from backend.record import reading
from zones.geo import Frame
from zones.national_grid import direction, grid_reference


@dataclass(frozen=True, slots=True)
class FromPlace:
    """How far, in metres, and in which direction the wearer is from the middle of a zone around a place."""

    place: str
    distance_m: float
    direction: str


@dataclass(frozen=True, slots=True)
class NameOnMap:
    """A name of a place to write on a map."""

    name: str
    lat: float
    lon: float


MOST_NAMES = 12


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """The newest fix in words: degrees, grid reference, age and error radius in metres."""

    lat: float
    lon: float
    fix_time: datetime
    accuracy_m: float | None
    # None outside Great Britain.
    grid_reference: str | None
    # None where there is no fixed zone: a place that moves is never shown, and this would give it away.
    from_place: FromPlace | None
    # The nearest named place; None where no names of places are loaded, or none is near.
    nearest: Nearest | None = None
    # Names for a map that has no tiles, the nearest first.
    names: tuple[NameOnMap, ...] = ()


def whereabouts(alert: Alert, track: Sequence[Fix], now: datetime) -> Whereabouts | None:
    """Return where the wearer was at the newest fix of ``track``, or None without a fix."""
    if not track:
        return None
    fix = track[-1]
    near = places.landmarks_near(fix.lat, fix.lon)
    return Whereabouts(
        lat=fix.lat,
        lon=fix.lon,
        fix_time=fix.fix_time,
        accuracy_m=fix.accuracy_m,
        grid_reference=grid_reference(fix.lat, fix.lon, fix.accuracy_m),
        from_place=_from_place(alert, fix, now),
        nearest=near[0][1] if near else None,
        names=tuple(NameOnMap(row.name, row.lat, row.lon) for row, _ in near[:MOST_NAMES]),
    )


def of_protected_person(alert: Alert) -> Whereabouts | None:
    """Return where the phone of a person who calls for help was, while they share that and the alert is open."""
    if alert.kind != AlertKind.HELP or alert.victim_id is None or alert.handling == Handling.CLOSED:
        return None
    agreed = LocationConsent.select().where(
        LocationConsent.victim == alert.victim_id,
        LocationConsent.withdrawn_at.is_null(),
        LocationConsent.paused_at.is_null(),
    )
    newest = (
        VictimPosition.select()
        .where(VictimPosition.victim == alert.victim_id)
        .order_by(VictimPosition.fix_time.desc())
        .first()
    )
    if newest is None or not agreed.exists():
        return None
    return Whereabouts(
        lat=newest.lat,
        lon=newest.lon,
        fix_time=newest.fix_time,
        accuracy_m=newest.accuracy_m,
        grid_reference=grid_reference(newest.lat, newest.lon, newest.accuracy_m),
        from_place=None,
    )


def _from_place(alert: Alert, fix: Fix, now: datetime) -> FromPlace | None:
    """Return the way from the alert's own place or, where it is about none, from the nearest one of the wearer."""
    zones = [alert.zone] if alert.zone is not None else _zones_now(alert, now)
    nearest: FromPlace | None = None
    for zone in zones:
        middle = None if zone.moves else middle_of(zone.feature)
        if middle is None:
            continue
        east_m, north_m = Frame(*middle).from_degrees(fix.lat, fix.lon)
        distance_m = math.hypot(east_m, north_m)
        if not math.isfinite(distance_m):
            continue
        if nearest is None or distance_m < nearest.distance_m:
            nearest = FromPlace(zone.place.label, distance_m, direction(east_m, north_m))
    return nearest


def _zones_now(alert: Alert, now: datetime) -> list[PlaceZone]:
    zones = PlaceZone.select(PlaceZone, ProtectedPlace).join(ProtectedPlace).where(PlaceZone.wearer == alert.wearer_id)
    case = reading.cases([alert.wearer_id], faults={}).get(alert.wearer_id)
    if case is not None:
        zones = zones.where(PlaceZone.id.in_([zone.zone_id for zone in case.zones_meant(now)]))
    return list(zones)


def middle_of(feature: Any) -> tuple[float, float] | None:
    """Return latitude and longitude of the middle of a stored zone, or None where it has none or is not sound."""
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    if not isinstance(geometry, dict):
        return None
    corners = list(_places(geometry.get("coordinates")))
    if not corners:
        return None
    lons, lats = [lon for lon, _ in corners], [lat for _, lat in corners]
    lat, lon = (min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2
    return (lat, lon) if abs(lat) <= 90 and abs(lon) <= 180 else None


def _places(coordinates: Any) -> Iterator[tuple[float, float]]:
    """Yield longitude and latitude of every corner, however deep it lies."""
    if not isinstance(coordinates, list):
        return
    if len(coordinates) >= 2 and all(_is_degrees(one) for one in coordinates[:2]):
        yield coordinates[0], coordinates[1]
        return
    for one in coordinates:
        yield from _places(one)


def _is_degrees(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
