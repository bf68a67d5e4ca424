"""Climbs the ladder: who is owed a notification now, because of danger or because of silence."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from backend import audit, clock, lifecycle, outbox
from backend.access import named_on
from backend.alerts.feed import publish
from backend.case.reading import responsible_officer_id
from backend.consent import sms_consent
from backend.db import LOST_CONNECTION, atomic, lock_rows, skip_locked
from backend.lifecycle import Who
from backend.models import (
    Alert,
    Channel,
    Device,
    Handling,
    Notification,
    NotificationState,
    Person,
    Purpose,
    Role,
    Victim,
)
from zones import Certainty

log = logging.getLogger(__name__)

WARNINGS = (Purpose.ALERT, Purpose.ESCALATION)
# No instant of a ladder lies farther ahead than an outcome that is owed, with some slack.
LONGEST_WAIT_S = lifecycle.OUTCOME_OWED_AFTER_S + 60.0
TRY_AGAIN_S = 60.0
NOT_GONE_OUT = (NotificationState.PENDING, NotificationState.CANCELLED)


def restart(alert: Alert, now: datetime) -> None:
    """Begin a new episode at the foot of the ladder, because an acknowledgement no longer covers the danger.

    A withdrawn alert is nobody's to answer: it lies open in the list and rings no one.
    """
    if alert.certainty == Certainty.WITHDRAWN:
        stop(alert, now)
        return
    outbox.cancel_pending(alert, now, WARNINGS)
    alert.episode += 1
    start(alert, now)


def start(alert: Alert, now: datetime) -> None:
    """Stand the alert at the foot of the ladder and owe the first notifications."""
    alert.rung = 0
    alert.ladder_started_at = now
    climb(alert, now)


def warn_again(alert: Alert, now: datetime) -> None:
    """Warn the first people of risen danger, while the clock of silence that is already running runs on."""
    if alert.next_escalation_at is None:
        restart(alert, now)
        return
    # What has not gone out yet says less than what is owed now.
    outbox.cancel_pending(alert, now, WARNINGS)
    alert.episode += 1
    first, second = lifecycle.rung(0), lifecycle.rung(1)
    people = recipients(alert, first.who)
    reached = sum(_owe_everywhere(alert, person, first.channels, Purpose.ALERT, 0, now) for person in people)
    # The text for this rise follows as for a new alert; after it the ladder is where its own clock has brought it.
    alert.rung = 1
    text_at = now + timedelta(seconds=second.after_s if reached else 0.0)
    alert.next_escalation_at = min(text_at, max(alert.next_escalation_at, now))
    alert.save()
    publish(alert)


def stop(alert: Alert, now: datetime, next_at: datetime | None = None) -> None:
    """Stop climbing; ``next_at`` is when silence begins to count again."""
    outbox.cancel_pending(alert, now, WARNINGS)
    alert.next_escalation_at = next_at
    alert.save()
    publish(alert)


def climb(alert: Alert, now: datetime) -> None:
    """Owe the notifications of the present rung, and of the next ones for as long as a rung reaches nobody."""
    _give_up_hints(alert, now)
    while True:
        number = alert.rung
        rung = lifecycle.rung(number)
        purpose = Purpose.ALERT if number < 2 else Purpose.ESCALATION
        alert.rung = number + 1
        people = recipients(alert, rung.who)
        waiting = [p for p in people if not (rung.unless_received and outbox.has_receipt(alert, p))]
        is_satisfied = bool(people) and not waiting
        owed = sum(_owe_everywhere(alert, person, rung.channels, purpose, number, now) for person in waiting)
        if owed or is_satisfied:
            break
        if number >= len(lifecycle.LADDER):
            log.error("alert %s reaches nobody: no one of its team has a live route", alert.id)
            audit.record(audit.SYSTEM, "nobody_reachable", f"alert:{alert.id}", now, alert=alert)
            break
    if alert.rung < len(lifecycle.LADDER):
        due_at = alert.ladder_started_at + timedelta(seconds=lifecycle.due_after_s(alert.rung))
        alert.next_escalation_at = max(due_at, now)
    elif alert.rung == len(lifecycle.LADDER):
        due_at = alert.ladder_started_at + timedelta(seconds=lifecycle.due_after_s(alert.rung))
        # A rung that came early or late must not make the repetition fall due at once.
        alert.next_escalation_at = max(due_at, now + timedelta(seconds=lifecycle.REPEAT.after_s / 2))
    else:
        alert.next_escalation_at = now + timedelta(seconds=lifecycle.REPEAT.after_s)
    alert.save()
    publish(alert)


def _give_up_hints(alert: Alert, now: datetime) -> None:
    """A hint that no process sent to a socket by now has failed: the socket is gone."""
    Notification.update(state=NotificationState.FAILED, settled_at=now, detail="no open socket took it").where(
        Notification.alert == alert,
        Notification.channel == Channel.WEBSOCKET,
        Notification.state == NotificationState.PENDING,
    ).execute()


def _owe_everywhere(
    alert: Alert, person: Person, channels: Sequence[Channel], purpose: Purpose, number: int, now: datetime
) -> int:
    routes = [channel for channel in channels if has_route(person, channel, now)]
    for channel in routes:
        outbox.owe(alert, person, channel, purpose, now, rung=number)
    return len(routes)


def has_route(person: Person, channel: Channel, now: datetime) -> bool:
    """Tell whether there is anything to send to: a fresh socket, a push token, a phone number."""
    if channel is Channel.WEBSOCKET:
        return outbox.is_connected(person, now)
    if channel is Channel.PUSH:
        return Device.select().where(Device.person == person, Device.ended_at.is_null()).exists()
    return bool(person.phone)


def recipients(alert: Alert, who: Sequence[Who]) -> list[Person]:
    """Return the active people who fill these places, each once, in the order of the places.

    A wearer without an active responsible officer is everybody's: the whole team's officers stand in.
    """
    found: dict[int, Person] = {}
    for place in who:
        for person in _filling(alert, place):
            found.setdefault(person.id, person)
    return list(found.values())


def _filling(alert: Alert, place: Who) -> list[Person]:
    now = clock.now()
    active = Person.select().where(Person.is_active, Person.team == alert.team_id).order_by(Person.id)
    if place is Who.ACKNOWLEDGER:
        return list(active.where(Person.id == alert.acknowledged_by_id))
    # Whoever may not know of the case is not rung about it.
    named = named_on(alert.wearer_id, now)
    if named is not None:
        active = active.where(Person.id.in_(named))
    if place is Who.SUPERVISORS:
        return list(active.where(Person.role == Role.SUPERVISOR))
    officer = list(active.where(Person.id == responsible_officer_id(alert.wearer, now)))
    return officer or list(active.where(Person.role == Role.OFFICER))


def escalate_overdue(now: datetime, limit: int = 100) -> int:
    """Climb for up to ``limit`` alerts on which silence has lasted to the next rung; return how many.

    An instant farther ahead than any rung is overdue too: a clock that jumped must not park a ladder. One alert that
    cannot be climbed for is tried again a minute later and never keeps the others back.
    """
    latest = now + timedelta(seconds=LONGEST_WAIT_S)
    overdue = (Alert.next_escalation_at <= now) | (Alert.next_escalation_at > latest)
    try:
        with atomic():
            query = Alert.select(Alert.id).where(overdue).order_by(Alert.next_escalation_at).limit(limit)
            ids = [row.id for row in skip_locked(query)]
            for alert_id in ids:
                _escalate(alert_id, now)
    except LOST_CONNECTION:
        raise
    except Exception:
        log.exception("a group of alerts could not be climbed for: each is tried alone")
        ids = [row.id for row in Alert.select(Alert.id).where(overdue).limit(limit)]
        for alert_id in ids:
            _escalate_alone(alert_id, now)
    return len(ids)


def _escalate(alert_id: int, now: datetime) -> None:
    alert = lock(alert_id)
    if alert.handling == Handling.ACKNOWLEDGED:
        # The promise to act was not followed by an outcome: silence has begun again.
        audit.record(audit.SYSTEM, "outcome_overdue", f"alert:{alert.id}", now, alert=alert)
        alert.handling = Handling.OPEN
        restart(alert, now)
    else:
        climb(alert, now)


def _escalate_alone(alert_id: int, now: datetime) -> None:
    try:
        with atomic():
            _escalate(alert_id, now)
    except LOST_CONNECTION:
        raise
    except Exception:
        log.exception("alert %s could not be climbed for", alert_id)
        with atomic():
            Alert.update(next_escalation_at=now + timedelta(seconds=TRY_AGAIN_S)).where(Alert.id == alert_id).execute()


def next_escalation_at() -> datetime | None:
    """Return the instant at which the next alert climbs by itself."""
    first = (
        Alert.select(Alert.next_escalation_at)
        .where(Alert.next_escalation_at.is_null(False))
        .order_by(Alert.next_escalation_at)
        .limit(1)
        .first()
    )
    return first.next_escalation_at if first else None


def hasten(notification: Notification, now: datetime) -> None:
    """A channel failed: let the next rung go at once, unless this person's phone has the warning already."""
    if notification.person is None or notification.purpose not in WARNINGS:
        return
    with atomic():
        alert = lock(notification.alert_id)
        is_latest = notification.episode == alert.episode and notification.rung == alert.rung - 1
        # Past the ladder's end rungs repeat at their pace: a provider that is down must not make them spin.
        if alert.next_escalation_at is None or not is_latest or alert.rung >= len(lifecycle.LADDER):
            return
        if outbox.has_receipt(alert, notification.person):
            return
        if notification.channel == Channel.PUSH or not _has_hope(notification):
            alert.next_escalation_at = now
            alert.save(only=[Alert.next_escalation_at])


