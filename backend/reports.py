"""How long every step took, for each alert and together; read only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from peewee import fn

from backend import clock
from backend.access import closed_cases, require
from backend.case import police
from backend.models import (
    Alert,
    AlertKind,
    Handling,
    Notification,
    Person,
    PoliceHandover,
    Receipt,
    Role,
    Team,
    Wearer,
)
from backend.record import reading
from backend.record.facts import true_at

IN_ERROR = "raised_in_error"
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
PERCENTILES = (50, 90, 95)


@dataclass(slots=True)
class AlertClock:
    """The whole clock of one alert, and whom it counts for; a stage that was not reached is None."""

    alert: Alert
    at: dict[str, datetime | None]
    officer: Person | None = None
    # The team that answered for it when it was raised.
    team: Team | None = None

    def span_s(self, name: str) -> float | None:
        """Return the seconds of one of ``SPANS``."""
        begin, end = (self.at.get(stage) for stage in SPANS[name])
        return None if begin is None or end is None else (end - begin).total_seconds()


def response_times(person: Person, from_at: datetime, to_at: datetime, by: str) -> dict[str, Any]:
    """Return the clocks of the alerts raised in [from, to) in the person's team, grouped by officer, or by team then.

    Raises: NotAllowed for anybody but a supervisor.
    """
    require(person, Role.SUPERVISOR)
    closed = closed_cases([person.id], clock.now()).get(person.id, set())
    belonged = reading.teams_of_cases()
    once_ours = [
        wearer_id for wearer_id, history in belonged.items() if person.team_id in {one.value for one in history}
    ]
    found = clocks_of(
        Alert.select(Alert, Wearer, Team)
        .join(Wearer)
        .switch(Alert)
        .join(Team)
        .where(
            # What another team handled before the case came here is this team's to answer for now.
            (Alert.team == person.team_id) | (Wearer.team == person.team_id) | Alert.wearer.in_(once_ours or [0]),
            Alert.raised_at >= from_at,
            Alert.raised_at < to_at,
            # Drills and notices are no alerts of the service, and a restricted case is nobody else's to count.
            ~Wearer.is_training,
            Alert.kind != AlertKind.NOTICE,
            Alert.wearer.not_in(closed or [0]),
        )
        .order_by(Alert.raised_at.desc())
    )
    # An alert that was still open when its case went to another team went along; the figures of its time do not.
    teams = {team.id: team for team in Team.select()}
    for one in found:
        held = true_at(belonged.get(one.alert.wearer_id, []), one.alert.raised_at)
        one.team = teams[held.value] if held else one.alert.team
    found = [one for one in found if person.team_id in (_team(one).id, one.alert.team_id, one.alert.wearer.team_id)]
    # Those raised in error stay on record and are counted apart.
    clocks = [one for one in found if one.alert.outcome_code != IN_ERROR]
    names = reading.team_names_at(to_at - timedelta(microseconds=1))
    officers = reading.OfficersThen([one.alert.wearer for one in clocks])
    for one in clocks:
        _team(one).name = names.get(_team(one).id, _team(one).name)
        one.officer = one.alert.acknowledged_by or officers.at(one.alert.wearer, one.alert.raised_at)
    handovers = police.handovers_of(one.alert.id for one in clocks)
    # An alert may go to several forces: the first of them is when the police had it.
    first = {alert_id: rows[0] for alert_id, rows in handovers.items()}
    for one in clocks:
        one.at["police"] = first[one.alert.id].at if one.alert.id in first else None
    groups: dict[tuple[int, str], list[AlertClock]] = defaultdict(list)
    for one in clocks:
        groups[_group(one, by)].append(one)
    return {
        "from": from_at.isoformat(),
        "to": to_at.isoformat(),
        "by": by,
        "groups": [_summary(key, members) for key, members in sorted(groups.items(), key=lambda item: item[0][1])],
        "alerts": [{**row_of(one), "police": _handover(first.get(one.alert.id))} for one in clocks],
        "raised_in_error": len(found) - len(clocks),
    }


def _team(one: AlertClock) -> Team:
    return one.team or one.alert.team


def _handover(row: PoliceHandover | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {"force": row.force, "reference": row.reference, "at": row.at.isoformat(), "by": row.recorded_by.name}


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


def _group(one: AlertClock, by: str) -> tuple[int, str]:
    if by == "team":
        return _team(one).id, _team(one).name
    officer = one.officer
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


def row_of(one: AlertClock) -> dict[str, Any]:
    """Return one alert's clock as the API gives it."""
    alert, officer = one.alert, one.officer
    return {
        "id": alert.id,
        "code": alert.code,
        "kind": alert.kind,
        "event": alert.event,
        "level": alert.level,
        "peak_danger": alert.peak_danger,
        "handling": alert.handling,
        "officer": officer.name if officer else None,
        "team": _team(one).name,
        "clock": {stage: at.isoformat() if at else None for stage, at in one.at.items()},
        "spans": {name: one.span_s(name) for name in SPANS},
    }


POLICE = ("force", "reference", "at", "by")
CSV_COLUMNS = (
    *("id", "code", "handling", "officer", "team", *STAGES, *SPANS),
    *(f"police_{name}" for name in POLICE),
    *("kind", "event"),
)


def csv_row(row: dict[str, Any]) -> list[Any]:
    """Return the row of ``CSV_COLUMNS``."""
    handover = row["police"] or {}
    first = {f"police_{name}": handover.get(name) for name in POLICE}
    values = {**row, **row["clock"], **row["spans"], **first}
    return [values[column] for column in CSV_COLUMNS]
