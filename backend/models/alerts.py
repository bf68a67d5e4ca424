"""Alerts with their history and notes, the counter that numbers their changes, and what the police get of them."""

from __future__ import annotations

from typing import Any

from peewee import (
    SQL,
    BigIntegerField,
    BooleanField,
    CharField,
    DoubleField,
    ForeignKeyField,
    IntegerField,
    JSONField,
    TextField,
)

from backend.db import InstantField
from backend.models.protected_people import Victim
from backend.models.staff import Person, Team
from backend.models.table import Table
from backend.models.wearers import PlaceZone, ProtectedPlace, Tag, Wearer
from backend.vocabulary import Handling


class SentencesField(JSONField):
    """A list of sentences; what is stored in another form holds none, and one more can be added to it."""

    def python_value(self, value: Any) -> list[str]:
        read = super().python_value(value)
        return [str(one) for one in read] if isinstance(read, list) else []


class Escalation(Table):
    """The climb of one escalation policy for a group of alerts of one wearer: who is asked next, and when.

    One row for each wearer and group, used again for the next climb; ``next_at`` is empty where no person is
    waited for.
    """

    wearer = ForeignKeyField(Wearer)
    # Which alerts belong together: those about places, those found late, or one alert alone.
    about = CharField()
    # The alert that its newest messages speak of first. No foreign key, since alerts refer to this table.
    lead_id = BigIntegerField(null=True)
    started_at = InstantField()
    # How many steps of the policy were taken since then.
    step = IntegerField(default=0)
    next_at = InstantField(null=True, index=True)
    # The alerts are notified anew from the first step, as soon as the notifier holds them.
    is_anew = BooleanField(default=False)
    # How often it was repeated since all of it is over.
    repeats = IntegerField(default=0)
    # Who took it a moment ago is asked alone until this instant.
    reserved_for = ForeignKeyField(Person, null=True)
    reserved_until = InstantField(null=True)
    # The policy as it was when the climb began; None is the default one.
    policy = JSONField(null=True)
    duty_person = ForeignKeyField(Person, null=True)

    class Meta:
        indexes = ((("wearer", "about"), True),)
        only_save_dirty = True


class Alert(Table):
    """One ongoing situation of one wearer, mostly at one place, and what people do about it."""

    code = CharField(unique=True)
    kind = CharField()
    wearer = ForeignKeyField(Wearer, backref="alerts")
    team = ForeignKeyField(Team, backref="alerts")
    # What a tag says of itself is about no place.
    place = ForeignKeyField(ProtectedPlace, null=True, backref="alerts")
    zone = ForeignKeyField(PlaceZone, null=True)
    # Which event of which tag it is about (backend.tag_events).
    event = CharField(null=True)
    tag = ForeignKeyField(Tag, null=True)
    # Which protected person wrote.
    victim = ForeignKeyField(Victim, null=True)
    # The situation.
    level = IntegerField()
    certainty = CharField()
    peak_danger = IntegerField()
    is_over = BooleanField(default=False)
    is_late = BooleanField(default=False)
    # All that was seen of it was seen in the grace of protection after the order: no evidence of a breach.
    is_after_order = BooleanField(default=False)
    over_at = InstantField(null=True)
    # When it was over before the wearer came back: should that return not be so, what came before it still is.
    over_before_at = InstantField(null=True)
    # Only fixes of the past say that it is over: the protected person reads so when one of now does.
    needs_all_clear = BooleanField(default=False)
    reasons = SentencesField()
    distance_m = DoubleField(null=True)
    closing_mps = DoubleField(null=True)
    time_to_edge_s = DoubleField(null=True)
    probability_inside = DoubleField(null=True)
    could_be_inside = BooleanField(default=False)
    is_pass_through = BooleanField(default=False)
    # From the first fix of its gravest level to the last, and the least distance to the edge meanwhile.
    worst_from = InstantField(null=True)
    worst_until = InstantField(null=True)
    worst_m = DoubleField(null=True)
    # Whether a fix showed that it is over; False where what is in force changed, and no one knows where the wearer is.
    is_over_by_fix = BooleanField(null=True)
    # Of a silent tag: from when on its wearer may be at the first of the protected places.
    possible_from = InstantField(null=True)
    # At a moving place: who came nearer to whom when danger last rose.
    mover = CharField(null=True)
    # The clock of the fix that raised it.
    fix_time = InstantField()
    received_at = InstantField()
    decided_at = InstantField()
    last_fix_time = InstantField()
    # The newest fix on the forbidden side of which the alert tells.
    breached_at = InstantField(null=True)
    raised_at = InstantField()
    # When the first hint left for any socket of any recipient.
    hinted_at = InstantField(null=True)
    # The handling.
    handling = CharField(default=Handling.OPEN)
    acknowledged_by = ForeignKeyField(Person, null=True, backref="acknowledged")
    acknowledged_at = InstantField(null=True)
    acknowledged_danger = IntegerField(default=0)
    # The fix at which danger fell below what people know of: a return soon after is no news.
    fell_at = InstantField(null=True)
    first_acknowledged_at = InstantField(null=True)
    outcome_code = CharField(null=True)
    outcome_note = TextField(null=True)
    outcome_by = ForeignKeyField(Person, null=True, backref="outcomes")
    outcome_at = InstantField(null=True)
    # How many times people were notified anew, from 1 on.
    episode = IntegerField(default=1)
    # The escalation that it belongs to; a notice has none. While an answer is awaited that has a next instant.
    escalation = ForeignKeyField(Escalation, null=True, index=False, backref="alerts")
    # Where the alert stands in the feed of changes that phones follow.
    cursor = BigIntegerField(default=0, index=True)

    class Meta:
        indexes = (
            (("team", "handling"), False),
            (("wearer", "place", "is_over"), False),
            (("raised_at",), False),
        )
        # Writing what has not changed costs more than all the rest of a change.
        only_save_dirty = True


