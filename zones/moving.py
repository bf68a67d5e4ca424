"""A protected person who moves: how near the wearer is to them, and who moved towards whom.

Their position is in no sentence made here, and a moving zone never stands in for a fixed one.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from zones import report_validity
from zones.decision import Certainty, Level
from zones.evidence import MODEL, T_RADIUS_68, T_RADIUS_95, Model, accuracy_m, log_odds, probability_inside
from zones.fix import Fix
from zones.geo import Frame
from zones.track import WALK_MPS
from zones.trail import Trail, is_on_way
from zones.words import metres, span

# Slower than this towards the other is drift or error, not an approach: errors of 12 m within a minute make 0.3 m/s.
TOWARDS_MPS = 0.5


class Mover(StrEnum):
    """Who came nearer to whom since their fixes before."""

    WEARER = "wearer"
    PROTECTED = "protected"
    BOTH = "both"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """The newest fix of one person, and the one before it where known."""

    fix: Fix
    before: Fix | None = None


class MovingState(NamedTuple):
    """What is kept between two judgements of one wearer and one protected person.

    `trail` is where the wearer is trusted to be; nothing is kept of where the protected person is.
    """

    at: float
    is_breach: bool
    is_confirmed: bool
    log_odds: float
    trail: Trail | None = None

    def to_json(self) -> str:
        """Return the state as compact JSON."""
        parts: list[float] = list(self[:4]) + ([] if self.trail is None else self.trail.flat())
        return json.dumps(parts, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> MovingState:
        """Read what `to_json` wrote. Raises: ValueError when the text is anything else."""
        parts = json.loads(text)
        if not isinstance(parts, list) or not all(isinstance(x, bool | int | float) for x in parts):
            raise ValueError("The text is not a state of a moving place.")
        if len(parts) not in (4, *(4 + size for size in Trail.SIZES)):
            raise ValueError("The text is not a state of a moving place.")
        trail = Trail.read(parts[4:]) if len(parts) > 4 else None
        return cls(float(parts[0]), bool(parts[1]), bool(parts[2]), float(parts[3]), trail)


class Nearness(NamedTuple):
    """How near two people are at an instant: metres between them, with the 95 % radius of their sum of doubts."""

    level: Level
    certainty: Certainty
    distance_m: float
    doubt_m: float
    probability_within: float
    closing_mps: float | None
    mover: Mover
    wearer_age_s: float
    protected_age_s: float
    reasons: tuple[str, ...]
    state: MovingState


def _believed(who: Whereabouts, trail: Trail | None, model: Model) -> tuple[list[Whereabouts], Trail]:
    """Return where a person may be and the trail so far: one place, or a doubted one and the trusted one before it."""
    fix, before = who.fix, who.before
    if trail is None:
        trail = Trail.begin(fix if before is None else before, model)
    trail, doubt = trail.then(fix, model)
    if doubt is None:
        return [who if before is None or is_on_way(before, fix, model) else Whereabouts(fix)], trail
    return [Whereabouts(fix), *([] if trail.fix is None else [Whereabouts(trail.fix)])], trail


def _nearest(ones: list[Whereabouts], others: list[Whereabouts]) -> tuple[Whereabouts, Whereabouts]:
    """Return the two places that are nearest to each other: danger is believed where safety is doubted."""
    pairs = [(one, other) for one in ones for other in others]
    return min(pairs, key=lambda pair: math.dist(pair[0].fix.ecef, pair[1].fix.ecef))


def _error_m(fix: Fix, model: Model) -> tuple[float, float]:
    """Return the 68 % radius of a fix in metres, and the one by which it is judged how far off it may well be."""
    accuracy = accuracy_m(fix, model)
    if not report_validity.is_coarse(fix, accuracy, model):
        return accuracy, accuracy
    return accuracy, report_validity.plausible_error_m(fix, accuracy, model) * T_RADIUS_68 / T_RADIUS_95


def _speed_mps(who: Whereabouts) -> float:
    """Return how fast a person may have gone on since the fix: as seen last, at least a walk."""
    fix, before = who.fix, who.before
    if fix.speed_mps is not None:
        return max(WALK_MPS, fix.speed_mps)
    if before is None or fix.fix_time <= before.fix_time:
        return WALK_MPS
    frame = Frame(before.lat, before.lon)
    return max(WALK_MPS, math.hypot(*frame.local(fix.ecef)) / (fix.fix_time - before.fix_time))


def _towards_mps(who: Whereabouts, other: Fix, model: Model) -> float | None:
    """Return how fast a person came nearer to where the other is, in m/s; None when it cannot be told."""
    fix, before = who.fix, who.before
    if before is None or fix.fix_time <= before.fix_time:
        return None
    frame = Frame(other.lat, other.lon)
    was, now = frame.local(before.ecef), frame.local(fix.ecef)
    moved = math.hypot(now[0] - was[0], now[1] - was[1])
    error = math.hypot(accuracy_m(fix, model), accuracy_m(before, model)) / T_RADIUS_68
    if moved <= model.moved_radii * error:
        return 0.0
    return (math.hypot(*was) - math.hypot(*now)) / (fix.fix_time - before.fix_time)


def decide_moving(
    wearer: Whereabouts,
    protected: Whereabouts,
    at: float,
    state: MovingState | None,
    radius_m: float,
    buffer_m: float,
    model: Model = MODEL,
) -> Nearness:
    """Judge how near a wearer is to a protected person at `at` (epoch seconds), whichever of the two fixes is new.

    Both positions are uncertain and differently old: each spreads by its own error and by how far its owner may have
    gone since. Within `radius_m` is a breach, within `buffer_m` more the buffer. Believed, confirmed and left at the
    odds of a fixed zone.

    Raises: ValueError when `at` lies before either fix or before `state.at`, or a radius is not above 0.
    """
    if at < max(wearer.fix.fix_time, protected.fix.fix_time) or (state is not None and at < state.at):
        raise ValueError("The instant lies before a fix or before the last judgement.")
    if not (radius_m > 0 and buffer_m >= 0):
        raise ValueError("The radius must be above 0 and the buffer not below.")
    wearer_places, trail = _believed(wearer, None if state is None else state.trail, model)
    protected_places, _ = _believed(protected, None, model)
    is_doubted = (
        any(report_validity.doubt_of(who.fix) for who in (wearer, protected))
        or len(wearer_places) + len(protected_places) > 2
    )
    wearer, protected = _nearest(wearer_places, protected_places)
    frame = Frame(protected.fix.lat, protected.fix.lon)
    distance = math.hypot(*frame.local(wearer.fix.ecef))
    ages = at - wearer.fix.fix_time, at - protected.fix.fix_time
    errors = [_error_m(who.fix, model) for who in (wearer, protected)]
    gone = [age * _speed_mps(who) / T_RADIUS_68 for age, who in zip(ages, (wearer, protected), strict=True)]
    scale = math.hypot(*(accuracy / T_RADIUS_68 for accuracy, _ in errors), *gone)
    # Beyond this nothing explains it but that they are apart, however coarse or old the two places are.
    doubt = T_RADIUS_95 * math.hypot(*(widest / T_RADIUS_68 for _, widest in errors), *gone)
    probability = probability_inside(distance - radius_m, scale, 2 * radius_m, radius_m)
    odds = log_odds(probability)
    is_tower = report_validity.is_tower(wearer.fix) or report_validity.is_tower(protected.fix)
    if odds < 0 and (is_doubted or distance - radius_m <= doubt):
        # A wide doubt makes every place improbable, and that is no evidence that they have parted.
        odds = 0.0
    elif odds > 0 and (is_doubted or is_tower):
        odds = 0.0 if state is not None and state.is_breach else min(odds, model.still_enter_log_odds)
    was_breach = state is not None and state.is_breach
    stored = odds
    if state is not None and state.is_breach:
        weight = min(1.0, (at - state.at) / model.independent_s)
        stored = state.log_odds + weight * odds
        is_breach = stored >= model.leave_log_odds
        is_confirmed = is_breach and (state.is_confirmed or (odds > 0 and stored >= model.confirm_log_odds))
    else:
        is_breach = probability > model.believe
        # One pair of positions raises; a second confirms.
        is_confirmed = False
    stored = max(-model.stored_log_odds, min(model.stored_log_odds, stored))
    certainty = Certainty.CONFIRMED if is_confirmed else Certainty.UNCONFIRMED
    if is_breach:
        level = Level.BREACH
    else:
        level = Level.BUFFER if distance <= radius_m + buffer_m or probability >= 0.1 else Level.CLEAR
        if was_breach and state is not None and not state.is_confirmed:
            certainty = Certainty.WITHDRAWN
        elif distance - doubt > radius_m and not is_doubted:
            # A wide doubt makes every place improbable, so the doubt itself must lie outside.
            certainty = Certainty.CONFIRMED

    by_wearer, by_protected = _towards_mps(wearer, protected.fix, model), _towards_mps(protected, wearer.fix, model)
    wearer_came, protected_came = (
        by_wearer is not None and by_wearer >= TOWARDS_MPS,
        by_protected is not None and by_protected >= TOWARDS_MPS,
    )
    mover = (
        Mover.BOTH
        if wearer_came and protected_came
        else Mover.WEARER
        if wearer_came
        else Mover.PROTECTED
        if protected_came
        else Mover.NEITHER
    )
    closing = None if by_wearer is None and by_protected is None else (by_wearer or 0.0) + (by_protected or 0.0)
    reasons = [
        f"{metres(distance)} apart, ±{metres(doubt)} (95 %)",
        f"the wearer's position is {span(ages[0])} old, the other {span(ages[1])}",
        {
            Mover.WEARER: "the wearer moved towards the protected person",
            Mover.PROTECTED: "the protected person moved towards the wearer",
            Mover.BOTH: "both moved towards each other",
            Mover.NEITHER: "neither moved towards the other",
        }[mover],
    ]
    if is_doubted:
        reasons.append("a newer position cannot be true, or says nothing: it ends, clears and confirms nothing")
    kept = MovingState(at, is_breach, is_confirmed, stored, trail)
    return Nearness(
        level, certainty, distance, doubt, probability, closing, mover, ages[0], ages[1], tuple(reasons), kept
    )
