"""Test messages that people ask for to see whether Cordon reaches them: sent like any other, and about no one."""

from __future__ import annotations

from datetime import datetime, timedelta

from backend import audit, channels, outbox
from backend.alerts.codes import store
from backend.db import atomic, lock_rows
from backend.errors import InvalidTransition, TooManyAttempts
from backend.lifecycle import Danger
from backend.models import Alert, AlertKind, Channel, Handling, Notification, Person, Purpose, Wearer
from backend.people import contact_routes
from zones import Certainty, Level

CHANNELS = tuple(channel for channel, traits in channels.TRAITS.items() if traits.has_provider)
# A test costs money, and rings.
EVERY = timedelta(minutes=1)


def no_way(channel: Channel) -> str:
    """Say why nothing can come on a channel, and what to do about it."""
    if channel in channels.TO_DEVICES:
        return "No phone of yours takes pushes. Turn warnings on in the menu of Live alerts."
    return "Your number is not verified, or takes nothing of this kind: verify it under My number."


def send(person: Person, training: Wearer, channel: Channel, now: datetime) -> Notification:
    """Send ``person`` one test message on one channel; it hangs on their team's training case.

    Raises: InvalidTransition where there is no way to them on it; TooManyAttempts within a minute of the one before.
    """
    if not contact_routes.has_route(person, channel, now):
        raise InvalidTransition(no_way(channel))
    with atomic():
        lock_rows(Person, [person.id])
        before = newest(person).get(channel)
        if before is not None and now - before.created_at < EVERY:
            wait_s = (before.created_at + EVERY - now).total_seconds()
            raise TooManyAttempts("A test was sent less than a minute ago. Wait for its result.", round(wait_s) + 1)
        alert = _alert(training, now)
        outbox.enqueue(alert, person, channel, Purpose.TEST, now)
        audit.record(audit.actor_of(person), "reach_tested", f"person:{person.id}", now, alert=alert, channel=channel)
        return Notification.get(Notification.alert == alert, Notification.purpose == Purpose.TEST)


def newest(person: Person) -> dict[Channel, Notification]:
    """Return the newest test message of a person on each channel."""
    rows = (
        Notification.select()
        .where(Notification.person == person, Notification.purpose == Purpose.TEST)
        .order_by(Notification.id.desc())
        .limit(50)
    )
    found: dict[Channel, Notification] = {}
    for row in rows:
        found.setdefault(Channel(row.channel), row)
    return found


def _alert(training: Wearer, now: datetime) -> Alert:
    """Make what the message hangs on: closed and over from the beginning, so that it is on no list and rings no one."""
    alert = Alert(
        kind=AlertKind.NOTICE,
        wearer=training,
        team=training.team_id,
        level=Level.CLEAR,
        certainty=Certainty.CONFIRMED,
        peak_danger=Danger.NONE,
        is_over=True,
        over_at=now,
        reasons=["A member of staff tested whether Cordon reaches them."],
        fix_time=now,
        received_at=now,
        decided_at=now,
        last_fix_time=now,
        raised_at=now,
        handling=Handling.CLOSED,
    )
    return store(alert)
