"""What the evidence and the record come to, however they arrived: a wearer's visits at each place. Pure.

The one derivation: late fixes, backlogs, corrections of the record and re-evaluation all ask it, and what it says is
compared with what people have been told (`backend.alerts.alerts_from_visits`).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from backend.ingest.judge import CONTEXT_S
from backend.ingest.visits import Seen, danger_of, is_on_the_allowed_side, level_of, visits
from backend.ingest.zones_of_wearer import InForce, shape_of
from backend.lifecycle import RAISES_FROM, REENTRY_S, Danger
from backend.models import PlaceZone
from backend.record.timeline import Case
from zones import Certainty, Decision, Fix, Level, doubt_of, judge_instant, judge_late


@dataclass(frozen=True, slots=True)
class DerivedVisit:
    """A stay on the forbidden side with its gravest decision, and the zone of that; instants in epoch seconds."""

    row: PlaceZone
    peak: Decision
    # When it was seen first and last.
    began_at: float
    ended_at: float
    # Since when the wearer had been near without a break, and when it was known to be over; None where it goes on.
    near_from: float
    over_by: float | None
    # When what showed it to be over saw them off first: a return is counted from then.
    off_from: float | None
    # It was never sure, and the next fix took it back.
    is_taken_back: bool
    # The newest that is known of the wearer, reports that tell nothing left aside, is that they are there.
    goes_on: bool = False


@dataclass(slots=True)
class Derived:
    """What some fixes of a wearer come to by the record as it is."""

    visits: dict[int, list[DerivedVisit]] = field(default_factory=lambda: defaultdict(list))
    # From when to when something showed that the wearer was near each place, or inside: what raises an alert.
    near: dict[int, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    # The gravest decision about each fix, by its time.
    worst: dict[float, Decision] = field(default_factory=dict)
    # The times of fixes that a zone in force could not be judged by, and those zones with why and the last such fix.
    unknown: set[float] = field(default_factory=set)
    failures: list[tuple[PlaceZone, str, float]] = field(default_factory=list)
    # Whether the wearer was near some place at the first fix, or at the last.
    begins_near: bool = False
    ends_near: bool = False


# One decision, the zone that it is of, and the instant that it is about; without a decision no zone was in force then.
Moment = tuple[float, Decision | None, PlaceZone]


def derive(case: Case, rows: Iterable[PlaceZone], fixes: Sequence[Fix], now: float) -> Derived:
    """Derive visits from fixes in the order of their time, up to ``now``; each zone is asked when it was in force."""
    found = Derived()
    if not fixes:
        return found
    force = InForce(case)
    times = [fix.fix_time for fix in fixes]
    by_place: dict[int, list[PlaceZone]] = defaultdict(list)
    for row in rows:
        by_place[row.place_id].append(row)
    for place_id, at_place in by_place.items():
        moments: list[Moment] = []
        spans: list[tuple[float, float]] = []
        for row in at_place:
            try:
                some, in_force = _judge_zone(force, row, fixes, times, now)
            except Exception as error:
                concerned = {at for at in times if force.is_held(row.id, at)}
                if concerned:
                    found.unknown |= concerned
                    # The text of an exception may hold a coordinate; its kind cannot.
                    found.failures.append((row, type(error).__name__, max(concerned)))
                continue
            moments += some
            spans += in_force
        _read_place(found, place_id, at_place[0], moments, spans, times)
    return found


def _judge_zone(
    force: InForce, row: PlaceZone, fixes: Sequence[Fix], times: Sequence[float], now: float
) -> tuple[list[Moment], list[tuple[float, float]]]:
    """Return what one zone says of the fixes and instants at which it was in force, and from when to when it was."""
    # Outside its own hours a zone says of each fix that all is clear.
    held = [n for n, at in enumerate(times) if force.is_held(row.id, at)]
    spans = list(_in_force(force, row, times[0], now))
    if not spans and not held:
        return [], []
    shape = shape_of(row)
    # Where the wearer was when it came into force: the last fix before says so.
    leading = {begin: bisect_right(times, begin) - 1 for begin, _ in spans if begin > times[0]}
    asked = sorted({*held, *leading.values()})
    decisions: dict[int, Decision] = {}
    for _, group in groupby(enumerate(asked), lambda pair: pair[1] - pair[0]):
        run = [n for _, n in group]
        # Reports that cannot be true do not hide what was known before them.
        usable = next((n for n in range(run[0], -1, -1) if doubt_of(fixes[n]) is None), run[0])
        first = bisect_left(times, times[usable] - CONTEXT_S)
        judged = judge_late(shape, fixes[first : run[-1] + 1])
        decisions |= {first + n: decision for n, decision in enumerate(judged) if first + n >= run[0]}
    moments: list[Moment] = [(times[n], decisions[n], row) for n in held]
    for begin, n in leading.items():
        if begin not in times:
            moments.append((begin, judge_instant(shape, decisions[n].state, begin), row))
    return moments, spans


def _in_force(force: InForce, row: PlaceZone, since: float, now: float) -> Iterator[tuple[float, float]]:
    """Yield from when to when a zone was in force, by the record and by its own hours."""
    shape = shape_of(row)
    at: float | None = since
    while at is not None and at <= now:
        until = force.next_change(row, at)
        if force.is_held(row.id, at) and shape.timing.is_in_force(at):
            yield at, float("inf") if until is None or until > now else until
        at = until


def _read_place(
    found: Derived,
    place_id: int,
    any_row: PlaceZone,
    moments: list[Moment],
    spans: list[tuple[float, float]],
    times: Sequence[float],
) -> None:
    if not moments:
        return
    ends = {end for _, end in spans if end != float("inf") and not any(a <= end < b for a, b in spans)}
    moments += [(end, None, any_row) for end in ends]
    moments.sort(key=lambda moment: moment[0])
    line: list[Moment] = []
    for _, group in groupby(moments, lambda moment: moment[0]):
        # The gravest of the place's zones counts.
        line.append(max(group, key=lambda moment: -1 if moment[1] is None else int(danger_of(moment[1]))))
    for at, decision, _ in line:
        known = found.worst.get(at)
        if decision is not None and (known is None or danger_of(decision) > danger_of(known)):
            found.worst[at] = decision
    near = [decision is not None and danger_of(decision) >= RAISES_FROM for _, decision, _ in line]
    found.begins_near |= near[0] and line[0][0] <= times[0]
    found.ends_near |= near[-1]
    for is_shown, run in groupby(line, _is_shown_near):
        if is_shown:
            instants = [at for at, _, _ in run]
            found.near[place_id].append((instants[0], instants[-1]))
    found.visits[place_id] = _merged(list(_visits(line, near)))


def _visits(line: Sequence[Moment], near: Sequence[bool]) -> Iterator[DerivedVisit]:
    at = [moment[0] for moment in line]
    row_of = {_known_by(decision): row for _, decision, row in line if decision is not None}
    is_there = _is_there(line)
    place = 0
    for is_off, run in groupby(line, lambda moment: moment[1] is None):
        part = list(run)
        place += len(part)
        if is_off:
            continue
        seen: list[Seen] = [(moment, decision) for moment, decision, _ in part if decision is not None]
        for visit in visits(seen, is_open=place == len(line)):
            first, last = bisect_left(at, visit.began_at), bisect_right(at, visit.ended_at) - 1
            while first > 0 and near[first - 1]:
                first -= 1
            after = next((n for n in range(last + 1, len(line)) if _is_over(line[n][1])), None)
            off = next((n for n in range(last + 1, len(line)) if _is_off(line[n][1])), after)
            yield DerivedVisit(
                row_of[_known_by(visit.peak)],
                visit.peak,
                visit.began_at,
                visit.ended_at if after is None or _is_fix(line[after]) else at[after],
                at[first],
                None if after is None else at[after],
                None if after is None or off is None else min(at[off], at[after]),
                visit.is_taken_back,
                is_there and after is None,
            )


def _is_there(line: Sequence[Moment]) -> bool:
    """Tell whether the last moment of a place that tells anything has the wearer on the forbidden side."""
    useful = (decision for _, decision, _ in reversed(line) if decision is None or decision.doubt is None)
    last = next(useful, None)
    return last is not None and last.distance_m <= 0 and danger_of(last) >= Danger.BREACH_UNCONFIRMED


def _known_by(decision: Decision) -> tuple[float, float, float]:
    """Return what tells one decision of a line from another, also where the visit's end has confirmed it."""
    return decision.fix_time, decision.distance_m, decision.probability_inside


