"""Fixes that arrive late: judged in their place when the state reaches back that far, and from nothing when not."""

from __future__ import annotations

from collections.abc import Sequence

from zones import worth
from zones.decision import Decision, judge
from zones.evidence import MODEL, Model
from zones.fix import Fix
from zones.state import PlaceState
from zones.zone import Zone


def order(fix: Fix) -> tuple[float, int, float, float, float]:
    """Return the key that sorts fixes by time; of one instant the best comes first, however they arrived.

    Only the first of an instant is judged: it must not be one that says nothing.
    """
    rank = 2 if worth.doubt_of(fix) is not None else int(worth.is_tower(fix))
    return fix.fix_time, rank, fix.lat, fix.lon, fix.accuracy_m or 0.0


def _judge_all(zone: Zone, fixes: Sequence[Fix], state: PlaceState | None, model: Model) -> list[Decision]:
    decisions: list[Decision] = []
    for fix in sorted(fixes, key=order):
        if state is not None and fix.fix_time <= state.fix_time:
            # A second fix of one instant says nothing new.
            decisions.append(decisions[-1])
            continue
        decision = judge(zone, fix, state, model)
        decisions.append(decision)
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
