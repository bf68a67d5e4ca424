"""Notifications, the attempts to deliver them, and the receipts of phones and providers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from peewee import SQL, BooleanField, CharField, ForeignKeyField, IntegerField, JSONField, TextField

from backend import channels
from backend.db import InstantField
from backend.models.alerts import Alert
from backend.models.protected_people import Victim
from backend.models.staff import Person
from backend.models.table import Table
from backend.vocabulary import Channel, NotificationState


def _quoted(some: Iterable[Channel]) -> str:
    return ", ".join(f"'{channel}'" for channel in some)


class ShownField(JSONField):
    """The alerts that a message shows, each with its danger, by id; what is stored in another form shows none."""

    def python_value(self, value: Any) -> dict[str, int]:
        read = super().python_value(value)
        if not isinstance(read, dict):
            return {}
        return {str(key): danger for key, danger in read.items() if isinstance(danger, int)}


class Notification(Table):
    """One message due to one person on one channel for one step of an alert's escalation policy."""

    alert = ForeignKeyField(Alert, backref="notifications")
    person = ForeignKeyField(Person, null=True, backref="notifications")
    victim = ForeignKeyField(Victim, null=True, backref="notifications")
    channel = CharField()
    purpose = CharField()
    recipient_key = CharField()
    episode = IntegerField()
    step = IntegerField()
    priority = IntegerField()
    # The alerts that it speaks of, each with the danger that it had: what an answer to it covers.
    shown = ShownField(default=dict, constraints=[SQL("DEFAULT '{}'")])
    # The policy had been run to its end before: such messages are bounded for each person.
    is_repeat = BooleanField(default=False, constraints=[SQL("DEFAULT false")])
    due_at = InstantField()
    state = CharField(default=NotificationState.PENDING)
    attempts = IntegerField(default=0)
    lease_token = CharField(null=True)
    lease_until = InstantField(null=True)
    created_at = InstantField()
    sent_at = InstantField(null=True)
    delivered_at = InstantField(null=True)
    settled_at = InstantField(null=True)
    detail = CharField(null=True)

    class Meta:
        indexes = (
            (("alert", "recipient_key", "channel", "purpose", "episode", "step"), True),
            (("state", "due_at"), False),
            (("channel", "state"), False),
        )


# Few of all messages wait, are out unheard of, or are calls. A query by these indexes has to spell the
# conditions out: a bound parameter hides them.
Notification.add_index(
    Notification.index(
        Notification.channel,
        Notification.priority,
        Notification.id.desc(),
        name="notification_pending",
        where=SQL("state = 'pending'"),
    )
)
Notification.add_index(
    Notification.index(
        Notification.sent_at,
        name="notification_silent",
        where=SQL(f"state = 'sent' AND channel IN ({_quoted(channels.TO_NUMBERS)})"),
    )
)
Notification.add_index(
    Notification.index(
        Notification.settled_at, name="notification_calls", where=SQL(f"channel IN ({_quoted(channels.CALLS)})")
    )
)


Notification.add_index(
    Notification.index(
        Notification.person, Notification.created_at, name="notification_repeated", where=SQL("is_repeat")
    )
)


class Attempt(Table):
    """One try to hand a notification to a provider."""

    id = CharField(primary_key=True)
    notification = ForeignKeyField(Notification, backref="tries")
    started_at = InstantField(index=True)
    finished_at = InstantField(null=True)
    outcome = CharField(null=True)
    provider_id = CharField(null=True, index=True)
    provider_state = CharField(null=True)
    # Which account or project was asked, and when it was last asked what became of the message.
    provider = CharField(null=True)
    polled_at = InstantField(null=True)
    detail = TextField(null=True)


class Receipt(Table):
    """What a person's phone says it did with an alert."""

    alert = ForeignKeyField(Alert, backref="receipts")
    person = ForeignKeyField(Person, backref="receipts")
    kind = CharField()
    channel = CharField()
    episode = IntegerField()
    at = InstantField()

    class Meta:
        indexes = ((("alert", "person", "kind", "channel", "episode"), True),)


class ProviderEvent(Table):
    """A callback or an incoming message of a provider, stored as it came before anything is made of it."""

    provider = CharField()
    token = CharField(unique=True)
    kind = CharField()
    body = JSONField()
    received_at = InstantField(index=True)
    made_of_it = CharField(null=True)
