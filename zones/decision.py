"""How near is he: one fix against one zone, with the certainty of the answer and the words for it.

Danger is believed at once and safety only on evidence; an exception never reads as clear.
"""

from __future__ import annotations

import math
from enum import IntEnum, StrEnum
from typing import NamedTuple

from zones import kept, words
from zones.evidence import MODEL, T_RADIUS_68, T_RADIUS_95, Model, accuracy_m, log_odds, probability_inside
from zones.fix import Fix, Source
from zones.path import End
from zones.schedule import Permission, Reason
from zones.state import LATENESS_S, Core, PlaceState
from zones.track import Travel, is_moving, reach_mps, travel
from zones.zone import Zone, ZoneKind

__all__ = ["LATENESS_S", "Certainty", "Decision", "Level", "PlaceState", "decide", "judge_instant"]

# Below one in twenty he is taken not to be there.
COULD_BE = 0.05
# Above one in ten a place is not called clear.
CLEARLY_OUT = 0.1
# A speed towards the edge is called an approach from 0.2 m/s.
SLOWEST_APPROACH_MPS = 0.2


class Level(IntEnum):
    """How near the danger is, in order."""

    CLEAR = 0
    BUFFER = 1
    BREACH = 2


class Certainty(StrEnum):
    """How sure the level is; withdrawn takes back a breach that was never confirmed."""

    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"


_CERTAINTIES = (Certainty.UNCONFIRMED, Certainty.CONFIRMED, Certainty.WITHDRAWN)
_UNCONFIRMED, _CONFIRMED, _WITHDRAWN = range(3)
_CLEAR, _BUFFER, _BREACH = range(3)
_LEVELS = tuple(Level)


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
    is_jump: bool
    is_in_force: bool = True
    permission: Permission | None = None
    silent_s: float = 0.0
    answer_age_s: float = 0.0

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


class _Evidence(NamedTuple):
    """Whether a breach told by fixes stands, how sure, and since when."""

    is_breach: bool
    is_confirmed: bool
    log_odds: float
    evidence_at: float
    since: float
    crossing_at: float
    fixes_inside: int


def _weigh(
    last: Core, at: float, distance: float, probability: float, is_moving: bool, worth: float, model: Model
) -> _Evidence:
    """Add this fix's evidence to what is stored: believed at once, left by odds over time; an all-clear at `worth`."""
    odds = log_odds(probability)
    if not is_moving:
        odds = max(-model.still_leave_log_odds, min(model.still_enter_log_odds, odds))
    # Danger is believed where safety is doubted: only an all-clear is told by a repeated fix at a part of its worth.
    odds = odds * worth if odds < 0 else odds
    if not is_standing(last):
        if probability <= model.believe:
            return _Evidence(False, False, math.nan, at, math.nan, math.nan, 0)
        entered_at = math.nan
        if last.distance_m > 0 >= distance:
            entered_at = last.fix_time + (at - last.fix_time) * last.distance_m / (last.distance_m - distance)
        since = at if math.isnan(entered_at) else entered_at
        is_confirmed = odds >= model.confirm_log_odds
        return _Evidence(True, is_confirmed, min(odds, model.stored_log_odds), at, since, entered_at, 1)
    independent_s = model.still_independent_s if odds > 0 and not is_moving else model.independent_s
    weight = min(1.0, (at - last.evidence_at) / independent_s)
    stored = min(model.stored_log_odds, last.log_odds + weight * odds)
    if is_moving and odds < model.leave_alone_log_odds:
        stored = min(stored, odds)
    is_confirmed = last.certainty == _CONFIRMED or max(stored, odds) >= model.confirm_log_odds
    fixes_inside = last.fixes_inside + (probability > model.believe)
    return _Evidence(
        stored >= model.leave_log_odds, is_confirmed, stored, at, last.breach_since, last.crossing_at, fixes_inside
    )


def is_standing(core: Core) -> bool:
    """Return whether a breach told by fixes (not by a crossing between two) stands."""
    return core.level == _BREACH and not math.isnan(core.log_odds)


