"""The delivery state that a provider reports, by callback or on request; later reports never lower it."""

from __future__ import annotations

from datetime import datetime

from backend import alerts, channels, outbox
from backend.db import atomic
from backend.models import Attempt, NotificationState
from backend.people import contact_routes, numbers

STATE_OF = {
    "delivered": NotificationState.DELIVERED,
    "read": NotificationState.DELIVERED,
    "undelivered": NotificationState.FAILED,
    "failed": NotificationState.FAILED,
    "canceled": NotificationState.FAILED,
}
# A call that was answered and ended without a key may have reached a voicemail.
CALL_ENDED = {
    "completed": "ended without a key",
    "busy": "busy",
    "no-answer": "no answer",
    "failed": "could not be placed",
    "canceled": "cancelled",
}
# The order in which a message passes through its states; one that comes late is kept on record and changes nothing.
RANK = {
    "accepted": 1,
    "scheduled": 1,
    "queued": 1,
    "initiated": 1,
    "ringing": 2,
    "sending": 2,
    "in-progress": 3,
    "sent": 3,
}
# Source: Twilio error dictionary; hints only: unknown or landline number, and opted out.
NUMBER_TAKES_NO_TEXTS = {30005, 30006, 21610}


def take(attempt_id: str, state: str, error_code: int | None, now: datetime) -> bool:
    """Let what became of an attempt change its notification, and hasten the escalation policy where it failed.

    False for an attempt that is not ours. Saying the same again changes nothing.
    """
    with atomic():
        attempt = Attempt.get_or_none(Attempt.id == attempt_id)
        if attempt is None:
            return False
        notification = attempt.notification
        alert = alerts.lock(notification.alert_id)
        outbox.hold(notification.id)
        final = CALL_ENDED.get(state) if channels.is_call(notification.channel) else None
        reached = NotificationState.FAILED if final else STATE_OF.get(state)
        is_final = reached is not None
        known = Attempt.select(Attempt.provider_state).where(Attempt.id == attempt_id).scalar() or ""
        if is_final or (known in RANK and RANK.get(state, 0) > RANK[known]) or not known:
            Attempt.update(provider_state=state).where(Attempt.id == attempt_id).execute()
        if reached is None:
            return True
        detail = f"Twilio: {final or state} {error_code or ''}".strip()
        changed = outbox.raise_state(notification.id, reached, now, detail)
        person = notification.person
        if person is not None and error_code in NUMBER_TAKES_NO_TEXTS and notification.channel in channels.TEXTS:
            contact_routes.mark_down(person, channels.TEXTS[0], f"Twilio {error_code}", now)
        if notification.victim is not None and error_code in NUMBER_TAKES_NO_TEXTS:
            numbers.void(notification.victim, f"Twilio {error_code}", now)
        if changed and reached is NotificationState.FAILED:
            alerts.hasten(notification, now)
            alerts.tell_undelivered(alert, notification, now)
        return True
