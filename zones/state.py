"""What is remembered of one tag at one zone between two fixes, small enough to keep with every alert."""

from __future__ import annotations

import json
import math
from typing import NamedTuple

from zones.path import End
from zones.report_validity import Rival
from zones.rest import Rest
from zones.smoother import Visit

# A fix may arrive this much later than a newer one and still be judged in its place.
LATENESS_S = 600.0

# The form of the text; another one is judged anew.
_VERSION = 1
_END_SIZE = len(End._fields)
_RIVAL_SIZE = len(Rival._fields)
_VISIT_SIZE = len(Visit._fields)
_REST_SIZE = len(Rest._fields)


class Core(NamedTuple):
    """One judgement of a tag at a zone: all that the next fix is judged against.

    Places are metres in the zone's own frame, instants epoch seconds, distances signed to the edge of the forbidden
    side. `track` is where the way to the next fix begins, `before` where the way to `track` began (None when there is
    nothing to look back on), `rival` the places that contradict `track` and are not believed yet, `visit` what fixes
    say of the breach that stands, `rest` where the tag rests.
    """

    fix_time: float
    east: float
    north: float
    scale_m: float
    distance_m: float
    level: int
    certainty: int
    log_odds: float
    evidence_at: float
    breach_since: float
    crossing_at: float
    fixes_inside: int
    is_pass: bool
    closing_mps: float
    track: End
    before: End | None
    rival: Rival | None = None
    visit: Visit | None = None
    rest: Rest | None = None


# The parts of a core that are plain numbers.
_HEAD = len(Core._fields) - 5


def _flat(core: Core | None) -> list[float | None] | None:
    if core is None:
        return None
    plain: list[float] = [*core[:_HEAD], *core.track]  # type: ignore[list-item]
    numbers: list[float | None] = [None if math.isnan(x) else x for x in plain]
    numbers += [None] * _END_SIZE if core.before is None else core.before
    tail: list[float | None] = []
    for part, size in ((core.rest, _REST_SIZE), (core.visit, _VISIT_SIZE), (core.rival, _RIVAL_SIZE)):
        # What is not there is left out at the end, and takes its room where something follows it.
        if part is not None:
            tail = [*(None if math.isnan(x) else x for x in part), *tail]
        elif tail:
            tail = [*([None] * size), *tail]
    return numbers + tail


def _end(numbers: list[float]) -> End:
    at, east, north, scale_m, east_mps, north_mps, velocity_error_mps, is_moving_known = numbers
    return End(at, east, north, scale_m, east_mps, north_mps, velocity_error_mps, bool(is_moving_known))


def _core(numbers: list[float | None]) -> Core:
    head = _HEAD
    length = head + 2 * _END_SIZE
    sizes = (0, _RIVAL_SIZE, _RIVAL_SIZE + _VISIT_SIZE, _RIVAL_SIZE + _VISIT_SIZE + _REST_SIZE)
    if len(numbers) - length not in sizes:
        raise ValueError("The state has the wrong number of parts.")
    plain = [math.nan if x is None else x for x in numbers]
    if not all(isinstance(x, bool | int | float) for x in plain):
        raise ValueError("The state holds something that is not a number.")
    before = None if numbers[head + _END_SIZE] is None else _end(plain[head + _END_SIZE : length])
    found: list[list[float] | None] = []
    for size in (_RIVAL_SIZE, _VISIT_SIZE, _REST_SIZE):
        is_there = len(numbers) > length and numbers[length] is not None
        found.append(plain[length : length + size] if is_there else None)
        length += size
    rival = None if found[0] is None else Rival._make(found[0])
    visit = None if found[1] is None else Visit._make(found[1])
    rest = None if found[2] is None else Rest._make(found[2])
    return Core._make([*plain[:head], _end(plain[head : head + _END_SIZE]), before, rival, visit, rest])


class PlaceState(NamedTuple):
    """The current judgement of one tag at one zone, and two checkpoints to go back to when a fix arrives late.

    `mid` is replaced when it is 600 s old and becomes `old`, so that `old` is always at least 600 s old, or None while
    the first fix is still within reach.
    """

    now: Core
    mid: Core
    old: Core | None
    began_at: float

    @property
    def fix_time(self) -> float:
        """The fix_time of the newest fix judged, in epoch seconds."""
        return self.now.fix_time

    @property
    def anchor_time(self) -> float:
        """The instant (epoch seconds) after which `redecide` must be given every known fix of the tag."""
        return self.old.fix_time if self.old is not None else self.began_at - LATENESS_S

    def then(self, core: Core) -> PlaceState:
        """Return the state after one more judgement, with the checkpoints moved on when due."""
        if core.fix_time - self.mid.fix_time >= LATENESS_S:
            return PlaceState(core, core, self.mid, self.began_at)
        return PlaceState(core, self.mid, self.old, self.began_at)

    def rewound(self) -> PlaceState | None:
        """Return the state as it was at the older checkpoint; None means before the first fix."""
        return None if self.old is None else PlaceState(self.old, self.old, self.old, self.began_at)

    def to_json(self) -> str:
        """Return the state as compact JSON of at most about 2.5 kB that `from_json` reads back exactly."""
        mid = None if self.mid is self.now else _flat(self.mid)
        parts = {"v": _VERSION, "b": self.began_at, "n": _flat(self.now), "m": mid, "o": _flat(self.old)}
        return json.dumps(parts, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> PlaceState:
        """Read what `to_json` wrote. Raises: ValueError when the text is anything else; never a half-read state."""
        try:
            parts = json.loads(text)
            if parts["v"] != _VERSION:
                raise ValueError(f"The state has version {parts['v']!r}; this program reads version {_VERSION}.")
            now = _core(parts["n"])
            mid = now if parts["m"] is None else _core(parts["m"])
            old = None if parts["o"] is None else _core(parts["o"])
            return cls(now, mid, old, float(parts["b"]))
        except (TypeError, KeyError, AttributeError) as fault:
            raise ValueError(f"The text is not a state: {fault!r}") from fault
