"""Websocket hints: whose socket is open, and which notifications a hint has delivered."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from peewee import Case

from backend import channels, db
from backend.models import Alert, Notification, NotificationState, Socket
from backend.outbox.claims import PENDING

# A socket that its process has not confirmed for this long is taken for dead.
SOCKET_FRESH_S = 15.0
# A hint is taken within a second or, since its socket has closed, never.
UNTAKEN_S = 60.0
NO_SOCKET = "no open socket took it"


def connected(person_ids: Sequence[int], now: datetime) -> set[int]:
    """Return which of these people have an open socket that its process has confirmed lately."""
    return {row.person_id for row in with_sockets(person_ids, now)}


def with_sockets(person_ids: Sequence[int], now: datetime) -> Any:
    """Return the same as a query, to be asked with others."""
    since = now - timedelta(seconds=SOCKET_FRESH_S)
    return Socket.select(Socket.person).where(Socket.person.in_(person_ids), Socket.seen_at > since)


def hint_sent(alert_id: int, person_ids: Collection[int], now: datetime) -> None:
    """Mark the websocket notifications of these people as sent: the hint left for a socket of theirs.

    One that was cancelled meanwhile, because someone acknowledged first, was sent all the same; and so was one that
    the escalation policy had given up because the socket's process was slow.
    """
    first = (Alert.id == alert_id) & Alert.hinted_at.is_null()
    pending = Notification.state.in_([NotificationState.PENDING, NotificationState.FAILED])
    to_send = (
        (Notification.alert == alert_id)
        & Notification.person.in_(list(person_ids))
        & (Notification.channel.in_(channels.HINTS))
        & Notification.sent_at.is_null()
        & Notification.state.in_([NotificationState.PENDING, NotificationState.FAILED, NotificationState.CANCELLED])
    )
    # Asked first: most hints are about an alert that was told before, and a look needs no write lock.
    if not (Alert.select().where(first).exists() or Notification.select().where(to_send).exists()):
        return
    with db.atomic():
        Alert.update(hinted_at=now).where(first).execute()
        Notification.update(
            state=Case(None, ((pending, NotificationState.SENT),), Notification.state), sent_at=now, settled_at=now
        ).where(to_send).execute()


def give_up_hints(now: datetime) -> int:
    """Give up the hints that no socket took, and return how many: what waits for no one is read at each look."""
    untaken = (
        (Notification.state == PENDING)
        & (Notification.channel.in_(channels.HINTS))
        & (Notification.due_at <= now - timedelta(seconds=UNTAKEN_S))
    )
    # Asked first: a look needs no write lock.
    if not Notification.select().where(untaken).exists():
        return 0
    gone = Notification.update(state=NotificationState.FAILED, settled_at=now, detail=NO_SOCKET)
    return int(gone.where(untaken).execute())
