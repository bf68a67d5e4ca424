"""How near is he: one fix against one zone, with the certainty of the answer and the words for it."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from zones.fix import Fix
from zones.zone import Zone, ZoneKind

LATENESS_S = 600.0
CONFIRM_S = 10.0


class Level(IntEnum):
    """How near the danger is, in order."""

    CLEAR = 0
    BUFFER = 1
    BREACH = 2


class Certainty(StrEnum):
    """How sure the level is; withdrawn says that a breach told earlier was not one."""

    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class _Core:
    fix_time: float
    inside_since: float | None
    level: int
    certainty: str
    distance_m: float


@dataclass(frozen=True, slots=True)
class PlaceState:
    """What is known of one tag at one zone: the current judgement and two checkpoints to go back to."""

    now: _Core
    old: _Core | None
    mid: _Core
    began_at: float

    @property
    def fix_time(self) -> float:
        """The fix_time of the last fix judged, in epoch seconds."""
        return self.now.fix_time

    @property
    def anchor_time(self) -> float:
        """Late fixes after this instant (epoch seconds) can be judged again with `redecide`."""
        return self.old.fix_time if self.old else self.began_at - LATENESS_S

    def to_json(self) -> str:
        """Return the state as compact JSON, at most about 1.5 kB."""
        parts = [
            None if c is None else [c.fix_time, c.inside_since, c.level, c.certainty, c.distance_m]
            for c in (self.now, self.old, self.mid)
        ]
        return json.dumps({"v": 0, "cores": parts, "began": self.began_at}, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> PlaceState:
        """Read what `to_json` wrote. Raises: ValueError when it is not such a text."""
        data = json.loads(text)
        now, old, mid = (None if c is None else _Core(*c) for c in data["cores"])
        return cls(now, old, mid, data["began"])  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Decision:
    """The judgement of one fix against one zone."""

    level: Level
    certainty: Certainty
    distance_m: float
    probability_inside: float
    closing_mps: float | None
    time_to_edge_s: float | None
    could_be_inside: bool
    is_pass_through: bool
    reasons: tuple[str, ...]
    fix_time: float
    crossing_at: float | None
    state: PlaceState


def decide(zone: Zone, fix: Fix, state: PlaceState | None) -> Decision:
    """Judge one fix newer than all that `state` has seen; the answer carries the state to keep.

    Raises: ValueError when the fix is not newer than `state.fix_time` (use `redecide` or `judge_late`).
    """
    if state is not None and fix.fix_time <= state.fix_time:
        raise ValueError("The fix is not newer than the state: use redecide.")
    return _step(zone, fix, state.now if state else None, state)


def _step(zone: Zone, fix: Fix, core: _Core | None, state: PlaceState | None) -> Decision:
    gap = zone.distance_local_m(*zone.frame.local(fix.ecef))
    if zone.kind is not ZoneKind.EXCLUSION:
        gap = -gap
    sigma = max(8.0, fix.accuracy_m or 20.0)
    inside = 0.5 * math.erfc(gap / sigma / math.sqrt(2))
    was_in = core is not None and core.level == Level.BREACH
    breach = inside > 0.5 or (was_in and inside > 0.1)
    since = (core.inside_since if was_in and core else fix.fix_time) if breach else None
    certainty = Certainty.CONFIRMED
    if breach and not (core and core.certainty == "confirmed" and was_in):
        sure = inside > 0.95 and since is not None and (fix.fix_time - since >= CONFIRM_S or inside > 0.999)
        certainty = Certainty.CONFIRMED if sure else Certainty.UNCONFIRMED
    elif was_in and core and not breach and core.certainty == "unconfirmed":
        certainty = Certainty.WITHDRAWN
    level = Level.BREACH if breach else Level.BUFFER if gap <= zone.buffer_m else Level.CLEAR
    closing = (core.distance_m - gap) / (fix.fix_time - core.fix_time) if core else None
    to_edge = gap / closing if closing and closing > 0.1 and gap > 0 else None
    where = f"{abs(gap):.0f} m {'inside' if gap <= 0 else 'outside'} the edge, ±{sigma:.0f} m"
    now = _Core(fix.fix_time, since, int(level), str(certainty), gap)
    if state is None:
        kept = PlaceState(now, None, now, fix.fix_time)
    elif fix.fix_time - state.mid.fix_time >= LATENESS_S:
        kept = PlaceState(now, state.mid, now, state.began_at)
    else:
        kept = PlaceState(now, state.old, state.mid, state.began_at)
    return Decision(
        level, certainty, gap, inside, closing, to_edge, inside > 0.01, False, (where,), fix.fix_time, None, kept
    )


def _order(fix: Fix) -> tuple[float, float, float, float]:
    return fix.fix_time, fix.lat, fix.lon, fix.accuracy_m or 0.0


def _judge(zone: Zone, fixes: Sequence[Fix], state: PlaceState | None) -> list[Decision]:
    found: list[Decision] = []
    for fix in sorted(fixes, key=_order):
        found.append(
            _step(zone, fix, state.now if state else None, state)
            if not state or fix.fix_time > state.fix_time
            else found[-1]
        )
        state = found[-1].state
    return found


def redecide(zone: Zone, fixes: Sequence[Fix], state: PlaceState) -> list[Decision]:
    """Judge again from the older checkpoint, because a fix arrived late; one decision for each fix, in order of time.

    `fixes` are all known fixes of the tag newer than `state.anchor_time`, the late one among them. The last decision's
    state replaces `state`. The result is what it would have been had the fixes arrived in order.
    """
    start = PlaceState(state.old, state.old, state.old, state.began_at) if state.old else None
    return _judge(zone, [fix for fix in fixes if fix.fix_time > state.anchor_time], start)


def judge_late(zone: Zone, fixes: Sequence[Fix]) -> list[Decision]:
    """Judge fixes older than `redecide` reaches, from nothing, for a retrospective alert; one decision for each fix."""
    return _judge(zone, fixes, None)
