"""Receipts: what a person's phone proves about the messages of an alert, and of which episode."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from backend import db
from backend.models import Alert, Channel, Notification, NotificationState, Person, Receipt, ReceiptKind
from backend.outbox.settle import GONE_OUT


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


def shown_to(person: Person, alert_ids: Collection[int]) -> dict[str, int]:
    """Return which alerts the messages about these have shown to this person, each at its greatest danger told."""
    if len(alert_ids) < 2:
        return {}
    sent = Notification.select(Notification.shown).where(
        Notification.alert.in_(list(alert_ids)), Notification.person == person, Notification.state.in_(list(GONE_OUT))
    )
    shown: dict[str, int] = {}
    for row in sent:
        for key, danger in row.shown.items():
            shown[key] = max(danger, shown.get(key, 0))
    return shown


def has_receipt(alert: Alert, person: Person) -> bool:
    """Tell whether a phone of this person has said that it has the present episode of the alert."""
    return (alert.id, person.id) in receipts_of([alert])


def receipts_of(alerts: Collection[Alert]) -> set[tuple[int, int]]:
    """Return alert and person wherever a phone has said that it has the present episode of one of these alerts."""
    episodes = {alert.id: alert.episode for alert in alerts}
    if not episodes:
        return set()
    query = Receipt.select(Receipt.alert, Receipt.person, Receipt.episode).where(Receipt.alert.in_(list(episodes)))
    return {(row.alert_id, row.person_id) for row in query if row.episode == episodes[row.alert_id]}
