"""Do two sources use one tag's key? Places to and fro between which no one movement leads. Pure.

One receiver errs, but it errs from where it is: a fix that is far off is followed by one that is not. Two sources, such
as a tag and a forger, each go on from where they were: the tag seems to jump from one to the other and back again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

# Faster than any train in Britain (Source: 140 mph, the fastest in service), and slower than a flight.
FASTEST_MPS = 80.0
# Receivers that lie still were seen to be 2 km off while they claimed 28 to 97 m.
LEAST_APART_M = 3_000.0
# Beyond its claim: the claim is a 68 % radius.
CLAIM_TIMES = 3.0
UNKNOWN_ACCURACY_M = 100.0
# From one source to the other and back, and there again: one that errs twice the same way has done half of it.
LEAST_CHANGES = 3
LEAST_EACH = 2
EARTH_M = 6_371_000.0
# About a kilometre: a receiver that writes a sign wrong may move meanwhile.
SLIP_WITHIN_DEG = 0.01


@dataclass(frozen=True, slots=True)
class Placed:
    """A position of a satellite receiver, with the request that brought it. Seconds, degrees, metres."""

    at_s: float
    lat: float
    lon: float
    accuracy_m: float | None
    request: str


class Position(Protocol):
    """A position of whatever kind: seconds, degrees, and the radius that it claims."""

    @property
    def at_s(self) -> float: ...
    @property
    def lat(self) -> float: ...
    @property
    def lon(self) -> float: ...
    @property
    def accuracy_m(self) -> float | None: ...


def may_be_two(positions: Sequence[Position]) -> bool:
    """Tell whether there is a jump among these positions that no movement explains: only then look closer."""
    ordered = sorted(positions, key=lambda one: one.at_s)
    return any(not _can_follow(before, after) for before, after in pairwise(ordered))


def are_two(placed: Sequence[Placed]) -> bool:
    """Tell whether these positions, of a quarter of an hour or so, are of two sources that report side by side."""
    first: list[Placed] = []
    second: list[Placed] = []
    order: list[bool] = []
    for one in sorted(placed, key=lambda each: each.at_s):
        if any(_is_slip(one, old) for old in (*first, *second)):
            continue
        if not first or _can_follow(first[-1], one):
            first.append(one)
            order.append(True)
        elif any((one.lat, one.lon) == (old.lat, old.lon) for old in first):
            # A device that tells again where it was: it keeps an answer, and no other source is needed for it.
            continue
        elif not second or _can_follow(second[-1], one):
            second.append(one)
            order.append(False)
    changes = sum(before is not after for before, after in pairwise(order))
    is_each_heard = len(first) >= LEAST_EACH and len(second) >= LEAST_EACH
    # What comes in one request comes from one sender.
    is_apart = {one.request for one in first}.isdisjoint(one.request for one in second)
    return is_each_heard and is_apart and changes >= LEAST_CHANGES


def _is_slip(one: Position, old: Position) -> bool:
    """Tell whether a far place is an earlier one with a sign lost, its axes swapped, or one of them lost.

    A receiver does that by itself, and may do it for minutes: it is no place of another source.
    """
    if _distance_m(one, old) <= LEAST_APART_M:
        return False
    lat, lon, old_lat, old_lon = abs(one.lat), abs(one.lon), abs(old.lat), abs(old.lon)
    is_lat, is_lon = abs(lat - old_lat) < SLIP_WITHIN_DEG, abs(lon - old_lon) < SLIP_WITHIN_DEG
    is_swapped = abs(lat - old_lon) < SLIP_WITHIN_DEG and abs(lon - old_lat) < SLIP_WITHIN_DEG
    return is_swapped or (is_lat and (is_lon or one.lon == 0.0)) or (is_lon and one.lat == 0.0)


def _can_follow(before: Position, after: Position) -> bool:
    claims = sum(UNKNOWN_ACCURACY_M if one.accuracy_m is None else one.accuracy_m for one in (before, after))
    reach_m = LEAST_APART_M + CLAIM_TIMES * claims + FASTEST_MPS * abs(after.at_s - before.at_s)
    return _distance_m(before, after) <= reach_m


def _distance_m(one: Position, other: Position) -> float:
    """Return the distance by the haversine formula: to a metre in a kilometre, which is enough here."""
    lat, other_lat = math.radians(one.lat), math.radians(other.lat)
    half = math.sin((other_lat - lat) / 2) ** 2
    half += math.cos(lat) * math.cos(other_lat) * math.sin(math.radians(other.lon - one.lon) / 2) ** 2
    return 2 * EARTH_M * math.asin(min(1.0, math.sqrt(half)))
