"""Attempts: each try to hand a notification to a provider, under its own id, from start to end."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from peewee import SQL

from backend import bulk_statements, channels, db
from backend.models import Attempt, Channel, Notification, NotificationState

# The outcome of a try whose provider gave no answer: it may have the message or not.
UNKNOWN = "unknown"

# Spelt out and not bound, since the index of what a provider may have to be asked about is found by these very words.
SENT = SQL(f"'{NotificationState.SENT}'")
TEXT_OR_CALL = tuple(SQL(f"'{channel}'") for channel in channels.TO_NUMBERS)


def begin_attempts(notifications: Sequence[Notification], providers: Mapping[str, str], now: datetime) -> list[Attempt]:
    """Record that a provider is about to be called for each, under an id of the attempt's own.

    ``providers`` names by channel who is called.
    """
    attempts = [
        Attempt(
            id=secrets.token_hex(16),
            notification=notification,
            started_at=now,
            provider=providers.get(notification.channel),
        )
        for notification in notifications
    ]
    rows = [
        {"id": row.id, "notification": row.notification_id, "started_at": now, "provider": row.provider}
        for row in attempts
    ]
    with db.atomic():
        bulk_statements.insert_rows(Attempt, rows)
    return attempts


def silent_attempts(now: datetime, after_s: float, for_s: float, again_s: float, limit: int) -> list[Attempt]:
    """Take up to ``limit`` attempts whose provider has said nothing final for ``after_s``, to be asked about.

    Each is taken by one worker, and not again for ``again_s``; after ``for_s`` nothing is expected any more.
    """
    unasked = Attempt.polled_at.is_null() | (Attempt.polled_at < now - timedelta(seconds=again_s))
    with db.atomic():
        query = (
            Attempt.select(Attempt.id)
            .join(Notification)
            .where(
                Notification.state == SENT,
                Notification.channel.in_(TEXT_OR_CALL),
                Notification.sent_at.between(now - timedelta(seconds=for_s), now - timedelta(seconds=after_s)),
                Attempt.outcome == "sent",
                Attempt.provider_id.is_null(False),
                unasked,
            )
            .order_by(Notification.sent_at)
            .limit(limit)
        )
        ids = [row.id for row in query]
        if not ids:
            return []
        changed = Attempt.update(polled_at=now).where(Attempt.id.in_(ids), unasked).returning(Attempt.id)
        taken = [row.id for row in changed.execute()]
        return list(Attempt.select(Attempt, Notification).join(Notification).where(Attempt.id.in_(taken)))


def outcome_before(attempt: Attempt, person_id: int, channel: Channel) -> str | None:
    """Return how the newest other try on this channel to the person ended, or None where there was none."""
    row = (
        Attempt.select(Attempt.outcome)
        .join(Notification)
        .where(
            Notification.person == person_id,
            Notification.channel == channel,
            Attempt.outcome.is_null(False),
            Attempt.id != attempt.id,
        )
        .order_by(Attempt.started_at.desc())
        .first()
    )
    return row.outcome if row else None


def finish_attempt(attempt: Attempt, outcome: str, detail: str, provider_id: str | None, now: datetime) -> None:
    """Record how the call ended. A callback may have come first: what it said of the state is left alone."""
    Attempt.update(outcome=outcome, detail=detail or None, provider_id=provider_id, finished_at=now).where(
        Attempt.id == attempt.id
    ).execute()
