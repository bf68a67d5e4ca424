"""Phone numbers: those declared to be wearers', and the verification of all others."""

from __future__ import annotations

from peewee import CharField, ForeignKeyField, IntegerField

from backend.db import InstantField
from backend.models.protected_people import Victim
from backend.models.staff import Person
from backend.models.table import Table
from backend.models.wearers import Wearer


class WearerNumber(Table):
    """A phone number that one person declared to be a wearer's, until taken back: nothing about them goes there."""

    wearer = ForeignKeyField(Wearer, backref="numbers")
    number = CharField(index=True)
    recorded_by = ForeignKeyField(Person)
    recorded_at = InstantField()
    # A second person has checked it.
    confirmed_by = ForeignKeyField(Person, null=True)
    confirmed_at = InstantField(null=True)
    ended_by = ForeignKeyField(Person, null=True)
    ended_at = InstantField(null=True)


class Verification(Table):
    """A code that was asked for to prove whose a number is, how it was sent, and whether it came back.

    The code itself is nowhere: it follows from ``salt``, the number and the secret key.
    """

    person = ForeignKeyField(Person, null=True, backref="number_proofs")
    victim = ForeignKeyField(Victim, null=True, backref="number_proofs")
    number = CharField(index=True)
    channel = CharField()
    salt = CharField(null=True)
    asked_at = InstantField()
    asked_by = ForeignKeyField(Person, null=True)
    tries = IntegerField(default=0)
    # Its way out: when it is next to be sent, None once it was or never will be.
    due_at = InstantField(null=True, index=True)
    attempts = IntegerField(default=0)
    lease_token = CharField(null=True)
    lease_until = InstantField(null=True)
    sent_at = InstantField(null=True)
    failed_because = CharField(null=True)
    proved_at = InstantField(null=True)
    how = CharField(null=True)
    voided_at = InstantField(null=True)
    voided_because = CharField(null=True)
