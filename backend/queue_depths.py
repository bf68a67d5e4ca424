"""Metrics: how long messages wait, and when each kind of process last reported."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import fn

from backend import channels, outbox
from backend.models import Notification, NotificationState


@dataclass(frozen=True, slots=True)
class Backlog:
    """The messages that are due and that no worker has: how many, and for how long the oldest has waited."""

    count: int
    oldest_s: float


def backlog(now: datetime) -> Backlog:
    """Return what waits for a worker; a hint waits for a socket, and a call for another one to end."""
    # A lease that ran out has waited since then: its worker is gone.
    free_at = fn.COALESCE(Notification.lease_until, Notification.due_at)
    waiting: Any = (
        Notification.select(fn.COUNT(Notification.id), fn.MIN(free_at))
        .where(
            Notification.state == NotificationState.PENDING,
            Notification.due_at <= now,
            Notification.channel.not_in(channels.HINTS),
            Notification.lease_until.is_null() | (Notification.lease_until <= now),
            outbox.has_no_call(now),
        )
        .tuples()
    )
    count, oldest = waiting.get()
    at = Notification.due_at.python_value(oldest)
    return Backlog(count, 0.0 if at is None else max(0.0, (now - at).total_seconds()))
