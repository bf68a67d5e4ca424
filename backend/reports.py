"""How long every step took, for each alert and together; read only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from peewee import fn

from backend.access import require
from backend.models import Alert, Handling, Notification, Person, ProtectedPlace, Receipt, Role, Team, Wearer

STAGES = ("fix", "received", "decided", "first_sent", "first_delivered", "acknowledged", "outcome")
# What each figure measures: from one stage of the clock to another.
SPANS: dict[str, tuple[str, str]] = {
    "tag_lag_s": ("fix", "received"),
    "decide_s": ("received", "decided"),
    "send_s": ("decided", "first_sent"),
    "deliver_s": ("first_sent", "first_delivered"),
    "acknowledge_s": ("decided", "acknowledged"),
    "outcome_s": ("acknowledged", "outcome"),
    "total_s": ("fix", "acknowledged"),
}
PERCENTILES = (50, 90, 95)


@dataclass(frozen=True, slots=True)
class AlertClock:
    """The whole clock of one alert; a stage that was not reached is None."""

    alert: Alert
    at: dict[str, datetime | None]

    def span_s(self, name: str) -> float | None:
        """Return the seconds of one of ``SPANS``."""
        begin, end = (self.at[stage] for stage in SPANS[name])
        return None if begin is None or end is None else (end - begin).total_seconds()


def response_times(person: Person, from_at: datetime, to_at: datetime, by: str) -> dict[str, Any]:
    """Return the clocks of the alerts raised in [from, to) in the person's team, grouped by officer or team.

    Raises: NotAllowed for anybody but a supervisor.
    """
    require(person, Role.SUPERVISOR)
    clocks = clocks_of(
        Alert.select(Alert, Wearer, ProtectedPlace, Team)
        .join(Wearer)
        .switch(Alert)
        .join(ProtectedPlace)
        .switch(Alert)
        .join(Team)
        .where(Alert.team == person.team_id, Alert.raised_at >= from_at, Alert.raised_at < to_at)
        .order_by(Alert.raised_at.desc())
    )
    groups: dict[tuple[int, str], list[AlertClock]] = defaultdict(list)
    for clock in clocks:
        groups[_group(clock.alert, by)].append(clock)
    return {
        "from": from_at.isoformat(),
        "to": to_at.isoformat(),
        "by": by,
        "groups": [_summary(key, members) for key, members in sorted(groups.items(), key=lambda item: item[0][1])],
        "alerts": [row_of(clock) for clock in clocks],
    }


def clocks_of(alerts: Iterable[Alert]) -> list[AlertClock]:
    """Return the clock of each alert, with two queries for all."""
    rows = list(alerts)
    ids = [alert.id for alert in rows]
    sent = _earliest(Notification, Notification.sent_at, ids, Notification.victim.is_null())
    delivered = _earliest(Notification, Notification.delivered_at, ids, Notification.victim.is_null())
    shown = _earliest(Receipt, Receipt.at, ids)
    return [
        AlertClock(
            alert,
            {
                "fix": alert.fix_time,
                "received": alert.received_at,
                "decided": alert.decided_at,
                "first_sent": _first(alert.hinted_at, sent.get(alert.id)),
                # Whoever acknowledges has been shown it, whatever became of the receipt.
                "first_delivered": _first(delivered.get(alert.id), shown.get(alert.id), alert.first_acknowledged_at),
                "acknowledged": alert.first_acknowledged_at,
                "outcome": alert.outcome_at,
            },
        )
        for alert in rows
    ]


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


def _group(alert: Alert, by: str) -> tuple[int, str]:
    if by == "team":
        return alert.team.id, alert.team.name
    officer = alert.acknowledged_by or alert.wearer.responsible_officer
    return (officer.id, officer.name) if officer else (0, "no responsible officer")


def _summary(key: tuple[int, str], clocks: Sequence[AlertClock]) -> dict[str, Any]:
    figures: dict[str, dict[str, float | None]] = {}
    for name in SPANS:
        values = sorted(value for clock in clocks if (value := clock.span_s(name)) is not None)
        figures[name] = {f"p{share}": percentile(values, share) for share in PERCENTILES}
    unanswered = [clock.alert for clock in clocks if clock.alert.handling == Handling.OPEN]
    return {
        "id": key[0],
        "name": key[1],
        "count": len(clocks),
        "acknowledged": sum(clock.at["acknowledged"] is not None for clock in clocks),
        "unacknowledged": [{"id": alert.id, "code": alert.code} for alert in unanswered],
        "figures": figures,
    }


def percentile(ordered: Sequence[float], share: int) -> float | None:
    """Return the smallest of the ordered values that ``share`` per cent do not exceed: the nearest rank."""
    if not ordered:
        return None
    return round(ordered[max(0, ceil(share * len(ordered) / 100) - 1)], 3)


def row_of(clock: AlertClock) -> dict[str, Any]:
    """Return one alert's clock as the API gives it."""
    alert = clock.alert
    officer = alert.acknowledged_by or alert.wearer.responsible_officer
    return {
        "id": alert.id,
        "code": alert.code,
        "level": alert.level,
        "peak_danger": alert.peak_danger,
        "handling": alert.handling,
        "officer": officer.name if officer else None,
        "team": alert.team.name,
        "clock": {stage: at.isoformat() if at else None for stage, at in clock.at.items()},
        "spans": {name: clock.span_s(name) for name in SPANS},
    }


CSV_COLUMNS = ("id", "code", "handling", "officer", "team", *STAGES, *SPANS)


def csv_row(row: dict[str, Any]) -> list[Any]:
    """Return the row of ``CSV_COLUMNS``."""
    values = {**row, **row["clock"], **row["spans"]}
    return [values[column] for column in CSV_COLUMNS]
