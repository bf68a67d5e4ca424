"""Bounds how often one person is texted and called again about what they have been told of already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from peewee import fn

from backend import channels
from backend.escalation.groups import Group
from backend.escalation.locked_alert import WARNINGS
from backend.models import Alert, AlertKind, Notification, NotificationState
from backend.outbox import NewNotification

BOUNDED = channels.TO_NUMBERS
PER = timedelta(hours=1)
# Half of them may follow each other as the policy has it; the others are spread over what is left of the hour, so that
# what no person answers is never quiet for long.
SPREAD_BY = 1.6


@dataclass(slots=True)
class Sent:
    """How many repeats went to a person on a channel within the hour, and when the newest did."""

    times: int
    last_at: datetime

    def allows(self, now: datetime, most_per_hour: int) -> bool:
        """Tell whether one more may go now."""
        if self.times >= most_per_hour:
            return False
        return 2 * self.times < most_per_hour or now - self.last_at >= SPREAD_BY * PER / most_per_hour


def within_bounds(
    to_send: Sequence[NewNotification], groups: Sequence[Group], now: datetime, most_per_hour: int
) -> list[NewNotification]:
    """Return these messages without the texts and calls that repeat too often to one person within an hour.

    A first notification, a rise, and a step to a person who was not told of it yet are no repeats. A protected person's
    message or call for help is repeated without a bound, and uses up none of it. Pushes are not bounded: a phone shows
    one for each alert.
    """
    repeats = [one for one in to_send if one.is_repeat and one.channel in BOUNDED and one.alert.kind != AlertKind.HELP]
    if not repeats:
        return list(to_send)
    people = {one.recipient.id for one in repeats}
    told = _told(groups, people)
    climb_of = {alert.id: group.escalation.id for group in groups for alert in group.members}
    sent = _sent(people, now)
    kept = []
    for one in to_send:
        key = (one.recipient.id, str(one.channel))
        if one not in repeats or (one.recipient.id, climb_of[one.alert.id]) not in told:
            kept.append(one)
            continue
        before = sent.setdefault(key, Sent(0, now - PER))
        if before.allows(now, most_per_hour):
            sent[key] = Sent(before.times + 1, now)
            kept.append(one)
    return kept


def _told(groups: Sequence[Group], people: set[int]) -> set[tuple[int, int]]:
    """Return person and climb wherever this person was texted or called in it since it began."""
    climbs = {alert.id: group.escalation for group in groups for alert in group.members}
    rows = Notification.select(Notification.person, Notification.alert, Notification.created_at).where(
        Notification.alert.in_(list(climbs)),
        Notification.person.in_(people),
        Notification.purpose.in_(WARNINGS),
        Notification.channel.in_(BOUNDED),
        Notification.state != NotificationState.CANCELLED,
    )
    return {
        (row.person_id, climbs[row.alert_id].id) for row in rows if row.created_at >= climbs[row.alert_id].started_at
    }


def _sent(people: set[int], now: datetime) -> dict[tuple[int, str], Sent]:
    rows = (
        Notification.select(
            Notification.person,
            Notification.channel,
            fn.COUNT(Notification.id).alias("times"),
            fn.MAX(Notification.created_at).alias("last_at"),
        )
        .join(Alert)
        .where(
            Notification.person.in_(people),
            Notification.is_repeat,
            Notification.created_at > now - PER,
            Notification.channel.in_(BOUNDED),
            Notification.state != NotificationState.CANCELLED,
            Alert.kind != AlertKind.HELP,
        )
        .group_by(Notification.person, Notification.channel)
    )
    return {(row.person_id, str(row.channel)): Sent(int(row.times), row.last_at) for row in rows}
