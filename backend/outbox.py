"""The only handoff from deciding to delivering: notifications are owed here, claimed with a lease, and settled."""

from __future__ import annotations

import logging
import secrets
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any

from peewee import JOIN, SQL, Case, fn

from backend import db, lifecycle, wakeups
from backend.models import (
    Alert,
    Attempt,
    Channel,
    Handling,
    Notification,
    NotificationState,
    Person,
    Purpose,
    Receipt,
    ReceiptKind,
    Socket,
    Victim,
)
from zones import Certainty, Level

log = logging.getLogger(__name__)


class Priority(IntEnum):
    """Which of many due notifications goes first; less is sooner."""

    NEW = 0
    ESCALATION = 1
    UPDATE = 2


# Spelt out and not bound, since the indexes of what waits and of calls are found by these very words.
PENDING = SQL(f"'{NotificationState.PENDING}'")
CALL = SQL(f"'{Channel.VOICE}'")

# Within one urgency the gravest goes first.
STEPS = 10

PRIORITY_OF = {
    Purpose.ALERT: Priority.NEW,
    Purpose.VICTIM_BREACH: Priority.NEW,
    Purpose.ESCALATION: Priority.ESCALATION,
    Purpose.WITHDRAWN: Priority.UPDATE,
    Purpose.ANSWERED: Priority.UPDATE,
    Purpose.VICTIM_NOT_WARNED: Priority.ESCALATION,
    Purpose.VICTIM_OVER: Priority.UPDATE,
    Purpose.REPLY_ACKNOWLEDGED: Priority.UPDATE,
    Purpose.REPLY_TAKEN: Priority.UPDATE,
    Purpose.REPLY_CANNOT: Priority.UPDATE,
    Purpose.REPLY_DETAILS: Priority.UPDATE,
    Purpose.VICTIM_ENDING: Priority.ESCALATION,
    Purpose.NOTICE: Priority.UPDATE,
    Purpose.CORRECTION: Priority.UPDATE,
}

# A socket that its process has not confirmed for this long is taken for dead.
SOCKET_FRESH_S = 15.0
# A call that has not ended by now is no longer waited for.
LONGEST_CALL_S = 90.0
# How far a state may be taken back by a late or repeated callback: not at all.
RANK = {
    NotificationState.PENDING: 0,
    NotificationState.SENT: 1,
    NotificationState.FAILED: 2,
    NotificationState.DELIVERED: 3,
    NotificationState.RECEIVED: 4,
    NotificationState.CANCELLED: 5,
}


def owe(
    alert: Alert, recipient: Person | Victim, channel: Channel, purpose: Purpose, now: datetime, *, rung: int = 0
) -> None:
    """Owe one message; owing the same one again changes nothing."""
    owe_all(alert, [(recipient, channel)], purpose, now, rung=rung)


def owe_all(
    alert: Alert,
    messages: Sequence[tuple[Person | Victim, Channel]],
    purpose: Purpose,
    now: datetime,
    *,
    rung: int = 0,
) -> None:
    """Owe each of these people one message on the channel beside them; owing the same one again changes nothing."""
    rows = [
        {
            "alert": alert.id,
            "person": None if isinstance(recipient, Victim) else recipient.id,
            "victim": recipient.id if isinstance(recipient, Victim) else None,
            "recipient_key": f"{'victim' if isinstance(recipient, Victim) else 'person'}:{recipient.id}",
            "channel": channel,
            "purpose": purpose,
            "episode": alert.episode,
            "rung": rung,
            "priority": _priority(alert, purpose, rung),
            "due_at": now,
            "state": NotificationState.PENDING,
            "attempts": 0,
            "created_at": now,
        }
        for recipient, channel in messages
    ]
    if rows:
        db.insert_rows(Notification, rows, ignore_known=True)
        wakeups.announce()


def _priority(alert: Alert, purpose: Purpose, rung: int) -> int:
    """Return the order of a message among all that are due: first words before later ones, the gravest first."""
    urgency = PRIORITY_OF[purpose]
    if purpose is Purpose.ALERT and rung > 0:
        urgency = Priority.ESCALATION
    return urgency * STEPS + STEPS - 1 - lifecycle.danger_held(alert.kind, alert.level, alert.certainty)


def cancel_pending(alert: Alert, now: datetime, purposes: Collection[Purpose], person: Person | None = None) -> int:
    """Cancel what has not gone out of these purposes, and return how many.

    One that a worker holds is on its way: it stays the worker's to settle, and whoever it reaches hears of what came
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


def cancel_stale(before: datetime, now: datetime, detail: str) -> int:
    """Cancel what was owed before this instant and has not gone out, whoever held it, and return how many.

    What nobody else would say instead stays where it is still so: a protected person's texts, that hers did not go
    out, and notices, which climb no ladder.
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


