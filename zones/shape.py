"""The shapes a zone can have, read from GeoJSON (RFC 7946), in local metres; the only module that knows shapely.

A shape with no inside, or one that crosses itself, is refused: its distance would be NaN, and NaN never alarms.
"""

from __future__ import annotations

import itertools
import math
import re
from typing import Any, Protocol

import numpy as np
import shapely

from zones.geo import Frame
from zones.refusal import ZoneRefused, number

# The international mile. Source: Weights and Measures Act 1985, schedule 1.
METRES_A_MILE = 1609.344
# 150 km from its middle to its edge covers any county of the United Kingdom: wider is a mistake of drawing.
LARGEST_M = 150_000.0
# A side that is straight in degrees is followed to within 5 mm by pieces that are straight in metres.
FOLLOWED_TO_M = 0.005
# Distances are promised to 20 km from the edge; further off, the distance to the bounding circle does.
MEASURED_TO_M = 25_000.0
# A shape of less than a square metre is a mistake of drawing, and no receiver tells whether a tag is in it.
_SMALLEST_AREA_M2 = 1.0
# The boundary of a London borough has 300 to 1,500 corners (ONS, generalised to 20 m); a fix is judged against 2,000 at
# a third of the speed of 5, and against 20,000 a flood of fixes falls behind.
MOST_CORNERS = 2_000

Degrees = list[tuple[float, float]]


class Shape(Protocol):
    """What a decision asks of a shape: a frame, a signed distance in it, and how large the inside is.

    `depth_m` is the width of the inside through its deepest place, `half_breadth_m` half its length across that.
    """

    frame: Frame
    depth_m: float
    half_breadth_m: float

    def distance_m(self, east: float, north: float) -> float:
        """Return signed metres to the edge, negative inside and zero on it."""

    def distances_m(self, east: np.ndarray, north: np.ndarray) -> np.ndarray:
        """Return the same for many places at once."""


class Circle:
    """All places within a radius of a centre, measured along the ground."""

    __slots__ = ("depth_m", "frame", "half_breadth_m", "radius_m")

    def __init__(self, frame: Frame, radius_m: float) -> None:
        self.frame = frame
        self.radius_m = self.half_breadth_m = radius_m
        self.depth_m = 2 * radius_m

    def distance_m(self, east: float, north: float) -> float:
        """Return signed metres to the edge, negative inside and zero on it."""
        return math.hypot(east, north) - self.radius_m

    def distances_m(self, east: np.ndarray, north: np.ndarray) -> np.ndarray:
        """Return the same for many places at once."""
        return np.hypot(east, north) - self.radius_m


class Area:
    """Polygons with holes, straight in longitude and latitude."""

    __slots__ = ("_edge", "_reach_m", "_surface", "depth_m", "frame", "half_breadth_m")

    def __init__(self, frame: Frame, surface: Any) -> None:
        self.frame = frame
        self._surface = surface
        self._edge = surface.boundary
        shapely.prepare(self._surface)
        shapely.prepare(self._edge)
        corners = shapely.get_coordinates(surface)
        self._reach_m = float(np.hypot(corners[:, 0], corners[:, 1]).max())
        inner_radius = shapely.maximum_inscribed_circle(surface, tolerance=max(0.5, self._reach_m / 200)).length
        self.depth_m = 2 * inner_radius
        self.half_breadth_m = max(inner_radius, surface.area / (4 * inner_radius))

    def distance_m(self, east: float, north: float) -> float:
        """Return signed metres to the edge, negative inside and zero on it."""
        bound = math.hypot(east, north) - self._reach_m
        if bound > MEASURED_TO_M:
            return bound
        gap = self._edge.distance(shapely.Point(east, north))
        return -gap if bound <= 0 and shapely.contains_xy(self._surface, east, north) else gap

    def distances_m(self, east: np.ndarray, north: np.ndarray) -> np.ndarray:
        """Return the same for many places at once."""
        bound = np.hypot(east, north) - self._reach_m
        found = bound.copy()
        near = bound <= MEASURED_TO_M
        gap = shapely.distance(self._edge, shapely.points(east[near], north[near]))
        found[near] = np.where(shapely.contains_xy(self._surface, east[near], north[near]), -gap, gap)
        return found


