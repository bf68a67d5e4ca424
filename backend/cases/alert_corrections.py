"""Why an alert begins or ends elsewhere after its case's record was corrected: in the words of the record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from backend import alerts
from backend.ingest.visit_alerts import clock_time
from backend.models import Alert
from backend.record.facts import MonitoringStatus
from backend.record.timeline import Case

JUST_BEFORE = timedelta(microseconds=1)


def causes_in_words(case: Case, alert: Alert, began_at: datetime, last_at: datetime) -> list[str]:
    """Return from when to when the alert lasted by the record as it is, and what that says at both ends."""
    times = f"from {clock_time(began_at)} to {clock_time(last_at)}"
    lasted = f"The record as it was corrected says {alerts.IT_LASTED} {times}."
    return [
        lasted,
        *([f"{_why(case, alert, began_at)} until then."] if began_at > alert.fix_time else []),
        *([f"{_why(case, alert, last_at)} from then on."] if last_at < alert.last_fix_time else []),
    ]


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