def claim_due(channels: Collection[Channel], now: datetime, lease_s: float, limit: int) -> list[Notification]:
    """Lease up to ``limit`` due notifications to the caller, first words, the gravest and the newest first.

    A lease that ran out may be claimed by anybody: its worker died between claim and send. Each claim has a
    fencing token of its own, and only its holder can settle it.
    """
    token = secrets.token_hex(8)
    with db.atomic():
        due = db.skip_locked(
            Notification.select(Notification.id, Notification.channel, Notification.recipient_key)
            .where(
                Notification.state == PENDING,
                Notification.due_at <= now,
                Notification.channel.in_(list(channels)),
                _is_free(now, lease_s),
                _has_no_call(now),
            )
            .order_by(Notification.priority, Notification.id.desc())
            .limit(limit)
        )
        ids = _one_call_each(due)
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


def _has_no_call(now: datetime) -> Any:
    """A call waits while another one to the same person may be ringing."""
    other = Notification.alias()
    live = other.select(other.recipient_key).where(
        other.channel == CALL,
        other.settled_at.between(now - timedelta(seconds=LONGEST_CALL_S), now + timedelta(seconds=LONGEST_CALL_S)),
        other.state == NotificationState.SENT,
    )
    # A lease farther ahead than any is one of a clock that jumped.
    leased = other.select(other.recipient_key).where(
        other.channel == CALL,
        other.state == PENDING,
        other.lease_until.between(now, now + timedelta(seconds=LONGEST_CALL_S)),
    )
    return (Notification.channel != Channel.VOICE) | (
        Notification.recipient_key.not_in(live) & Notification.recipient_key.not_in(leased)
    )


def _one_call_each(due: Iterable[Notification]) -> list[int]:
    """Return the ids to claim: of several calls to one person the first, which is the gravest."""
    ids: list[int] = []
    called: set[str] = set()
    for row in due:
        if row.channel == Channel.VOICE:
            if row.recipient_key in called:
                continue
            called.add(row.recipient_key)
        ids.append(row.id)
    return ids


def hold(notification_id: int) -> None:
    """Hold a notification until the unit of work ends; its attempts are changed only after it, here as everywhere."""
    db.lock_rows(Notification, [notification_id])


