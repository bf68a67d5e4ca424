"""A protected person who moves: how near the wearer is to her, and who moved towards whom.

Her position is in no sentence made here, and a moving zone never stands in for a fixed one.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from zones.decision import Certainty, Level
from zones.evidence import MODEL, T_RADIUS_68, T_RADIUS_95, Model, accuracy_m, log_odds, probability_inside
from zones.fix import Fix
from zones.geo import Frame
from zones.track import WALK_MPS
from zones.words import metres, span

# Slower than this towards the other is drift or error, not an approach.
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
    """What is kept between two judgements of one wearer and one protected person."""

    at: float
    is_breach: bool
    is_confirmed: bool
    log_odds: float

    def to_json(self) -> str:
        """Return the state as compact JSON."""
        return json.dumps(list(self), separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> MovingState:
        """Read what `to_json` wrote. Raises: ValueError when the text is anything else."""
        parts = json.loads(text)
        if not isinstance(parts, list) or len(parts) != 4 or not all(isinstance(x, bool | int | float) for x in parts):
            raise ValueError("The text is not a state of a moving place.")
        return cls(float(parts[0]), bool(parts[1]), bool(parts[2]), float(parts[3]))


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
    frame = Frame(protected.fix.lat, protected.fix.lon)
    distance = math.hypot(*frame.local(wearer.fix.ecef))
    ages = at - wearer.fix.fix_time, at - protected.fix.fix_time
    parts = [
        accuracy_m(wearer.fix, model) / T_RADIUS_68,
        accuracy_m(protected.fix, model) / T_RADIUS_68,
        ages[0] * _speed_mps(wearer) / T_RADIUS_68,
        ages[1] * _speed_mps(protected) / T_RADIUS_68,
    ]
    scale = math.hypot(*parts)
    probability = probability_inside(distance - radius_m, scale, 2 * radius_m, radius_m)
    odds = log_odds(probability)
    was_breach = state is not None and state.is_breach
    stored = odds
    if state is not None and state.is_breach:
        weight = min(1.0, (at - state.at) / model.independent_s)
        stored = state.log_odds + weight * odds
        is_breach = stored >= model.leave_log_odds
        is_confirmed = is_breach and (state.is_confirmed or stored >= model.confirm_log_odds)
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
        elif distance - scale * T_RADIUS_95 > radius_m:
            # A wide doubt makes every place improbable, so the doubt itself must lie outside.
            certainty = Certainty.CONFIRMED

    his, hers = _towards_mps(wearer, protected.fix, model), _towards_mps(protected, wearer.fix, model)
    he_came, she_came = his is not None and his >= TOWARDS_MPS, hers is not None and hers >= TOWARDS_MPS
    mover = (
        Mover.BOTH
        if he_came and she_came
        else Mover.WEARER
        if he_came
        else Mover.PROTECTED
        if she_came
        else Mover.NEITHER
    )
    closing = None if his is None and hers is None else (his or 0.0) + (hers or 0.0)
    doubt = scale * T_RADIUS_95
    reasons = [
        f"{metres(distance)} apart, ±{metres(doubt)} (95 %)",
        f"his position is {span(ages[0])} old, the other {span(ages[1])}",
        {
            Mover.WEARER: "he moved towards the protected person",
            Mover.PROTECTED: "the protected person moved towards him",
            Mover.BOTH: "both moved towards each other",
            Mover.NEITHER: "neither moved towards the other",
        }[mover],
    ]
    kept = MovingState(at, is_breach, is_confirmed, stored)
    return Nearness(
        level, certainty, distance, doubt, probability, closing, mover, ages[0], ages[1], tuple(reasons), kept
    )
