"""Compares what the product came to with the truth: every fault in a sentence, after each event and at the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from flask import Flask

from backend import clock
from backend.ingest import past_fixes
from tests.histories.history import PLACES, Arrival, Event, Handled, Kind, Place, Sent, generate
from tests.histories.living import Life, Told
from tests.histories.truth import NEVER, RETURN, Visit, may_be_one, visits

MARGIN = timedelta(seconds=5)
# A breach that goes on so long after a person closed its alert is told of again.
CLOSED_TOO_LONG = timedelta(minutes=15)
# So many fixes of a good receiver, one interval apart, make sure.
MAKE_SURE = 3


# Of requests of more fixes than this the histories of kind "left" leave what they tell to a re-evaluation.
FEW = 8


def live_through(
    app: Flask, seed: int, kind: Kind = "plain", *, ends_only: bool = False, show: bool = False
) -> list[str]:
    """Live through the history of a seed and judge after each event; return the first faults, with when they came."""
    history = generate(seed, kind)
    life = Life(app, history)
    most = past_fixes.MOST_FIXES
    past_fixes.MOST_FIXES = FEW if kind == "left" else most
    try:
        for number, event in enumerate(history.events):
            life.tell(event)
            if show:
                print(f"    {event_words(event)}", *life.told(), sep="\n        ")
            is_asked = not ends_only or number == len(history.events) - 1
            found = faults(life) if is_asked else []
            if found:
                when = f"{kind} seed {seed}, event {number} of {len(history.events)}, {event_words(event)}"
                return [when, *(f"  {fault}" for fault in found)]
    finally:
        past_fixes.MOST_FIXES = most
        life.end()
    return []


def event_words(event: Event) -> str:
    """Return what happened, in a line."""
    if isinstance(event, Handled):
        return f"{event.at:%d %b %H:%M:%S}: someone is to {event.does} an alert"
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
    loose = visits(life.record, place, life.arrived, now, is_loose=True)
    tolerance = life.history.interval + MARGIN
    taken: dict[int, str] = {}
    # One that a person acts on, or has closed, stays beside another one of the same visit.
    is_handled = any(alert.is_acknowledged or alert.closed_at is not None for alert in told)
    for alert in told:
        ranges = list(_matches(alert, true, tolerance, _closed_with(alert, told)))
        may_be_none = _may_be_error(life, place, alert) or _is_of_worthless(life, place, alert, true, tolerance)
        if not ranges and loose != true:
            may_be_none |= any(_matches(alert, loose, tolerance))
        if alert.closed_at is not None or (not ranges and may_be_none):
            # What a person has closed stays as it was closed; and what a worthless report joins is told with it.
            until = alert.ended_at or now
            joined = (n for n, one in enumerate(true) if alert.began_at <= one.ended_by and one.began_after <= until)
            taken |= dict.fromkeys(joined if alert.closed_at is None else (), alert.code)
            continue
        if not ranges:
            yield f"{_words(alert)} tells of no visit: {'; '.join(_visit_words(one) for one in true) or 'none'}"
            continue
        first, last = max(ranges, key=lambda pair: sum(bool(one.fixes) for one in true[pair[0] : pair[1] + 1]))
        for number in range(first, last + 1):
            if number in taken and true[number].fixes and not is_handled:
                yield f"{_visit_words(true[number])} is told twice, by {taken[number]} and {_words(alert)}"
            taken[number] = alert.code
        longest = max((len(one.fixes) for one in true[first : last + 1]), default=0)
        if longest >= MAKE_SURE and not alert.is_confirmed and alert.ended_at is not None:
            yield f"{_words(alert)} is not confirmed by {longest} fixes"
    for number, visit in enumerate(true):
        # One fix alone may be an error: it raised, and the next one far off may have withdrawn it.
        is_sure = len(visit.fixes) > 1 or (visit.fixes and visit.ended_by == NEVER)
        if is_sure and number not in taken and not any(_covers(alert, visit, tolerance) for alert in told):
            yield f"no alert tells of {_visit_words(visit)}: {'; '.join(map(_words, told)) or 'none'}"


def _may_be_error(life: Life, place: Place, alert: Told) -> bool:
    """Tell whether a zone came into force around a wearer, and all that says that they had gone is one fix."""
    worn = sorted((f for f in life.arrived if life.record.is_worn(f.tag, f.at) and f.is_evidence), key=lambda f: f.at)
    before = [fix for fix in worn if fix.at < alert.began_at]
    spot = life.record.spot(place, alert.began_at)
    is_around = bool(before) and spot is not None and (before[-1].spot == spot) is not (place == "hostel")
    return is_around and alert.ended_at is None and not alert.is_confirmed and len(worn) - len(before) <= 1


def _is_of_worthless(life: Life, place: Place, alert: Told, true: Sequence[Visit], tolerance: timedelta) -> bool:
    """Tell whether a report that is no evidence raised an alert, as it must, or goes on with one of a visit."""
    until = alert.ended_at or clock.now()
    is_begun = any(one.began_after - tolerance <= alert.began_at <= one.began_by + tolerance for one in true)
    # One that was split off a surer one stays as sure while it stands.
    return (is_begun or not (alert.is_confirmed and alert.ended_at)) and any(
        fix.may_raise
        and alert.began_at - MARGIN <= fix.at <= until + MARGIN
        and life.record.is_worn(fix.tag, fix.at)
        and (spot := life.record.spot(place, fix.at)) is not None
        and ((fix.spot == spot) is not (place == "hostel") or (fix.worthless == "tower" and place == "hostel"))
        for fix in life.arrived
    )


def _closed_with(alert: Told, told: Sequence[Told]) -> bool:
    """Tell whether a person closed an alert before this one began: what goes on after that is a matter of its own."""
    return any(one.closed_at is not None and one.began_at <= alert.began_at for one in told)


def _covers(alert: Told, visit: Visit, tolerance: timedelta) -> bool:
    """Tell whether a visit is what a person has closed, or goes no further than ten minutes beyond it."""
    if alert.closed_at is None:
        return False
    until = alert.ended_at or alert.closed_at + CLOSED_TOO_LONG
    return alert.began_at <= visit.began_by + RETURN + tolerance and visit.ended_from <= until + RETURN + tolerance


def _matches(
    alert: Told, true: Sequence[Visit], tolerance: timedelta, is_rest: bool = False
) -> Iterator[tuple[int, int]]:
    """Yield the first and the last of the visits that an alert may tell of, or of the rest of which."""
    for first, visit in enumerate(true):
        # A visit that only a zone which came into force shows may be told of from any moment of it.
        begins_by = _later(visit.began_by if visit.fixes and not is_rest else visit.ended_by, tolerance)
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
        elif not fix.is_evidence:
            # How it is judged is a matter of what it is worth.
            continue
        elif _is_breach(life, fix):
            if not stored[key]:
                yield f"the fix of {fix.at:%H:%M:%S} at {fix.spot} is no breach on record"
        elif stored[key] and not (fix in before and (before[fix].spot != fix.spot or before[fix].worthless)):
            # The first one off a place may be an error, and what a worthless report raised stands for as long.
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