def fold_calls(notification: Notification, now: datetime) -> int:
    """Count the other calls that are due to the same person as made by this one, which names how many there are."""
    with db.atomic():
        others = [
            row.id
            for row in db.skip_locked(
                Notification.select(Notification.id).where(
                    Notification.channel == Channel.VOICE,
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
        db.insert_rows(
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
    """Nobody's, run out, or farther ahead than any lease: a clock that jumped must not hold a message."""
    held_until = Notification.lease_until
    return held_until.is_null() | (held_until <= now) | (held_until > now + timedelta(seconds=2 * lease_s))


def _claimed(ids: Collection[int], token: str) -> list[Notification]:
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
    return list(query)


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
        db.insert_rows(Attempt, rows)
    return attempts


def silent_attempts(now: datetime, after_s: float, for_s: float, again_s: float, limit: int) -> list[Attempt]:
    """Take up to ``limit`` attempts whose provider has said nothing final for ``after_s``, to be asked about.

    Each is taken by one worker, and not again for ``again_s``; after ``for_s`` nothing is expected any more.
    """
    with db.atomic():
        query = (
            Attempt.select(Attempt.id)
            .join(Notification)
            .where(
                Notification.channel.in_([Channel.SMS, Channel.VOICE]),
                Notification.state == NotificationState.SENT,
                Attempt.outcome == "sent",
                Attempt.provider_id.is_null(False),
                Attempt.started_at.between(now - timedelta(seconds=for_s), now - timedelta(seconds=after_s)),
                Attempt.polled_at.is_null() | (Attempt.polled_at < now - timedelta(seconds=again_s)),
            )
            .order_by(Attempt.started_at)
            .limit(limit)
        )
        ids = [row.id for row in query]
        if not ids:
            return []
        unasked = Attempt.polled_at.is_null() | (Attempt.polled_at < now - timedelta(seconds=again_s))
        changed = Attempt.update(polled_at=now).where(Attempt.id.in_(ids), unasked).returning(Attempt.id)
        taken = [row.id for row in changed.execute()]
        return list(Attempt.select(Attempt, Notification).join(Notification).where(Attempt.id.in_(taken)))


def finish_attempt(attempt: Attempt, outcome: str, detail: str, provider_id: str | None, now: datetime) -> None:
    """Record how the call ended. A callback may have come first: what it said of the state is left alone."""
    Attempt.update(outcome=outcome, detail=detail or None, provider_id=provider_id, finished_at=now).where(
        Attempt.id == attempt.id
    ).execute()


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
        db.update_rows(
            Attempt,
            [
                {"id": attempt.id, "outcome": "sent", "detail": None, "provider_id": provider_id, "finished_at": now}
                for _, attempt, provider_id in sent
            ],
        )


def retry(notification: Notification, due_at: datetime, detail: str, *, is_counted: bool = True) -> bool:
    """End the caller's lease and owe the message again at ``due_at``; a try that asked nobody is not counted."""
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


def next_due_at(channels: Collection[Channel]) -> datetime | None:
    """Return when the next pending notification can be claimed: when it falls due, or when its lease runs out."""
    at = (
        Notification.select(fn.MIN(fn.COALESCE(Notification.lease_until, Notification.due_at)))
        .where(Notification.state == PENDING, Notification.channel.in_(list(channels)))
        .scalar()
    )
    return Notification.due_at.python_value(at)


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


def record_receipt(
    person: Person,
    alert: Alert,
    kind: ReceiptKind,
    channel: Channel,
    now: datetime,
    *,
    episode: int | None = None,
) -> bool:
    """Keep a phone's proof and mark what was sent to this person on this channel; False when it was known.

    ``episode`` is that of the message which the phone speaks of: proof of an old one says nothing of a new one.
    """
    episode = alert.episode if episode is None else episode
    known = Receipt.select().where(
        Receipt.alert == alert,
        Receipt.person == person,
        Receipt.kind == kind,
        Receipt.channel == channel,
        Receipt.episode == episode,
    )
    # Asked first, since phones repeat themselves and a look needs no write lock.
    if known.exists():
        return False
    with db.atomic():
        is_new = (
            Receipt.insert(alert=alert, person=person, kind=kind, channel=channel, episode=episode, at=now)
            .on_conflict_ignore()
            .as_rowcount()
            .execute()
        )
        sent = (
            (Notification.alert == alert)
            & (Notification.person == person)
            & (Notification.channel == channel)
            & (Notification.episode == episode)
            & Notification.state.in_([NotificationState.SENT, NotificationState.DELIVERED])
        )
        Notification.update(delivered_at=now).where(sent, Notification.delivered_at.is_null()).execute()
        Notification.update(state=NotificationState.RECEIVED).where(sent).execute()
        return bool(is_new)


def episode_of(notification_id: int | None, person: Person, alert: Alert) -> int | None:
    """Return the episode of a notification of this person about this alert, or None for any other number."""
    row = Notification.get_or_none(
        Notification.id == notification_id, Notification.person == person, Notification.alert == alert
    )
    return row.episode if row else None


def has_receipt(alert: Alert, person: Person) -> bool:
    """Tell whether a phone of this person has said that it has the present episode of the alert."""
    return (
        Receipt.select()
        .where(Receipt.alert == alert, Receipt.person == person, Receipt.episode == alert.episode)
        .exists()
    )


def connected(person_ids: Sequence[int], now: datetime) -> set[int]:
    """Return which of these people have an open socket that its process has confirmed lately."""
    since = now - timedelta(seconds=SOCKET_FRESH_S)
    query = Socket.select(Socket.person).where(Socket.person.in_(person_ids), Socket.seen_at > since)
    return {row.person_id for row in query}


def hint_sent(alert_id: int, person_ids: Collection[int], now: datetime) -> None:
    """Mark the websocket notifications of these people as sent: the hint left for a socket of theirs.

    One that was cancelled meanwhile, because somebody answered first, was sent all the same; and so was one that
    the ladder had given up because the socket's process was slow.
    """
    first = (Alert.id == alert_id) & Alert.hinted_at.is_null()
    pending = Notification.state.in_([NotificationState.PENDING, NotificationState.FAILED])
    owed = (
        (Notification.alert == alert_id)
        & Notification.person.in_(list(person_ids))
        & (Notification.channel == Channel.WEBSOCKET)
        & Notification.sent_at.is_null()
        & Notification.state.in_([NotificationState.PENDING, NotificationState.FAILED, NotificationState.CANCELLED])
    )
    # Asked first: most hints are about an alert that was told before, and a look needs no write lock.
    if not (Alert.select().where(first).exists() or Notification.select().where(owed).exists()):
        return
    with db.atomic():
        Alert.update(hinted_at=now).where(first).execute()
        Notification.update(
            state=Case(None, ((pending, NotificationState.SENT),), Notification.state), sent_at=now, settled_at=now
        ).where(owed).execute()
