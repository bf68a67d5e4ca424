"""Cuts alerts to what a corrected record leaves of them, each in the words of what the record says now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from backend import alerts
from backend.alerts.visit_derivation import Span, cut_to
from backend.models import Alert, AlertKind, PlaceZone
from backend.record.facts import LONDON, MonitoringStatus
from backend.record.timeline import Case
from zones import Certainty

JUST_BEFORE = timedelta(microseconds=1)


def cut(
    case: Case,
    rows: Mapping[int, PlaceZone],
    near: Iterable[tuple[int, datetime, datetime]],
    since: datetime,
    now: datetime,
) -> None:
    """Shorten or move the alerts that span a time at which, by the record, no zone of their place was in force.

    ``near`` is when fixes show the wearer near which place. An alert of which nothing is left stays as it is: what
    judges the case again withdraws it. What lies in another part than the one that is kept is raised by it too.
    """
    spans = [(place_id, Span(begin, end)) for place_id, begin, end in near]
    touched = Alert.select().where(
        Alert.wearer == case.wearer_id,
        Alert.kind == AlertKind.ZONE,
        Alert.zone.in_(list(rows)),
        (~Alert.is_over) | (Alert.last_fix_time >= since),
        Alert.certainty != Certainty.WITHDRAWN,
    )
    for alert in touched.order_by(Alert.id):
        held = _in_force(case, {row.id for row in rows.values() if row.place_id == alert.place_id}, alert, now)
        seen = [span for place_id, span in spans if place_id == alert.place_id]
        kept = cut_to(Span(alert.fix_time, alert.last_fix_time), held, seen, is_standing=not alert.is_over)
        if kept is not None:
            words = [
                *([f"{_why(case, alert, kept.began_at)} until then."] if kept.began_at > alert.fix_time else []),
                *([f"{_why(case, alert, kept.ended_at)} from then on."] if kept.ended_at < alert.last_fix_time else []),
            ]
            when = (
                f"By the record as it was corrected it lasted from {_clock(kept.began_at)} to {_clock(kept.ended_at)}."
            )
            alerts.shorten(alert.id, kept.began_at, kept.ended_at, [when, *words], now)


def _in_force(case: Case, zone_ids: set[int], alert: Alert, now: datetime) -> list[Span]:
    """Return from when to when, within the alert's span, a zone of its place was in force."""
    end = alert.last_fix_time if alert.is_over else max(now, alert.last_fix_time)
    cuts = [alert.fix_time, *(at for at in case.changes() if alert.fix_time < at < end), end]
    found: list[Span] = []
    for begin, until in pairwise(cuts):
        if not case.timeline.at(begin).ids & zone_ids:
            continue
        if found and found[-1].ended_at == begin:
            found[-1] = Span(found[-1].began_at, until)
        else:
            found.append(Span(begin, until))
    return found


def _why(case: Case, alert: Alert, at: datetime) -> str:
    """Return what the record says at an end of a zone's time in force, without a full stop."""
    instants: Sequence[datetime] = (at, at - JUST_BEFORE)
    for one in instants:
        life = case.status_at(one)
        if life is not MonitoringStatus.ACTIVE:
            return f"Monitoring was {life}"
    order_id = next(
        (zone.order_id for one in instants for zone in case.zones_in_force(one) if zone.place_id == alert.place_id),
        None,
    )
    if order_id is not None:
        terms = [found for one in instants if (found := case.terms_at(order_id, one)) is not None]
        if any(one.is_suspended for one in terms):
            return "The order was suspended"
        if any(not found.cover(one) for one in instants for found in terms):
            return "The order was not in force"
    return "The zone was not in force"


def _clock(at: datetime) -> str:
    return f"{at.astimezone(LONDON):%H:%M}"
