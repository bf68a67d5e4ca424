"""Owns how a simulated wearer moves through streets, and how badly GPS sees it.

Pure: everything follows from the seed and the time asked for. Places are metres east and north of an origin.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from random import Random
from typing import Any

Spot = tuple[float, float]

EARTH_RADIUS_M = 6_371_008.8


class Mode(StrEnum):
    """How the wearer is getting about."""

    WALK = "walk"
    BRISK = "brisk"
    BIKE = "bike"
    BUS = "bus"
    STAY = "stay"


@dataclass(frozen=True)
class Pace:
    """A way of travelling: cruising speed, and how often and how long it stops."""

    speed_mps: float
    stop_every_m: float
    stop_s: tuple[float, float]


PACES = {
    Mode.WALK: Pace(1.35, 260.0, (8.0, 35.0)),
    Mode.BRISK: Pace(1.95, 900.0, (4.0, 12.0)),
    Mode.BIKE: Pace(4.6, 420.0, (6.0, 30.0)),
    Mode.BUS: Pace(8.2, 330.0, (14.0, 40.0)),
}


@dataclass(frozen=True)
class Step:
    """One part of a journey: go to `to` in this way, or stay `stay_s` where the last part ended.

    `is_direct` walks the straight line instead of the streets, for a time of arrival that can be foretold.
    """

    mode: Mode
    to: Spot | None = None
    stay_s: float = 0.0
    is_direct: bool = False


@dataclass(frozen=True)
class Knot:
    """Where the wearer is at `at_s`, and how they go on from there."""

    at_s: float
    x_m: float
    y_m: float
    mode: Mode


@dataclass(frozen=True)
class Place:
    """Where the wearer really is, and how they move."""

    x_m: float
    y_m: float
    speed_mps: float
    course_deg: float | None
    is_indoors: bool


class Journey:
    """A path through time; before its first knot and after its last, the wearer stands still."""

    def __init__(self, knots: Sequence[Knot]) -> None:
        self._knots = list(knots)
        self._times = [knot.at_s for knot in self._knots]

    @property
    def ends_at_s(self) -> float:
        """When the last knot is reached."""
        return self._times[-1]

    def at(self, at_s: float) -> Place:
        """The true place at `at_s`."""
        index = bisect_right(self._times, at_s) - 1
        if index < 0 or index >= len(self._knots) - 1:
            knot = self._knots[max(0, min(index, len(self._knots) - 1))]
            return Place(knot.x_m, knot.y_m, 0.0, None, is_indoors=True)
        here, there = self._knots[index], self._knots[index + 1]
        lasts_s = there.at_s - here.at_s
        share = (at_s - here.at_s) / lasts_s
        east_m, north_m = there.x_m - here.x_m, there.y_m - here.y_m
        speed_mps = math.hypot(east_m, north_m) / lasts_s
        course_deg = math.degrees(math.atan2(east_m, north_m)) % 360 if speed_mps else None
        return Place(
            here.x_m + share * east_m, here.y_m + share * north_m, speed_mps, course_deg, here.mode is Mode.STAY
        )


def journey(seed: int, start: Spot, steps: Iterable[Step], *, head_start_s: float = 0.0) -> Journey:
    """The path that `steps` describe from `start`, through a grid of streets of this seed's own bearing.

    `head_start_s` of it has been travelled already at time 0.
    """
    rng = Random(seed)
    bearing_rad = rng.uniform(-0.6, 0.6)
    knots = [Knot(-head_start_s, *start, Mode.STAY)]
    for step in steps:
        last = knots[-1]
        if step.to is None:
            knots[-1] = Knot(last.at_s, last.x_m, last.y_m, Mode.STAY)
            knots.append(Knot(last.at_s + step.stay_s, last.x_m, last.y_m, Mode.STAY))
        else:
            here = (last.x_m, last.y_m)
            corners = [step.to] if step.is_direct else streets(rng, here, step.to, bearing_rad)
            knots.pop()
            knots += travel(rng, [here, *corners], PACES[step.mode], step.mode, last.at_s)
    return Journey(knots)


def streets(rng: Random, start: Spot, end: Spot, bearing_rad: float) -> list[Spot]:
    """The corners on the way from `start` to `end` along a grid turned by `bearing_rad`, slightly crooked.

    Blocks are 70 to 190 m long; the last corner is `end` itself.
    """
    cos, sin = math.cos(bearing_rad), math.sin(bearing_rad)
    east_m, north_m = end[0] - start[0], end[1] - start[1]
    left = [east_m * cos + north_m * sin, -east_m * sin + north_m * cos]
    corners: list[Spot] = []
    u = v = 0.0
    while abs(left[0]) + abs(left[1]) > 60.0:
        axis = 0 if rng.random() < abs(left[0]) / (abs(left[0]) + abs(left[1])) else 1
        block_m = math.copysign(min(rng.uniform(70.0, 190.0), abs(left[axis])), left[axis])
        left[axis] -= block_m
        u, v = (u + block_m, v) if axis == 0 else (u, v + block_m)
        crooked_u, crooked_v = u + rng.gauss(0.0, 4.0), v + rng.gauss(0.0, 4.0)
        corners.append((start[0] + crooked_u * cos - crooked_v * sin, start[1] + crooked_u * sin + crooked_v * cos))
    return [*corners, end]


def travel(rng: Random, corners: Sequence[Spot], pace: Pace, mode: Mode, start_s: float) -> list[Knot]:
    """Knots along `corners` at `pace`, with a stop at some corners (lights, bus stops), each leg a little different."""
    at_s, since_stop_m = start_s, 0.0
    knots = [Knot(at_s, *corners[0], mode)]
    for here, there in pairwise(corners):
        leg_m = math.dist(here, there)
        if leg_m == 0:
            continue
        at_s += leg_m / (pace.speed_mps * rng.uniform(0.9, 1.08))
        since_stop_m += leg_m
        knots.append(Knot(at_s, *there, mode))
        if since_stop_m > pace.stop_every_m * rng.uniform(0.6, 1.4) and there != corners[-1]:
            at_s += rng.uniform(*pace.stop_s)
            since_stop_m = 0.0
            knots.append(Knot(at_s, *there, mode))
    return knots


@dataclass(frozen=True)
class Sky:
    """How GPS errs somewhere: typical size in metres, its spread in log units, and how slowly it wanders."""

    scale_m: float
    spread: float
    wander_s: float
    outlier: float
    outlier_m: tuple[float, float]


# Source: walking phones err by 12 / 56 / 104 m (p50, p95, p99); the scale and spread of a Rayleigh error with a
# log-normal size that give these were found numerically. Tags lying still: p95 30 m, single fixes 600-2,000 m off.
OUTDOORS = Sky(10.88, 0.78, 45.0, 0.0015, (250.0, 900.0))
INDOORS = Sky(8.0, 0.62, 180.0, 0.003, (600.0, 2000.0))
CELL_SHARE = {False: 0.012, True: 0.03}
# The radius that holds 68 % of a two-dimensional Gaussian error of unit size.
RADIUS_68 = math.sqrt(-2.0 * math.log(1.0 - 0.68))


@dataclass(frozen=True)
class Sighting:
    """What a receiver makes of a place: the error it adds, and the accuracy that it claims."""

    east_m: float
    north_m: float
    accuracy_m: float
    source: str


class Receiver:
    """A tag's GPS: its error wanders (Ornstein-Uhlenbeck), so neighbours in time err alike.

    Ask in the order of time.
    """

    def __init__(self, seed: int) -> None:
        self._rng = Random(seed)
        self._at_s: float | None = None
        self._east = self._north = 0.0
        self._size = -0.5

    def see(self, at_s: float, *, is_indoors: bool) -> Sighting:
        """The error at `at_s`. The claimed accuracy is about a 68 % radius, and optimistic when small."""
        rng, sky = self._rng, INDOORS if is_indoors else OUTDOORS
        self._wander(at_s, sky)
        if rng.random() < CELL_SHARE[is_indoors]:
            size_m = 190.0 * math.exp(0.9 * rng.gauss(0.0, 1.0))
            return Sighting(
                size_m * rng.gauss(0.0, 1.0) * 0.8, size_m * rng.gauss(0.0, 1.0) * 0.8, round(size_m * 2.2), "cell"
            )
        size_m = sky.scale_m * math.exp(sky.spread * self._size)
        east_m, north_m = size_m * self._east, size_m * self._north
        claimed_m = size_m * RADIUS_68 * math.exp(rng.gauss(0.16, 0.58))
        if claimed_m < 12.0:
            claimed_m *= 0.28 + 0.72 * claimed_m / 12.0
        if rng.random() < sky.outlier:
            away_m, turn = rng.uniform(*sky.outlier_m), rng.uniform(0.0, math.tau)
            east_m, north_m = away_m * math.cos(turn), away_m * math.sin(turn)
            claimed_m = rng.uniform(28.0, 97.0)
        source = "wifi" if is_indoors and rng.random() < 0.25 else "gnss"
        return Sighting(east_m, north_m, round(max(3.0, claimed_m), 1), source)

    def _wander(self, at_s: float, sky: Sky) -> None:
        rng = self._rng
        if self._at_s is None:
            self._east, self._north = rng.gauss(0.0, 0.8), rng.gauss(0.0, 0.8)
        else:
            kept = math.exp(-max(0.0, at_s - self._at_s) / sky.wander_s)
            fresh = math.sqrt(1.0 - kept * kept)
            self._east = kept * self._east + fresh * rng.gauss(0.0, 1.0)
            self._north = kept * self._north + fresh * rng.gauss(0.0, 1.0)
            self._size = kept * self._size + fresh * rng.gauss(0.0, 1.0)
        self._at_s = at_s


class Body:
    """A tag on its wearer: turns the true place into the fix that it would report.

    `has_accuracy` is False for tags that, like many, say nothing about how sure they are.
    """

    def __init__(self, seed: int, path: Journey, origin: tuple[float, float], *, has_accuracy: bool = True) -> None:
        self._path = path
        self._origin = origin
        self._has_accuracy = has_accuracy
        self._receiver = Receiver(seed)
        self._rng = Random(seed + 1)
        self._battery_pct = self._rng.uniform(55.0, 98.0)

    def fix(self, at_s: float) -> dict[str, Any]:
        """The fix at `at_s`, without its time."""
        rng, place = self._rng, self._path.at(at_s)
        sighting = self._receiver.see(at_s, is_indoors=place.is_indoors)
        lat, lon = degrees(self._origin, place.x_m + sighting.east_m, place.y_m + sighting.north_m)
        fix: dict[str, Any] = {"lat": round(lat, 6), "lon": round(lon, 6), "source": sighting.source}
        if self._has_accuracy or sighting.source == "cell":
            fix["accuracy_m"] = sighting.accuracy_m
        if sighting.source == "gnss":
            fix["speed_mps"] = round(abs(place.speed_mps + rng.gauss(0.0, 0.25)), 2)
            if place.course_deg is not None:
                fix["course_deg"] = round((place.course_deg + rng.gauss(0.0, 8.0)) % 360, 1) % 360
            fix["satellites"] = rng.randint(4, 9) if place.is_indoors else rng.randint(6, 14)
            fix["hdop"] = round(rng.uniform(0.7, 2.4), 1)
        fix["battery_pct"] = max(5, round(self._battery_pct - at_s / 1200.0))
        return fix


def metres(origin: tuple[float, float], lat: float, lon: float) -> Spot:
    """East and north of `origin` (lat, lon), in metres; good to a few centimetres over some kilometres."""
    north_m = math.radians(lat - origin[0]) * EARTH_RADIUS_M
    east_m = math.radians(lon - origin[1]) * EARTH_RADIUS_M * math.cos(math.radians(origin[0]))
    return east_m, north_m


def degrees(origin: tuple[float, float], east_m: float, north_m: float) -> tuple[float, float]:
    """The latitude and longitude that lie `east_m`, `north_m` from `origin`."""
    lat = origin[0] + math.degrees(north_m / EARTH_RADIUS_M)
    lon = origin[1] + math.degrees(east_m / (EARTH_RADIUS_M * math.cos(math.radians(origin[0]))))
    return lat, lon
