"""What a report may be used for. One that cannot be true, or says nothing, lowers, ends, clears and confirms nothing.

An impossible step says that one of two places is wrong, not which: the places that follow decide.
"""

from __future__ import annotations

import math
from enum import IntFlag, StrEnum
from typing import NamedTuple

from zones.evidence import T_RADIUS_68, T_RADIUS_95, Model
from zones.fix import Fix, Source
from zones.geo import Frame
from zones.path import End

# The error scale of the start of a way that is not known: nothing is measured from there.
UNPLACED_M = 1e7
# Half a degree is 55 km: nothing but water and lost coordinates lies so near to (0, 0), or to a pole.
_NEAR_NOWHERE_DEG = 0.5
# Of latitude, on the mean sphere.
_METRES_PER_DEGREE = 111_200.0


class Use(IntFlag):
    """What a report may do to a level: raise it, lower it, both (and then it may confirm too), or nothing."""

    NOTHING = 0
    RAISE = 1
    LOWER = 2
    BOTH = 3


class Doubt(StrEnum):
    """Why a report is no evidence; the words go with the decision."""

    NOWHERE = "a position at which no tag can be"
    INVALID = "the receiver itself marks the position as invalid"
    NO_SATELLITE = "a satellite position without a satellite"
    FAR = "further from the zone than the tag can have been taken"
    JUMP = "too far from the last fix to have travelled: the position may be wrong"
    MIRRORED = "the last place with a sign lost or its axes swapped"
    COARSE = "too coarse to tell on which side of the edge"


class Rival(NamedTuple):
    """Places that contradict the trusted one and agree with each other: since when, how many, and the newest."""

    since: float
    places: int
    at: float
    east: float
    north: float
    scale_m: float

    def end(self) -> End:
        """Return the newest of them as the start of a way."""
        return End(self.at, self.east, self.north, self.scale_m, 0.0, 0.0, 0.0, False)


def doubt_of(fix: Fix) -> Doubt | None:
    """Return why a fix is no evidence whatever was known before it, or None."""
    if fix.is_valid is False:
        return Doubt.INVALID
    north, east = abs(fix.lat), abs(fix.lon)
    is_at_end = not _NEAR_NOWHERE_DEG < north < 90.0 - _NEAR_NOWHERE_DEG
    if east == 180.0 or (is_at_end and (north == 0.0 or north > 45.0 or east < _NEAR_NOWHERE_DEG)):
        return Doubt.NOWHERE
    if fix.satellites is not None and fix.satellites < 1 and (fix.source is None or fix.source is Source.GNSS):
        return Doubt.NO_SATELLITE
    return None


def is_tower(fix: Fix) -> bool:
    """Return whether a fix may be a cell tower's: it says so, or names an unknown source."""
    return fix.source is Source.CELL or fix.source is Source.UNKNOWN


def is_coarse(fix: Fix, accuracy: float, model: Model) -> bool:
    """Return whether a fix is too coarse to be taken at its word; `accuracy` is its 68 % radius in metres."""
    return accuracy > model.coarse_m or is_tower(fix)


def plausible_error_m(fix: Fix, accuracy: float, model: Model) -> float:
    """Return the largest error in metres that a coarse fix may well have: 95 % of one that claims too little."""
    if is_tower(fix):
        accuracy = max(accuracy, model.least_cell_m)
    return accuracy * model.coarse_factor * (T_RADIUS_95 / T_RADIUS_68)


def is_astride(fix: Fix, distance: float, accuracy: float, error_m: float) -> bool:
    """Return whether a coarse fix, `distance` signed metres from an edge, may lie on either side of it.

    A receiver that claims a circle wholly past the line is taken at its word that way: danger is believed.
    """
    return -accuracy < distance <= error_m if not is_tower(fix) else abs(distance) <= error_m


def use_of(doubt: Doubt | None, is_exclusion: bool) -> Use:
    """Return what a report may be used for.

    A doubtful report inside a place to keep away from still raises. Outside a place to stay in, one that cannot be true
    says nothing at all: it must not make a breach out of nothing.
    """
    if doubt is None:
        return Use.BOTH
    if is_exclusion or doubt not in (Doubt.NOWHERE, Doubt.JUMP, Doubt.MIRRORED):
        return Use.RAISE
    return Use.NOTHING


def _apart(start: End | Rival, end: End) -> tuple[float, float]:
    """Return how far two places are apart, and by how much of it errors alone may explain, in metres."""
    apart = math.hypot(end.east - start.east, end.north - start.north)
    return apart, T_RADIUS_95 * math.hypot(end.scale_m, start.scale_m)


def is_impossible(start: End | Rival, end: End, speed_mps: float) -> bool:
    """Return whether the way from one place to a later one asks for more than a speed, beyond all errors."""
    apart, errors = _apart(start, end)
    return apart - errors >= speed_mps * (end.at - start.at)


def joined(rival: Rival | None, end: End, model: Model) -> Rival:
    """Return the rival places with one more, which begins anew where it contradicts them too."""
    if rival is None or is_impossible(rival, end, model.fastest_mps):
        return Rival(end.at, 1, end.at, end.east, end.north, end.scale_m)
    return Rival(rival.since, rival.places + 1, end.at, end.east, end.north, end.scale_m)


def is_mirrored(frame: Frame, start: End, end: End, fix: Fix, is_doubted: bool, model: Model) -> bool:
    """Return whether a fix is the place before it with a sign lost, its axes swapped, or its longitude lost.

    Only a step that is long, or fast, or follows doubtful places is looked at: near the prime meridian people do cross.
    """
    apart, errors = _apart(start, end)
    duration = end.at - start.at
    is_odd = is_doubted or apart > model.mirrored_far_m or apart > model.mirrored_fast_mps * duration
    if apart < model.mirrored_least_m or not is_odd:
        return False
    lat, lon = frame.to_degrees(start.east, start.north)
    metres_east = _METRES_PER_DEGREE * math.cos(math.radians(lat))
    reach = errors + min(model.mirrored_least_m, max(150.0, 1.4 * duration))
    meant = [
        (fix.lat, -fix.lon),
        (-fix.lat, fix.lon),
        (-fix.lat, -fix.lon),
        (fix.lon, fix.lat),
        (fix.lon, -fix.lat),
        (-fix.lon, fix.lat),
        (-fix.lon, -fix.lat),
    ]
    if fix.lon == 0.0:
        meant.append((fix.lat, lon))
    return any(
        math.hypot((to_lat - lat) * _METRES_PER_DEGREE, (to_lon - lon) * metres_east) <= reach
        for to_lat, to_lon in meant
    )


def is_believed(rival: Rival, is_special: bool, is_nothing_at_stake: bool, is_single: bool, model: Model) -> bool:
    """Return whether rival places are believed against the trusted one.

    Two that agree are believed where they lie in the zone, which no error hits by chance, and where nothing stands that
    they would lower. Against a single place a few minutes of agreement are enough. All others wait until the whole
    distance from the trusted place could have been travelled.
    """
    if is_special or is_nothing_at_stake:
        return rival.places >= 2
    return is_single and rival.places >= model.rivals_needed and rival.at - rival.since >= model.rivals_last_s
