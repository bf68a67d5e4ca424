"""Tells news of an alert beside its ladder: whoever was warned, the victim in her own words, her officer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from backend import audit, outbox
from backend.alerts.feed import publish
from backend.alerts.ladder.footing import WARNINGS, lock
from backend.alerts.muster import Muster
from backend.consent import reached, sms_consent
from backend.db import atomic
from backend.models import Alert, Channel, Notification, NotificationState, Person, Purpose, Victim
from backend.rungs import Who

NOT_GONE_OUT = (NotificationState.PENDING, NotificationState.CANCELLED)


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
            Notification.state.not_in(NOT_GONE_OUT)
            | ((Notification.state == NotificationState.PENDING) & Notification.lease_token.is_null(False)),
        )
        .distinct()
    )
    for row in warned:
        person = row.person
        # Whoever was called is told the news by text: a call at night to say that all is well wakes them again.
        channel = Channel.SMS if row.channel == Channel.VOICE else Channel(row.channel)
        if person is not None and channel in channels and (but is None or person.id != but.id):
            outbox.owe(alert, person, channel, purpose, now)


def tell_victim_of_breach(alert: Alert, now: datetime) -> None:
    """Owe the victim the text she agreed to, once a stay, in her words; nothing without her consent."""
    victim: Victim = reached(alert.place.victim)
    if _texts(alert, Purpose.VICTIM_BREACH, []) > _texts(alert, Purpose.VICTIM_OVER, []):
        return
    if victim.phone and sms_consent(victim):
        outbox.owe(alert, victim, Channel.SMS, Purpose.VICTIM_BREACH, now)


def tell_victim_it_is_over(alert: Alert, now: datetime) -> None:
    """Owe the victim the second text if the first one went out; if it did not, neither goes."""
    victim: Victim = reached(alert.place.victim)
    outbox.cancel_pending(alert, now, [Purpose.VICTIM_BREACH])
    # What is still pending is on its way in a worker's hands.
    gone_out = _texts(alert, Purpose.VICTIM_BREACH, [])
    if gone_out > _texts(alert, Purpose.VICTIM_OVER, []) and victim.phone and sms_consent(victim):
        outbox.owe(alert, victim, Channel.SMS, Purpose.VICTIM_OVER, now)


def drop_victim_warning(alert: Alert, now: datetime) -> None:
    """Owe the victim no text of a warning that ends, although nobody knows that he has gone."""
    outbox.cancel_pending(alert, now, [Purpose.VICTIM_BREACH])


def was_victim_warned(alert: Alert) -> bool:
    """Tell whether the victim has read, or is about to read, of this alert that he is near."""
    return _texts(alert, Purpose.VICTIM_BREACH, []) > 0


def is_victim_left_warned(alert: Alert) -> bool:
    """Tell whether the last that the victim read of this alert is that he is near."""
    return _texts(alert, Purpose.VICTIM_BREACH, []) > _texts(alert, Purpose.VICTIM_OVER, [])


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
        tell(alert, (Who.ACKNOWLEDGER, Who.OFFICER), Purpose.VICTIM_NOT_WARNED, now)


def tell(alert: Alert, to: Sequence[Who], purpose: Purpose, now: datetime) -> None:
    """Owe these people one message on each quiet route they have; where there are none of them, the supervisors."""
    muster = Muster([alert], now)
    people = muster.recipients(alert, to) or muster.recipients(alert, (Who.SUPERVISORS,))
    routes = muster.routes_of(people)
    quiet = (Channel.PUSH, Channel.SMS)
    owed = [(person, channel) for person in people for channel in quiet if channel in routes[person.id]]
    outbox.owe_all(alert, owed, purpose, now)
