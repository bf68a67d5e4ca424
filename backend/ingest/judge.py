"""Judges one wearer's new fixes against each zone, in the order of their time."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby

from backend.models import PlaceZone
from zones import Decision, Fix, PlaceState, Zone, decide_together, doubt_of, judge_instant, judge_late, redecide
from zones.late import order

log = logging.getLogger(__name__)

CANNOT_JUDGE_LEVEL = -1
# What came in this time before a fix, or after it, says how the wearer came there and went on.
CONTEXT_S = 1_800.0
TICK_S = 0.001


@dataclass(frozen=True, slots=True)
class Past:
    """What a zone's judgement may ask of the record, with instants in epoch seconds."""

    # The stored fixes of the wearer after the first instant and up to the second one at which the zone was in force.
    fixes: Callable[[float, float], Sequence[Fix]]
    # Whether the record holds this version of the zone to be in force at an instant.
    is_held: Callable[[float], bool]
    # The instants after the first and up to the second one at which the zone comes into force.
    beginnings: Callable[[float, float], Sequence[float]]


@dataclass(slots=True)
class ZoneJudgement:
    """What the new fixes mean for one zone."""

    row: PlaceZone
    # Decisions to act on, by the time of the fix they are about.
    decisions: dict[float, Decision] = field(default_factory=dict)
    # The same and those about late fixes: how each fix was judged, for the record.
    judged: dict[float, Decision] = field(default_factory=dict)
    state: PlaceState | None = None
    # The newest decision, also of a fix that only says where the wearer is as the zone comes into force.
    last: Decision | None = None
    # When the zone came into force after the newest fix, if it did.
    began_at: float | None = None
    # Whether some of the fixes are older than what had been judged before them.
    is_late: bool = False
    error: str | None = None


def judge(
    row: PlaceZone,
    zone: Callable[[PlaceZone], Zone],
    state_text: str | None,
    new: Sequence[Fix],
    past: Past,
    settled_until: float = float("-inf"),
    now: float = float("-inf"),
) -> ZoneJudgement:
    """Judge ``new`` fixes, in any order, against one zone.

    Up to ``settled_until`` another version of the zone has judged the place: what is older than that is late, however
    new it is to this version. Where the zone came into force between the newest fix and ``now``, that fix says where
    the wearer was as it did.
    An error of any kind becomes ``error`` and never a decision: it must not read as clear.
    """
    judgement = ZoneJudgement(row)
    try:
        shape = zone(row)
        state = _read_state(row, state_text)
        judging = _Judging(shape, past, judgement)
        judging.run(state, sorted(new, key=order), settled_until, now)
    except Exception as error:
        # The text of an exception may hold a coordinate; its kind and its place in the code cannot.
        place = traceback.extract_tb(error.__traceback__)[-1]
        log.warning("zone %s not judged: %s at %s:%s", row.id, type(error).__name__, place.filename, place.lineno)
        judgement.error = type(error).__name__
        judgement.decisions.clear()
    return judgement


def _read_state(row: PlaceZone, text: str | None) -> PlaceState | None:
    """Return the stored state; one that another release wrote in another form is judged anew, from nothing."""
    if not text:
        return None
    try:
        return PlaceState.from_json(text)
    except ValueError:
        log.warning("the state of zone %s is of another form: judged from nothing", row.id)
        return None


@dataclass(slots=True)
class _Judging:
    zone: Zone
    past: Past
    judgement: ZoneJudgement

    def run(self, state: PlaceState | None, new: Sequence[Fix], settled_until: float, now: float) -> None:
        newest = state.fix_time if state else float("-inf")
        newer = [fix for fix in new if fix.fix_time > max(newest, settled_until)]
        behind = [fix for fix in new if fix.fix_time <= max(newest, settled_until)]
        self.judgement.is_late = bool(behind)
        in_reach = [fix for fix in behind if state is not None and state.anchor_time < fix.fix_time <= newest]
        told: list[Decision] = []
        if state is not None and in_reach:
            again = _together(self.past.fixes(state.anchor_time, newest), in_reach)
            told = redecide(self.zone, again, state)
            state = told[-1].state
            self._act_on(told[-1])
        for some in _stretches([fix for fix in behind if fix not in in_reach]):
            begin, end = some[0].fix_time - CONTEXT_S, some[-1].fix_time + CONTEXT_S
            told += judge_late(self.zone, _together(self.past.fixes(begin, end), some))
        for _, group in groupby(newer, lambda fix: fix.fix_time):
            decision = decide_together(self.zone, list(group), state)
            state = decision.state
            told.append(decision)
            self._act_on(decision)
        held = [decision for decision in told if self.past.is_held(decision.fix_time)]
        self.judgement.judged.update((decision.fix_time, decision) for decision in held)
        self.judgement.state = state
        if newer and state is not None:
            self._as_it_came_into_force(state, now)

    def _as_it_came_into_force(self, state: PlaceState, now: float) -> None:
        begins = self.past.beginnings(state.fix_time, now)
        if begins and self.past.is_held(now) and self.zone.timing.is_in_force(now):
            self.judgement.decisions[state.fix_time] = judge_instant(self.zone, state, begins[-1])
            self.judgement.began_at = begins[-1]

    def _act_on(self, decision: Decision) -> None:
        self.judgement.last = decision
        if self.past.is_held(decision.fix_time):
            self.judgement.decisions[decision.fix_time] = decision


def _together(stored: Sequence[Fix], new: Sequence[Fix]) -> list[Fix]:
    known = {(fix.fix_time, fix.lat, fix.lon): fix for fix in [*stored, *new]}
    return sorted(known.values(), key=order)


def _stretches(fixes: Sequence[Fix]) -> Iterator[list[Fix]]:
    """Yield late fixes in rows that share their neighbours: a batch may bring some of today and some of last week."""
    row: list[Fix] = []
    for fix in fixes:
        if row and fix.fix_time - row[-1].fix_time > 2 * CONTEXT_S:
            yield row
            row = []
        row.append(fix)
    if row:
        yield row


def relevant_to(past: Past, new: Sequence[Fix], now: float) -> list[Fix]:
    """Return the fixes, in order of time, that a version of a zone is judged by.

    Those at which it is in force, and each from just before it comes into force: it says where the wearer is then.
    Where that one is no evidence, those before it are asked too, back to one that is.
    """
    following = [*(fix.fix_time for fix in new[1:]), now]
    found: set[int] = set()
    for place, (fix, until) in enumerate(zip(new, following, strict=True)):
        if past.is_held(fix.fix_time):
            found.add(place)
        elif past.beginnings(fix.fix_time, max(until, fix.fix_time)):
            usable = (one for one in range(place, -1, -1) if doubt_of(new[one]) is None)
            found.update(range(next(usable, place), place + 1))
    return [new[place] for place in sorted(found)]


def instant(epoch_s: float) -> datetime:
    """Return the instant of an epoch second, in UTC."""
    return datetime.fromtimestamp(epoch_s, UTC)