class Corridor:
    """All places within half a width of a line: a street, a school run."""

    __slots__ = ("_half_width_m", "_line", "_reach_m", "depth_m", "frame", "half_breadth_m")

    def __init__(self, frame: Frame, line: Any, width_m: float) -> None:
        self.frame = frame
        self._line = line
        self._half_width_m = width_m / 2
        shapely.prepare(line)
        corners = shapely.get_coordinates(line)
        self._reach_m = float(np.hypot(corners[:, 0], corners[:, 1]).max()) + self._half_width_m
        self.depth_m = width_m
        self.half_breadth_m = max(width_m, line.length) / 2

    def distance_m(self, east: float, north: float) -> float:
        """Return signed metres to the edge, negative inside and zero on it."""
        bound = math.hypot(east, north) - self._reach_m
        if bound > MEASURED_TO_M:
            return bound
        return self._line.distance(shapely.Point(east, north)) - self._half_width_m

    def distances_m(self, east: np.ndarray, north: np.ndarray) -> np.ndarray:
        """Return the same for many places at once."""
        return shapely.distance(self._line, shapely.points(east, north)) - self._half_width_m


def _position(value: object, where: str) -> tuple[float, float]:
    """Read one GeoJSON position, longitude first; a height is allowed and left out."""
    if not isinstance(value, list | tuple) or not 2 <= len(value) <= 3:
        raise ZoneRefused("position", f"{where} is {value!r}; a position is longitude, latitude.")
    lon = number(f"The longitude of {where}", value[0], -math.inf, math.inf, "degrees")
    lat = number(f"The latitude of {where}", value[1], -math.inf, math.inf, "degrees")
    if not -90 <= lat <= 90:
        swapped = " Longitude comes first; the two may be swapped." if -90 <= lon <= 90 and abs(lat) <= 180 else ""
        raise ZoneRefused("latitude", f"The latitude of {where} is {lat:g}, outside -90 to 90 degrees.{swapped}")
    if not -180 <= lon <= 180:
        raise ZoneRefused("longitude", f"The longitude of {where} is {lon:g}, outside -180 to 180 degrees.")
    return lon, lat


def _too_many(corners: int, what: str) -> ZoneRefused:
    return ZoneRefused(
        "too_many_corners",
        f"{what} has {corners:,} corners; at most {MOST_CORNERS:,} are judged by. Simplify the outline: corners that "
        "lie within 5 m of the line between their neighbours can go.",
    )


def _positions(value: object, where: str, least: int) -> Degrees:
    if not isinstance(value, list | tuple) or not value:
        raise ZoneRefused("empty", f"{where} is empty.")
    if len(value) > MOST_CORNERS:
        raise _too_many(len(value), where)
    found = [_position(item, f"corner {n} of {where}") for n, item in enumerate(value, 1)]
    if len(found) < least:
        raise ZoneRefused("too_few", f"{where} has {len(found)} corners; it must have at least {least}.")
    return found


def _unwrapped(line: Degrees, first_lon: float) -> Degrees:
    """Return a line whose longitudes run on across the antimeridian, starting within 180 degrees of `first_lon`."""
    found: Degrees = []
    last = first_lon
    for lon, lat in line:
        last = last + (lon - last + 180) % 360 - 180
        found.append((last, lat))
    return found


def _ring(value: object, where: str, first_lon: float | None) -> Degrees:
    ring = _positions(value, where, 4)
    if ring[0] != ring[-1]:
        raise ZoneRefused("not_closed", f"{where} is not closed: its last corner must repeat its first.")
    found = _unwrapped(ring, ring[0][0] if first_lon is None else first_lon)
    if abs(found[-1][0] - found[0][0]) > 1e-9:
        raise ZoneRefused("pole", f"{where} goes around a pole, where longitude and latitude have no inside.")
    return found


