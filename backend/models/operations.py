"""Cordon itself: the epoch of its database, its processes, alarms and outages, and the canary's walks."""

from __future__ import annotations

from peewee import BigIntegerField, CharField, ForeignKeyField, JSONField, TextField

from backend.db import InstantField
from backend.models.alerts import Alert
from backend.models.staff import Team
from backend.models.table import Table


class Epoch(Table):
    """The one row that names this life of the database: a restore from backup begins another one."""

    name = CharField()
    began_at = InstantField()
    # From a restore until a notifier has judged anew what is pending: nothing is sent meanwhile.
    held_at = InstantField(null=True)


class Heartbeat(Table):
    """When a process last said that it works; ``name`` is its kind, and its host and number where there are many."""

    name = CharField(unique=True)
    kind = CharField(index=True)
    at = InstantField()


class WriteProbe(Table):
    """The one row that is changed to see whether the database takes writes."""

    times = BigIntegerField()


class Alarm(Table):
    """Something wrong with Cordon itself or its ways to people, from when it was seen to when it was over."""

    kind = CharField()
    subject = CharField()
    team = ForeignKeyField(Team, null=True)
    detail = TextField()
    raised_at = InstantField()
    last_seen_at = InstantField()
    told_at = InstantField(null=True)
    ended_at = InstantField(null=True, index=True)
    end_told_at = InstantField(null=True)
    # Which watchdog is notifying people of it, and until when no other one does.
    notifying_by = CharField(null=True)
    notifying_until = InstantField(null=True)
    # Kind and subject while it stands, then nothing: one alarm of a kind and subject stands at a time.
    standing_key = CharField(null=True, unique=True)


class Outage(Table):
    """A time in which no process of a kind worked, and whom it left unprotected."""

    what = CharField()
    from_at = InstantField()
    to_at = InstantField()
    found_at = InstantField()
    # When what had waited was counted for the last time.
    settled_at = InstantField(null=True)
    wearer_ids = JSONField()
    alert_ids = JSONField()

    class Meta:
        indexes = ((("what", "from_at"), True),)


class CanaryWalk(Table):
    """One walk of the canary's tag into its test zone: how far it came along the chain, and when."""

    started_at = InstantField(index=True)
    # The last instant at which it passes.
    until_at = InstantField()
    # Set while it is under way, then null: one walk is under way at a time, whichever process runs it.
    under_way = CharField(null=True, unique=True)
    taken_at = InstantField(null=True)
    alert = ForeignKeyField(Alert, null=True)
    decided_at = InstantField(null=True)
    enqueued_at = InstantField(null=True)
    sent_at = InstantField(null=True)
    delivered_at = InstantField(null=True)
    ended_at = InstantField(null=True)
    result = CharField(null=True)
    # Where in the chain it was seen last, and what is known of why.
    step = CharField(null=True)
    detail = CharField(null=True)
