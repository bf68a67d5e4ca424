"""How far a wearer can be since their tag last said where it is, and when each protected place is possible. Pure.

Two statements that are not the same: from when on a place cannot be excluded any more, and until when it cannot be
reached. Between them lies what is not known of where the wearer was when the tag was last heard.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

# Who was not in fast traffic may be driven from the next minute on: through a town, along its main roads. On traces of
# phones 99 of 100 were slower than 17 m/s over any gap, so taken with a margin.
SPEED_MPS = 18.0
# Who was in traffic keeps its speed, and may find a faster road.
FASTER_BY = 1.25
BEYOND_MPS = 10.0
# No one is faster on the ground for minutes: an express train.
FASTEST_MPS = 56.0
# The speed of the last minutes counts, of two fixes far enough apart that their errors are no speed.
RECENT_S = 300.0
APART_S = 20.0
# A reported accuracy is mostly about a 68 % radius, and errs on the small side.
LEAST_DOUBT_M = 30.0
DOUBT = 2.0


@dataclass(frozen=True, slots=True)
class Seen:
    """One usable fix in metres on a plane of its own."""

    at: datetime
    x_m: float
    y_m: float
    accuracy_m: float


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a wearer may be: around the last fix, growing with time at ``speed_mps``."""

    since: datetime
    doubt_m: float
    speed_mps: float

    def radius_m(self, at: datetime) -> float:
        """Return how far from the last fix the wearer may be at an instant."""
        return self.doubt_m + self.speed_mps * max((at - self.since).total_seconds(), 0.0)

    def possible_from(self, distance_m: float) -> datetime:
        """Return from when on a place is possible whose edge lies ``distance_m`` from the last fix."""
        beyond_m = max(distance_m - self.doubt_m, 0.0)
        return self.since + timedelta(seconds=beyond_m / self.speed_mps)


@dataclass(frozen=True, slots=True)
class Possible:
    """A protected place, and from when on the wearer may be there."""

    label: str
    from_at: datetime


def reach_of(fixes: Sequence[Seen]) -> Reach:
    """Return the reach after the newest of these fixes, in the order of their time; at least one is needed."""
    last = fixes[-1]
    recent_mps = 0.0
    for earlier in fixes[:-1]:
        took_s = (last.at - earlier.at).total_seconds()
        if APART_S <= took_s <= RECENT_S:
            doubt_m = max(earlier.accuracy_m, 0.0) + max(last.accuracy_m, 0.0)
            moved_m = max(math.hypot(last.x_m - earlier.x_m, last.y_m - earlier.y_m) - doubt_m, 0.0)
            recent_mps = max(recent_mps, moved_m / took_s)
    speed_mps = min(max(SPEED_MPS, BEYOND_MPS + FASTER_BY * recent_mps), FASTEST_MPS)
    return Reach(last.at, max(LEAST_DOUBT_M, DOUBT * last.accuracy_m), speed_mps)


def in_order(places: Iterable[tuple[str, float]], reach: Reach) -> list[Possible]:
    """Return for each place, of which the distance from the last fix to its edge is given, from when it is possible."""
    found = [Possible(label, reach.possible_from(distance_m)) for label, distance_m in places]
    return sorted(found, key=lambda one: (one.from_at, one.label))
