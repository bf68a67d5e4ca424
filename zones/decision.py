"""Judges how near one fix is to one zone, with the certainty of the answer and its reasons in words.

Danger is believed at once and safety only on evidence; an exception never reads as clear.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from zones import kept, report_validity, words
from zones.evidence import MODEL, T_RADIUS_68, Model, accuracy_m, log_odds, probability_inside, t_below
from zones.fix import Fix, Source
from zones.levels import CERTAINTIES, LEVELS, Certainty, Level
from zones.path import Crossing, End
from zones.report_validity import UNPLACED_M, Doubt, Rival, Use
from zones.rest import Says, follow
from zones.schedule import Permission, Reason
from zones.smoother import over_by, seen_again
from zones.state import LATENESS_S, Core, PlaceState
from zones.track import Travel, entering, is_moving, is_travelling, reach_mps, travel
from zones.trust import trusted
from zones.weighing import is_standing, nothing_at, unchanged, weigh
from zones.zone import Zone, ZoneKind

__all__ = ["LATENESS_S", "Certainty", "Decision", "Level", "PlaceState", "decide"]

# Below one in twenty the wearer counts as not there: the usual 95 % of a statement about error.
COULD_BE = 0.05
# Above one in ten a place is not called clear: the odds at which a breach is left, the other way round.
CLEARLY_OUT = 0.1
# A speed towards the edge is called an approach from 0.2 m/s: a tag at rest with errors of 12 m (the median of phones
# on foot) seems to move as fast from minute to minute.
SLOWEST_APPROACH_MPS = 0.2


_UNCONFIRMED, _CONFIRMED, _WITHDRAWN = range(3)
_CLEAR, _BUFFER, _BREACH = range(3)
_NOTHING, _BOTH = Use.NOTHING, Use.BOTH


class Decision(NamedTuple):
    """The judgement of one fix against one zone.

    Distances are signed metres to the edge of the forbidden side, negative on it; `probability_inside` is of being on
    it: inside an exclusion zone, outside an inclusion or restriction zone. Instants are epoch seconds.
    """

    level: Level
    certainty: Certainty
    distance_m: float
    probability_inside: float
    closing_mps: float | None
    time_to_edge_s: float | None
    could_be_inside: bool
    is_pass_through: bool
    fix_time: float
    crossing_at: float | None
    state: PlaceState
    kind: ZoneKind
    accuracy_m: float
    is_accuracy_assumed: bool
    path_probability: float
    gap_s: float | None
    is_repeat: bool
    is_in_force: bool = True
    permission: Permission | None = None
    silent_s: float = 0.0
    answer_age_s: float = 0.0
    doubt: Doubt | None = None
    visit: Certainty | None = None
    visit_probability: float = math.nan
    claim_share: float = 1.0

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why, in plain words with the numbers they rest on; made when asked for, since most fixes are never read."""
        return words.reasons(self)

    @property
    def fixes_inside(self) -> int:
        """How many fixes of the standing breach were judged on the forbidden side."""
        return self.state.now.fixes_inside

    @property
    def breach_since(self) -> float | None:
        """The fix_time, or likely crossing, at which the standing breach began; None when there is none."""
        since = self.state.now.breach_since
        return None if math.isnan(since) else since


def decide(zone: Zone, fix: Fix, state: PlaceState | None, model: Model = MODEL) -> Decision:
    """Judge one fix newer than every fix that `state` has seen; the answer carries the state to keep.

    Takes the same time however long the history. `state` is None for a tag's first fix at this zone.

    Raises: ValueError when the fix is not newer than `state.fix_time`; use `redecide` for one at most `LATENESS_S`
    older and `judge_late` for the rest.
    """
    if state is not None and fix.fix_time <= state.now.fix_time:
        raise ValueError(
            f"The fix of {fix.fix_time} is not newer than the last one judged, {state.now.fix_time}: use redecide."
        )
    return judge(zone, fix, state, model)


def probability_of(zone: Zone, distance: float, scale: float) -> float:
    """Return the probability of being on the forbidden side, `distance` signed metres from its edge."""
    shape = zone.shape
    if zone.kind is ZoneKind.EXCLUSION:
        return probability_inside(distance, scale, shape.depth_m, shape.half_breadth_m)
    return 1 - probability_inside(-distance, scale, shape.depth_m, shape.half_breadth_m)


def _level_outside(zone: Zone, distance: float, margin: float, probability: float, level: int) -> int:
    """Return clear or buffer; a buffer is left only by more than the error of the fix, so that it does not flap."""
    margin = margin if level >= _BUFFER else 0.0
    return _BUFFER if distance <= zone.buffer_m + margin or probability >= CLEARLY_OUT else _CLEAR