def _has_hope(notification: Notification) -> bool:
    """Tell whether another message of the same rung may still reach somebody."""
    return (
        Notification.select()
        .where(
            Notification.alert == notification.alert_id,
            Notification.episode == notification.episode,
            Notification.rung == notification.rung,
            Notification.purpose == notification.purpose,
            Notification.state.in_(
                [
                    NotificationState.PENDING,
                    NotificationState.SENT,
                    NotificationState.DELIVERED,
                    NotificationState.RECEIVED,
                ]
            ),
        )
        .exists()
    )


def lock(alert_id: int) -> Alert:
    """Return the alert, held until the unit of work ends."""
    lock_rows(Alert, [alert_id])
    return Alert.get_by_id(alert_id)


def tell_warned(
    alert: Alert, purpose: Purpose, channels: Sequence[Channel], now: datetime, but: Person | None = None
) -> None:
    """Tell everyone who was warned of this alert something new, each on the channels they were warned by."""
    warned = (
        Notification.select(Notification.person, Notification.channel)
        .where(
            Notification.alert == alert,
            Notification.purpose.in_(WARNINGS),
            Notification.person.is_null(False),
            Notification.channel.in_(list(channels)),
            Notification.state.not_in(NOT_GONE_OUT),
        )
        .distinct()
    )
    for row in warned:
        person = row.person
        if person is not None and (but is None or person.id != but.id):
            outbox.owe(alert, person, Channel(row.channel), purpose, now)