# Few of all alerts are due an answer. A query by this index has to spell the condition out: a bound parameter
# hides it.
UNANSWERED = SQL("(handling <> 'closed' AND certainty <> 'withdrawn' AND kind <> 'notice')")
Alert.add_index(Alert.index(Alert.id, name="alert_unanswered", where=UNANSWERED))
Alert.add_index(Alert.index(Alert.escalation, name="alert_group", where=UNANSWERED))
# Of these the ones that no one has acknowledged: what every list, badge, board and figure calls unanswered. Its twin is
# ``lifecycle.needs_answer``.
NEEDS_ANSWER = SQL("(handling = 'open' AND certainty <> 'withdrawn' AND kind <> 'notice')")
# And few are on people's lists: what is not closed, and what was closed while it stood.
LISTED = SQL("(handling <> 'closed' OR NOT is_over)")
Alert.add_index(Alert.index(Alert.team, name="alert_listed", where=LISTED))


class Feed(Table):
    """The one row whose counter numbers the changes of alerts in the order of their commits."""

    cursor = BigIntegerField()


class AuditEntry(Table):
    """Who did what to what, and when; written with the change itself."""

    at = InstantField()
    actor = CharField()
    action = CharField()
    alert = ForeignKeyField(Alert, null=True, backref="history")
    subject = CharField()
    detail = JSONField(null=True)

    class Meta:
        # What is new of one thing is asked with each look at a case, and with each change of it.
        indexes = ((("subject", "id"), False),)


class PoliceHandover(Table):
    """An alert handed to a police control room: to which force, under which reference, when and by whom."""

    alert = ForeignKeyField(Alert, backref="handovers")
    force = CharField()
    reference = CharField()
    at = InstantField()
    recorded_at = InstantField()
    recorded_by = ForeignKeyField(Person)


class AlertNote(Table):
    """What a member of staff wrote about an alert while people acted on it; never changed."""

    alert = ForeignKeyField(Alert, backref="notes")
    text = TextField()
    at = InstantField()
    by = ForeignKeyField(Person)


class PoliceCode(Table):
    """A code that an officer reads out, with which the police open one alert on one device for a while."""

    alert = ForeignKeyField(Alert)
    # Of the code itself, keyed: it is shown once and kept nowhere.
    digest = CharField(unique=True)
    made_at = InstantField()
    made_by = ForeignKeyField(Person)
    until_at = InstantField()
    ended_at = InstantField(null=True)
    # The device that used it first, and no other one.
    opened_at = InstantField(null=True)
    device_digest = CharField(null=True)


class PlaceRequest(Table):
    """What a protected person asked for on their own page about a place, and what staff answered."""

    victim = ForeignKeyField(Victim, backref="place_requests")
    kind = CharField()
    words = TextField()
    # The first and the last day of it, where it has some, as they typed them.
    from_day = CharField(null=True)
    until_day = CharField(null=True)
    asked_at = InstantField()
    answered_at = InstantField(null=True)
    answered_by = ForeignKeyField(Person, null=True)
    is_agreed = BooleanField(null=True)
    answer = TextField(null=True)
    # The zone that was drawn for it.
    zone = ForeignKeyField(PlaceZone, null=True)


class UnwatchedTold(Table):
    """That a protected person has been texted, or is about to be, that no one can watch now; gone once someone can."""

    victim = ForeignKeyField(Victim, unique=True, backref="unwatched_told")
    alert = ForeignKeyField(Alert)
    # When it was last checked, which is what the text says.
    since_at = InstantField()
    at = InstantField()


class HelpCall(Table):
    """A protected person's call for help, or their "I am safe": how it was made, when it is to ring, and its alert."""

    victim = ForeignKeyField(Victim, backref="help_calls")
    alert = ForeignKeyField(Alert, null=True, backref="help_calls")
    how = CharField()
    at = InstantField()
    # When the notifier is to act on it; None once it has, or where the request itself did.
    due_at = InstantField(null=True, index=True)
    # One that came moments after another did not ring again.
    rang = BooleanField(default=False)
