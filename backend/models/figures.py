"""What supervisors' figures are counted from: the clock of each alert and of each call for an answer, kept ready.

These rows are derived. ``backend.figures.counting`` makes them anew from the alert, its audit trail and the record, and
they can be emptied at any time.
"""

from __future__ import annotations

from peewee import SQL, BigIntegerField, BooleanField, CharField, DoubleField, ForeignKeyField, IntegerField

from backend.db import InstantField
from backend.models.alerts import Alert
from backend.models.staff import Person, Team
from backend.models.table import Table
from backend.models.wearers import Wearer


class AlertFigures(Table):
    """One alert as figures count it. A span is null where it cannot be measured, and infinite where it has no end."""

    alert = ForeignKeyField(Alert, unique=True)
    wearer = ForeignKeyField(Wearer)
    # Which team answered for it when it was raised, and which one handled it.
    team = ForeignKeyField(Team)
    handled_by_team = ForeignKeyField(Team)
    officer = ForeignKeyField(Person, null=True)
    raised_at = InstantField()
    kind = CharField()
    handling = CharField()
    outcome_code = CharField(null=True)
    is_withdrawn = BooleanField()
    is_answered_in_full = BooleanField()
    # A message or a receipt may still come, of which the alert itself says nothing.
    is_waited_for = BooleanField()
    counted_at = InstantField()
    tag_lag_s = DoubleField(null=True)
    decide_s = DoubleField(null=True)
    send_s = DoubleField(null=True)
    deliver_s = DoubleField(null=True)
    outcome_s = DoubleField(null=True)
    police_s = DoubleField(null=True)

    class Meta:
        indexes = (
            # A period of all teams is read by it: which of them is a team's has three answers.
            (("raised_at",), False),
            (("team", "raised_at"), False),
            (("handled_by_team", "raised_at"), False),
            (("wearer", "raised_at"), False),
        )


WAITED_FOR = SQL("is_waited_for")
AlertFigures.add_index(AlertFigures.index(AlertFigures.raised_at, name="alert_figures_waited_for", where=WAITED_FOR))


class CallFigures(Table):
    """One call for an answer, with whom it counts for; ``answer_s`` is infinite where no answer came."""

    alert = ForeignKeyField(Alert)
    number = IntegerField()
    cause = CharField()
    is_rise = BooleanField()
    danger = IntegerField()
    at = InstantField()
    # London's.
    hour = IntegerField()
    weekday = IntegerField()
    officer = ForeignKeyField(Person, null=True)
    # By which channel the newest message came to the person who answered; empty where none did.
    channel = CharField()
    answer_s = DoubleField()
    total_s = DoubleField(null=True)

    class Meta:
        indexes = ((("alert", "number"), True),)


class FiguresState(Table):
    """How far the figures are: up to which change of alerts, and until when entries of the record were looked at."""

    cursor = BigIntegerField()
    entries_until = InstantField(null=True)
