"""How near is he: one fix against one zone, with the certainty of the answer and the words for it.

Danger is believed at once and safety only on evidence; an exception never reads as clear.
"""

from __future__ import annotations

import math
from enum import IntEnum, StrEnum
from typing import NamedTuple

from zones import words
from zones.evidence import MODEL, T_RADIUS_68, T_RADIUS_95, Model, accuracy_m, log_odds, probability_inside
from zones.fix import Fix, Source
from zones.path import Crossing, End, crossing
from zones.state import LATENESS_S, Core, PlaceState
from zones.zone import Zone, ZoneKind

__all__ = ["LATENESS_S", "Certainty", "Decision", "Level", "PlaceState", "decide"]

# Faster than anyone runs for minutes; what passes a zone above it sits in or on a vehicle.
VEHICLE_MPS = 5.0
# A direction and a speed that change by less than a third between two fixes are steady.
STEADY_SHARE = 1 / 3
# A wearer of unknown speed is taken to walk (1.4 m/s is the usual design value for pedestrians).
WALK_MPS = 1.4
# Below one in twenty he is taken not to be there.
COULD_BE = 0.05
# Above one in ten a place is not called clear.
CLEARLY_OUT = 0.1
# A speed towards the edge is told from fixes at most five minutes apart, and called an approach from 0.2 m/s.
LONGEST_APPROACH_S = 300.0
SLOWEST_APPROACH_MPS = 0.2
# A direction is averaged over about 10 s, so that a tag that reports each second is not judged by its noise.
VELOCITY_SETTLES_S = 10.0


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


class _Travel(NamedTuple):
    """What the way since the last place tells: a crossing, a jump, the approach, and the ends to go on from."""

    found: Crossing | None
    is_jump: bool
    is_pass: bool
    closing_mps: float
    track: End
    before: End | None


def _direct(zone: Zone, start: End, end: End, distance: float, model: Model) -> tuple[Crossing | None, End | None]:
    """Look for a crossing from the start of the track to this fix; also return that start, to look back on."""
    duration = end.at - start.at
    apart = math.hypot(end.east - start.east, end.north - start.north)
    if duration > model.longest_gap_s or apart <= model.moved_radii * math.hypot(end.scale_m, start.scale_m):
        return None, None
    start_distance = zone.shape.distance_m(start.east, start.north)
    # The way is at most 1.6 times the straight line here; a longer one is not the way that the crossing assumes.
    if start_distance <= 0 or distance + start_distance >= 1.6 * apart + 60:
        return None, None
    east_mps, north_mps = (end.east - start.east) / duration, (end.north - start.north) / duration
    finish = end._replace(east_mps=east_mps, north_mps=north_mps)
    if not start.is_moving_known:
        start = start._replace(east_mps=east_mps, north_mps=north_mps, velocity_error_mps=0.0)
    return crossing(zone, start, finish, model), start


def _best(candidates: list[tuple[Crossing | None, float]], model: Model) -> Crossing | None:
    """Return the most probable crossing that is probable enough for the length of its gap."""
    best: Crossing | None = None
    for candidate, gap in candidates:
        if candidate is None:
            continue
        needed = model.crossing_short if gap < model.long_gap_s else model.crossing_long
        if candidate.probability > needed and (best is None or candidate.probability > best.probability):
            best = candidate
    return best


def _travel(zone: Zone, last: Core, end: End, distance: float, is_path_asked: bool, model: Model) -> _Travel:
    """Follow the tag from the start of its track to this fix."""
    track, before = last.track, last.before
    duration = end.at - track.at
    step_east, step_north = end.east - track.east, end.north - track.north
    apart = math.hypot(step_east, step_north)
    both = math.hypot(end.scale_m, track.scale_m)
    if apart - T_RADIUS_95 * both >= model.fastest_mps * duration:
        return _Travel(None, True, False, math.nan, end, None)
    # Displacement shrunk by what errors alone would have made of it (James and Stein's estimator in the plane).
    shrink = max(0.0, 1 - 2 * (both / apart) ** 2) / duration if apart > both else 0.0
    east_mps, north_mps, error_mps = step_east * shrink, step_north * shrink, both / duration

    found: Crossing | None = None
    next_before: End | None = None
    if is_path_asked:
        candidates: list[tuple[Crossing | None, float]] = []
        if before is not None and duration < model.look_back_s and track.at - before.at > model.look_back_least_s:
            seen = End(track.at, track.east, track.north, track.scale_m, east_mps, north_mps, error_mps, True)
            candidates.append((crossing(zone, before, seen, model), track.at - before.at))
        direct, next_before = _direct(zone, track, end, distance, model)
        candidates.append((direct, duration))
        found = _best(candidates, model)

    speed = math.hypot(east_mps, north_mps)
    change = math.hypot(east_mps - track.east_mps, north_mps - track.north_mps)
    is_pass = track.is_moving_known and speed >= VEHICLE_MPS and change <= STEADY_SHARE * speed
    closing = math.nan
    if duration <= LONGEST_APPROACH_S and apart > both:
        closing = (last.distance_m - distance) / (end.at - last.fix_time)
    if end.scale_m > track.scale_m + model.anchor_share * apart:
        return _Travel(found, False, is_pass, closing, track, None)
    if duration >= model.look_back_s:
        return _Travel(found, False, is_pass, closing, end, next_before)
    if track.is_moving_known:
        weight = 1 - math.exp(-duration / VELOCITY_SETTLES_S)
        east_mps = track.east_mps + weight * (east_mps - track.east_mps)
        north_mps = track.north_mps + weight * (north_mps - track.north_mps)
    track = End(
        end.at, end.east, end.north, end.scale_m, round(east_mps, 3), round(north_mps, 3), round(error_mps, 3), True
    )
    return _Travel(found, False, is_pass, closing, track, next_before)


