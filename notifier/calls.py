"""What a call says and what its keys do: 1 acknowledges, 2 says that one cannot; anything else hears it again."""

from __future__ import annotations

from datetime import datetime

from twilio.twiml.voice_response import Gather, VoiceResponse

from backend import alerts, numbers, outbox
from backend.errors import DomainError, InvalidTransition
from backend.models import Alert, Attempt, Channel, Handling, Notification, NotificationState, Person, ReceiptKind
from notifier import messages
from notifier.subjects import subject_of

VOICE = {"voice": "Polly.Amy", "language": "en-GB"}
WAITS_FOR_KEY_S = 6
TIMES = 2


def say(attempt_id: str, public_url: str) -> str:
    """Return the TwiML of an answered call; without a key it hangs up, as a voicemail makes it do."""
    response = VoiceResponse()
    notification = _notification(attempt_id)
    if notification is None or notification.person is None:
        response.hangup()
        return str(response)
    words = messages.spoken(subject_of(notification.alert), _others(notification.person, notification.alert))
    for _ in range(TIMES):
        gather = Gather(
            num_digits=1,
            timeout=WAITS_FOR_KEY_S,
            action=f"{public_url}/v1/webhooks/twilio/voice/{attempt_id}/key",
            method="POST",
        )
        gather.say(words, **VOICE)
        response.append(gather)
    response.hangup()
    return str(response)


def press(attempt_id: str, digits: str, public_url: str, now: datetime) -> str:
    """Do what a key asks for, and return what is said then."""
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
    outbox.record_receipt(person, alert, ReceiptKind.OPENED, Channel.VOICE, now, episode=notification.episode)
    outbox.raise_state(notification.id, NotificationState.RECEIVED, now, f"key {digits}")
    try:
        response.say(_done(person, alert, digits, now), **VOICE)
    except InvalidTransition:
        response.say("This alert is closed already. Nothing changed.", **VOICE)
    except DomainError:
        response.say("You may not answer this alert. It is still open.", **VOICE)
    response.hangup()
    return str(response)


def _done(person: Person, alert: Alert, digits: str, now: datetime) -> str:
    if digits == "1":
        acknowledged = alerts.acknowledge(person, alert.id, now)
        if acknowledged.acknowledged_by_id == person.id:
            return "You have acknowledged this alert. Record the outcome in the app."
        return "A colleague acts already. Thank you."
    changed = alerts.cannot(person, alert.id, now)
    if changed.handling == Handling.OPEN:
        return "Noted that you cannot. Others are asked next."
    return "A colleague acts already. Thank you."


def _notification(attempt_id: str) -> Notification | None:
    attempt = Attempt.get_or_none(Attempt.id == attempt_id)
    if attempt is None or attempt.notification.channel != Channel.VOICE:
        return None
    found: Notification = attempt.notification
    return found


def _others(person: Person, alert: Alert) -> int:
    """Return how many other alerts wait for an answer of this person."""
    return int(
        Alert.select(Alert.id)
        .join(Notification)
        .where(
            Notification.person == person,
            Alert.handling == Handling.OPEN,
            Alert.next_escalation_at.is_null(False),
            Alert.id != alert.id,
        )
        .distinct()
        .count()
    )
