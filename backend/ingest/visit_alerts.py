"""Brings alerts into agreement with what was derived: raised, moved, shortened, split, joined, each with its cause."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from backend import alerts
from backend.alerts.alerts_from_visits import REENTRY, FoundVisit, Join, Raise, Tell, difference
from backend.ingest.alert_changes import after_order, judgement_of
from backend.ingest.derivation import Derived, DerivedVisit
from backend.ingest.judge import instant
from backend.lifecycle import Danger
from backend.models import Alert, AlertKind, PlaceZone, Wearer
from backend.record.facts import LONDON
from backend.record.timeline import Case
from zones import Certainty

# Says why an alert begins or ends where it does now: given the alert, its new begin and its new end.
Cause = Callable[[Alert, datetime, datetime], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Occasion:
    """For whom alerts are brought into agreement, when, and because of what."""

    wearer: Wearer
    case: Case
    received_at: datetime
    now: datetime
    now_for_s: float
    because: Cause
    # The record has changed: what stands may be over by it.
    ends_what_stands: bool = False
    # Nothing newer is known than what was derived: who is there by it is there as far as anyone knows.
    is_newest: bool = False


def tell(occasion: Occasion, derived: Derived, since: datetime, until: datetime) -> list[Alert]:
    """Apply what was derived to the alerts at each place; return those that were raised, or opened again.

    What ended before ``since``, or began at ``until`` or later, was judged as it came and raises nothing.
    """
    raised: list[Alert] = []
    for place_id, found in derived.visits.items():
        visits = {as_found(one): one for one in found}
        if not visits:
            continue
        rows = {row.id: row for row in near_alerts(occasion.wearer.id, [place_id], *_span(visits))}
        spans = [alerts.span_of(row) for row in rows.values() if row.outcome_code != alerts.JOINED]
        for change in difference(list(visits), spans, ends_what_stands=occasion.ends_what_stands):
            match change:
                case Raise(visit, part_of):
                    if part_of is not None or (visit.ended_at >= since and visit.near_from < until):
                        raised.append(_raise(occasion, visits[visit], visit, rows.get(part_of or 0)))
                case Tell(alert_id, visit):
                    raised += _retell(occasion, visits[visit], rows[alert_id], change)
                case Join(alert_id, into_id):
                    alerts.join(alert_id, into_id, occasion.now)
    return raised


def as_found(visit: DerivedVisit) -> FoundVisit:
    """Return a visit as it is compared with alerts."""
    return FoundVisit(
        instant(visit.began_at),
        instant(visit.ended_at),
        instant(visit.near_from),
        None if visit.over_by is None else instant(visit.over_by),
        visit.peak.is_pass_through,
        visit.is_taken_back,
    )


def _span(visits: Iterable[FoundVisit]) -> tuple[datetime, datetime | None]:
    known = list(visits)
    ends = [one.over_by for one in known]
    until = None if None in ends else max(end for end in ends if end is not None)
    return min(one.near_from for one in known), until


def near_alerts(
    wearer_id: int, place_ids: Iterable[int] | None, since: datetime, until: datetime | None
) -> list[Alert]:
    """Return the alerts of a breach at fixed zones that reach into a time, or lie no more than ten minutes from it."""
    where = [
        Alert.wearer == wearer_id,
        Alert.kind == AlertKind.ZONE,
        Alert.peak_danger >= Danger.BREACH_UNCONFIRMED,
        ~PlaceZone.moves,
        (~Alert.is_over) | (Alert.last_fix_time >= since - REENTRY),
    ]
    if place_ids is not None:
        where.append(Alert.place.in_(list(place_ids)))
    if until is not None:
        where.append(Alert.fix_time <= until + REENTRY)
    return list(Alert.select().join(PlaceZone, on=Alert.zone).where(*where).order_by(Alert.id))


def reaches_out(wearer_id: int, derived: Derived, begin: datetime, end: datetime | None) -> tuple[bool, bool]:
    """Tell whether more has to be read before, and after, what was derived: an alert or a return may reach out of it.

    What was read goes from ``begin`` to ``end``, None where nothing newer is known.
    """
    found = [as_found(visit) for visits in derived.visits.values() for visit in visits]
    if not found:
        return False, False
    first, last = _span(found)
    rows = near_alerts(wearer_id, derived.visits, first, last)
    is_before = first - begin <= REENTRY or any(row.fix_time < begin for row in rows)
    if end is None:
        return is_before, False
    ends = (last or end, *(row.last_fix_time for row in rows))
    return is_before, any(end - at <= REENTRY for at in ends)


def _raise(occasion: Occasion, derived: DerivedVisit, visit: FoundVisit, part_of: Alert | None) -> Alert:
    judgement = _judgement(occasion, derived)
    if part_of is not None:
        words = f"Alert {part_of.code} told of it as a part of another visit; the person had left between the two."
        judgement = alerts.with_reason(judgement, words)
    if occasion.is_newest and derived.goes_on and derived.row.place_id in _watched(occasion):
        # Only reports that tell nothing are newer: it is not over.
        return alerts.raise_standing(judgement, visit.began_at, visit.ended_at)
    return alerts.raise_late(judgement, visit.began_at, visit.ended_at)


def _watched(occasion: Occasion) -> set[int]:
    return {zone.place_id for zone in occasion.case.zones_in_force(occasion.now)}


def _retell(occasion: Occasion, derived: DerivedVisit, row: Alert, change: Tell) -> list[Alert]:
    words: list[str] = []
    if (change.began_at, change.last_at) != (row.fix_time, row.last_fix_time):
        words = [*occasion.because(row, change.began_at, change.last_at)]
    judgement = _judgement(occasion, derived)
    opened = alerts.retell(row.id, judgement, change.began_at, change.last_at, words, is_ended=change.is_ended)
    return [] if opened is None else [opened]


def withdraw_unfounded(
    wearer: Wearer,
    derived: Derived,
    since: datetime,
    until: datetime,
    reason: str,
    now: datetime,
    *,
    keeps_outcomes: bool = False,
) -> None:
    """Withdraw alerts that began in a time and of which nothing in it tells: no one was near, or no zone in force.

    Up to ``until`` all is known. With ``keeps_outcomes`` what a person has closed stays.
    """
    founded = [
        (place_id, instant(begin) - REENTRY, instant(end) + REENTRY)
        for place_id, near in derived.near.items()
        for begin, end in near
    ]
    where = [
        Alert.wearer == wearer,
        Alert.kind == AlertKind.ZONE,
        ~PlaceZone.moves,
        Alert.fix_time >= since,
        Alert.fix_time <= until,
        Alert.certainty != Certainty.WITHDRAWN,
    ]
    if keeps_outcomes:
        where += [Alert.outcome_by.is_null(), Alert.last_fix_time <= until]
    raised = Alert.select(Alert.id, Alert.place, Alert.fix_time, Alert.last_fix_time).join(PlaceZone, on=Alert.zone)
    for alert in raised.where(*where).order_by(Alert.id):
        is_founded = any(
            place_id == alert.place_id and begin <= alert.last_fix_time and alert.fix_time <= end
            for place_id, begin, end in founded
        )
        if not is_founded:
            alerts.withdraw(alert.id, reason, now)


def _judgement(occasion: Occasion, visit: DerivedVisit) -> alerts.Judgement:
    judgement = judgement_of(
        occasion.wearer, visit.row, visit.peak, occasion.received_at, occasion.now, now_for_s=occasion.now_for_s
    )
    return after_order(occasion.case, judgement)


def clock_time(at: datetime) -> str:
    """Return the time of day in London."""
    return f"{at.astimezone(LONDON):%H:%M}"


def by_late_fixes(alert: Alert, began_at: datetime, last_at: datetime) -> Sequence[str]:
    """Return the words for a change that late fixes make."""
    if not alert.is_over:
        return [f"Fixes that arrived later show {alerts.IT_BEGAN} {clock_time(began_at)}."]
    lasted = f"from {clock_time(began_at)} to {clock_time(last_at)}"
    return [f"Fixes that arrived later show {alerts.IT_LASTED} {lasted}."]
