"""The place where a tag rests, learnt while it rests: is a fix beside it a move, or an error of that tag there?"""

from __future__ import annotations

import math
from enum import IntEnum
from typing import NamedTuple

from zones.evidence import T_RADIUS_68, T_RADIUS_95, Model
from zones.path import End

# The mean distance of a bivariate Student t with 3 degrees of freedom is sqrt(3) of its scale.
_MEAN_TO_SCALE = math.sqrt(3)


class Says(IntEnum):
    """What a fix says of a tag at rest."""

    NOTHING = 0
    AT_REST = 1
    MAYBE_ERROR = 2
    MOVED = 3


class Rest(NamedTuple):
    """Where a tag rests (metres in the zone's frame), since when, and how far its fixes lie from there.

    `mean_m` is the mean distance of its fixes from the place; `moved_log_odds` what the fixes that lie beside it since
    `at` say for a move, the newest of them at `away_at` and `away_m` off (NaN where there is none).
    """

    since: float
    at: float
    east: float
    north: float
    mean_m: float
    fixes: int
    moved_log_odds: float
    away_at: float
    away_m: float

    def is_settled(self, model: Model) -> bool:
        """Return whether the place is known well enough to judge a fix by it."""
        return self.fixes >= model.rest_fixes and self.at - self.since >= model.rest_least_s


def _begun(end: End, model: Model) -> Rest:
    return Rest(end.at, end.at, end.east, end.north, 0.0, 1, model.leaves_log_odds, math.nan, math.nan)


def _learnt(rest: Rest, end: End, distance_m: float, model: Model) -> Rest:
    """Return the place with one more fix of it: its mean, and how far its fixes lie from it."""
    fixes = min(rest.fixes + 1, model.rest_most_fixes)
    part = 1 / fixes
    return rest._replace(
        east=round(rest.east + part * (end.east - rest.east), 3),
        north=round(rest.north + part * (end.north - rest.north), 3),
        mean_m=round(rest.mean_m + part * (distance_m - rest.mean_m), 3),
        fixes=fixes,
    )


def follow(rest: Rest | None, end: End, speed_mps: float | None, model: Model) -> tuple[Rest | None, Says]:
    """Return the place of rest after one more good fix, and what that fix says.

    A move is as probable as a wearer leaves home, and then anywhere within a walk; an error is as probable as the law
    of errors says, at the scale that this tag showed at this place, or claims now.
    """
    if rest is None:
        return _begun(end, model), Says.NOTHING
    distance_m = math.hypot(end.east - rest.east, end.north - rest.north)
    scale_m = max(end.scale_m, rest.mean_m / _MEAN_TO_SCALE)
    is_in_error = distance_m <= T_RADIUS_95 * scale_m
    if distance_m <= T_RADIUS_68 * scale_m or (
        not rest.is_settled(model) and distance_m <= max(model.rest_learnt_m, T_RADIUS_95 * scale_m)
    ):
        mean_m = rest.mean_m
        if rest.away_m == rest.away_m:
            # What lay beside it and was taken back was an error of this tag at this place.
            mean_m += (rest.away_m - mean_m) / rest.fixes
        fixes = min(rest.fixes + 1, model.rest_most_fixes)
        place = (
            round(rest.east + (end.east - rest.east) / fixes, 3),
            round(rest.north + (end.north - rest.north) / fixes, 3),
        )
        mean_m = round(mean_m + (distance_m - mean_m) / fixes, 3)
        return Rest(rest.since, end.at, *place, mean_m, fixes, model.leaves_log_odds, math.nan, math.nan), Says.AT_REST
    if not rest.is_settled(model) or end.at - rest.at > model.rest_kept_s:
        # Another is begun by the next fix, if the tag does not travel.
        return None, Says.MOVED
    reach_m = max(distance_m, model.walks_mps * (end.at - rest.at))
    moved = 1 / (math.pi * reach_m**2)
    error = (1 + distance_m**2 / (3 * scale_m**2)) ** -2.5 / (2 * math.pi * scale_m**2)
    # Errors of a tag at rest last for minutes: what fixes say together adds up slowly, what one says counts in full.
    says = math.log(moved / error)
    part = 0.0 if math.isnan(rest.away_at) else min(1.0, (end.at - rest.away_at) / model.still_independent_s)
    odds = round(max(model.leaves_log_odds + max(0.0, says), rest.moved_log_odds + part * says), 4)
    is_late = end.at - rest.at > model.away_most_s
    if is_late or (speed_mps or 0.0) >= model.walks_mps or rest.moved_log_odds >= model.moved_log_odds:
        odds = max(odds, model.moved_log_odds)
    away_m = math.nan if is_in_error else round(distance_m, 3)
    rest = _learnt(rest, end, distance_m, model) if is_in_error else rest
    rest = rest._replace(moved_log_odds=odds, away_at=end.at, away_m=away_m)
    return rest, Says.MOVED if odds >= model.moved_log_odds else Says.MAYBE_ERROR
