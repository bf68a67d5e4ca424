"""The record of cases over time: dated facts, orders, zone versions, and what depends on them."""

from __future__ import annotations

from peewee import BigIntegerField, BooleanField, CharField, ForeignKeyField, IntegerField, JSONField, TextField

from backend.db import InstantField
from backend.models.staff import Person
from backend.models.table import Table
from backend.models.wearers import Activation, PlaceZone, Wearer


class CheckedCaseload(Table):
    """The two files of a caseload that were found sound, until the person who checked them confirms; then nothing."""

    person = ForeignKeyField(Person, unique=True)
    table = TextField(column_name="rows")
    zones = TextField()
    cases = IntegerField()
    # How many rows are loaded by now, and what each has become; the rest is still to come.
    opened = IntegerField(default=0)
    done = JSONField(null=True)
    checked_at = InstantField(index=True)


class DatedEntry(Table):
    """Something that is true of a subject from an instant on, until the next entry; never changed, only corrected."""

    subject = CharField()
    what = CharField()
    # Whose case it belongs to, so that a case is read in one query.
    wearer = ForeignKeyField(Wearer, null=True, backref="entries")
    value = JSONField()
    from_at = InstantField()
    why = TextField()
    document = CharField()
    corrects = ForeignKeyField("self", null=True)
    recorded_at = InstantField()
    recorded_by = ForeignKeyField(Person, null=True)

    class Meta:
        indexes = ((("subject", "what"), False), (("what",), False))


class Order(Table):
    """The licence or court order that zones come from; its dates are dated facts."""

    wearer = ForeignKeyField(Wearer, backref="orders")
    kind = CharField()
    reference = CharField()
    created_at = InstantField()
    created_by = ForeignKeyField(Person, null=True)


class Condition(Table):
    """One condition of an order in the court's own words, from an instant on."""

    order = ForeignKeyField(Order, backref="conditions")
    number = CharField()
    wording = TextField()
    from_at = InstantField()
    why = TextField(default="")
    document = CharField(default="")
    corrects = ForeignKeyField("self", null=True)
    recorded_at = InstantField()
    recorded_by = ForeignKeyField(Person, null=True)


class ZoneVersion(Table):
    """What a zone's row stands for: the line of versions it belongs to, its order, and who recorded it and why."""

    zone = ForeignKeyField(PlaceZone, unique=True, backref="versions")
    # The number of the first zone of the line.
    line = BigIntegerField(index=True)
    order = ForeignKeyField(Order, null=True, backref="zone_versions")
    condition = ForeignKeyField(Condition, null=True)
    is_removed = BooleanField(default=False)
    is_provisional = BooleanField(default=False)
    why = TextField()
    document = CharField()
    corrects = ForeignKeyField(PlaceZone, null=True, backref="corrected_by")
    recorded_at = InstantField()
    recorded_by = ForeignKeyField(Person, null=True)


class ActivationCorrection(Table):
    """Says that an activation was recorded in error, and which one is right instead."""

    activation = ForeignKeyField(Activation, unique=True, backref="corrections")
    replaced_by = ForeignKeyField(Activation, null=True, backref="replaces")
    why = TextField()
    recorded_at = InstantField()
    recorded_by = ForeignKeyField(Person, null=True)


class CaseDue(Table):
    """What the schedule has due for a case: derived from the record, and made anew when the record changes."""

    what = CharField()
    subject = CharField()
    wearer = ForeignKeyField(Wearer, null=True)
    due_at = InstantField()
    done_at = InstantField(null=True)
    detail = JSONField(null=True)

    class Meta:
        indexes = ((("done_at", "due_at"), False),)


class ReportedItem(Table):
    """Something that is missing from a case and was told; gone as soon as it is missing no more."""

    wearer = ForeignKeyField(Wearer)
    gap = CharField()
    detail = CharField()
    told_at = InstantField()

    class Meta:
        indexes = ((("wearer", "gap", "detail"), True),)


class PendingReevaluation(Table):
    """A case whose stored fixes are to be judged again, because what is recorded of their time has changed."""

    wearer = ForeignKeyField(Wearer, unique=True)
    since = InstantField()
    # Another with each change of the record.
    mark = CharField()
    requested_at = InstantField(index=True)


class EmergencyOpening(Table):
    """A restricted case opened by someone who is not named on it, with the reason, and who reviewed that."""

    wearer = ForeignKeyField(Wearer, backref="openings")
    person = ForeignKeyField(Person)
    reason = TextField()
    opened_at = InstantField()
    until_at = InstantField()
    reviewed_by = ForeignKeyField(Person, null=True, backref="reviews")
    reviewed_at = InstantField(null=True)
    review_note = TextField(null=True)
