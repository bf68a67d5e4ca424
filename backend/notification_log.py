"""The notifications of an alert: recipient, channel and delivery state, read from the outbox, never a phone number."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from peewee import JOIN

from backend.models import Alert, Notification, NotificationState, Person, Receipt, ReceiptKind, Victim

MOST = 300
# The protected person is no member of staff: on pages they are named with this beside it.
PROTECTED = "protected person"
SHOWN = (ReceiptKind.DISPLAYED, ReceiptKind.OPENED)


@dataclass(frozen=True, slots=True)
class Told:
    """One message about an alert: to whom, on which channel, and when it was sent, delivered and displayed."""

    name: str
    role: str
    channel: str
    purpose: str
    state: str
    due_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    displayed_at: datetime | None
    # Sent, or due, once a person had acknowledged for the first time.
    is_after_acknowledgement: bool


def told_of(alert: Alert) -> list[Told]:
    """Return the newest ``MOST`` messages about the alert, oldest first; what was called off unsent is left out."""
    rows = (
        Notification.select(Notification, Person, Victim)
        .join(Person, JOIN.LEFT_OUTER)
        .switch(Notification)
        .join(Victim, JOIN.LEFT_OUTER)
        .where(
            Notification.alert == alert,
            (Notification.state != NotificationState.CANCELLED) | Notification.sent_at.is_null(False),
        )
        .order_by(Notification.id.desc())
        .limit(MOST)
    )
    displayed: dict[tuple[int, str, int], list[datetime]] = defaultdict(list)
    for receipt in Receipt.select().where(Receipt.alert == alert, Receipt.kind.in_(SHOWN)):
        displayed[receipt.person_id, receipt.channel, receipt.episode].append(receipt.at)
    answered_at = alert.first_acknowledged_at
    found = []
    for row in rows:
        person: Person | None = row.person
        shown_at = displayed.get((row.person_id, row.channel, row.episode)) if person else None
        at = row.sent_at or row.due_at
        found.append(
            Told(
                name=person.name if person else row.victim.name if row.victim else "",
                role=person.role if person else PROTECTED,
                channel=row.channel,
                purpose=row.purpose,
                state=row.state,
                due_at=row.due_at,
                sent_at=row.sent_at,
                delivered_at=row.delivered_at,
                displayed_at=min(shown_at) if shown_at else None,
                is_after_acknowledgement=answered_at is not None and at >= answered_at,
            )
        )
    return sorted(found, key=lambda one: one.sent_at or one.due_at)