def judge(zone: Zone, fix: Fix, state: PlaceState | None, model: Model = MODEL) -> Decision:
    """Judge one fix as `decide` does, without its guard against fixes that are not newer."""
    at = fix.fix_time
    east, north = zone.frame.local(fix.ecef)
    east, north = round(east, 3), round(north, 3)
    is_exclusion = zone.kind is ZoneKind.EXCLUSION
    distance = zone.shape.distance_m(east, north)
    distance = distance if is_exclusion else -distance
    accuracy = accuracy_m(fix, model)
    scale = accuracy / T_RADIUS_68
    probability = probability_of(zone, distance, scale)
    is_coarse = accuracy > model.coarse_m or (
        fix.source is not None and report_validity.is_coarse(fix, accuracy, model)
    )
    if is_coarse and fix.source is Source.UNKNOWN and fix.accuracy_m is None:
        # It may be as coarse as a tower, and as good as a receiver: the graver is believed, and confirms nothing.
        probability = max(probability, probability_of(zone, distance, model.unclaimed_gnss_m / T_RADIUS_68))
    # As the end of a path a coarse claim is worse than it says.
    end_scale = scale * model.coarse_factor if is_coarse else scale
    claimed_m, claimed_probability = accuracy, probability
    is_shown = fix.claim_share < 1.0 and distance <= 0 and fix.accuracy_m is not None
    if is_shown:
        # What the tag has shown at a known address counts for danger alone: on the allowed side its claim stands.
        accuracy = max(model.floor_m, accuracy * fix.claim_share)
        scale = accuracy / T_RADIUS_68
        probability = max(probability, probability_of(zone, distance, scale))
        is_coarse = is_coarse and (accuracy > model.coarse_m or report_validity.is_tower(fix))
    end = End(at, east, north, end_scale, 0.0, 0.0, 0.0, False)
    is_placed = state is not None and state.now.track.scale_m < UNPLACED_M
    if state is None:
        last = Core(
            at, math.nan, math.nan, 0.0, math.nan, _CLEAR, _CONFIRMED, math.nan, at, math.nan, math.nan, 0, False,
            math.nan, end, None,
        )  # fmt: skip
    elif not is_placed:
        last = state.now._replace(distance_m=math.nan, track=end, before=None)
    else:
        last = state.now

    doubt = report_validity.doubt_of(fix)
    rival = last.rival
    share = 1.0
    if doubt is None and state is not None and is_placed:
        track = last.track
        step = abs(east - track.east) + abs(north - track.north)
        if rival is not None or step >= model.mirrored_least_m or step >= model.fastest_mps * (at - track.at):
            last, doubt, rival, share = trusted(zone, fix, end, last, distance, state.began_at, model)
    if doubt is None and abs(distance) > model.farthest_m:
        doubt = Doubt.FAR
    if doubt is not None:
        return _doubtful(zone, fix, end, distance, probability, accuracy, last, state, doubt, rival, model)

    is_repeat = east == last.east and north == last.north and end_scale >= last.scale_m
    # A coarse source gives the same answer for hours, and a kept answer is claimed less surely each time: neither is
    # news. A good fix at the same place may be a receiver that holds still, and a tag at rest must neither stay
    # unconfirmed inside nor keep an alert standing from home.
    is_stale = is_repeat and (is_coarse or end_scale > last.scale_m)
    was_standing = is_standing(last)
    # It may tell its own age, and then it is judged as the better fix that it was.
    new_at = kept.dated(last, end, accuracy, model) if is_stale and not report_validity.is_tower(fix) else None
    # What the place of rest says: a fix beside it that is sooner an error of this tag there raises nothing.
    rest, says = last.rest, Says.NOTHING
    if abs(distance) > model.rest_within_m:
        rest = None
    elif (rest is not None or not is_travelling(last.track, model)) and not (is_coarse or is_stale):
        rest, says = follow(rest, end, fix.speed_mps, model)
    is_error = says is Says.MAYBE_ERROR and last.level < _BREACH
    if is_repeat or is_error or not is_placed:
        way = Travel(None, last.is_pass, last.closing_mps, last.track, None)
    else:
        # From outside to outside, a way through the zone is as much of a breach while one stands.
        is_asked = is_exclusion and distance > 0 and (not was_standing or last.distance_m > 0)
        way = travel(zone, last, end, distance, is_asked, model)

    # A fix past the line raises however small the zone: every small place is improbable where the doubt is wide.
    raising = probability
    is_doubtful = (distance <= 0 or probability > model.entering) and probability <= model.believe
    if is_doubtful and claimed_m <= model.honest_m and not report_validity.is_tower(fix):
        if distance > 0 and is_exclusion and way.found is None and not (is_coarse or is_error or is_repeat):
            way = way._replace(found=entering(at, distance, way.closing_mps, scale, model))
        elif distance <= 0 and not was_standing:
            raising = t_below(-distance / scale)
    reach, use = 0.0, _BOTH
    if is_coarse:
        reach = report_validity.plausible_error_m(fix, accuracy, model)
        if report_validity.is_astride(fix, distance, accuracy, reach):
            doubt = Doubt.COARSE
        # Nor does a coarse fix at the place to stay in say that the wearer has left it.
        is_at_home = doubt is not None and not is_exclusion and distance > 0
        use = _NOTHING if is_at_home else report_validity.use_of(doubt, is_exclusion)
    if is_stale:
        use = _NOTHING
    if new_at is not None and not was_standing:
        was = model.coarse_m * model.coarse_factor / T_RADIUS_68
        evidence = weigh(last, new_at, distance, was, probability_of(zone, distance, was), False, 1.0, model)
    elif is_error or (use is not _BOTH and (was_standing or use is _NOTHING)):
        evidence = unchanged(last)
    elif not was_standing and raising <= model.believe:
        evidence = nothing_at(at)
    else:
        share = model.repeat_worth if is_repeat and state is not None else share
        moves = not is_coarse and is_moving(last.track, fix, end, model)
        evidence = weigh(last, at, distance, scale, raising, moves, share, model)
        if evidence.is_breach and (use is not _BOTH or raising > probability):
            # It raised at even odds, so that it has no part in what confirms.
            evidence = evidence._replace(log_odds=0.0)

    if evidence.is_breach and not evidence.is_confirmed and says is Says.AT_REST and distance > 0:
        # Who never left the place of rest was not inside: what was not confirmed ends with the first fix back at it.
        evidence = evidence._replace(is_breach=not (rest is not None and rest.is_settled(model)))
    if was_standing and way.found is not None:
        # Whose way led through the zone again, or who is about to enter, has not left.
        evidence = evidence._replace(is_breach=True)
    visit = last.visit if was_standing else None
    over, over_probability = None, math.nan
    if evidence.is_confirmed:
        visit = None
    elif evidence.is_breach:
        before = End(last.fix_time, last.east, last.north, last.scale_m, 0.0, 0.0, 0.0, False) if is_placed else None
        visit = seen_again(visit, before, last.track, fix, end, distance, claimed_probability)
    if was_standing and not evidence.is_breach:
        over, over_probability = over_by(zone, visit, last.certainty == _CONFIRMED, fix, end, model)
        visit = None
    log_odds_now, since, crossing_at = evidence.log_odds, evidence.since, evidence.crossing_at
    fixes_inside, is_pass = evidence.fixes_inside, way.is_pass
    if evidence.is_breach:
        level, certainty = _BREACH, _CONFIRMED if evidence.is_confirmed else _UNCONFIRMED
        is_pass = is_pass and (last.is_pass or not was_standing)
    elif way.found is not None:
        level, certainty, log_odds_now, fixes_inside = _BREACH, _UNCONFIRMED, math.nan, 0
        since = crossing_at = round(way.found.at, 3)
    else:
        level = _level_outside(zone, distance, reach or accuracy, probability, last.level)
        # One coarse answer may be old; a second that says the same, clear of all, is an all-clear.
        is_sure = distance > zone.buffer_m + reach and last.level == _CLEAR and state is not None
        certainty = _CONFIRMED if (is_sure if is_coarse else probability < CLEARLY_OUT) else _UNCONFIRMED
        if over is Certainty.WITHDRAWN:
            certainty = _WITHDRAWN
        log_odds_now = since = crossing_at = math.nan
        fixes_inside = 0
        if use is not _BOTH and level <= last.level:
            # Of a buffer it is said that this fix cannot tell.
            level, certainty = last.level, _UNCONFIRMED if is_coarse else _standing(last, False)[1]
            since, crossing_at, is_pass = last.breach_since, last.crossing_at, last.is_pass
    core = Core(
        at, east, north, end_scale, distance, level, certainty, log_odds_now, evidence.evidence_at, since, crossing_at,
        fixes_inside, is_pass, way.closing_mps, way.track, way.before, None, visit, rest,
    )  # fmt: skip
    told = _told(
        zone, fix, state, last, core, way.found, distance, probability, accuracy, is_repeat, doubt,
        0.0 if new_at is None else at - new_at, model,
    )  # fmt: skip
    if is_shown:
        told = told._replace(claim_share=fix.claim_share)
    return told if over is None else told._replace(visit=over, visit_probability=over_probability)