def _followed(frame: Frame, line: Degrees) -> list[tuple[float, float]]:
    """Return a line in local metres, with corners added so that it stays straight in degrees."""
    found = [frame.from_degrees(line[0][1], line[0][0])]
    for (lon_a, lat_a), (lon_b, lat_b) in itertools.pairwise(line):
        start, end = found[-1], frame.from_degrees(lat_b, lon_b)
        middle = frame.from_degrees((lat_a + lat_b) / 2, (lon_a + lon_b) / 2)
        off = math.hypot(middle[0] - (start[0] + end[0]) / 2, middle[1] - (start[1] + end[1]) / 2)
        # The offset of a piece falls with the square of their number.
        pieces = min(1000, math.ceil(math.sqrt(off / FOLLOWED_TO_M))) if off > FOLLOWED_TO_M else 1
        for piece in range(1, pieces):
            share = piece / pieces
            found.append(frame.from_degrees(lat_a + share * (lat_b - lat_a), lon_a + share * (lon_b - lon_a)))
        found.append(end)
    return found


def _place(lat: float, lon: float) -> str:
    return f"latitude {lat:.5f}, longitude {(lon + 180) % 360 - 180:.5f}"


def _centre(lines: list[Degrees]) -> tuple[float, float]:
    """Return the middle (lat, lon) of the box around some lines."""
    lons, lats = [lon for line in lines for lon, _ in line], [lat for line in lines for _, lat in line]
    return (min(lats) + max(lats)) / 2, ((min(lons) + max(lons)) / 2 + 180) % 360 - 180


def _check_size(frame: Frame, lines: list[Degrees], what: str) -> float:
    """Return the furthest corner's distance in metres from the frame's origin. Raises: ZoneRefused when too large."""
    furthest = max(math.hypot(*frame.from_degrees(lat, lon)) for line in lines for lon, lat in line)
    if furthest > LARGEST_M:
        where = _place(frame.lat, frame.lon)
        raise ZoneRefused(
            "too_large",
            f"{what} around {where} reaches {furthest / 1000:.0f} km from its middle; "
            f"at most {LARGEST_M / 1000:.0f} km can be measured.",
        )
    return furthest


def _fault(polygon: Any, where: str) -> ZoneRefused:
    """Turn shapely's reason, such as "Self-intersection[-0.1 51.5]", into a sentence with the place."""
    reason = shapely.is_valid_reason(polygon)
    found = re.fullmatch(r"(.*)\[(\S+) (\S+)\]", reason)
    what = found.group(1) if found else reason
    at = f" near {_place(float(found.group(3)), float(found.group(2)))}" if found else ""
    if "Self-intersection" in what:
        return ZoneRefused("crosses_itself", f"{where} crosses itself{at}.")
    if "Hole lies outside" in what:
        return ZoneRefused("hole_outside", f"A hole of {where} lies outside it{at}.")
    return ZoneRefused("invalid", f"{where} is not a valid outline: {what.lower()}{at}.")


