"""Enqueues notifications: recipient, channel, purpose and priority; cancels those no longer needed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from backend import bulk_statements, lifecycle, wakeups
from backend.lifecycle import Danger
from backend.models import Alert, Channel, Handling, Notification, NotificationState, Person, Purpose, Victim
from zones import Certainty, Level


class Priority(IntEnum):
    """Which of many due notifications goes first; less is sooner."""

    NEW = 0
    ESCALATION = 1
    UPDATE = 2


# Why a text is due yet and not sent: the number was declared to be the wearer's own.
HELD = "held: the number was declared to be the wearer's"
# Within one urgency the gravest goes first.
STEPS = 10

PRIORITY_OF = {
    Purpose.ALERT: Priority.NEW,
    Purpose.VICTIM_BREACH: Priority.NEW,
    Purpose.ESCALATION: Priority.ESCALATION,
    Purpose.WITHDRAWN: Priority.UPDATE,
    Purpose.ANSWERED: Priority.UPDATE,
    Purpose.VICTIM_NOT_WARNED: Priority.ESCALATION,
    Purpose.VICTIM_NOT_TOLD: Priority.ESCALATION,
    Purpose.NEWS_UNDELIVERED: Priority.UPDATE,
    Purpose.VICTIM_OVER: Priority.UPDATE,
    Purpose.TEST: Priority.UPDATE,
    Purpose.REPLY_ACKNOWLEDGED: Priority.UPDATE,
    Purpose.REPLY_TAKEN: Priority.UPDATE,
    Purpose.REPLY_CANNOT: Priority.UPDATE,
    Purpose.REPLY_DETAILS: Priority.UPDATE,
    Purpose.REPLY_RISEN: Priority.ESCALATION,
    Purpose.VICTIM_ENDING: Priority.ESCALATION,
    Purpose.VICTIM_HELP: Priority.NEW,
    Purpose.VICTIM_ACTS: Priority.UPDATE,
    Purpose.VICTIM_UNWATCHED: Priority.ESCALATION,
    Purpose.VICTIM_WATCHED: Priority.UPDATE,
    Purpose.VICTIM_ASKED: Priority.UPDATE,
    Purpose.NOTICE: Priority.UPDATE,
    Purpose.CORRECTION: Priority.UPDATE,
}


@dataclass(frozen=True, slots=True)
class NewNotification:
    """One message that someone is due about an alert, on one channel."""

    alert: Alert
    recipient: Person | Victim
    channel: Channel
    purpose: Purpose
    step: int = 0
    # The alerts that it speaks of beside its own, each with its danger, by id.
    shown: Mapping[str, int] | None = None
    is_repeat: bool = False


def enqueue(
    alert: Alert, recipient: Person | Victim, channel: Channel, purpose: Purpose, now: datetime, *, step: int = 0
) -> None:
    """Enqueue one message; enqueueing the same one again changes nothing."""
    enqueue_all([NewNotification(alert, recipient, channel, purpose, step)], now)


def enqueue_all(messages: Sequence[NewNotification], now: datetime) -> None:
    """Enqueue all of these, in one statement for however many alerts; enqueueing one of them again changes nothing."""
    if messages:
        bulk_statements.insert_rows(Notification, [_row(new, now) for new in messages], ignore_known=True)
        wakeups.announce()


def _row(new: NewNotification, now: datetime) -> dict[str, object]:
    is_for_victim = isinstance(new.recipient, Victim)
    return {
        "alert": new.alert.id,
        "person": None if is_for_victim else new.recipient.id,
        "victim": new.recipient.id if is_for_victim else None,
        "recipient_key": f"{'victim' if is_for_victim else 'person'}:{new.recipient.id}",
        "channel": new.channel,
        "purpose": new.purpose,
        "episode": new.alert.episode,
        "step": new.step,
        "priority": _priority(new.alert, new.purpose, new.step),
        "shown": dict(new.shown or {str(new.alert.id): int(_danger(new.alert))}),
        "is_repeat": new.is_repeat,
        "due_at": now,
        "state": NotificationState.PENDING,
        "attempts": 0,
        "created_at": now,
    }


def _priority(alert: Alert, purpose: Purpose, step: int) -> int:
    """Return the order of a message among all that are due: first words before later ones, the gravest first."""
    urgency = PRIORITY_OF[purpose]
    if purpose is Purpose.ALERT and step > 0:
        urgency = Priority.ESCALATION
    return urgency * STEPS + STEPS - 1 - _danger(alert)


def _danger(alert: Alert) -> Danger:
    return lifecycle.danger_held(alert.kind, alert.level, alert.certainty)


def danger_told(notification: Notification) -> Danger:
    """Return the danger at which a message was enqueued: what an answer to it covers."""
    return Danger(STEPS - 1 - notification.priority % STEPS)


def cancel_pending(alert: Alert, now: datetime, purposes: Collection[Purpose], person: Person | None = None) -> int:
    """Cancel what has not gone out of these purposes, and return how many.

    One that a worker holds is on its way: it stays the worker's to settle, and its recipient hears of what came
    after it.
    """
    return (
        Notification.update(state=NotificationState.CANCELLED, settled_at=now, lease_token=None)
        .where(
            Notification.alert == alert,
            Notification.state == NotificationState.PENDING,
            Notification.purpose.in_(list(purposes)),
            Notification.lease_token.is_null() | (Notification.lease_until <= now),
            *([] if person is None else [Notification.person == person]),
        )
        .execute()
    )


def cancel_texts_to(victim: Victim, purpose: Purpose, now: datetime) -> list[Notification]:
    """Cancel a protected person's texts of this purpose that have not gone out, about any alert, and return them.

    One that a worker holds is on its way, as with ``cancel_pending``: the worker asks whether it is still so.
    """
    cancelled = (
        Notification.update(state=NotificationState.CANCELLED, settled_at=now, lease_token=None)
        .where(
            Notification.victim == victim,
            Notification.purpose == purpose,
            Notification.state == NotificationState.PENDING,
            Notification.lease_token.is_null() | (Notification.lease_until <= now),
        )
        .returning(Notification)
    )
    return list(cancelled.execute())


def cancel_all_texts_to(victim: Victim, now: datetime, channel: Channel | None = None) -> int:
    """Cancel what has not gone out to a protected person, on one channel or all; return how many: they withdrew."""
    return (
        Notification.update(state=NotificationState.CANCELLED, settled_at=now, lease_token=None, detail="withdrawn")
        .where(
            Notification.victim == victim,
            Notification.state == NotificationState.PENDING,
            Notification.lease_token.is_null() | (Notification.lease_until <= now),
            *([] if channel is None else [Notification.channel == channel]),
        )
        .execute()
    )


def cancel_stale(before: datetime, now: datetime, detail: str) -> int:
    """Cancel what was enqueued before this instant and has not gone out, leased or not, and return how many.

    What no one else would say instead stays where it is still so: a protected person's texts, that theirs did not go
    out, and notices, which do not escalate.
    """
    about = Notification.alert
    there = (Alert.level == Level.BREACH) & (Alert.certainty == Certainty.CONFIRMED) & ~Alert.is_over
    is_unanswered = (Alert.handling == Handling.OPEN) & (Alert.certainty != Certainty.WITHDRAWN)
    is_so = (
        (Notification.purpose == Purpose.VICTIM_ENDING)
        | ((Notification.purpose == Purpose.VICTIM_BREACH) & about.in_(Alert.select(Alert.id).where(there)))
        | ((Notification.purpose == Purpose.VICTIM_OVER) & about.in_(Alert.select(Alert.id).where(Alert.is_over)))
        | (
            Notification.purpose.in_([Purpose.VICTIM_NOT_WARNED, Purpose.NOTICE])
            & about.in_(Alert.select(Alert.id).where(is_unanswered))
        )
    )
    return (
        Notification.update(
            state=NotificationState.CANCELLED, settled_at=now, lease_token=None, lease_until=None, detail=detail
        )
        .where(Notification.state == NotificationState.PENDING, Notification.created_at < before, ~is_so)
        .execute()
    )


def release(victims: Collection[Victim], now: datetime) -> int:
    """Let the texts to these protected persons that were held be looked at now, and return how many."""
    changed: int = (
        Notification.update(due_at=now)
        .where(
            Notification.victim.in_([victim.id for victim in victims]),
            Notification.state == NotificationState.PENDING,
            Notification.detail == HELD,
        )
        .execute()
    )
    wakeups.announce()
    return changed
