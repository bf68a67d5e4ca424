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
from backend.models.wearers import ProtectedPlace, Wearer


class FiguresWord(Table):
    """A kind, handling, outcome, cause or channel as figures store it: by a number, so that each row has one size."""

    word = CharField(unique=True)


class AlertFigures(Table):
    """One alert as figures count it. A span is null where it cannot be measured, and infinite where it has no end."""

    alert = ForeignKeyField(Alert, unique=True)
    # No keys of their own where an index below begins with the same column.
    wearer = ForeignKeyField(Wearer, index=False)
    place = ForeignKeyField(ProtectedPlace, null=True, index=False)
    # Which team answered for it when it was raised, and which one handled it.
    team = ForeignKeyField(Team, index=False)
    handled_by_team = ForeignKeyField(Team, index=False)
    officer = ForeignKeyField(Person, null=True, index=False)
    raised_at = InstantField()
    kind = ForeignKeyField(FiguresWord, index=False)
    handling = ForeignKeyField(FiguresWord, index=False)
    outcome = ForeignKeyField(FiguresWord, null=True, index=False)
    is_withdrawn = BooleanField()
    # Seen after the order alone: it is counted apart.
    is_after_order = BooleanField()
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
            # Which alerts of a wearer another team answered for.
            (("wearer", "team", "raised_at"), False),
            # Which alerts cover of an officer concerns.
            (("raised_at",), False),
        )


class CallFigures(Table):
    """One call for an answer, with whom it counts for; ``answer_s`` is infinite where no answer came."""

    alert = ForeignKeyField(Alert, index=False)
    number = IntegerField()
    # As the alert has them: the calls of a team and a period lie beside each other in the index.
    team = ForeignKeyField(Team, index=False)
    raised_at = InstantField()
    cause = ForeignKeyField(FiguresWord, index=False)
    is_rise = BooleanField()
    danger = IntegerField()
    at = InstantField()
    # London's.
    hour = IntegerField()
    weekday = IntegerField()
    officer = ForeignKeyField(Person, null=True, index=False)
    # By which channel the newest message came to the person who answered; an empty word where none did.
    channel = ForeignKeyField(FiguresWord, index=False)
    answer_s = DoubleField()
    total_s = DoubleField(null=True)

    class Meta:
        indexes = ((("alert", "number"), True),)


# All that a page reads of a row is in the index, where a team's rows of a period lie side by side: read from the table
# itself, they would be scattered among those of every other team.
AlertFigures.add_index(
    SQL(
        "CREATE INDEX alert_figures_of_team ON alert_figures (team_id, raised_at) INCLUDE (alert_id, wearer_id, "
        "place_id, officer_id, kind_id, handling_id, outcome_id, is_withdrawn, is_answered_in_full, tag_lag_s, "
        "decide_s, send_s, deliver_s, outcome_s, police_s)"
    )
)
CallFigures.add_index(
    SQL(
        "CREATE INDEX call_figures_of_team ON call_figures (team_id, raised_at) INCLUDE (alert_id, number, cause_id, "
        "is_rise, danger, at, hour, weekday, officer_id, channel_id, answer_s, total_s)"
    )
)
# The few that went along to another team with their case while they were open.
WENT_ALONG = SQL("handled_by_team_id <> team_id")
AlertFigures.add_index(
    AlertFigures.index(
        AlertFigures.handled_by_team, AlertFigures.raised_at, name="alert_figures_went_along", where=WENT_ALONG
    )
)
WAITED_FOR = SQL("is_waited_for")
AlertFigures.add_index(AlertFigures.index(AlertFigures.raised_at, name="alert_figures_waited_for", where=WAITED_FOR))


class FiguresState(Table):
    """How far the figures are: up to which change of alerts, and until when entries of the record were looked at."""

    cursor = BigIntegerField()
    entries_until = InstantField(null=True)
