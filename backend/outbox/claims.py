"""Claims due notifications with a lease, for one worker at a time; one call to a person at once."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from peewee import JOIN, SQL, fn

from backend import bulk_statements, channels, db
from backend.models import Alert, Attempt, Channel, Notification, NotificationState, Person, Purpose, Victim

log = logging.getLogger(__name__)

# Spelt out and not bound, since the indexes of what waits and of calls are found by these very words.
PENDING = SQL(f"'{NotificationState.PENDING}'")
CALLS = tuple(SQL(f"'{channel}'") for channel in channels.CALLS)
# A call that has not ended by now is no longer waited for.
LONGEST_CALL_S = 90.0


def claim_due(channel: Channel, now: datetime, lease_s: float, limit: int) -> list[Notification]:
    """Lease up to ``limit`` due notifications of a channel: first words, the gravest and the newest first.

    A lease that ran out may be claimed by anyone: its worker died between claim and send. Each claim has a
    fencing token of its own, and only its holder can settle it.
    """
    token = secrets.token_hex(8)
    with db.atomic():
        due = db.skip_locked(
            Notification.select(Notification.id, Notification.recipient_key)
            .where(
                Notification.state == PENDING,
                Notification.due_at <= now,
                Notification.channel == channel,
                _is_free(now, lease_s),
                *([has_no_call(now)] if channels.is_call(channel) else []),
            )
            .order_by(Notification.priority, Notification.id.desc())
            .limit(limit)
        )
        ids = _one_call_each(due) if channels.is_call(channel) else [row.id for row in due]
        if not ids:
            return []
        Notification.update(
            lease_token=token,
            lease_until=now + timedelta(seconds=lease_s),
            attempts=Notification.attempts + 1,
        ).where(
            Notification.id.in_(ids),
            Notification.state == NotificationState.PENDING,
            _is_free(now, lease_s),
        ).execute()
        try:
            return _claimed(ids, token)
        except ValueError:
            log.exception("a group of notifications cannot be read: each is tried alone")
        readable: list[Notification] = []
        for notification_id in ids:
            try:
                readable += _claimed([notification_id], token)
            except ValueError:
                log.exception("notification %s cannot be read and is given up", notification_id)
                Notification.update(state=NotificationState.FAILED, lease_token=None, detail="cannot be read").where(
                    Notification.id == notification_id
                ).execute()
        return readable


def channels_due(now: datetime) -> set[Channel]:
    """Return the channels that have anything due, leased or not: one query and no lock if there is nothing."""
    query = Notification.select(Notification.channel).where(Notification.state == PENDING, Notification.due_at <= now)
    return {Channel(row.channel) for row in query.distinct() if row.channel in set(Channel)}


def has_no_call(now: datetime) -> Any:
    """Return the condition of what may go now: a call waits while another one to the same person may be ringing."""
    other = Notification.alias()
    live = other.select(other.recipient_key).where(
        other.channel.in_(CALLS),
        other.settled_at.between(now - timedelta(seconds=LONGEST_CALL_S), now + timedelta(seconds=LONGEST_CALL_S)),
        other.state == NotificationState.SENT,
    )
    # A lease farther ahead than any is one of a clock that jumped.
    leased = other.select(other.recipient_key).where(
        other.channel.in_(CALLS),
        other.state == PENDING,
        other.lease_until.between(now, now + timedelta(seconds=LONGEST_CALL_S)),
    )
    return Notification.channel.not_in(channels.CALLS) | (
        Notification.recipient_key.not_in(live) & Notification.recipient_key.not_in(leased)
    )


def _one_call_each(due: Iterable[Notification]) -> list[int]:
    """Return the ids to claim: of several calls to one person the first, which is the gravest."""
    first: dict[str, int] = {}
    for row in due:
        first.setdefault(row.recipient_key, row.id)
    return list(first.values())


def fold_calls(notification: Notification, now: datetime) -> int:
    """Count the other calls that are due to the same person as made by this one, which names how many there are."""
    with db.atomic():
        others = [
            row.id
            for row in db.skip_locked(
                Notification.select(Notification.id).where(
                    Notification.channel.in_(channels.CALLS),
                    Notification.state == NotificationState.PENDING,
                    Notification.recipient_key == notification.recipient_key,
                    Notification.due_at <= now,
                    Notification.lease_token.is_null(),
                    Notification.id != notification.id,
                )
            )
        ]
        told = f"told by the call of notification {notification.id}"
        Notification.update(state=NotificationState.CANCELLED, settled_at=now, detail=told).where(
            Notification.id.in_(others)
        ).execute()
        bulk_statements.insert_rows(
            Attempt,
            [
                {
                    "id": secrets.token_hex(16),
                    "notification": other_id,
                    "started_at": now,
                    "finished_at": now,
                    "outcome": "folded",
                    "detail": told,
                }
                for other_id in others
            ],
        )
    return len(others)


def _is_free(now: datetime, lease_s: float) -> Any:
    """No one's, run out, or farther ahead than any lease: a clock that jumped must not hold a message."""
    held_until = Notification.lease_until
    return held_until.is_null() | (held_until <= now) | (held_until > now + timedelta(seconds=2 * lease_s))


def _claimed(ids: Collection[int], token: str) -> list[Notification]:
    """Return what was claimed, in the order in which it goes. Raises: ValueError where a row of it cannot be read."""
    query = (
        Notification.select(Notification, Alert, Person, Victim)
        .join(Alert)
        .switch(Notification)
        .join(Person, JOIN.LEFT_OUTER)
        .switch(Notification)
        .join(Victim, JOIN.LEFT_OUTER)
        .where(Notification.id.in_(list(ids)), Notification.lease_token == token)
        .order_by(Notification.priority, Notification.id.desc())
    )
    claimed = list(query)
    for row in claimed:
        # What it says is written by its purpose.
        Purpose(row.purpose)
    return claimed


def next_due_at(channels: Collection[Channel]) -> datetime | None:
    """Return when the next pending notification can be claimed: when it falls due, or when its lease runs out."""
    at = (
        Notification.select(fn.MIN(fn.COALESCE(Notification.lease_until, Notification.due_at)))
        .where(Notification.state == PENDING, Notification.channel.in_(list(channels)))
        .scalar()
    )
    return Notification.due_at.python_value(at)
