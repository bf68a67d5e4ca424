"""Evidence over time: danger is believed at once, safety only on odds that add up."""

from __future__ import annotations

import math
from typing import NamedTuple

from zones.evidence import Model, log_odds, t_below
from zones.state import Core

# The numbers of the words of zones.levels.
_UNCONFIRMED, _CONFIRMED = 0, 1
_BREACH = 2


class Evidence(NamedTuple):
    """Whether a breach told by fixes stands, how sure, and since when."""

    is_breach: bool
    is_confirmed: bool
    log_odds: float
    evidence_at: float
    since: float
    crossing_at: float
    fixes_inside: int


def is_standing(core: Core) -> bool:
    """Return whether a breach told by fixes (not by a crossing between two) stands."""
    return core.level == _BREACH and not math.isnan(core.log_odds)


def nothing_at(at: float) -> Evidence:
    """Return the evidence of a fix that tells of no breach where none stands."""
    return Evidence(False, False, math.nan, at, math.nan, math.nan, 0)


def unchanged(last: Core) -> Evidence:
    """Return the evidence as it was: a report that says nothing adds nothing."""
    return Evidence(
        is_standing(last),
        last.certainty == _CONFIRMED,
        last.log_odds,
        last.evidence_at,
        last.breach_since,
        last.crossing_at,
        last.fixes_inside,
    )


def odds_of(probability: float, distance: float, scale: float) -> float:
    """Return the log-odds that a fix speaks for the forbidden side, `distance` signed metres from its edge.

    A wide doubt makes every small place improbable, and that is no evidence of having left it: what speaks for safety
    is how far beyond its edge the fix lies, in its own errors.
    """
    odds = log_odds(probability)
    return odds if odds >= 0 else min(0.0, max(odds, log_odds(t_below(-distance / scale))))


def weigh(
    last: Core,
    at: float,
    distance: float,
    scale: float,
    probability: float,
    is_moving: bool,
    worth: float,
    model: Model,
) -> Evidence:
    """Add this fix's evidence to what is stored: believed at once, left by odds over time; an all-clear at `worth`."""
    was_standing = is_standing(last)
    if not was_standing and probability <= model.believe:
        return nothing_at(at)
    odds = odds_of(probability, distance, scale)
    if not is_moving:
        odds = max(-model.still_leave_log_odds, min(model.still_enter_log_odds, odds))
    # Danger is believed where safety is doubted: a repeated fix counts in part, and only for an all-clear.
    odds = odds * worth if odds < 0 else odds
    if not was_standing:
        entered_at = math.nan
        if last.distance_m > 0 >= distance:
            entered_at = last.fix_time + (at - last.fix_time) * last.distance_m / (last.distance_m - distance)
        since = at if math.isnan(entered_at) else entered_at
        is_confirmed = odds >= model.confirm_log_odds
        return Evidence(True, is_confirmed, min(odds, model.stored_log_odds), at, since, entered_at, 1)
    independent_s = model.still_independent_s if odds > 0 and not is_moving else model.independent_s
    weight = min(1.0, (at - last.evidence_at) / independent_s)
    stored = min(model.stored_log_odds, last.log_odds + weight * odds)
    if probability > model.believe:
        # What would raise a breach by itself leaves no less of one that stands.
        stored = max(stored, min(odds, model.stored_log_odds))
    if is_moving and odds < model.leave_alone_log_odds:
        stored = min(stored, odds)
    is_confirmed = last.certainty == _CONFIRMED or max(stored, odds) >= model.confirm_log_odds
    fixes_inside = last.fixes_inside + (probability > model.believe)
    return Evidence(
        stored >= model.leave_log_odds, is_confirmed, stored, at, last.breach_since, last.crossing_at, fixes_inside
    )
