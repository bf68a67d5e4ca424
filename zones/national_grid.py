"""Where a place is on the map that British control rooms use: a National Grid reference, and a compass direction."""

from __future__ import annotations

import math

from zones.geo import ecef

# Airy 1830 ellipsoid and the projection of the National Grid. Source: Ordnance Survey, "A guide to coordinate systems
# in Great Britain", annexe A.1 and A.2.
AIRY_MAJOR_M = 6_377_563.396
AIRY_MINOR_M = 6_356_256.909
AIRY_ECCENTRICITY_2 = 1 - (AIRY_MINOR_M / AIRY_MAJOR_M) ** 2
SCALE_ON_MERIDIAN = 0.9996012717
ORIGIN_LAT = math.radians(49.0)
ORIGIN_LON = math.radians(-2.0)
FALSE_EAST_M = 400_000.0
FALSE_NORTH_M = -100_000.0
# From WGS 84 to OSGB36 by one rotation, shift and scale: within 5 m everywhere in Great Britain. Source: the same,
# section 6.6, with the signs of the way from WGS 84 to OSGB36.
SHIFT_M = (-446.448, 125.157, -542.060)
TURN_RAD = tuple(math.radians(seconds / 3_600) for seconds in (-0.1502, -0.2470, -0.8421))
STRETCH = 1 + 20.4894e-6

LETTERS = "ABCDEFGHJKLMNOPQRSTUVWXYZ"
# The extent of the grid: seven by thirteen squares of 100 km.
EAST_M, NORTH_M = 700_000, 1_300_000
DIRECTIONS = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")


def easting_northing(lat: float, lon: float) -> tuple[float, float]:
    """Return metres east and north on the National Grid of a place in WGS 84 degrees, within 5 m in Great Britain."""
    return _project(*_to_osgb36(lat, lon))


def degrees(east_m: float, north_m: float) -> tuple[float, float]:
    """Return latitude and longitude in WGS 84 degrees of metres on the National Grid: the way back of the above."""
    lat, lon = 49.0 + (north_m - FALSE_NORTH_M) / 111_200, -2.0
    # The grid is turned by a few degrees at most: each round leaves a tenth of the error.
    for _ in range(12):
        east, north = easting_northing(lat, lon)
        lat += (north_m - north) / 111_200
        lon += (east_m - east) / (111_200 * math.cos(math.radians(lat)))
    return lat, lon


def grid_reference(lat: float, lon: float, accuracy_m: float | None) -> str | None:
    """Return a reference such as ``TQ 2917 8005``, as fine as the error radius allows, or None outside the grid.

    Four digits each name a square of 10 m, three of 100 m, two of 1 km: a reference must not look surer than the fix.
    """
    # Far from the grid the projection's series mean nothing.
    if not (49.0 < lat < 61.5 and -9.5 < lon < 2.5) or _is_irish(lat, lon):
        return None
    east, north = easting_northing(lat, lon)
    if not (0 <= east < EAST_M and 0 <= north < NORTH_M):
        return None
    digits = 3 if accuracy_m is None or accuracy_m > 50 else 4
    if accuracy_m is not None and accuracy_m > 500:
        digits = 2
    column, row = int(east // 100_000), int(north // 100_000)
    # Two letters: a square of 500 km, then one of 100 km in it; both count from the north-west, without I.
    first = (19 - row) - (19 - row) % 5 + (column + 10) // 5
    second = (19 - row) * 5 % 25 + column % 5
    size_m = 10 ** (5 - digits)
    numbers = (int(value % 100_000 // size_m) for value in (east, north))
    return " ".join([LETTERS[first] + LETTERS[second], *(f"{number:0{digits}d}" for number in numbers)])


def _is_irish(lat: float, lon: float) -> bool:
    """Ireland has a grid of its own: a British reference would be looked up on the wrong map."""
    return 51.0 < lat < 55.25 and lon < -5.4


def direction(east_m: float, north_m: float) -> str:
    """Return in which of eight compass directions a place lies that is so many metres to the east and north."""
    return DIRECTIONS[round(math.degrees(math.atan2(east_m, north_m)) / 45) % 8]


def _to_osgb36(lat: float, lon: float) -> tuple[float, float]:
    """Return latitude and longitude on the Airy ellipsoid, in radians."""
    x, y, z = ecef(lat, lon)
    rx, ry, rz = TURN_RAD
    tx, ty, tz = SHIFT_M
    x2 = tx + STRETCH * x - rz * y + ry * z
    y2 = ty + rz * x + STRETCH * y - rx * z
    z2 = tz - ry * x + rx * y + STRETCH * z
    across = math.hypot(x2, y2)
    phi = math.atan2(z2, across * (1 - AIRY_ECCENTRICITY_2))
    # Each round gains three digits: after six nothing changes.
    for _ in range(6):
        normal = AIRY_MAJOR_M / math.sqrt(1 - AIRY_ECCENTRICITY_2 * math.sin(phi) ** 2)
        phi = math.atan2(z2 + AIRY_ECCENTRICITY_2 * normal * math.sin(phi), across)
    return phi, math.atan2(y2, x2)


def _project(phi: float, lam: float) -> tuple[float, float]:
    """Return easting and northing in metres of a place on the Airy ellipsoid, given in radians.

    Source: the same, annexe C.1, whose names are kept.
    """
    sin, cos, tan = math.sin(phi), math.cos(phi), math.tan(phi)
    bent = 1 - AIRY_ECCENTRICITY_2 * sin * sin
    nu = AIRY_MAJOR_M * SCALE_ON_MERIDIAN / math.sqrt(bent)
    rho = AIRY_MAJOR_M * SCALE_ON_MERIDIAN * (1 - AIRY_ECCENTRICITY_2) * bent**-1.5
    eta_2 = nu / rho - 1
    i = _meridian_m(phi) + FALSE_NORTH_M
    ii = nu / 2 * sin * cos
    iii = nu / 24 * sin * cos**3 * (5 - tan**2 + 9 * eta_2)
    iii_a = nu / 720 * sin * cos**5 * (61 - 58 * tan**2 + tan**4)
    iv = nu * cos
    v = nu / 6 * cos**3 * (nu / rho - tan**2)
    vi = nu / 120 * cos**5 * (5 - 18 * tan**2 + tan**4 + 14 * eta_2 - 58 * tan**2 * eta_2)
    d = lam - ORIGIN_LON
    north = i + ii * d**2 + iii * d**4 + iii_a * d**6
    return FALSE_EAST_M + iv * d + v * d**3 + vi * d**5, north


def _meridian_m(phi: float) -> float:
    """Return the length of the meridian from the grid's true origin, in metres."""
    n = (AIRY_MAJOR_M - AIRY_MINOR_M) / (AIRY_MAJOR_M + AIRY_MINOR_M)
    less, more = phi - ORIGIN_LAT, phi + ORIGIN_LAT
    return (
        AIRY_MINOR_M
        * SCALE_ON_MERIDIAN
        * (
            (1 + n + 5 / 4 * n**2 + 5 / 4 * n**3) * less
            - (3 * n + 3 * n**2 + 21 / 8 * n**3) * math.sin(less) * math.cos(more)
            + (15 / 8 * n**2 + 15 / 8 * n**3) * math.sin(2 * less) * math.cos(2 * more)
            - 35 / 24 * n**3 * math.sin(3 * less) * math.cos(3 * more)
        )
    )