def _read_area(coordinates: object, is_multi: bool) -> Shape:
    if not isinstance(coordinates, list | tuple) or not coordinates:
        raise ZoneRefused("empty", "The zone has no outline: coordinates is empty.")
    parts: list[list[Degrees]] = []
    first_lon: float | None = None
    for n, part in enumerate(coordinates if is_multi else [coordinates], 1):
        name = f"polygon {n}" if is_multi else "the outline"
        if not isinstance(part, list | tuple) or not part:
            raise ZoneRefused("empty", f"{name[0].upper()}{name[1:]} is empty.")
        rings: list[Degrees] = []
        for m, ring in enumerate(part):
            where = name if m == 0 else f"hole {m} of {name}"
            rings.append(_ring(ring, f"{where[0].upper()}{where[1:]}", first_lon))
            first_lon = rings[0][0][0] if first_lon is None else first_lon
        parts.append(rings)
    corners = sum(len(ring) for rings in parts for ring in rings)
    if corners > MOST_CORNERS:
        raise _too_many(corners, "The shape")
    outlines = [rings[0] for rings in parts]
    frame = Frame(*_centre(outlines))
    _check_size(frame, outlines, "The outline")
    surfaces = []
    for n, rings in enumerate(parts, 1):
        name = f"Polygon {n}" if is_multi else "The outline"
        local = [_followed(frame, ring) for ring in rings]
        hulls = [shapely.convex_hull(shapely.MultiPoint(corners)) for corners in (local[0], rings[0])]
        if not (hulls[0].area > _SMALLEST_AREA_M2 and hulls[1].area > 0):
            lon, lat = rings[0][0]
            spread = max(math.hypot(east - local[0][0][0], north - local[0][0][1]) for east, north in local[0])
            raise ZoneRefused(
                "no_area",
                f"{name} has no inside: its {len(rings[0])} corners lie on a line or within {spread:.1f} m "
                f"of {_place(lat, lon)}.",
            )
        degrees = shapely.Polygon(rings[0], rings[1:])
        if not degrees.is_valid:
            raise _fault(degrees, name)
        surface = shapely.Polygon(local[0], local[1:])
        if not surface.area > _SMALLEST_AREA_M2:
            raise ZoneRefused("no_area", f"{name} has no inside: its holes leave {surface.area:.1f} square metres.")
        surfaces.append(surface)
    # Parts may touch or overlap: one cut at the antimeridian, as RFC 7946 asks, is whole again.
    whole = surfaces[0] if len(surfaces) == 1 else shapely.union_all(surfaces, grid_size=1e-4)
    return Area(frame, whole)


def _read_corridor(coordinates: object, properties: dict[str, Any]) -> Shape:
    line = _positions(coordinates, "The line", 2)
    line = _unwrapped(line, line[0][0])
    if "width_m" not in properties:
        raise ZoneRefused("width", "The line has no width: width_m is missing.")
    width = number("width_m", properties["width_m"], 1, 20_000, "m")
    frame = Frame(*_centre([line]))
    _check_size(frame, [line], "The line")
    local = shapely.LineString(_followed(frame, line))
    if not local.length > 1.0:
        lon, lat = line[0]
        raise ZoneRefused("no_length", f"The line's {len(line)} corners all lie at {_place(lat, lon)}.")
    return Corridor(frame, local, width)


def _read_circle(coordinates: object, properties: dict[str, Any]) -> Shape:
    lon, lat = _position(coordinates, "the centre")
    in_metres, in_miles = properties.get("radius_m"), properties.get("radius_miles")
    if in_metres is None and in_miles is None:
        raise ZoneRefused("radius", "The circle has no radius: radius_m or radius_miles is missing.")
    if in_metres is not None and in_miles is not None:
        raise ZoneRefused("radius", f"The circle has two radii: {in_metres!r} m and {in_miles!r} miles.")
    if in_metres is not None:
        radius = number("radius_m", in_metres, 1, 100_000, "m")
    else:
        radius = number("radius_miles", in_miles, 1 / METRES_A_MILE, 60, "miles") * METRES_A_MILE
    return Circle(Frame(lat, lon), radius)


def read(geometry: object, properties: dict[str, Any]) -> Shape:
    """Return the shape of a GeoJSON geometry. Raises: ZoneRefused with a sentence that says what and where."""
    if not isinstance(geometry, dict):
        raise ZoneRefused("empty", "The zone has no shape: geometry is missing.")
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind == "Point":
        return _read_circle(coordinates, properties)
    if kind in ("Polygon", "MultiPolygon"):
        return _read_area(coordinates, kind == "MultiPolygon")
    if kind == "LineString":
        return _read_corridor(coordinates, properties)
    raise ZoneRefused(
        "unknown_shape",
        f"The geometry is a {kind!r}; a zone is a Point with a radius, a Polygon, a MultiPolygon, "
        "or a LineString with a width.",
    )
