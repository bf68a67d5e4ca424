"""Protected people: how each consented to be reached, and their location, where they share it."""

from __future__ import annotations

from peewee import BigAutoField, BooleanField, CharField, DoubleField, ForeignKeyField, TextField

from backend.db import InstantField
from backend.models.staff import Person, Team
from backend.models.table import Table


class Victim(Table):
    """A protected person."""

    team = ForeignKeyField(Team, backref="victims")
    name = CharField()
    phone = CharField(null=True)
    # A child has no phone here: they are reached through an adult of the same case, or through no one.
    is_child = BooleanField(default=False)
    reached_through = ForeignKeyField("self", null=True)
    created_at = InstantField()


class Consent(Table):
    """A victim's recorded agreement to be reached on one channel in words they chose, until withdrawn."""

    victim = ForeignKeyField(Victim, backref="consents")
    channel = CharField()
    wording_breach = TextField()
    wording_over = TextField()
    wording_ending = TextField(null=True)
    # The answer to whatever they write; none where they agreed to none.
    wording_help = TextField(null=True)
    given_at = InstantField()
    recorded_by = ForeignKeyField(Person)
    withdrawn_at = InstantField(null=True)
    withdrawn_by = CharField(null=True)


class SafeCall(Table):
    """What a victim said of calls to one number: that they are safe, and what to heed; until withdrawn."""

    id = BigAutoField()
    victim = ForeignKeyField(Victim, backref="safe_calls")
    number = CharField()
    note = TextField()
    given_at = InstantField()
    recorded_by = ForeignKeyField(Person)
    withdrawn_at = InstantField(null=True)
    withdrawn_by = CharField(null=True)


class LocationConsent(Table):
    """A victim's recorded agreement that their phone says where they are, until withdrawn."""

    victim = ForeignKeyField(Victim, backref="location_consents")
    given_at = InstantField()
    recorded_by = ForeignKeyField(Person)
    withdrawn_at = InstantField(null=True)
    withdrawn_by = CharField(null=True)


class VictimPhone(Table):
    """A phone that may say where a victim is: paired once with a code that was read to them."""

    consent = ForeignKeyField(LocationConsent, backref="phones")
    code_hash = CharField(unique=True)
    code_expires_at = InstantField()
    token_hash = CharField(unique=True, null=True)
    paired_at = InstantField(null=True)
    created_at = InstantField()
    # When it was last seen to move: with the two positions that are kept, all that its interval comes from.
    moved_at = InstantField(null=True)


class VictimPosition(Table):
    """Where a victim's phone was: the newest two and no more, gone when they withdraw."""

    victim = ForeignKeyField(Victim, backref="positions")
    fix_time = InstantField()
    received_at = InstantField()
    lat = DoubleField()
    lon = DoubleField()
    accuracy_m = DoubleField(null=True)
    speed_mps = DoubleField(null=True)

    class Meta:
        indexes = ((("victim", "fix_time"), True),)
