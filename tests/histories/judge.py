"""Compares what the product came to with the truth: every fault in a sentence, after each event and at the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from flask import Flask

from backend import clock
from tests.histories.history import PLACES, Arrival, Entry, Place, Sent, generate
from tests.histories.living import Life, Told
from tests.histories.truth import NEVER, Visit, may_be_one, visits

MARGIN = timedelta(seconds=5)
# So many fixes of a good receiver, one interval apart, make sure.
MAKE_SURE = 3


def live_through(app: Flask, seed: int, *, ends_only: bool = False, show: bool = False) -> list[str]:
    """Live through the history of a seed and judge after each event; return the first faults, with when they came."""
    history = generate(seed)
    life = Life(app, history)
    try:
        for number, event in enumerate(history.events):
            life.tell(event)
            if show:
                print(f"    {event_words(event)}", *life.told(), sep="\n        ")
            is_asked = not ends_only or number == len(history.events) - 1
            found = faults(life) if is_asked else []
            if found:
                when = f"seed {seed}, event {number} of {len(history.events)}, {event_words(event)}"
                return [when, *(f"  {fault}" for fault in found)]
    finally:
        life.end()
    return []


def event_words(event: Arrival | Entry) -> str:
    """Return what happened, in a line."""
    if isinstance(event, Arrival):
        fixes = ", ".join(f"{fix.at:%H:%M:%S} {fix.worthless or fix.spot}" for fix in event.fixes)
        return f"{event.at:%d %b %H:%M:%S}: tag {event.tag} sends {fixes}"
    until = f" until {event.until:%H:%M:%S}" if event.until else ""
    return f"{event.at:%d %b %H:%M:%S}: {event.kind} {event.place} from {event.from_at:%H:%M:%S}{until}"


def faults(life: Life) -> list[str]:
    """Return what is wrong with what people have been told so far, by all that is known so far."""
    told = life.told()
    found: list[str] = []
    for place in PLACES:
        here = [one for one in told if one.place == place]
        found += [f"{place}: {fault}" for fault in _faults_at(life, place, here)]
    return [*found, *_faults_on_record(life)]


def _faults_at(life: Life, place: Place, told: Sequence[Told]) -> Iterator[str]:
    now = clock.now()
    true = visits(life.record, place, life.arrived, now)
    tolerance = life.history.interval + MARGIN
    taken: dict[int, str] = {}
    for alert in told:
        ranges = list(_matches(alert, true, tolerance))
        if not ranges and _may_be_error(life, place, alert):
            continue
        if not ranges:
            yield f"{_words(alert)} tells of no visit: {'; '.join(_visit_words(one) for one in true) or 'none'}"
            continue
        first, last = max(ranges, key=lambda pair: sum(bool(one.fixes) for one in true[pair[0] : pair[1] + 1]))
        for number in range(first, last + 1):
            if number in taken and true[number].fixes:
                yield f"{_visit_words(true[number])} is told twice, by {taken[number]} and {_words(alert)}"
            taken[number] = alert.code
        longest = max((len(one.fixes) for one in true[first : last + 1]), default=0)
        if longest >= MAKE_SURE and not alert.is_confirmed and alert.ended_at is not None:
            yield f"{_words(alert)} is not confirmed by {longest} fixes"
    for number, visit in enumerate(true):
        # One fix alone may be an error: it raised, and the next one far off may have withdrawn it.
        is_sure = len(visit.fixes) > 1 or (visit.fixes and visit.ended_by == NEVER)
        if is_sure and number not in taken:
            yield f"no alert tells of {_visit_words(visit)}: {'; '.join(map(_words, told)) or 'none'}"


def _may_be_error(life: Life, place: Place, alert: Told) -> bool:
    """Tell whether a zone came into force around a wearer, and all that says that they had gone is one fix."""
    worn = sorted((f for f in life.arrived if life.record.is_worn(f.tag, f.at) and not f.worthless), key=lambda f: f.at)
    before = [fix for fix in worn if fix.at < alert.began_at]
    spot = life.record.spot(place, alert.began_at)
    is_around = bool(before) and spot is not None and (before[-1].spot == spot) is not (place == "hostel")
    return is_around and alert.ended_at is None and not alert.is_confirmed and len(worn) - len(before) <= 1


def _matches(alert: Told, true: Sequence[Visit], tolerance: timedelta) -> Iterator[tuple[int, int]]:
    """Yield the first and the last of the visits that an alert may tell of."""
    for first, visit in enumerate(true):
        # A visit that only a zone which came into force shows may be told of from any moment of it.
        begins_by = _later(visit.began_by if visit.fixes else visit.ended_by, tolerance)
        if not visit.began_after - tolerance <= alert.began_at <= begins_by:
            continue
        for last in range(first, len(true)):
            if not all(may_be_one(*pair) for pair in pairwise(true[first : last + 1])):
                break
            if _ends_with(alert, true[last], tolerance):
                yield first, last


def _ends_with(alert: Told, visit: Visit, tolerance: timedelta) -> bool:
    if alert.ended_at is None:
        return visit.seen_off_by == NEVER
    is_over = visit.ended_by != NEVER
    return is_over and visit.ended_from - tolerance <= alert.ended_at <= _later(visit.seen_off_by, tolerance)


def _later(at: datetime, by: timedelta) -> datetime:
    return at if at == NEVER else at + by


def _faults_on_record(life: Life) -> Iterator[str]:
    stored = life.stored()
    worn = sorted((fix for fix in life.arrived if life.record.is_worn(fix.tag, fix.at)), key=lambda fix: fix.at)
    before = dict(zip(worn[1:], worn, strict=False))
    for fix in life.arrived:
        key = (fix.tag, fix.at)
        if key not in stored:
            yield f"the fix of {fix.at:%H:%M:%S} cannot be found"
        elif _is_breach(life, fix):
            if not stored[key]:
                yield f"the fix of {fix.at:%H:%M:%S} at {fix.spot} is no breach on record"
        elif stored[key] and not fix.worthless and not (fix in before and before[fix].spot != fix.spot):
            # The first one off a place may be an error.
            yield f"the fix of {fix.at:%H:%M:%S} at {fix.spot} is a breach on record"


def _is_breach(life: Life, fix: Sent) -> bool:
    if not life.record.is_worn(fix.tag, fix.at):
        return False
    spots = {place: life.record.spot(place, fix.at) for place in PLACES}
    return any(spot is not None and (fix.spot == spot) is not (place == "hostel") for place, spot in spots.items())


def _words(alert: Told) -> str:
    end = f"{alert.ended_at:%H:%M:%S}" if alert.ended_at else "now"
    kind = ("late " if alert.is_late else "") + ("confirmed" if alert.is_confirmed else "unconfirmed")
    return f"{alert.code} ({alert.began_at:%H:%M:%S}-{end}, {kind})"


def _visit_words(visit: Visit) -> str:
    ended_by = "now" if visit.ended_by == NEVER else f"{visit.ended_by:%H:%M:%S}"
    began = f"{visit.began_after:%H:%M:%S}..{visit.began_by:%H:%M:%S}"
    return f"[{began} to {visit.ended_from:%H:%M:%S}..{ended_by}, {len(visit.fixes)} fixes]"