def _probability(zone: Zone, distance: float, scale: float) -> float:
    """Return the probability of being on the forbidden side, `distance` signed metres from its edge."""
    shape = zone.shape
    if zone.kind is ZoneKind.EXCLUSION:
        return probability_inside(distance, scale, shape.depth_m, shape.half_breadth_m)
    return 1 - probability_inside(-distance, scale, shape.depth_m, shape.half_breadth_m)


def _level_outside(
    zone: Zone, distance: float, accuracy: float, probability: float, level: int, is_coarse: bool
) -> int:
    """Return clear or buffer; a buffer is left only by more than the error of the fix, so that it does not flap."""
    margin = 0.0
    if level >= _BUFFER:
        margin = accuracy * (T_RADIUS_95 / T_RADIUS_68) if is_coarse else accuracy
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
    probability = _probability(zone, distance, scale)
    is_coarse = accuracy > model.coarse_m or fix.source is Source.CELL
    # As the end of a path a coarse claim is worse than it says.
    end_scale = scale * model.coarse_factor if is_coarse else scale
    end = End(at, east, north, end_scale, 0.0, 0.0, 0.0, False)
    if state is None:
        last = Core(
            at, math.nan, math.nan, 0.0, math.nan, _CLEAR, _CONFIRMED, math.nan, at, math.nan, math.nan, 0, False,
            math.nan, end, None,
        )  # fmt: skip
    else:
        last = state.now
    is_repeat = east == last.east and north == last.north and end_scale >= last.scale_m
    # A coarse source gives the same answer for hours, and a kept answer is claimed less surely each time: neither is
    # news. A good fix at the same place may be a receiver that holds still, and a tag at rest must neither stay
    # unconfirmed inside nor keep an alert standing from home.
    is_stale = is_repeat and (is_coarse or end_scale > last.scale_m)
    was_standing = is_standing(last)
    # It may tell its own age, and then it is judged as the better fix that it was.
    new_at = kept.dated(last, end, accuracy, model) if is_stale and fix.source is not Source.CELL else None
    if is_repeat or state is None:
        way = Travel(None, False, last.is_pass, last.closing_mps, last.track, None)
    else:
        way = travel(zone, last, end, distance, is_exclusion and not was_standing and distance > 0, model)
    found = way.found

    if new_at is not None and not was_standing:
        risk = _probability(zone, distance, model.coarse_m * model.coarse_factor / T_RADIUS_68)
        evidence = _weigh(last, new_at, distance, risk, False, 1.0, model)
    elif is_stale:
        evidence = _Evidence(
            was_standing,
            last.certainty == _CONFIRMED,
            last.log_odds,
            last.evidence_at,
            last.breach_since,
            last.crossing_at,
            last.fixes_inside,
        )
    else:
        worth = model.repeat_worth if is_repeat and state is not None else 1.0
        evidence = _weigh(last, at, distance, probability, is_moving(last.track, fix, end, model), worth, model)

    log_odds_now, since, crossing_at = evidence.log_odds, evidence.since, evidence.crossing_at
    fixes_inside, is_pass = evidence.fixes_inside, way.is_pass
    if evidence.is_breach:
        level, certainty = _BREACH, _CONFIRMED if evidence.is_confirmed else _UNCONFIRMED
        is_pass = is_pass and (last.is_pass or not was_standing)
    elif found is not None:
        level, certainty, log_odds_now, fixes_inside = _BREACH, _UNCONFIRMED, math.nan, 0
        since = crossing_at = round(found.at, 3)
    else:
        level = _level_outside(zone, distance, accuracy, probability, last.level, is_coarse)
        certainty = _CONFIRMED if not is_coarse and probability < CLEARLY_OUT else _UNCONFIRMED
        if was_standing and last.certainty == _UNCONFIRMED:
            certainty = _WITHDRAWN
        log_odds_now = since = crossing_at = math.nan
        fixes_inside = 0
    core = Core(
        at, east, north, end_scale, distance, level, certainty, log_odds_now, evidence.evidence_at, since, crossing_at,
        fixes_inside, is_pass, way.closing_mps, way.track, way.before,
    )  # fmt: skip

    gap = at - last.fix_time if state is not None else None
    path_probability = found.probability if found is not None else 0.0
    closing = None if math.isnan(way.closing_mps) else way.closing_mps
    to_edge = distance / closing if closing is not None and closing >= SLOWEST_APPROACH_MPS and distance > 0 else None
    could_be = level == _BREACH or probability >= COULD_BE
    if not could_be and gap is not None and gap > model.long_gap_s and last.distance_m > 0:
        could_be = last.distance_m + distance <= gap * reach_mps(last.track)
    standing_odds = core.log_odds
    is_pass = is_pass and level == _BREACH
    is_in_force, permission = True, None
    if zone.is_timed:
        level, certainty, is_in_force, permission = _timed(zone, at, level, certainty, is_pass)
        could_be = could_be and is_in_force
    if not math.isnan(standing_odds):
        probability = 1 / (1 + math.exp(-standing_odds))
    elif level == _BREACH:
        probability = max(probability, path_probability)
    return Decision(
        _LEVELS[level],
        _CERTAINTIES[certainty],
        distance,
        probability,
        closing,
        to_edge,
        could_be,
        is_pass,
        at,
        None if math.isnan(crossing_at) else crossing_at,
        PlaceState(core, core, None, at) if state is None else state.then(core),
        zone.kind,
        accuracy,
        fix.accuracy_m is None,
        path_probability,
        gap,
        is_repeat,
        way.is_jump,
        is_in_force,
        permission,
        0.0,
        0.0 if new_at is None else at - new_at,
    )


