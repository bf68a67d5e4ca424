"""Delivery state of notifications: settled by the worker that holds the lease, raised by providers, never lowered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from peewee import Case

from backend import bulk_statements, db
from backend.models import Attempt, Notification, NotificationState

# How far a state may be taken back by a late or repeated callback: not at all.
RANK = {
    NotificationState.PENDING: 0,
    NotificationState.SENT: 1,
    NotificationState.FAILED: 2,
    NotificationState.DELIVERED: 3,
    NotificationState.RECEIVED: 4,
    NotificationState.CANCELLED: 5,
}
GONE_OUT = (NotificationState.SENT, NotificationState.DELIVERED, NotificationState.RECEIVED)


def hold(notification_id: int) -> None:
    """Hold a notification until the unit of work ends; its attempts are changed only after it, here as everywhere."""
    db.lock_rows(Notification, [notification_id])


def settle(
    notification: Notification,
    state: NotificationState,
    now: datetime,
    detail: str = "",
    sent_at: datetime | None = None,
) -> bool:
    """End the caller's lease with a final word; False when another worker holds it, or it was cancelled.

    A callback may have come before the provider's own answer: the later state that it told stays.
    """
    pending = Notification.state == NotificationState.PENDING
    changed = (
        Notification.update(
            state=Case(None, ((pending, state),), Notification.state),
            settled_at=now,
            sent_at=sent_at,
            lease_token=None,
            lease_until=None,
            detail=detail[:255] or None,
        )
        .where(Notification.id == notification.id, Notification.lease_token == notification.lease_token)
        .execute()
    )
    return bool(changed)


def settle_sent(sent: Sequence[tuple[Notification, Attempt, str | None]], now: datetime) -> None:
    """Settle many that their providers took, each with the provider's own id, in one unit of work.

    As with ``settle`` only the holder of a lease can, and a later state that a callback has told stays.
    """
    leases: dict[tuple[str | None, datetime], list[int]] = defaultdict(list)
    for notification, attempt, _ in sent:
        # Sent is when the request left: the phone may have the message before the provider has answered.
        leases[notification.lease_token, attempt.started_at].append(notification.id)
    pending = Notification.state == NotificationState.PENDING
    with db.atomic():
        db.lock_rows(Notification, [notification.id for notification, _, _ in sent])
        for (token, started_at), ids in leases.items():
            Notification.update(
                state=Case(None, ((pending, NotificationState.SENT),), Notification.state),
                settled_at=now,
                sent_at=started_at,
                lease_token=None,
                lease_until=None,
                detail=None,
            ).where(Notification.id.in_(ids), Notification.lease_token == token).execute()
        bulk_statements.update_rows(
            Attempt,
            [
                {"id": attempt.id, "outcome": "sent", "detail": None, "provider_id": provider_id, "finished_at": now}
                for _, attempt, provider_id in sent
            ],
        )


def retry(notification: Notification, due_at: datetime, detail: str, *, is_counted: bool = True) -> bool:
    """End the caller's lease and enqueue the message again at ``due_at``; a try that asked no one is not counted."""
    attempts = Notification.attempts if is_counted else Notification.attempts - 1
    changed = (
        Notification.update(
            due_at=due_at, lease_token=None, lease_until=None, detail=detail[:255] or None, attempts=attempts
        )
        .where(
            Notification.id == notification.id,
            Notification.lease_token == notification.lease_token,
            Notification.state == NotificationState.PENDING,
        )
        .execute()
    )
    return bool(changed)


def raise_state(notification_id: int, state: NotificationState, now: datetime, detail: str = "") -> bool:
    """Take a later word of a provider into account; an earlier or repeated one changes nothing."""
    lower = [known for known, rank in RANK.items() if rank < RANK[state]]
    values: dict[str, object] = {"state": state, "detail": detail[:255] or None}
    if state is NotificationState.DELIVERED:
        values["delivered_at"] = now
    changed = (
        Notification.update(**values).where(Notification.id == notification_id, Notification.state.in_(lower)).execute()
    )
    return bool(changed)
