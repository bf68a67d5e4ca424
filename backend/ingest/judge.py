"""Judges the new fixes of one wearer against each zone, in the order of their time, and says what follows."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby

from backend import lifecycle
from backend.lifecycle import Danger
from backend.models import PlaceZone
from zones import Certainty, Decision, Fix, Level, PlaceState, Zone, ZoneKind, decide, judge_late, redecide
from zones.late import order

log = logging.getLogger(__name__)

CANNOT_JUDGE_LEVEL = -1


@dataclass(frozen=True, slots=True)
class LateVisit:
    """A stay found in late data: its gravest decision, and the times of its first and last fix."""

    peak: Decision
    began_at: float
    ended_at: float


@dataclass(slots=True)
class ZoneVerdict:
    """What the new fixes mean for one zone."""

    row: PlaceZone
    # Decisions to act on, by the time of the fix they are about.
    decisions: dict[float, Decision] = field(default_factory=dict)
    # The same and those about late fixes: how each fix was judged, for the record.
    judged: dict[float, Decision] = field(default_factory=dict)
    state: PlaceState | None = None
    # A breach found in late data, for a time that was judged before.
    late_visit: LateVisit | None = None
    error: str | None = None


def judge(
    row: PlaceZone,
    zone: Callable[[PlaceZone], Zone],
    state_text: str | None,
    new: Sequence[Fix],
    known_since: Callable[[float], Sequence[Fix]],
    settled_until: float = float("-inf"),
) -> ZoneVerdict:
    """Judge ``new`` fixes, in any order, against one zone.

    ``known_since`` returns every stored fix of the wearer after an epoch second, for a late fix to be judged among
    its neighbours. Up to ``settled_until`` another version of the zone has judged the place: what is older than that
    is late, however new it is to this version. An error of any kind becomes ``error`` and never a decision: it must
    not read as clear.
    """
    verdict = ZoneVerdict(row)
    try:
        shape = zone(row)
        state = _read_state(row, state_text)
        _judge(shape, state, sorted(new, key=order), known_since, verdict, settled_until)
    except Exception as error:
        # The text of an exception may hold a coordinate; its kind and its place in the code cannot.
        place = traceback.extract_tb(error.__traceback__)[-1]
        log.warning("zone %s not judged: %s at %s:%s", row.id, type(error).__name__, place.filename, place.lineno)
        verdict.error = type(error).__name__
        verdict.decisions.clear()
    return verdict


def _read_state(row: PlaceZone, text: str | None) -> PlaceState | None:
    """Return the stored state; one that another release wrote in another form is judged anew, from nothing."""
    if not text:
        return None
    try:
        return PlaceState.from_json(text)
    except ValueError:
        log.warning("the state of zone %s is of another form: judged from nothing", row.id)
        return None


def _judge(
    zone: Zone,
    state: PlaceState | None,
    new: Sequence[Fix],
    known_since: Callable[[float], Sequence[Fix]],
    verdict: ZoneVerdict,
    settled_until: float,
) -> None:
    newest = state.fix_time if state else float("-inf")
    near: list[Fix] = []
    old = [fix for fix in new if newest < fix.fix_time <= settled_until]
    new = [fix for fix in new if not newest < fix.fix_time <= settled_until]
    for fix in new:
        if state is None or fix.fix_time > newest:
            continue
        (near if fix.fix_time > state.anchor_time else old).append(fix)
    if state is not None and near:
        known = {(fix.fix_time, fix.lat, fix.lon): fix for fix in [*known_since(state.anchor_time), *new]}
        again = [fix for fix in known.values() if state.anchor_time < fix.fix_time <= newest]
        decisions = redecide(zone, sorted(again, key=order), state)
        verdict.late_visit = gravest_visit(decisions)
        verdict.judged.update((decision.fix_time, decision) for decision in decisions)
        state = decisions[-1].state
        verdict.decisions[newest] = decisions[-1]
    if old:
        decisions = judge_late(zone, old)
        verdict.judged.update((decision.fix_time, decision) for decision in decisions)
        found = gravest_visit(decisions)
        if found and (not verdict.late_visit or danger_of(found.peak) > danger_of(verdict.late_visit.peak)):
            verdict.late_visit = found
    for at, group in groupby((fix for fix in new if fix.fix_time > newest), lambda fix: fix.fix_time):
        first, *others = group
        decision = decide(zone, first, state)
        state = decision.state
        if others:
            # Several places for one instant: all are weighed together, and the graver answer counts.
            earlier = [fix for fix in known_since(state.anchor_time) if fix.fix_time < at]
            together = redecide(zone, [*earlier, *(fix for fix in new if newest < fix.fix_time <= at)], state)
            decision, state = _graver(decision, together[-1]), together[-1].state
        verdict.decisions[at] = decision
    verdict.judged.update(verdict.decisions)
    verdict.state = state


def level_of(decision: Decision) -> Level:
    """Return the level that is acted on: inside the zone that he has to keep to, near its edge is where he may be."""
    if decision.level is Level.BUFFER and decision.kind is not ZoneKind.EXCLUSION:
        return Level.CLEAR
    return decision.level


def certainty_of(decision: Decision) -> Certainty:
    """Return how surely a decision is acted on: one that looks like a passage is told one step lower, never dropped."""
    if decision.is_pass_through and decision.certainty is Certainty.CONFIRMED:
        return Certainty.UNCONFIRMED
    return decision.certainty


def danger_of(decision: Decision) -> Danger:
    """Return the danger that a decision tells of."""
    return lifecycle.danger(level_of(decision), certainty_of(decision))


def gravest_visit(decisions: Sequence[Decision]) -> LateVisit | None:
    """Return the gravest unbroken run of breaches."""
    found: LateVisit | None = None
    for is_breach, run in groupby(decisions, lambda decision: danger_of(decision) >= Danger.BREACH_UNCONFIRMED):
        if is_breach:
            stay = list(run)
            peak = max(stay, key=danger_of)
            if found is None or danger_of(peak) > danger_of(found.peak):
                found = LateVisit(peak, stay[0].fix_time, stay[-1].fix_time)
    return found


def _graver(one: Decision | None, other: Decision | None) -> Decision:
    decisions = [decision for decision in (one, other) if decision is not None]
    return max(decisions, key=danger_of)


def instant(epoch_s: float) -> datetime:
    """Return the instant of an epoch second, in UTC."""
    return datetime.fromtimestamp(epoch_s, UTC)
