"""Fixes that arrive late: judged in their place when the state reaches back that far, and from nothing when not."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from zones import report_validity
from zones.decision import Certainty, Decision, Level, judge
from zones.evidence import MODEL, Model
from zones.fix import Fix
from zones.state import PlaceState
from zones.zone import Zone


def order(fix: Fix) -> tuple[float, int, float, float, float]:
    """Return the key that sorts fixes by time; of one instant the best comes first, however they arrived."""
    return fix.fix_time, _rank(fix), fix.lat, fix.lon, fix.accuracy_m or 0.0


def _rank(fix: Fix) -> int:
    return 2 if report_validity.doubt_of(fix) is not None else int(report_validity.is_tower(fix))


def decide_together(zone: Zone, fixes: Sequence[Fix], state: PlaceState | None, model: Model = MODEL) -> Decision:
    """Judge several positions for one instant: the graver answer counts, in whatever order they came.

    One that is worth less than the best of them counts only where it raises: it says nothing against the best.
    """
    best = min(_rank(fix) for fix in fixes)
    before = Level.CLEAR if state is None else state.now.level
    decisions = [
        decision
        for fix in sorted(fixes, key=order)
        if (decision := judge(zone, fix, state, model)).level > before or _rank(fix) == best
    ]
    return max(decisions, key=_gravity)


def _gravity(decision: Decision) -> tuple[Level, bool, float]:
    is_sure = decision.certainty is Certainty.CONFIRMED
    # A place that is surely clear is less grave than one that may be.
    return decision.level, is_sure is (decision.level > Level.CLEAR), decision.probability_inside


def _judge_all(zone: Zone, fixes: Sequence[Fix], state: PlaceState | None, model: Model) -> list[Decision]:
    decisions: list[Decision] = []
    for _, group in groupby(sorted(fixes, key=order), lambda fix: fix.fix_time):
        told_at_once = list(group)
        decision = decide_together(zone, told_at_once, state, model)
        decisions += [decision] * len(told_at_once)
        state = decision.state
    return decisions


def redecide(zone: Zone, fixes: Sequence[Fix], state: PlaceState, model: Model = MODEL) -> list[Decision]:
    """Judge again from the older checkpoint because a fix arrived late; one decision for each fix, in order of time.

    `fixes` are all known fixes of the tag newer than `state.anchor_time`, the late one among them (older ones are left
    out). The last decision's state replaces `state`, and equals the one had the fixes arrived in order.

    Raises: ValueError when no fix is newer than `state.anchor_time`: the late one is for `judge_late`.
    """
    reached = [fix for fix in fixes if fix.fix_time > state.anchor_time]
    if not reached:
        raise ValueError(f"No fix is newer than the state's anchor, {state.anchor_time}: use judge_late.")
    return _judge_all(zone, reached, state.rewound(), model)


def judge_late(zone: Zone, fixes: Sequence[Fix], model: Model = MODEL) -> list[Decision]:
    """Judge fixes older than `redecide` reaches, from nothing, for a retrospective alert; one decision for each fix.

    `fixes` are the late ones and, where known, their neighbours in time: a crossing is seen only between two of them.
    """
    return _judge_all(zone, fixes, None, model)