def _standing(last: Core, is_doubted: bool) -> tuple[int, int]:
    """Return the level and certainty that stand on after a report that says nothing; a withdrawal is said once."""
    if last.certainty == _WITHDRAWN or (is_doubted and last.level == _CLEAR):
        return last.level, _UNCONFIRMED
    return last.level, last.certainty


def _doubtful(
    zone: Zone,
    fix: Fix,
    end: End,
    distance: float,
    probability: float,
    accuracy: float,
    last: Core,
    state: PlaceState | None,
    doubt: Doubt,
    rival: Rival | None,
    model: Model,
) -> Decision:
    """Judge a report that is no evidence: what stands goes on standing, and inside the zone it raises, unconfirmed."""
    at = fix.fix_time
    use = report_validity.use_of(doubt, zone.kind is ZoneKind.EXCLUSION)
    is_placed = state is not None and last.track.scale_m < UNPLACED_M and not math.isnan(last.distance_m)
    if is_placed:
        core = last._replace(fix_time=at, rival=rival)
    else:
        # Where the tag is remains unknown: no way begins at this place.
        nowhere = end._replace(scale_m=UNPLACED_M)
        core = last._replace(
            fix_time=at, east=end.east, north=end.north, scale_m=UNPLACED_M, distance_m=distance, track=nowhere
        )
    level, certainty = _standing(last, True)
    own = _level_outside(zone, distance, accuracy, probability, last.level)
    if use & Use.RAISE and probability > model.believe and last.level < _BREACH:
        # At even odds, so that it has no part in what confirms; a new place may turn out to be the right one.
        odds = min(log_odds(probability), model.still_enter_log_odds) if doubt is Doubt.JUMP else 0.0
        # What an instant without a fix asks is how far from the edge that report lay.
        core = core._replace(
            level=_BREACH, certainty=_UNCONFIRMED, log_odds=odds, evidence_at=at, breach_since=at,
            crossing_at=math.nan, fixes_inside=1, is_pass=False, distance_m=distance,
        )  # fmt: skip
    elif use & Use.RAISE and own > level:
        core = core._replace(level=own, certainty=_UNCONFIRMED, distance_m=distance)
    else:
        distance, accuracy = core.distance_m, core.scale_m * T_RADIUS_68
        probability = probability_of(zone, distance, core.scale_m)
        core = core._replace(level=level, certainty=certainty)
    return _told(zone, fix, state, last, core, None, distance, probability, accuracy, False, doubt, 0.0, model)


