"""Degrees to local metres and back: the only place that orders longitude and latitude."""

from __future__ import annotations

import math

import numpy as np

# WGS 84 semi-major axis and flattening. Source: NIMA TR8350.2, table 3.1.
SEMI_MAJOR_M = 6378137.0
FLATTENING = 1 / 298.257223563
ECCENTRICITY_2 = FLATTENING * (2 - FLATTENING)
# Mean radius (2a + b) / 3. Source: IUGG 1980.
MEAN_RADIUS_M = 6371008.7714

_RADIANS = math.pi / 180


def ecef(lat: float, lon: float) -> tuple[float, float, float]:
    """Return Earth-centred metres (x, y, z) of a place on the WGS 84 ellipsoid, from degrees."""
    phi, lam = lat * _RADIANS, lon * _RADIANS
    sin_phi = math.sin(phi)
    normal = SEMI_MAJOR_M / math.sqrt(1 - ECCENTRICITY_2 * sin_phi * sin_phi)
    across = normal * math.cos(phi)
    return across * math.cos(lam), across * math.sin(lam), normal * (1 - ECCENTRICITY_2) * sin_phi


def arc_m(chord_m: float) -> float:
    """Return the distance over the ground of two places `chord_m` apart in a straight line.

    The chord is bent with the mean radius: within 20 km the ellipsoid's own curvature differs by less than 0.1 mm.
    """
    ratio = chord_m / (2 * MEAN_RADIUS_M)
    if ratio < 0.02:
        return chord_m * (1 + ratio * ratio / 6 * (1 + 0.45 * ratio * ratio))
    return 2 * MEAN_RADIUS_M * math.asin(min(1.0, ratio))


class Frame:
    """Local metres (east, north) around an origin: true to distance from it, and to direction.

    An azimuthal equidistant projection taken from the straight-line (Earth-centred) difference of two places, so that
    poles and antimeridian are places like any other. Between two places 30 km from the origin the scale is within 4
    parts in a million.
    """

    __slots__ = ("_east", "_north", "_origin", "lat", "lon")

    def __init__(self, lat: float, lon: float) -> None:
        self.lat, self.lon = lat, lon
        phi, lam = lat * _RADIANS, lon * _RADIANS
        self._origin = ecef(lat, lon)
        self._east = (-math.sin(lam), math.cos(lam))
        self._north = (-math.sin(phi) * math.cos(lam), -math.sin(phi) * math.sin(lam), math.cos(phi))

    def local(self, place: tuple[float, float, float]) -> tuple[float, float]:
        """Return (east, north) in metres of a place given in Earth-centred metres."""
        origin, east_axis, north_axis = self._origin, self._east, self._north
        dx, dy, dz = place[0] - origin[0], place[1] - origin[1], place[2] - origin[2]
        east = dx * east_axis[0] + dy * east_axis[1]
        north = dx * north_axis[0] + dy * north_axis[1] + dz * north_axis[2]
        flat = math.hypot(east, north)
        arc = arc_m(math.sqrt(dx * dx + dy * dy + dz * dz))
        if flat < 1e-9:
            return arc if arc > 1.0 else 0.0, 0.0
        scale = arc / flat
        return east * scale, north * scale

    def from_degrees(self, lat: float, lon: float) -> tuple[float, float]:
        """Return (east, north) in metres of a place given in degrees."""
        return self.local(ecef(lat, lon))

    def locals_from_degrees(self, lats: np.ndarray, lons: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return arrays of (east, north) in metres for arrays of degrees, as `from_degrees` does one by one."""
        phi, lam = np.radians(lats), np.radians(lons)
        sin_phi = np.sin(phi)
        normal = SEMI_MAJOR_M / np.sqrt(1 - ECCENTRICITY_2 * sin_phi * sin_phi)
        across = normal * np.cos(phi)
        dx = across * np.cos(lam) - self._origin[0]
        dy = across * np.sin(lam) - self._origin[1]
        dz = normal * (1 - ECCENTRICITY_2) * sin_phi - self._origin[2]
        east = dx * self._east[0] + dy * self._east[1]
        north = dx * self._north[0] + dy * self._north[1] + dz * self._north[2]
        ratio = np.minimum(1.0, np.sqrt(dx * dx + dy * dy + dz * dz) / (2 * MEAN_RADIUS_M))
        flat = np.hypot(east, north)
        scale = 2 * MEAN_RADIUS_M * np.arcsin(ratio) / np.maximum(flat, 1e-9)
        return east * scale, north * scale

    def to_degrees(self, east: float, north: float) -> tuple[float, float]:
        """Return (lat, lon) of a local place: the inverse of `from_degrees`, to a millimetre within 100 km."""
        lat, lon = self.lat, self.lon
        for _ in range(12):
            here_east, here_north = self.from_degrees(lat, lon)
            lat = max(-90.0, min(90.0, lat + (north - here_north) / 111_200))
            lon += (east - here_east) / (111_320 * max(1e-3, math.cos(lat * _RADIANS)))
        return lat, (lon + 180) % 360 - 180
