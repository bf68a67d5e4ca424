"""Was the wearer inside? A visit that is over, looked at again by the fixes before and after its best fix.

Whether the wearer is inside now is another question, which `zones.weighing` answers.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from zones.evidence import T_RADIUS_68, T_RADIUS_95, Model, probability_inside, t_below
from zones.fix import Fix
from zones.levels import Certainty
from zones.path import End
from zones.report_validity import UNPLACED_M
from zones.zone import Zone, ZoneKind

# Where the way beside the best fix is looked at: from half way before it to half way after it, since further off the
# fixes beside it say more themselves.
WITNESSED_AT = (0.5, 0.75, 1.0, 1.25, 1.5)


class Visit(NamedTuple):
    """The fix that speaks most for the forbidden side in the breach that stands, and the fixes before and after it.

    Places are metres in the zone's frame, instants epoch seconds, scales those of the error law. `before_scale_m` is
    `UNPLACED_M` where no place was known, `after_at` NaN until a fix has followed. `speed_mps` is the speed at which
    the tag was seen to travel before.
    """

    probability: float
    at: float
    east: float
    north: float
    scale_m: float
    before_at: float
    before_east: float
    before_north: float
    before_scale_m: float
    speed_mps: float
    after_at: float
    after_east: float
    after_north: float
    after_scale_m: float
    after_mps: float

    @classmethod
    def begun(cls, probability: float, end: End, before: End, speed_mps: float) -> Visit:
        """Return the visit of which `end` is the best fix so far and `before` the place known before it."""
        nothing = math.nan
        return cls(
            probability, end.at, end.east, end.north, end.scale_m,
            before.at, before.east, before.north, before.scale_m, speed_mps,
            nothing, nothing, nothing, nothing, nothing,
        )  # fmt: skip

    def followed(self, end: End, speed_mps: float | None) -> Visit:
        """Return the visit with the fix that follows its best one; any later one says less and is left out."""
        if not math.isnan(self.after_at) or end.at <= self.at:
            return self
        return self._replace(
            after_at=end.at, after_east=end.east, after_north=end.north, after_scale_m=end.scale_m,
            after_mps=speed_mps or 0.0,
        )  # fmt: skip


def _way(visit: Visit, share: float, model: Model) -> tuple[float, float, float]:
    """Return the place (east, north) on the straight way beside the best fix, and how far the true way strays there."""
    duration = visit.after_at - visit.before_at
    step_east, step_north = visit.after_east - visit.before_east, visit.after_north - visit.before_north
    apart = math.hypot(step_east, step_north)
    wander = 4 * model.wander * duration / (duration + model.wander_grows_s) * apart
    spread = math.sqrt(
        ((1 - share) * visit.before_scale_m) ** 2
        + (share * visit.after_scale_m) ** 2
        + (wander * share * (1 - share)) ** 2
    )
    return visit.before_east + share * step_east, visit.before_north + share * step_north, spread


def smoothed(visit: Visit, is_aside: bool, model: Model) -> tuple[float, float, float]:
    """Return the place (east, north) at the best fix and its error scale, by that fix and those on both sides of it.

    The way from the fix before to the fix after spreads by their errors and by wandering in proportion to the distance;
    `is_aside` adds how far a tag that travels can have gone aside and come back. A tag at rest cannot, and so a
    reflection differs from a visit.
    """
    if visit.before_scale_m >= UNPLACED_M or math.isnan(visit.after_at):
        return visit.east, visit.north, visit.scale_m
    duration = visit.after_at - visit.before_at
    apart = math.hypot(visit.after_east - visit.before_east, visit.after_north - visit.before_north)
    errors = T_RADIUS_68 * math.hypot(visit.before_scale_m, visit.after_scale_m)
    speed_mps = max(visit.speed_mps, visit.after_mps, apart / duration if apart > errors else 0.0)
    if speed_mps < model.moving_mps:
        speed_mps = model.rest_mps
    east, north, spread = _way(visit, (visit.at - visit.before_at) / duration, model)
    if is_aside:
        aside = speed_mps * min(visit.at - visit.before_at, visit.after_at - visit.at) / T_RADIUS_68
        spread = math.hypot(spread, aside)
    if math.hypot(visit.east - east, visit.north - north) > T_RADIUS_95 * math.hypot(visit.scale_m, spread):
        # One of them is wrong, and the way rests on two fixes: errors of that size happen, such leaps aside do not.
        return east, north, spread
    own, way = visit.scale_m**-2, spread**-2
    both = own + way
    return (visit.east * own + east * way) / both, (visit.north * own + north * way) / both, both**-0.5


def was_inside(zone: Zone, visit: Visit, model: Model) -> tuple[float, bool]:
    """Return how probable it is that the wearer was on the forbidden side, and whether the evidence says never.

    The first is by where the wearer probably was. Never is said only where the wearer cannot have been there: by how
    far they can have gone aside, and where the place itself is outside, since a wide doubt makes every small place
    improbable.
    """
    shape, is_exclusion = zone.shape, zone.kind is ZoneKind.EXCLUSION
    best = outside = 0.0
    for is_aside in (False, True):
        east, north, scale = smoothed(visit, is_aside, model)
        distance = shape.distance_m(east, north)
        probability = probability_inside(
            distance if is_exclusion else -distance, scale, shape.depth_m, shape.half_breadth_m
        )
        best = max(best, probability if is_exclusion else 1 - probability)
        outside = max(best, t_below((-distance if is_exclusion else distance) / scale))
    return best, outside < model.was_inside


def is_on_way(zone: Zone, visit: Visit, model: Model) -> bool:
    """Return whether the way between the fixes beside the best one may well have led over the forbidden side.

    It is a second witness, apart from that fix: one fix that lies off the way of all others may be an error.
    """
    if visit.before_scale_m >= UNPLACED_M or math.isnan(visit.after_at):
        return False
    middle = (visit.at - visit.before_at) / (visit.after_at - visit.before_at)
    is_exclusion = zone.kind is ZoneKind.EXCLUSION
    for part in WITNESSED_AT:
        share = middle * part if part <= 1 else 1 - (1 - middle) * (2 - part)
        east, north, spread = _way(visit, share, model)
        distance = zone.shape.distance_m(east, north)
        if (distance if is_exclusion else -distance) <= spread:
            return True
    return False


def seen_again(
    visit: Visit | None, before: End | None, track: End, fix: Fix, end: End, distance: float, probability: float
) -> Visit | None:
    """Return what the fixes of a standing breach say of it after one more: the best of them with those beside it.

    `before` is the place of the fix before this one, None where it is not known, and `track` how the tag travelled.
    """
    if distance < 0 and (visit is None or probability >= visit.probability):
        known = end._replace(scale_m=UNPLACED_M) if before is None else before
        return Visit.begun(probability, end, known, math.hypot(track.east_mps, track.north_mps))
    return None if visit is None else visit.followed(end, fix.speed_mps)


def over_by(
    zone: Zone, visit: Visit | None, is_confirmed: bool, fix: Fix, end: End, model: Model
) -> tuple[Certainty, float]:
    """Return whether the breach that this fix ends was so, and how probable it is that the wearer was inside."""
    if is_confirmed:
        return Certainty.CONFIRMED, 1.0
    if visit is None:
        # Only reports that are no evidence told of it.
        return Certainty.WITHDRAWN, 0.0
    probability, is_never = was_inside(zone, visit.followed(end, fix.speed_mps), model)
    if is_never:
        return Certainty.WITHDRAWN, probability
    is_sure = probability >= model.was_confirmed and is_on_way(zone, visit.followed(end, fix.speed_mps), model)
    return (Certainty.CONFIRMED if is_sure else Certainty.UNCONFIRMED), probability
