"""A zone: a shape on the ground with its kind, its buffer and the order it comes from."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import shapely

from zones.geo import Frame

METRES_A_MILE = 1609.344
DEFAULT_BUFFER_M = 500.0


class ZoneKind(StrEnum):
    """Which side of the edge is the breach: inside an exclusion zone, outside the other two."""

    EXCLUSION = "exclusion"
    INCLUSION = "inclusion"
    RESTRICTION = "restriction"


class ZoneRefused(ValueError):
    """A zone that cannot be judged by: `code` is stable, `detail` is a sentence that says what and where."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, eq=False, slots=True)
class Zone:
    """One zone of one order; distances are signed metres to its edge, negative inside."""

    zone_id: str
    kind: ZoneKind
    buffer_m: float
    geometry: dict[str, Any]
    properties: dict[str, Any]
    frame: Frame
    radius_m: float | None = None
    outline: Any = None
    edge: Any = None
    half_width_m: float = 0.0
    depth_m: float = 0.0
    half_breadth_m: float = 0.0
    tag: str | None = field(default=None)

    @classmethod
    def from_geojson(cls, feature: dict[str, Any]) -> Zone:
        """Read a GeoJSON Feature (RFC 7946). Raises: ZoneRefused with a sentence that says what is wrong and where."""
        geometry = feature.get("geometry") if isinstance(feature, dict) else None
        if not isinstance(geometry, dict) or not geometry.get("coordinates"):
            raise ZoneRefused("empty", "The zone has no shape: geometry is missing or empty.")
        properties = dict(feature.get("properties") or {})
        zone_id = str(properties.get("id", feature.get("id", "")))
        try:
            kind = ZoneKind(properties.get("kind", "exclusion"))
        except ValueError:
            raise ZoneRefused("unknown_kind", f"kind is {properties['kind']!r}: not a known kind of zone.") from None
        buffer_m = float(properties.get("buffer_m", DEFAULT_BUFFER_M))
        common: dict[str, Any] = {
            "zone_id": zone_id,
            "kind": kind,
            "buffer_m": buffer_m,
            "geometry": geometry,
            "properties": properties,
            "tag": properties.get("tag"),
        }
        shape, coordinates = geometry.get("type"), geometry["coordinates"]
        if shape == "Point":
            radius = properties.get("radius_m")
            if radius is None and properties.get("radius_miles") is not None:
                radius = properties["radius_miles"] * METRES_A_MILE
            if not isinstance(radius, int | float) or not math.isfinite(radius) or radius <= 0:
                raise ZoneRefused("radius", f"The circle's radius is {radius!r}; it must be more than 0 metres.")
            return cls(
                frame=Frame(coordinates[1], coordinates[0]),
                radius_m=float(radius),
                depth_m=2 * float(radius),
                half_breadth_m=float(radius),
                **common,
            )
        if shape not in ("Polygon", "MultiPolygon", "LineString"):
            raise ZoneRefused("unknown_shape", f"geometry type is {shape!r}: not a shape that a zone can have.")
        degrees = shapely.geometry.shape(geometry)
        centre = degrees.centroid
        frame = Frame(centre.y, centre.x)
        outline = shapely.transform(degrees, lambda c: [frame.from_degrees(lat, lon) for lon, lat in c])
        if not outline.is_valid:
            raise ZoneRefused("invalid", f"The outline is not valid: {shapely.is_valid_reason(degrees)}.")
        edge = outline if shape == "LineString" else outline.boundary
        shapely.prepare(outline)
        shapely.prepare(edge)
        return cls(
            frame=frame, outline=outline, edge=edge, half_width_m=float(properties.get("width_m", 0)) / 2, **common
        )

    def to_geojson(self) -> dict[str, Any]:
        """Return the zone as a GeoJSON Feature that `from_geojson` reads back to the same zone."""
        return {"type": "Feature", "geometry": self.geometry, "properties": dict(self.properties)}

    def distance_m(self, lat: float, lon: float) -> float:
        """Return signed metres from a place in degrees to the zone's edge; negative inside."""
        return self.distance_local_m(*self.frame.from_degrees(lat, lon))

    def distance_local_m(self, east: float, north: float) -> float:
        """Return signed metres from a place in the zone's own frame to its edge; negative inside."""
        if self.radius_m is not None:
            return math.hypot(east, north) - self.radius_m
        gap = self.edge.distance(shapely.Point(east, north))
        if self.half_width_m:
            return gap - self.half_width_m
        return -gap if shapely.contains_xy(self.outline, east, north) else gap
