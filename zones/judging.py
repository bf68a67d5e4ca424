"""Many tags against many zones in order of arrival: what a caller that keeps states and recent fixes has to do.

The command line uses it; a service that keeps both in a database composes `decide`, `redecide` and `judge_late` alike.
"""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from zones.decision import Certainty, Decision, Level, decide
from zones.fix import Fix
from zones.late import judge_late, order, redecide
from zones.state import LATENESS_S, PlaceState
from zones.zone import Zone

# How many late fixes are kept to judge the next late one among its neighbours: an hour at a fix a minute.
_LATE_KEPT = 64


class Change(NamedTuple):
    """A change of what is known of one tag at one zone; `is_late` marks one that older data brought to light."""

    zone: Zone
    decision: Decision
    is_late: bool


class _Tag:
    """What is kept of one tag: the newest fixes as far back as its zones' states may have to go, and the late ones."""

    __slots__ = ("fixes", "keys", "late", "limit", "shown", "states")

    def __init__(self, count: int) -> None:
        self.fixes: list[Fix] = []
        self.keys: list[tuple[float, int, float, float, float]] = []
        self.late: list[Fix] = []
        self.limit = 64
        self.states: list[PlaceState | None] = [None] * count
        self.shown: list[tuple[Level, str] | None] = [None] * count


class Judging:
    """Judges fixes as they arrive and yields what changes; a zone with a tag applies to that tag, others to all."""

    def __init__(self, zones: Iterable[Zone]) -> None:
        self._general: list[Zone] = []
        self._special: dict[str, list[Zone]] = defaultdict(list)
        for zone in zones:
            (self._general if zone.tag is None else self._special[zone.tag]).append(zone)
        self._tags: dict[str, tuple[list[Zone], _Tag]] = {}

    def accept(self, tag: str, fix: Fix) -> Iterator[Change]:
        """Judge one fix of one tag against its zones, and yield each change that it makes."""
        known = self._tags.get(tag)
        if known is None:
            zones = self._special.get(tag, []) + self._general
            known = self._tags[tag] = (zones, _Tag(len(zones)))
        zones, kept = known
        is_newest = not kept.fixes or fix.fix_time > kept.fixes[-1].fix_time
        is_within = is_newest or kept.fixes[-1].fix_time - fix.fix_time <= LATENESS_S
        if is_within:
            key = order(fix)
            place = bisect.bisect_right(kept.keys, key)
            kept.keys.insert(place, key)
            kept.fixes.insert(place, fix)
        else:
            kept.late = sorted([*kept.late, fix], key=order)[-_LATE_KEPT:]
        for number, zone in enumerate(zones):
            state = kept.states[number]
            if is_newest:
                decisions = [decide(zone, fix, state)]
            elif is_within and state is not None:
                decisions = redecide(zone, kept.fixes, state)
            else:
                decisions = judge_late(zone, kept.late)
            if is_within:
                kept.states[number] = decisions[-1].state
            yield from self._told(kept, number, zone, fix, decisions, is_newest, is_within)
        if len(kept.fixes) > kept.limit:
            self._forget(kept)

    @staticmethod
    def _told(
        kept: _Tag, number: int, zone: Zone, fix: Fix, decisions: list[Decision], is_newest: bool, is_within: bool
    ) -> Iterator[Change]:
        """Yield what is new: a visit that late data shows, or a change of the present state."""
        shown, last = kept.shown[number], decisions[-1]
        stands = last.level is Level.BREACH and is_within
        if not is_newest and not stands and (shown is None or shown[0] is not Level.BREACH):
            # Only what the late fix itself bears on is news; what came before it was told at the time.
            visit = next((d for d in decisions if d.level is Level.BREACH and d.fix_time >= fix.fix_time), None)
            if visit is not None:
                # It is over by now, which the next fix will say.
                kept.shown[number] = (Level.BREACH, visit.certainty)
                yield Change(zone, visit, True)
                return
        now = (last.level, str(last.certainty))
        was_told = shown == (Level.BREACH, str(Certainty.UNCONFIRMED))
        if is_within and was_told and last.level < Level.BREACH and last.visit is Certainty.CONFIRMED:
            yield Change(zone, last._replace(level=Level.BREACH, certainty=Certainty.CONFIRMED), False)
        if is_within and now != shown:
            kept.shown[number] = now
            yield Change(zone, last, False)

    @staticmethod
    def _forget(kept: _Tag) -> None:
        """Drop the fixes that no state of the tag can go back to."""
        needed = min((state.anchor_time for state in kept.states if state is not None), default=kept.fixes[-1].fix_time)
        first = bisect.bisect_right(kept.keys, (needed, 9, 0.0, 0.0, 0.0))
        del kept.keys[:first], kept.fixes[:first]
        kept.limit = max(64, 2 * len(kept.fixes))