def _is_fix(moment: Moment) -> bool:
    """Tell whether a fix says it. Otherwise a zone came into force or went out of it: until then they were there."""
    at, decision, _ = moment
    return decision is not None and decision.fix_time == at


def _is_shown_near(moment: Moment) -> bool:
    """Tell whether a moment shows that they are near; what is held of earlier fixes against a far one shows nothing."""
    _, decision, row = moment
    if decision is None or danger_of(decision) < RAISES_FROM:
        return False
    is_held = level_of(decision) is Level.BREACH and is_on_the_allowed_side(decision)
    return not is_held or decision.distance_m <= float(row.feature["properties"].get("buffer_m") or 0.0)


def _is_off(decision: Decision | None) -> bool:
    return decision is None or is_on_the_allowed_side(decision)


def _is_over(decision: Decision | None) -> bool:
    """Tell whether a visit is over: no zone is in force, or a fix shows it; one that cannot tell ends nothing."""
    if decision is None or decision.certainty is Certainty.WITHDRAWN:
        return True
    return level_of(decision) is Level.CLEAR and decision.certainty is Certainty.CONFIRMED


def _merged(found: list[DerivedVisit]) -> list[DerivedVisit]:
    """Return the visits with those made one that lie no more than ten minutes apart; each passage stays by itself."""
    merged: list[DerivedVisit] = []
    for visit in found:
        before = merged[-1] if merged else None
        is_return = before is not None and (before.off_from is None or visit.began_at - before.off_from <= REENTRY_S)
        if before is None or not is_return or before.peak.is_pass_through:
            merged.append(visit)
            continue
        graver = max(before, visit, key=lambda one: danger_of(one.peak))
        merged[-1] = DerivedVisit(
            graver.row,
            graver.peak,
            before.began_at,
            visit.ended_at,
            before.near_from,
            visit.over_by,
            visit.off_from,
            before.is_taken_back and visit.is_taken_back,
            visit.goes_on,
        )
    return merged