def tell_victim_of_breach(alert: Alert, now: datetime) -> None:
    """Owe the victim the text she agreed to, once a stay, in her words; nothing without her consent."""
    victim: Victim = alert.place.victim
    if _texts(alert, Purpose.VICTIM_BREACH, []) > _texts(alert, Purpose.VICTIM_OVER, []):
        return
    if victim.phone and sms_consent(victim):
        outbox.owe(alert, victim, Channel.SMS, Purpose.VICTIM_BREACH, now)


def tell_victim_it_is_over(alert: Alert, now: datetime) -> None:
    """Owe the victim the second text if the first one went out; if it did not, neither goes."""
    victim: Victim = alert.place.victim
    outbox.cancel_pending(alert, now, [Purpose.VICTIM_BREACH])
    gone_out = _texts(alert, Purpose.VICTIM_BREACH, [NotificationState.PENDING])
    if gone_out > _texts(alert, Purpose.VICTIM_OVER, []) and victim.phone and sms_consent(victim):
        outbox.owe(alert, victim, Channel.SMS, Purpose.VICTIM_OVER, now)


def _texts(alert: Alert, purpose: Purpose, but: Sequence[NotificationState]) -> int:
    return (
        Notification.select()
        .where(
            Notification.alert == alert,
            Notification.purpose == purpose,
            Notification.state.not_in([NotificationState.CANCELLED, NotificationState.FAILED, *but]),
        )
        .count()
    )


def tell_victim_not_warned(notification: Notification, now: datetime) -> None:
    """Tell the officer that her text cannot be delivered: somebody has to reach her in another way."""
    with atomic():
        alert = lock(notification.alert_id)
        audit.record(audit.SYSTEM, "victim_not_warned", f"alert:{alert.id}", now, alert=alert)
        publish(alert)
        for person in recipients(alert, (Who.ACKNOWLEDGER, Who.OFFICER)):
            for channel in (Channel.PUSH, Channel.SMS):
                if has_route(person, channel, now):
                    outbox.owe(alert, person, channel, Purpose.VICTIM_NOT_WARNED, now)
