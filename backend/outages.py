"""The only writer of outages: from when to when Cordon did not work, and who was unprotected meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from peewee import fn

from backend import channels
from backend.access import closed_cases, require
from backend.db import atomic
from backend.models import (
    Activation,
    Alert,
    Fix,
    Notification,
    Outage,
    Person,
    PlaceZone,
    Purpose,
    Role,
    Wearer,
)

LONDON = ZoneInfo("Europe/London")

# Later than this is late: of a fix, from its time to its judgement; of a warning, from the alert to the first try.
LATE_S = 60.0
# A process that comes back says so only some seconds after it has begun to work.
SLACK_S = 10.0
# What tags had kept has arrived by now: they report at least once a minute, and try again when they are refused.
SETTLES_AFTER_S = 300.0
SHOWN_FOR_DAYS = 7
# What the time between a backup and its restore is called: processes may have worked then, and nothing of it is known.
RESTORE = "restore"
MOST_IDS = 10_000


@dataclass(frozen=True, slots=True)
class Shown:
    """An outage as the supervisor of one team may know it: the names are of that team's wearers only."""

    outage: Outage
    wearers: list[Wearer]
    alert_codes: list[tuple[int, str]]


def note(what: str, from_at: datetime, to_at: datetime) -> None:
    """Keep that no process of this kind worked from ``from_at`` to ``to_at``; noting it again changes nothing."""
    Outage.insert(
        what=what, from_at=from_at, to_at=to_at, found_at=to_at, wearer_ids=[], alert_ids=[]
    ).on_conflict_ignore().execute()


def note_restore(from_at: datetime, to_at: datetime) -> Outage:
    """Keep that the record knows nothing of the time between a backup and its restore, and whom that concerns."""
    note(RESTORE, from_at, to_at)
    return assess(Outage.get(Outage.what == RESTORE, Outage.from_at == from_at), to_at)


def unsettled() -> list[Outage]:
    """Return the outages of which not everything that had waited may have come in yet."""
    return list(Outage.select().where(Outage.settled_at.is_null()).order_by(Outage.id))


def assess(outage: Outage, now: datetime) -> Outage:
    """Find whom the outage left unprotected, as far as it is known now, and keep it."""
    with atomic():
        alerts = _alerts_told_late(outage)
        affected = _wearers_with_a_zone if outage.what == RESTORE else _wearers_judged_late
        late = {wearer_id for _, wearer_id in alerts} | set(affected(outage))
        outage.alert_ids = sorted(alert_id for alert_id, _ in alerts)
        outage.wearer_ids = sorted(late)
        if now >= outage.to_at + timedelta(seconds=SETTLES_AFTER_S):
            outage.settled_at = now
        outage.save()
    return outage


def _zoned(outage: Outage) -> Any:
    return PlaceZone.select(PlaceZone.wearer).where(
        # No one wears a training case's tag.
        PlaceZone.wearer.not_in(_training()),
        PlaceZone.from_at < outage.to_at,
        PlaceZone.to_at.is_null() | (PlaceZone.to_at > outage.from_at),
    )


def _wearers_with_a_zone(outage: Outage) -> Iterable[int]:
    """Wearers with a tag and a zone in force meanwhile: what they did is not known, and was answered as kept."""
    tagged: Any = (
        Activation.select(Activation.wearer)
        .where(
            Activation.wearer.in_(_zoned(outage)),
            Activation.from_at < outage.to_at,
            Activation.to_at.is_null() | (Activation.to_at > outage.from_at),
        )
        .distinct()
        .limit(MOST_IDS)
        .tuples()
    )
    return [wearer_id for (wearer_id,) in tagged]


def _wearers_judged_late(outage: Outage) -> Iterable[int]:
    """Wearers with a zone in force meanwhile whose fixes from that time were received only after it."""
    waited: Any = (
        Fix.select(Fix.wearer)
        .where(
            Fix.wearer.in_(_zoned(outage)),
            Fix.fix_time >= outage.from_at,
            Fix.fix_time < outage.to_at - timedelta(seconds=LATE_S + SLACK_S),
            Fix.received_at >= outage.to_at - timedelta(seconds=SLACK_S),
        )
        .distinct()
        .limit(MOST_IDS)
        .tuples()
    )
    return [wearer_id for (wearer_id,) in waited]


def _training() -> Any:
    return Wearer.select(Wearer.id).where(Wearer.is_training)


