"""What a call says and what its keys do: 1 acknowledges, 2 says that they cannot act; any other key repeats it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from twilio.twiml.voice_response import Gather, VoiceResponse

from backend import alerts, channels, outbox
from backend.errors import DomainError, InvalidTransition
from backend.lifecycle import Danger
from backend.models import (
    Alert,
    Attempt,
    Channel,
    Handling,
    Notification,
    NotificationState,
    Person,
    Purpose,
    ReceiptKind,
)
from backend.people import numbers
from notifier import messages
from notifier.message_subjects import subject_of
from zones import Certainty

SPOKEN = {"voice": "Polly.Amy", "language": "en-GB"}
WAITS_FOR_KEY_S = 6
TIMES = 2
ACKNOWLEDGED = "You have acknowledged this alert. Record the outcome in the app."
TAKEN = "A colleague acts already. Thank you."
SAID = frozenset(str(int(danger)) for danger in Danger)


def say(attempt_id: str, public_url: str, *, has_risen: bool = False) -> str:
    """Return the TwiML of an answered call; without a key it hangs up, as a voicemail makes it do.

    A key names the danger that was said before it: that is what it answers.
    """
    response = VoiceResponse()
    notification = _notification(attempt_id)
    if notification is None or notification.person is None:
        response.hangup()
        return str(response)
    alert = notification.alert
    if notification.purpose == Purpose.TEST:
        response.say(messages.SPOKEN_TEST, **SPOKEN)
        response.hangup()
        return str(response)
    words = messages.spoken(
        subject_of(alert, notification), _others(notification.person, alert, notification.shown), has_risen=has_risen
    )
    for _ in range(TIMES):
        gather = Gather(
            num_digits=1,
            timeout=WAITS_FOR_KEY_S,
            action=f"{public_url}/v1/webhooks/twilio/voice/{attempt_id}/key?said={alerts.danger_now(alert):d}",
            method="POST",
        )
        gather.say(words, **SPOKEN)
        response.append(gather)
    response.hangup()
    return str(response)


def press(
    attempt_id: str, digits: str, said: str, public_url: str, now: datetime, *, is_repetition: bool = False
) -> str:
    """Do what a key asks for, and return what is said then; the same request again does nothing again.

    ``said`` is the danger that the call had told: it does not answer a greater one.
    """
    notification = _notification(attempt_id)
    response = VoiceResponse()
    if notification is None or notification.person is None:
        response.hangup()
        return str(response)
    if not notification.person.is_active or not numbers.is_proved(notification.person):
        # The account was closed, or its number taken away, while the phone rang.
        response.hangup()
        return str(response)
    if digits not in ("1", "2"):
        return say(attempt_id, public_url)
    person, alert = notification.person, notification.alert
    told = Danger(int(said)) if said in SAID else outbox.danger_told(notification)
    try:
        words = _stands(person, alert, told) if is_repetition else _done(person, notification, digits, told, now)
    except InvalidTransition:
        words = "This alert is closed already. Nothing changed."
    except DomainError:
        words = "You may not answer this alert. It is still open."
    if not is_repetition:
        # After the alert, which is held before its messages, here as everywhere.
        by = Channel(notification.channel)
        outbox.record_receipt(person, alert, ReceiptKind.OPENED, by, now, episode=notification.episode)
        outbox.raise_state(notification.id, NotificationState.RECEIVED, now, f"key {digits}")
    if words is None:
        return say(attempt_id, public_url, has_risen=True)
    response.say(words, **SPOKEN)
    response.hangup()
    return str(response)


def _done(person: Person, notification: Notification, digits: str, told: Danger, now: datetime) -> str | None:
    """Do it, and return the words for it; None where danger has risen above what was told."""
    alert = notification.alert
    if digits == "1":
        acknowledged = alerts.acknowledge(person, alert.id, now, told, notification.shown)
        if acknowledged.handling == Handling.OPEN:
            return None
        return ACKNOWLEDGED if acknowledged.acknowledged_by_id == person.id else TAKEN
    changed = alerts.cannot(person, alert.id, now)
    if changed.handling == Handling.OPEN:
        return "Noted that you cannot. Others are asked next."
    return TAKEN


def _stands(person: Person, alert: Alert, told: Danger) -> str | None:
    """Return the words for how it stands, for the person who did not hear them the first time."""
    if alert.handling == Handling.OPEN:
        return None if alerts.danger_now(alert) > told else "Your answer was taken before. Nothing changed."
    return ACKNOWLEDGED if alert.acknowledged_by_id == person.id else TAKEN


def _notification(attempt_id: str) -> Notification | None:
    attempt = Attempt.get_or_none(Attempt.id == attempt_id)
    if attempt is None or not channels.is_call(attempt.notification.channel):
        return None
    found: Notification = attempt.notification
    return found


def _others(person: Person, alert: Alert, told_here: Collection[str]) -> int:
    """Return how many other alerts wait for an answer of this person, beside those that the call speaks of."""
    return int(
        Alert.select(Alert.id)
        .join(Notification)
        .where(
            Notification.person == person,
            Alert.handling == Handling.OPEN,
            Alert.escalation.is_null(False),
            Alert.certainty != Certainty.WITHDRAWN,
            Alert.id.not_in([alert.id, *(int(one) for one in told_here)]),
        )
        .distinct()
        .count()
    )
