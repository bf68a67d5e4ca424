"""Bounds how often one person is texted and called again about what they have been told of already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from peewee import fn

from backend import channels
from backend.escalation.groups import Group
from backend.escalation.locked_alert import WARNINGS
from backend.models import Notification, NotificationState
from backend.outbox import NewNotification

BOUNDED = channels.TO_NUMBERS
PER = timedelta(hours=1)


def within_bounds(
    to_send: Sequence[NewNotification], groups: Sequence[Group], now: datetime, most_per_hour: int
) -> list[NewNotification]:
    """Return these messages without the texts and calls that repeat too often to one person within an hour.

    A first notification, a rise, and a step to a person who was not told of it yet are no repeats. Pushes are not
    bounded: a phone shows one for each alert.
    """
    repeats = [one for one in to_send if one.is_repeat and one.channel in BOUNDED]
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
        elif sent[key] < most_per_hour:
            sent[key] += 1
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


def _sent(people: set[int], now: datetime) -> Counter[tuple[int, str]]:
    rows = (
        Notification.select(Notification.person, Notification.channel, fn.COUNT(Notification.id).alias("times"))
        .where(
            Notification.person.in_(people),
            Notification.is_repeat,
            Notification.created_at > now - PER,
            Notification.channel.in_(BOUNDED),
            Notification.state != NotificationState.CANCELLED,
        )
        .group_by(Notification.person, Notification.channel)
    )
    return Counter({(row.person_id, str(row.channel)): int(row.times) for row in rows})
