"""Random histories: where a wearer was, when each fix arrived, and what was entered in the record when. From a seed."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Literal

from zones.geo import Frame

# Beside where a wearer was and what was entered, a history may hold: worthless and coarse fixes among the others;
# people who acknowledge and close alerts in between; requests of so many fixes that re-evaluation takes them.
Kind = Literal["plain", "worthless", "handled", "left"]
KINDS: tuple[Kind, ...] = ("plain", "worthless", "handled", "left")

# Metres east and north of the first protected place. No straight way between two of them leads near a third.
SPOTS: dict[str, tuple[float, float]] = {
    "home": (0.0, 0.0),
    "work": (3_000.0, 0.0),
    "hostel": (0.0, 3_000.0),
    "far": (3_200.0, 3_300.0),
}
FRAME = Frame(51.5643, -0.1030)
# What receivers tell that know nothing, and a place that no one can have come to.
FALSE_PLACES = {"nowhere": (0.0, 0.0), "continent": (29.0, 2.0)}
WORTHLESS = (*FALSE_PLACES, "invalid", "no satellite", "tower", "tower", "unknown source", "no accuracy")
# Both nights on which the clocks are set, one without, and a day.
STARTS = (
    datetime(2027, 3, 27, 22, 30, tzinfo=UTC),
    datetime(2027, 10, 30, 22, 30, tzinfo=UTC),
    datetime(2027, 6, 14, 19, 40, tzinfo=UTC),
    datetime(2027, 1, 12, 11, 0, tzinfo=UTC),
)
# From spot to spot, at the speed of a car on a main road.
TRAVEL = timedelta(seconds=180)
Place = Literal["home", "work", "hostel"]
PLACES: tuple[Place, ...] = ("home", "work", "hostel")
# Wall-clock hours from until, at which no clock is set.
NIGHT = ("19:00", "07:00")
HOURS: tuple[tuple[str, str] | None, ...] = (None, None, NIGHT, ("23:30", "03:30"), ("12:00", "14:00"))


@dataclass(frozen=True, slots=True)
class Sent:
    """One fix: when it was taken, where, by which of the two tags, and the metres by which the receiver erred."""

    number: int
    at: datetime
    spot: str
    tag: int
    east_m: float
    north_m: float
    worthless: str = ""

    @property
    def is_evidence(self) -> bool:
        """Whether it says by itself where the wearer was: a receiver that claims nothing does."""
        return self.worthless in ("", "no accuracy")

    @property
    def may_raise(self) -> bool:
        """Whether it raises, unconfirmed, inside a zone, though it is no evidence."""
        return not self.is_evidence and self.worthless not in FALSE_PLACES

    def as_item(self) -> dict[str, Any]:
        """Return the fix as a tag sends it."""
        if self.worthless in FALSE_PLACES:
            lat, lon = FALSE_PLACES[self.worthless]
            return {"fix_time": self.at.isoformat(), "lat": lat, "lon": lon, "accuracy_m": 5.0}
        east, north = SPOTS[self.spot]
        lat, lon = FRAME.to_degrees(east + self.east_m, north + self.north_m)
        item: dict[str, Any] = {"fix_time": self.at.isoformat(), "lat": lat, "lon": lon, "accuracy_m": 6.0}
        if self.worthless == "invalid":
            item["valid"] = False
        elif self.worthless == "no satellite":
            item |= {"satellites": 0, "source": "gnss"}
        elif self.worthless == "tower":
            # It errs by no more than it says.
            item |= {"source": "cell", "accuracy_m": math.ceil(max(300.0, math.hypot(self.east_m, self.north_m)))}
        elif self.worthless == "unknown source":
            item |= {"source": "dowsing"}
            del item["accuracy_m"]
        elif self.worthless == "no accuracy":
            item |= {"source": "gnss"}
            del item["accuracy_m"]
        return item


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request of one tag: when it comes, and with which fixes in which order."""

    at: datetime
    tag: int
    fixes: tuple[Sent, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """What someone enters in the record at an instant, and from when it holds."""

    at: datetime
    kind: str
    place: Place
    from_at: datetime
    until: datetime | None = None
    # Which earlier entry of the same kind it corrects, counted from the newest; None where it is a new one.
    corrects: int | None = None


@dataclass(frozen=True, slots=True)
class Handled:
    """What a person does about an alert: ``which`` chooses one of those that are there."""

    at: datetime
    does: Literal["acknowledge", "close"]
    which: float


Event = Arrival | Entry | Handled


@dataclass(frozen=True, slots=True)
class History:
    """One case from its beginning to its end."""

    seed: int
    start: datetime
    interval: timedelta
    hours: dict[Place, tuple[str, str] | None]
    swapped_at: datetime | None
    events: tuple[Event, ...]
    kind: Kind = "plain"

    @property
    def fixes(self) -> list[Sent]:
        """Return every fix once, in the order of their time."""
        return sorted({fix for one in self.events if isinstance(one, Arrival) for fix in one.fixes}, key=_time)


def _time(fix: Sent) -> tuple[datetime, int]:
    return fix.at, fix.number


ENTRIES = (
    "suspend order",
    "suspend order",
    "resume order",
    "end order",
    "open end",
    "move zone",
    "move zone back",
    "remove zone",
    "suspend case",
    "correct terms",
    "correct terms",
    "correct life",
)


def generate(seed: int, kind: Kind = "plain") -> History:
    """Return the history of a seed; those of each kind are the plain one with more in it."""
    rng = random.Random(seed)
    start = rng.choice(STARTS)
    interval = timedelta(seconds=rng.choice((60, 120, 300, 300, 600)))
    count = rng.randint(14, 34)
    spots = _walk(rng, count)
    hours: dict[Place, tuple[str, str] | None] = {
        "home": rng.choice(HOURS),
        "work": None,
        "hostel": rng.choice((NIGHT, ("23:30", "03:30"))),
    }
    swapped = rng.randint(4, count - 3) if rng.random() < 0.35 else count + 1
    fixes: list[Sent] = []
    at = start
    for number, spot in enumerate(spots):
        if fixes:
            at += interval if fixes[-1].spot == spot else max(interval, TRAVEL)
        error = (round(rng.uniform(-4, 4), 1), round(rng.uniform(-4, 4), 1))
        fixes.append(Sent(number, at, spot, int(number >= swapped), *error))
    end = fixes[-1].at
    swapped_at = fixes[swapped].at - interval / 2 if swapped < count else None
    events: list[Event] = [*_arrivals(rng, fixes, interval)]
    events += _entries(rng, start, end, interval)
    if swapped_at is not None:
        told_at = swapped_at + timedelta(seconds=1) if rng.random() < 0.5 else _between(rng, swapped_at, end)
        events.append(Entry(told_at, "swap tag", "home", swapped_at))
    more = random.Random(f"{kind} {seed}")
    if kind in ("worthless", "left"):
        _mix_in(more, fixes, events)
    elif kind == "handled":
        events += [
            Handled(_between(more, start, end), more.choice(("acknowledge", "acknowledge", "close")), more.random())
            for _ in range(more.randint(1, 5))
        ]
    events.sort(key=lambda one: one.at)
    return History(seed, start, interval, hours, swapped_at, tuple(events), kind)


def _mix_in(rng: random.Random, fixes: list[Sent], events: list[Event]) -> None:
    """Let some fixes be followed by worthless ones, while the wearer stays at the spot, and arrive with any request."""
    for fix, following in pairwise(fixes):
        if fix.spot != following.spot or fix.tag != following.tag or rng.random() < 0.5:
            continue
        for part in sorted(rng.sample(range(1, 6), rng.choice((1, 1, 2)))):
            worthless = rng.choice(WORTHLESS)
            reach = rng.uniform(0, 1_500) if worthless == "tower" else 4.0
            way = rng.uniform(0, 2 * math.pi)
            at = fix.at + (following.at - fix.at) * part / 6
            number = 1_000 * (fix.number + 1) + part
            error = (round(reach * math.cos(way), 1), round(reach * math.sin(way), 1))
            extra = Sent(number, at, fix.spot, fix.tag, *error, worthless)
            _bring(rng, extra, events)


def _bring(rng: random.Random, extra: Sent, events: list[Event]) -> None:
    later = [
        n for n, one in enumerate(events) if isinstance(one, Arrival) and one.tag == extra.tag and one.at > extra.at
    ]
    if not later or rng.random() < 0.4:
        events.append(Arrival(extra.at + timedelta(seconds=rng.randint(1, 9)), extra.tag, (extra,)))
        return
    later.sort(key=lambda n: events[n].at)
    chosen = later[0] if rng.random() < 0.6 else rng.choice(later)
    request = events[chosen]
    assert isinstance(request, Arrival)
    among = list(request.fixes)
    among.insert(rng.randint(0, len(among)), extra)
    events[chosen] = replace(request, fixes=tuple(among))


def _walk(rng: random.Random, count: int) -> list[str]:
    """Return where the wearer is at each fix: some steps at one spot, then at another; a fix takes at least a minute.

    One fix alone is a visit too short to tell from an error: none is shorter than two.
    """
    spots: list[str] = ["far", "far"]
    while len(spots) < count:
        spot = rng.choice([one for one in ("home", "home", "work", "hostel", "far", "far") if one != spots[-1]])
        spots += [spot] * rng.choice((2, 3, 3, 4, 6, 9))
    return spots[:count]


def _between(rng: random.Random, begin: datetime, end: datetime) -> datetime:
    return begin + (end - begin) * rng.random() + timedelta(seconds=7)


def _arrivals(rng: random.Random, fixes: list[Sent], interval: timedelta) -> list[Arrival]:
    held: dict[int, int] = {}
    bursts = []
    for burst in range(rng.choice((0, 1, 1, 2, 3))):
        first = rng.randrange(1, len(fixes) - 2)
        last = min(len(fixes) - 2, first + rng.choice((1, 3, 6, 12, 20)))
        mine = [n for n in range(first, last + 1) if n not in held]
        if mine:
            held |= dict.fromkeys(mine, burst)
            bursts.append(mine)
    found: list[Arrival] = []
    for number, fix in enumerate(fixes):
        if number not in held:
            found.append(Arrival(fix.at + timedelta(seconds=rng.randint(1, 15)), fix.tag, (fix,)))
    for mine in bursts:
        at = fixes[rng.randrange(mine[-1], len(fixes))].at + timedelta(seconds=rng.randint(16, 40))
        waiting = [fixes[n] for n in mine]
        how = rng.choice(("as it was", "backwards", "shuffled", "shuffled"))
        if how == "backwards":
            waiting.reverse()
        elif how == "shuffled":
            rng.shuffle(waiting)
        while waiting:
            size = rng.choice((1, 2, 5, 30))
            heap, waiting = waiting[:size], waiting[size:]
            for tag in sorted({fix.tag for fix in heap}):
                some = tuple(fix for fix in heap if fix.tag == tag)
                found.append(Arrival(at, tag, some))
                if rng.random() < 0.2:
                    found.append(Arrival(at + timedelta(seconds=2), tag, some[::-1]))
            at += timedelta(seconds=rng.choice((1, 3, 30)))
    return found


def _entries(rng: random.Random, start: datetime, end: datetime, interval: timedelta) -> list[Entry]:
    found = []
    steps = int((end - start) / interval)
    for _ in range(rng.choice((0, 0, 1, 2, 3, 4))):
        kind = rng.choice(ENTRIES)
        at = _between(rng, start + interval, end + interval * 4)
        # It holds from half way between two fixes, so that no fix is of the instant itself.
        from_at = start + interval * (rng.randint(-1, steps + 2) + 0.5) + timedelta(seconds=9)
        until = from_at + interval * rng.randint(1, 8)
        corrects = rng.randint(0, 1) if kind.startswith("correct") else None
        found.append(Entry(at, kind, rng.choice(("home", "home", "work")), from_at, until, corrects))
    return found
