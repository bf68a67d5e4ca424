"""A zone: a shape on the ground with its kind, its buffer, the order it comes from and when it is in force."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from zones import shape
from zones.geo import Frame
from zones.refusal import ZoneRefused, number
from zones.schedule import Timing, read_timing

__all__ = ["TeamArea", "Zone", "ZoneKind", "ZoneRefused"]

# The 500 m ring of the schemes studied that publish one.
DEFAULT_BUFFER_M = 500.0


class ZoneKind(StrEnum):
    """Which side of the edge is the breach: inside an exclusion zone, outside the other two."""

    EXCLUSION = "exclusion"
    INCLUSION = "inclusion"
    RESTRICTION = "restriction"


@dataclass(frozen=True, slots=True)
class TeamArea:
    """The circle in which a team's zones lie; a zone outside it is probably a mistake."""

    lat: float
    lon: float
    radius_m: float

    def check(self, frame: Frame) -> None:
        """Raise ZoneRefused when a zone's middle lies outside, saying so when swapped axes would bring it inside."""
        home = Frame(self.lat, self.lon)
        away = math.hypot(*home.from_degrees(frame.lat, frame.lon))
        if away <= self.radius_m:
            return
        where = f"latitude {frame.lat:.4f}, longitude {frame.lon:.4f}"
        if abs(frame.lon) <= 90 and math.hypot(*home.from_degrees(frame.lon, frame.lat)) <= self.radius_m:
            raise ZoneRefused("swapped_axes", f"The zone lies at {where}: longitude and latitude seem to be swapped.")
        raise ZoneRefused("outside_area", f"The zone lies at {where}, {away / 1000:.0f} km from the team's area.")


@dataclass(frozen=True, eq=False, slots=True)
class Zone:
    """One zone of one order; immutable, so that states and caches made with it stay true.

    `zone_id` names it, `tag` the one tag it applies to (None: all), `order_id` and `wording` the order and its text,
    `properties` every GeoJSON property as it was read.
    """

    zone_id: str
    kind: ZoneKind
    buffer_m: float
    shape: shape.Shape
    timing: Timing
    geometry: dict[str, Any]
    properties: dict[str, Any]
    tag: str | None = None
    order_id: str | None = None
    wording: str | None = None
    is_timed: bool = False

    @classmethod
    def from_geojson(cls, feature: object, team_area: TeamArea | None = None) -> Zone:
        """Read a GeoJSON Feature (RFC 7946).

        Point with `radius_m` or `radius_miles`, Polygon, MultiPolygon, or LineString with `width_m`; properties `id`,
        `kind`, `buffer_m`, `tag`, `order`, `wording`, `valid_from`, `valid_until`, `schedule`, `permissions`, and any
        others, which are kept.

        Raises: ZoneRefused with a sentence that says what is wrong and where, also when the zone lies outside
        `team_area`.
        """
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            raise ZoneRefused("not_a_feature", "The zone is not a GeoJSON Feature.")
        properties = feature.get("properties")
        if properties is None:
            properties = {}
        if not isinstance(properties, dict):
            raise ZoneRefused("properties", "The zone's properties are not an object.")
        kind = properties.get("kind", "exclusion")
        if kind not in list(ZoneKind):
            raise ZoneRefused("unknown_kind", f"kind is {kind!r}; it must be one of {', '.join(ZoneKind)}.")
        buffer_m = number("buffer_m", properties.get("buffer_m", DEFAULT_BUFFER_M), 0, 100_000, "m")
        found = shape.read(feature.get("geometry"), properties)
        if team_area is not None:
            team_area.check(found.frame)
        timing = read_timing(properties)
        zone_id = properties.get("id", feature.get("id"))
        return cls(
            zone_id="" if zone_id is None else str(zone_id),
            kind=ZoneKind(kind),
            buffer_m=buffer_m,
            shape=found,
            timing=timing,
            geometry=copy.deepcopy(feature["geometry"]),
            properties=copy.deepcopy(properties),
            tag=None if properties.get("tag") is None else str(properties["tag"]),
            order_id=None if properties.get("order") is None else str(properties["order"]),
            wording=None if properties.get("wording") is None else str(properties["wording"]),
            is_timed=not timing.is_always,
        )

    def to_geojson(self) -> dict[str, Any]:
        """Return the zone as a GeoJSON Feature that `from_geojson` reads back to the same zone."""
        properties = {"id": self.zone_id, **self.properties, "kind": str(self.kind), "buffer_m": self.buffer_m}
        return {"type": "Feature", "geometry": copy.deepcopy(self.geometry), "properties": copy.deepcopy(properties)}

    @property
    def frame(self) -> Frame:
        """The local frame in metres around the zone's middle."""
        return self.shape.frame

    def distance_m(self, lat: float, lon: float) -> float:
        """Return signed metres along the ground from a place in degrees to the zone's edge; negative inside.

        Within 0.1 % or 0.1 m of the WGS 84 geodesic up to 20 km away; further off it is a lower bound.
        """
        return self.shape.distance_m(*self.shape.frame.from_degrees(lat, lon))
