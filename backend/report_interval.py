"""How soon a tag or phone is asked to report again: from its own motion, the wearer's risk and the hour only.

A person who holds the device sees this number. It must tell nothing about a protected place, so nothing that was judged
may reach it: this module imports nothing of ``zones`` (a contract in pyproject.toml), and reads only what the device
sent.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from statistics import median
from typing import NamedTuple
from zoneinfo import ZoneInfo

from backend.settings import Settings

LONDON = ZoneInfo("Europe/London")

# What a device sent in this time says whether it moves.
RECENT_S = 300.0
# Two fixes of a device at rest, each 30 m off at most in 95 of 100 cases, are rarely farther apart than this.
STILL_WITHIN_M = 60.0
# The same where both fixes say how far off they may be: twice what their two 68 % radii come to together.
STILL_WITHIN_RADII = 2.0
# And where the fixes scatter more than they claim: five times their standard deviation, as far as that is believed.
STILL_WITHIN_DEVIATIONS = 5.0
MOST_DEVIATION_M = 40.0
# A device that says it is walking needs half of that distance. A speed alone proves nothing: a receiver indoors errs.
WALKING_MPS = 1.0
# Fixes that come this close together are smoothed: the middle one of three is not moved by a single stray one.
SMOOTHED_WITHIN_S = 45.0
ACCURACY_UNKNOWN_M = 20.0
METRES_PER_DEGREE = 111_195.0

NIGHT_BEGINS, NIGHT_ENDS = 22, 6


class Report(NamedTuple):
    """One position that a device sent: epoch seconds, degrees, and what it said of itself in metres and m/s."""

    at_s: float
    lat: float
    lon: float
    accuracy_m: float | None = None
    speed_mps: float | None = None


class _Point(NamedTuple):
    """A position in metres around the newest one; ``speed_mps`` is what the device claimed."""

    at_s: float
    east_m: float
    north_m: float
    accuracy_m: float
    speed_mps: float


def interval_s(moved_at_s: float | None, now: datetime, is_high_risk: bool, settings: Settings) -> int:
    """Return the seconds after which the device should report again.

    ``moved_at_s`` is when it was last seen to move (epoch seconds), or None.
    """
    if moved_at_s is not None and now.timestamp() - moved_at_s <= settings.fast_report_for_s:
        return settings.fast_report_interval_s
    is_night = not NIGHT_ENDS <= now.astimezone(LONDON).hour < NIGHT_BEGINS
    if is_high_risk and is_night:
        return min(settings.report_interval_s, settings.high_risk_report_interval_s)
    return settings.report_interval_s


def moved_at_s(reports: Iterable[Report]) -> float | None:
    """Return the epoch second at which the device came to where it is now, or None where it was not seen to move.

    The order of the reports does not matter, only their times; of two about one instant either may count.
    """
    known = sorted({report.at_s: report for report in sorted(reports)}.values())
    if not known:
        return None
    if len(known) == 1:
        return known[0].at_s if (known[0].speed_mps or 0.0) >= WALKING_MPS else None
    raw = _around_newest(known)
    # The newest counts as it is: a stray one costs one short interval, and a first step is not waited out.
    here, scatter_m = raw[-1], _deviation_m(raw)
    came_to = here
    for number in range(len(raw) - 2, -1, -1):
        point = _smoothed(raw, number)
        apart_m, within_m = _apart_m(point, here), _still_within_m(point, here, scatter_m)
        if apart_m > within_m:
            # The first fix of a stay may be as far as ``within_m`` ahead of where the way ends.
            pace_mps = (apart_m - _apart_m(came_to, here)) / max(came_to.at_s - point.at_s, 1.0)
            still_to_go_s = within_m / max(pace_mps, WALKING_MPS)
            return min(came_to.at_s + still_to_go_s, here.at_s)
        came_to = point
    return None


def _around_newest(reports: Sequence[Report]) -> list[_Point]:
    newest = reports[-1]
    narrower = math.cos(math.radians(newest.lat))
    return [
        _Point(
            report.at_s,
            # The short way round the antimeridian.
            ((report.lon - newest.lon + 180.0) % 360.0 - 180.0) * METRES_PER_DEGREE * narrower,
            (report.lat - newest.lat) * METRES_PER_DEGREE,
            ACCURACY_UNKNOWN_M if report.accuracy_m is None else report.accuracy_m,
            report.speed_mps or 0.0,
        )
        for report in reports
    ]


def _smoothed(points: Sequence[_Point], number: int) -> _Point:
    """Return the middle of a point and the two before it, where all three came close together."""
    point = points[number]
    three = points[max(0, number - 2) : number + 1]
    if len(three) < 3 or point.at_s - three[0].at_s > SMOOTHED_WITHIN_S:
        return point
    return point._replace(
        east_m=median(one.east_m for one in three),
        north_m=median(one.north_m for one in three),
        speed_mps=median(one.speed_mps for one in three),
    )


def _deviation_m(points: Sequence[_Point]) -> float:
    """Return by how many metres the points scatter along each axis around a steady way, or 0.0 where too few tell.

    Each is compared with the straight line between its neighbours in time, so that a steady walk scatters by nothing.
    """
    off_m: list[float] = []
    for before, point, after in zip(points, points[1:], points[2:], strict=False):
        share = (point.at_s - before.at_s) / (after.at_s - before.at_s)
        east_m = before.east_m + share * (after.east_m - before.east_m)
        north_m = before.north_m + share * (after.north_m - before.north_m)
        error = math.sqrt(1 + share**2 + (1 - share) ** 2)
        off_m.append(math.hypot(point.east_m - east_m, point.north_m - north_m) / error)
    # The median of a distance in the plane is 1.177 standard deviations of each axis.
    return min(MOST_DEVIATION_M, median(off_m) / 1.177) if len(off_m) >= 3 else 0.0


def _apart_m(one: _Point, other: _Point) -> float:
    return math.hypot(one.east_m - other.east_m, one.north_m - other.north_m)


def _still_within_m(one: _Point, other: _Point, scatter_m: float) -> float:
    """Return up to which distance two points may be of a device that lies still."""
    claimed_m = STILL_WITHIN_RADII * math.hypot(one.accuracy_m, other.accuracy_m)
    within_m = max(STILL_WITHIN_M, claimed_m, STILL_WITHIN_DEVIATIONS * scatter_m)
    return within_m / 2 if max(one.speed_mps, other.speed_mps) >= WALKING_MPS else within_m