class _Evidence(NamedTuple):
    """Whether a breach told by fixes stands, how sure, and since when."""

    is_breach: bool
    is_confirmed: bool
    log_odds: float
    evidence_at: float
    since: float
    crossing_at: float
    fixes_inside: int


def _weigh(last: Core, at: float, distance: float, probability: float, is_moving: bool, model: Model) -> _Evidence:
    """Add this fix's evidence to what is stored: believed at once, confirmed and left by odds over time."""
    odds = log_odds(probability)
    if not is_moving:
        odds = max(-model.still_leave_log_odds, min(model.still_enter_log_odds, odds))
    if not is_standing(last):
        if probability <= model.believe:
            return _Evidence(False, False, math.nan, at, math.nan, math.nan, 0)
        entered_at = math.nan
        if last.distance_m > 0 >= distance:
            entered_at = last.fix_time + (at - last.fix_time) * last.distance_m / (last.distance_m - distance)
        since = at if math.isnan(entered_at) else entered_at
        is_confirmed = odds >= model.confirm_log_odds
        return _Evidence(True, is_confirmed, min(odds, model.stored_log_odds), at, since, entered_at, 1)
    weight = min(1.0, (at - last.evidence_at) / model.independent_s)
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
    accuracy = accuracy_m(fix, model)
    scale = accuracy / T_RADIUS_68
    probability = probability_inside(distance, scale, zone.shape.depth_m, zone.shape.half_breadth_m)
    if not is_exclusion:
        distance, probability = -distance, 1 - probability
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
    was_standing = is_standing(last)
    if is_repeat or state is None:
        travel = _Travel(None, False, last.is_pass, last.closing_mps, last.track, None)
    else:
        travel = _travel(zone, last, end, distance, is_exclusion and not was_standing and distance > 0, model)
    found = travel.found

    if is_repeat:
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
        evidence = _weigh(last, at, distance, probability, _is_moving(last.track, fix, end, model), model)

    log_odds_now, since, crossing_at = evidence.log_odds, evidence.since, evidence.crossing_at
    fixes_inside, is_pass = evidence.fixes_inside, travel.is_pass
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
        fixes_inside, is_pass, travel.closing_mps, travel.track, travel.before,
    )  # fmt: skip

    gap = at - last.fix_time if state is not None else None
    path_probability = found.probability if found is not None else 0.0
    closing = None if math.isnan(travel.closing_mps) else travel.closing_mps
    to_edge = distance / closing if closing is not None and closing >= SLOWEST_APPROACH_MPS and distance > 0 else None
    could_be = level == _BREACH or probability >= COULD_BE
    if not could_be and gap is not None and gap > model.long_gap_s and last.distance_m > 0:
        could_be = last.distance_m + distance <= gap * reach_mps(last.track)
    standing_odds = core.log_odds
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
        is_pass and level == _BREACH,
        at,
        None if math.isnan(crossing_at) else crossing_at,
        PlaceState(core, core, None, at) if state is None else state.then(core),
        zone.kind,
        accuracy,
        fix.accuracy_m is None,
        path_probability,
        gap,
        is_repeat,
        travel.is_jump,
    )


def _is_moving(track: End, fix: Fix, end: End, model: Model) -> bool:
    """Return whether the tag was seen to move: by its own speed, or by a track that leads here at a possible speed."""
    if fix.speed_mps is not None and fix.speed_mps >= model.moving_mps:
        return True
    duration = end.at - track.at
    return (
        track.is_moving_known
        and duration <= model.velocity_age_s
        and math.hypot(track.east_mps, track.north_mps) >= model.moving_mps
        and math.hypot(end.east - track.east, end.north - track.north) <= model.fastest_mps * duration
    )


def reach_mps(track: End) -> float:
    """Return the speed in m/s at which a wearer may have gone on unseen: his last one, at least a walk."""
    return max(WALK_MPS, math.hypot(track.east_mps, track.north_mps))
