"""The whole clock of each alert: its stages, and every call for an answer to it; read only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from peewee import fn

from backend import response_times
from backend.models import Alert, AlertKind, AuditEntry, Handling, Notification, Person, Receipt, Team
from backend.response_times import Call
from backend.vocabulary import RaisedBy
from zones import Certainty

STAGES = ("fix", "received", "decided", "first_sent", "first_delivered", "acknowledged", "outcome")
# What each figure measures: from one stage of the clock to another.
SPANS: dict[str, tuple[str, str]] = {
    "tag_lag_s": ("fix", "received"),
    "decide_s": ("received", "decided"),
    "send_s": ("decided", "first_sent"),
    "deliver_s": ("first_sent", "first_delivered"),
    "acknowledge_s": ("decided", "acknowledged"),
    "outcome_s": ("acknowledged", "outcome"),
    "police_s": ("decided", "police"),
    "total_s": ("fix", "acknowledged"),
}
# Of these each rise of danger has its own.
OF_EACH_RISE: dict[str, Callable[[Call], float | None]] = {
    "acknowledge_s": lambda call: call.took_s,
    "total_s": lambda call: call.total_s,
}
# Raised by a kind of alert, where its audit trail does not say what raised it.
RAISED_BY: dict[str, RaisedBy] = {
    AlertKind.TAMPER: RaisedBy.EVENT,
    AlertKind.HELP: RaisedBy.MESSAGE,
    AlertKind.SILENCE: RaisedBy.SILENCE,
}


@dataclass(slots=True)
class AlertClock:
    """The whole clock of one alert, and whom it counts for; a stage that was not reached is None."""

    alert: Alert
    at: dict[str, datetime | None]
    officer: Person | None = None
    # The team that answered for it when it was raised.
    team: Team | None = None
    # Every call for an answer, in their order.
    calls: list[Call] = field(default_factory=list)

    @property
    def rises(self) -> list[Call]:
        """The calls because of danger; the others ask again for what had been answered."""
        return [call for call in self.calls if call.is_rise]

    @property
    def is_withdrawn(self) -> bool:
        """Whether later fixes, or the record, do not bear it out."""
        return self.alert.certainty == Certainty.WITHDRAWN

    def span_s(self, name: str) -> float | None:
        """Return the seconds of one of ``SPANS``; of what each rise has, the longest, None where one has no end."""
        if name in OF_EACH_RISE:
            took = took_of(self.rises, name)
            return None if None in took else max((one for one in took if one is not None), default=None)
        begin, end = (self.at.get(stage) for stage in SPANS[name])
        return None if begin is None or end is None else (end - begin).total_seconds()


def took_of(rises: Iterable[Call], name: str) -> list[float | None]:
    """Return the seconds of one of ``OF_EACH_RISE`` for each rise that has a beginning; None without an answer."""
    measured = [call for call in rises if name != "total_s" or call.reported_for is not None]
    return [OF_EACH_RISE[name](call) for call in measured]


def clocks_of(alerts: Iterable[Alert]) -> list[AlertClock]:
    """Return the clock of each alert, with a few queries for all.

    One that no report of a tag raised has no time of a report: what came before the decision is no one's lag.
    """
    rows = list(alerts)
    ids = [alert.id for alert in rows]
    trails = _trails(ids)
    raised_by = {alert.id: _raised_by(alert, trails.get(alert.id, [])) for alert in rows}
    sent = _earliest(Notification, Notification.sent_at, ids, Notification.victim.is_null())
    delivered = _earliest(Notification, Notification.delivered_at, ids, Notification.victim.is_null())
    shown = _earliest(Receipt, Receipt.at, ids)
    return [
        AlertClock(
            alert,
            {
                "fix": _reported_for(alert, trails.get(alert.id, []))
                if raised_by[alert.id] in response_times.REPORTED
                else None,
                "received": alert.received_at if raised_by[alert.id] in response_times.REPORTED else None,
                "decided": alert.decided_at,
                "first_sent": _first(alert.hinted_at, sent.get(alert.id)),
                # A person who acknowledges has been shown it, whatever became of the receipt.
                "first_delivered": _first(delivered.get(alert.id), shown.get(alert.id), alert.first_acknowledged_at),
                "acknowledged": alert.first_acknowledged_at,
                "outcome": alert.outcome_at,
            },
            calls=response_times.calls_of(trails.get(alert.id, []), alert.peak_danger, raised_by[alert.id]),
        )
        for alert in rows
    ]


def waiting_since(alerts: Iterable[Alert]) -> dict[int, datetime]:
    """Return since when each of these alerts that waits for an answer has waited: its oldest call without one."""
    rows = [alert for alert in alerts if alert.handling == Handling.OPEN]
    trails = _trails([alert.id for alert in rows])
    found = {}
    for alert in rows:
        trail = trails.get(alert.id, [])
        calls = response_times.calls_of(trail, alert.peak_danger, _raised_by(alert, trail))
        found[alert.id] = min((call.at for call in calls if call.answered_at is None), default=alert.raised_at)
    return found


def _trails(alert_ids: Sequence[int]) -> dict[int, list[AuditEntry]]:
    """Return what the audit trail says of the answers to each alert, oldest first."""
    entries = (
        AuditEntry.select()
        .where(AuditEntry.alert.in_(alert_ids), AuditEntry.action.in_(response_times.ENTRIES))
        .order_by(AuditEntry.alert, AuditEntry.id)
    )
    return {alert_id: list(trail) for alert_id, trail in groupby(entries, lambda entry: entry.alert_id)}


def _reported_for(alert: Alert, trail: Sequence[AuditEntry]) -> datetime:
    """Return the time of the fix that raised the alert: its beginning may have been found out later."""
    first = next((entry.detail or {} for entry in trail if entry.action == "alert_raised"), {})
    return datetime.fromisoformat(first["fix_time"]) if "fix_time" in first else alert.fix_time


def _raised_by(alert: Alert, trail: Sequence[AuditEntry]) -> str:
    first = next((entry.detail or {} for entry in trail if entry.action == "alert_raised"), {})
    usual = RaisedBy.LATE if alert.is_late else RAISED_BY.get(alert.kind, RaisedBy.FIX)
    return str(first.get("by", usual))


def _first(*instants: datetime | None) -> datetime | None:
    return min((at for at in instants if at is not None), default=None)


def _earliest(table: Any, column: Any, alert_ids: Sequence[int], *where: Any) -> dict[int, datetime]:
    query = (
        table.select(table.alert, fn.MIN(column))
        .where(table.alert.in_(alert_ids), column.is_null(False), *where)
        .group_by(table.alert)
        .tuples()
    )
    return {alert_id: column.python_value(at) for alert_id, at in query}
