"""Staff: teams, people, shifts, escalation policies, sessions, phones and sockets."""

from __future__ import annotations

from peewee import (
    SQL,
    BigAutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    ForeignKeyField,
    IntegerField,
    JSONField,
    TextField,
    fn,
)

from backend.db import InstantField
from backend.models.table import Table


class Team(Table):
    """A probation delivery unit: who may see a wearer."""

    name = CharField(unique=True)
    # Within how many seconds each rise of danger should be answered: a target, by which figures are read.
    answer_within_s = IntegerField(default=180)
    # When a supervisor last changed it; who did is in the audit trail.
    answer_within_set_at = InstantField(null=True)
    created_at = InstantField()


class Person(Table):
    """A member of staff."""

    team = ForeignKeyField(Team, backref="people")
    role = CharField()
    name = CharField()
    email = CharField(unique=True)
    password_hash = CharField()
    phone = CharField(null=True)
    is_active = BooleanField(default=True)
    # No person: the account whose phone shows that the whole chain works. It is notified of canary alerts and of no
    # others.
    is_canary = BooleanField(default=False)
    created_at = InstantField()


# Its capitals and the space around it say nothing: backend.case_folding compares so.
Person.add_index(Person.index(fn.LOWER(fn.TRIM(Person.email)), unique=True, name="person_one_email"))


class RouteDown(Table):
    """A way to a person that will take nothing more: an opted-out, wrong or landline number."""

    person = ForeignKeyField(Person, backref="routes_down")
    channel = CharField()
    because = CharField()
    down_at = InstantField()
    up_at = InstantField(null=True)


class Shift(Table):
    """When a person is on duty for their team."""

    team = ForeignKeyField(Team, backref="shifts")
    person = ForeignKeyField(Person, backref="shifts")
    from_at = InstantField()
    to_at = InstantField()
    entered_by = ForeignKeyField(Person, null=True)
    created_at = InstantField()
    # When Firebase was asked, before it began, whether it still knows the person's phones.
    phones_checked_at = InstantField(null=True)

    class Meta:
        indexes = ((("team", "from_at"), False),)


class EscalationPolicy(Table):
    """A team's own escalation policy for one kind of alert or for all, from an instant on; the newest one counts."""

    team = ForeignKeyField(Team, backref="escalation_policies")
    kind = CharField(null=True)
    content = JSONField()
    # Who is notified last and again and again: a person, or a desk that has an account and a fixed line.
    duty_person = ForeignKeyField(Person, null=True, backref="duties")
    from_at = InstantField()
    set_by = ForeignKeyField(Person, null=True)


class PoliceRoom(Table):
    """The police control room that a team calls; the newest one counts."""

    id = BigAutoField()
    team = ForeignKeyField(Team, backref="police_rooms")
    name = CharField()
    number = CharField()
    set_by = ForeignKeyField(Person)
    set_at = InstantField()


class Session(Table):
    """One sign-in of one person on one phone or browser, until it ends."""

    person = ForeignKeyField(Person, backref="sessions")
    # Of the secret that every refresh token of this session holds.
    refresh_hash = CharField(unique=True)
    # How often its refresh tokens were exchanged; only tokens of this generation are good.
    generation = BigIntegerField(default=0)
    refreshed_at = InstantField(null=True)
    created_at = InstantField()
    expires_at = InstantField()
    ended_at = InstantField(null=True)


class PasswordLink(Table):
    """A link by which a person sets their own password: good once and until it expires; its digest alone is kept."""

    id = BigAutoField()
    person = ForeignKeyField(Person, backref="password_links")
    digest = CharField(unique=True)
    # Of a person who is new and has no password yet.
    is_first = BooleanField()
    made_at = InstantField()
    # None: by a command on the host.
    made_by = ForeignKeyField(Person, null=True, backref="+")
    expires_at = InstantField()
    used_at = InstantField(null=True)
    voided_at = InstantField(null=True)


class Device(Table):
    """A phone that takes pushes for a person."""

    person = ForeignKeyField(Person, backref="devices")
    # Of several rows with the same token one is live; the others are of those who had the phone before.
    token = TextField(index=True)
    platform = CharField()
    keys = JSONField(null=True)
    created_at = InstantField()
    ended_at = InstantField(null=True)
    ended_because = CharField(null=True)
    # The sign-in that speaks for the phone; not known of those from before it was kept.
    session = ForeignKeyField(Session, null=True)


Device.add_index(Device.index(Device.token, unique=True, name="device_live_token", where=SQL("ended_at IS NULL")))


class Socket(Table):
    """One open Socket.IO connection, kept fresh by the process that holds it: who can be reached by websocket."""

    person = ForeignKeyField(Person, backref="sockets")
    session = ForeignKeyField(Session)
    sid = CharField(unique=True)
    seen_at = InstantField()
