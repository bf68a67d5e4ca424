"""The record of cases over time: facts, orders, zone versions, and what depends on them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, cast

from peewee import BigIntegerField, BooleanField, CharField, Check, ForeignKeyField, IntegerField, JSONField, TextField

from backend.db import InstantField
from backend.models.alerts import Alert
from backend.models.protected_people import Victim
from backend.models.span import SpanField
from backend.models.staff import Person, Team
from backend.models.table import Table
from backend.models.wearers import Activation, PlaceZone, Wearer
from backend.vocabulary import What

# What a fact can be of.
SUBJECTS = ("wearer", "order", "zone", "person", "team", "victim", "activation")


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


class Order(Table):
    """The licence or court order that zones come from; its dates are dated facts."""

    wearer = ForeignKeyField(Wearer, backref="orders")
    kind = CharField()
    reference = CharField()
    created_at = InstantField()
    created_by = ForeignKeyField(Person, null=True)


class Fact(Table):
    """One dated statement of the record: subject, what, value, from when until when, document, who. Never changed.

    It has exactly one subject; ``case`` is the wearer to whose case it belongs, so that a case is read at once.
    """

    what = CharField()
    of_wearer = ForeignKeyField(Wearer, null=True, backref="facts")
    of_order = ForeignKeyField(Order, null=True, backref="facts")
    of_zone = ForeignKeyField(PlaceZone, null=True, backref="facts")
    of_person = ForeignKeyField(Person, null=True, backref="facts")
    of_team = ForeignKeyField(Team, null=True, backref="facts")
    of_victim = ForeignKeyField(Victim, null=True, backref="facts")
    of_activation = ForeignKeyField(Activation, null=True, backref="facts")
    case = ForeignKeyField(Wearer, null=True, backref="facts_of_case")
    value = JSONField()
    during = SpanField()
    why = TextField()
    document = CharField()
    # The fact that never held, because of this one.
    replaces = ForeignKeyField("self", null=True, unique=True)
    # The same as what it replaces, said again so that a fact which begins before it does not hide it.
    is_restated = BooleanField(default=False)
    recorded_at = InstantField()
    recorded_by = ForeignKeyField(Person, null=True, backref="facts_recorded")

    class Meta:
        indexes = ((("what",), False),)
        constraints = (
            Check(f"num_nonnulls({', '.join(f'of_{kind}_id' for kind in SUBJECTS)}) = 1"),
            Check(f"what IN ({', '.join(repr(str(kind)) for kind in What)})"),
            Check("NOT isempty(during) AND NOT lower_inf(during) AND lower_inc(during) AND NOT upper_inc(during)"),
        )

    @property
    def subject(self) -> str:
        """What it is of, as ``wearer:7``."""
        return next(f"{kind}:{of_id}" for kind in SUBJECTS if (of_id := getattr(self, f"of_{kind}_id")) is not None)

    @property
    def from_at(self) -> datetime:
        return cast(datetime, self.during.from_at)

    @property
    def until(self) -> datetime | None:
        return cast("datetime | None", self.during.until)

    @classmethod
    def is_of(cls, subjects: Iterable[str]) -> Any:
        """Return the condition that a fact is of one of these subjects, each as ``wearer:7``."""
        ids: dict[str, list[int]] = {}
        for subject in subjects:
            kind, _, number = subject.partition(":")
            ids.setdefault(kind, []).append(int(number))
        of_each = [cls._meta.fields[f"of_{kind}"].in_(sorted(set(some))) for kind, some in sorted(ids.items())]
        return reduce(or_, of_each) if of_each else cls.id.is_null()


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
    item = CharField()
    detail = CharField()
    told_at = InstantField()
    # The notice that told of it, which is closed once all that it told of is there.
    alert = ForeignKeyField(Alert)

    class Meta:
        indexes = ((("wearer", "item", "detail"), True),)


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