def _timed(
    zone: Zone, at: float, level: int, certainty: int, is_pass: bool
) -> tuple[int, int, bool, Permission | None]:
    """Return the level and certainty to tell, whether the zone is in force, and the permission that holds.

    The state keeps what the position says, so that the instant at which the zone comes into force can be judged.
    """
    permission = zone.timing.permission(at)
    if not zone.timing.is_in_force(at):
        return _CLEAR, _CONFIRMED, False, permission
    if permission is not None and permission.reason is Reason.PASSAGE and is_pass and level == _BREACH:
        return _BUFFER, certainty, True, permission
    return level, certainty, True, permission


def judge_instant(zone: Zone, state: PlaceState, at: float, model: Model = MODEL) -> Decision:
    """Judge an instant without a fix: a schedule begins or ends, or a tag has been silent.

    `at` is in epoch seconds, not before the last fix. What the last fix told is told again, less surely as it ages:
    a breach is confirmed no longer than `silence_s` after it, and `could_be_inside` asks how far he may have gone.
    The state is not changed by it.

    Raises: ValueError when `at` lies before the last fix.
    """
    core = state.now
    silent = at - core.fix_time
    if silent < 0:
        raise ValueError(f"The instant {at} lies before the last fix judged, {core.fix_time}.")
    level, certainty = core.level, core.certainty
    if silent > model.silence_s and certainty == _CONFIRMED:
        certainty = _UNCONFIRMED
    reach = silent * reach_mps(core.track)
    could_be = level == _BREACH or core.distance_m <= reach
    if level == _CLEAR and core.distance_m <= reach + zone.buffer_m and silent > model.long_gap_s:
        level, certainty = _BUFFER, _UNCONFIRMED
    is_pass = core.is_pass and level == _BREACH
    is_in_force, permission = True, None
    if zone.is_timed:
        level, certainty, is_in_force, permission = _timed(zone, at, level, certainty, is_pass)
    odds = core.log_odds
    accuracy = core.scale_m * T_RADIUS_68
    if not math.isnan(odds):
        probability = 1 / (1 + math.exp(-odds))
    else:
        aged = max(1.0, math.hypot(core.scale_m, reach / T_RADIUS_68))
        probability = _probability(zone, core.distance_m, aged)
    return Decision(
        _LEVELS[level],
        _CERTAINTIES[certainty],
        core.distance_m,
        probability,
        None,
        None,
        could_be and is_in_force,
        is_pass,
        core.fix_time,
        None if math.isnan(core.crossing_at) else core.crossing_at,
        state,
        zone.kind,
        accuracy,
        False,
        0.0,
        None,
        False,
        False,
        is_in_force,
        permission,
        silent,
    )