def _alerts_told_late(outage: Outage) -> list[tuple[int, int]]:
    """Return id and wearer of each alert of that time whose first warning was not tried within a minute.

    A warning is one that leaves by a provider: what an open page showed is no proof that anyone looked. A person who
    acknowledged in time had seen it there.
    """
    is_of_that_time = (
        (Alert.fix_time <= outage.to_at)
        & (Alert.raised_at >= outage.from_at - timedelta(seconds=SLACK_S))
        & (Alert.raised_at <= outage.to_at + timedelta(seconds=SETTLES_AFTER_S))
    )
    first_sent = (
        Notification.select(Notification.alert, fn.MIN(Notification.sent_at).alias("at"))
        .where(
            # Of these alone: all that was ever sent grows with the years.
            Notification.alert.in_(Alert.select(Alert.id).where(is_of_that_time)),
            Notification.person.is_null(False),
            Notification.channel.not_in(channels.HINTS),
            Notification.purpose.in_([Purpose.ALERT, Purpose.ESCALATION]),
        )
        .group_by(Notification.alert)
        .alias("first_sent")
    )
    instants = (Alert.raised_at, Alert.fix_time, Alert.first_acknowledged_at, first_sent.c.at)
    candidates: Any = (
        Alert.select(Alert.id, Alert.wearer, *instants)
        .left_outer_join(first_sent, on=(first_sent.c.alert_id == Alert.id))
        .where(Alert.wearer.not_in(_training()), is_of_that_time)
        .order_by(Alert.id)
        .limit(MOST_IDS)
        .tuples()
    )
    read: Any = Alert.raised_at.python_value
    return [(row[0], row[1]) for row in candidates if _is_late(outage, *map(read, row[2:]))]


def _is_late(
    outage: Outage, raised_at: datetime, fix_time: datetime, acknowledged_at: datetime | None, sent_at: datetime | None
) -> bool:
    known_at = min(raised_at, max(fix_time, outage.from_at))
    if known_at > outage.to_at - timedelta(seconds=LATE_S):
        # Less than a minute was left of the outage: what is late here is late for another reason.
        return False
    in_time = known_at + timedelta(seconds=LATE_S)
    return not any(at is not None and at <= in_time for at in (acknowledged_at, sent_at))


def words(outage: Outage) -> str:
    """Return the outage in plain words and figures, without a name."""
    began, ended = outage.from_at.astimezone(LONDON), outage.to_at.astimezone(LONDON)
    minutes = round((outage.to_at - outage.from_at).total_seconds() / 60)
    wearers, alerts = len(outage.wearer_ids), len(outage.alert_ids)
    what = "Restored: nothing known of" if outage.what == RESTORE else f"{outage.what.capitalize()} down"
    return (
        f"{what} {minutes} min, {began:%H:%M}-{ended:%H:%M}. "
        f"Unprotected: {wearers} {'person' if wearers == 1 else 'people'}, "
        f"{alerts} late {'alert' if alerts == 1 else 'alerts'}"
    )


def shown_to(person: Person, now: datetime) -> list[Shown]:
    """Return the outages of the last days with those of the team's wearers of whom the person may know, newest first.

    Raises: NotAllowed but for supervisors.
    """
    require(person, Role.SUPERVISOR)
    since = now - timedelta(days=SHOWN_FOR_DAYS)
    rows = list(Outage.select().where(Outage.to_at > since).order_by(Outage.from_at.desc(), Outage.id))
    wearer_ids = {number for row in rows for number in row.wearer_ids}
    alert_ids = {number for row in rows for number in row.alert_ids}
    closed = closed_cases([person.id], now).get(person.id, set())
    names = (
        Wearer.select()
        .where(Wearer.team == person.team_id, Wearer.id.in_(sorted(wearer_ids - closed)))
        .order_by(Wearer.name)
    )
    codes = Alert.select(Alert.id, Alert.code).where(
        Alert.team == person.team_id, Alert.id.in_(sorted(alert_ids)), Alert.wearer.not_in(closed or [0])
    )
    wearers, alerts = list(names), list(codes.order_by(Alert.id))
    return [
        Shown(
            row,
            [wearer for wearer in wearers if wearer.id in row.wearer_ids],
            [(alert.id, alert.code) for alert in alerts if alert.id in row.alert_ids],
        )
        for row in rows
    ]