def _told(
    zone: Zone,
    fix: Fix,
    state: PlaceState | None,
    last: Core,
    core: Core,
    found: Crossing | None,
    distance: float,
    probability: float,
    accuracy: float,
    is_repeat: bool,
    doubt: Doubt | None,
    answer_age_s: float,
    model: Model,
) -> Decision:
    """Return what is reported of a judgement, by what is in force."""
    at, level, certainty = fix.fix_time, core.level, core.certainty
    gap = at - last.fix_time if state is not None else None
    closing = None if math.isnan(core.closing_mps) else core.closing_mps
    to_edge = distance / closing if closing is not None and closing >= SLOWEST_APPROACH_MPS and distance > 0 else None
    could_be = level == _BREACH or probability >= COULD_BE
    if not could_be and gap is not None and gap > model.long_gap_s and last.distance_m > 0:
        could_be = last.distance_m + distance <= gap * reach_mps(last.track)
    if doubt is not None and doubt is not Doubt.COARSE:
        # Since the last trusted place nothing is known, as in a silence.
        could_be = could_be or core.distance_m <= (at - core.track.at) * reach_mps(core.track)
    is_pass = core.is_pass and level == _BREACH
    is_in_force, permission = True, None
    if zone.is_timed:
        level, certainty, is_in_force, permission = timed(zone, at, level, certainty, is_pass)
        could_be = could_be and is_in_force
    path_probability = found.probability if found is not None else 0.0
    if not math.isnan(core.log_odds):
        probability = 1 / (1 + math.exp(-core.log_odds))
    elif level == _BREACH:
        probability = max(probability, path_probability)
    return Decision(
        LEVELS[level],
        CERTAINTIES[certainty],
        distance,
        probability,
        closing,
        to_edge,
        could_be,
        is_pass,
        at,
        None if math.isnan(core.crossing_at) else core.crossing_at,
        PlaceState(core, core, None, at) if state is None else state.then(core),
        zone.kind,
        accuracy,
        fix.accuracy_m is None,
        path_probability,
        gap,
        is_repeat,
        is_in_force,
        permission,
        0.0,
        answer_age_s,
        doubt,
    )


def timed(zone: Zone, at: float, level: int, certainty: int, is_pass: bool) -> tuple[int, int, bool, Permission | None]:
    """Return the level and certainty to tell, whether the zone is in force, and the permission that holds.

    The state keeps what the position says, so that the instant at which the zone comes into force can be judged.
    """
    permission = zone.timing.permission(at)
    if not zone.timing.is_in_force(at):
        return _CLEAR, _CONFIRMED, False, permission
    if permission is not None and permission.reason is Reason.PASSAGE and is_pass and level == _BREACH:
        return _BUFFER, certainty, True, permission
    return level, certainty, True, permission
