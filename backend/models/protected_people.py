"""Protected people: how each consented to be reached, their own page, and their location, where they share it."""

from __future__ import annotations

from peewee import (
    SQL,
    BigAutoField,
    BooleanField,
    CharField,
    DoubleField,
    ForeignKeyField,
    IntegerField,
    JSONField,
    TextField,
)

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
    # Gaps in watching that are shorter are not told to them, as was agreed with their officer.
    least_gap_min = IntegerField(default=0)
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
    # That a person acts, and that it was nothing: only where they want to read so.
    wording_acts = TextField(null=True)
    wording_nothing = TextField(null=True)
    # That no one can watch now, that someone can again, and whether all this is still right.
    wording_unwatched = TextField(null=True)
    wording_watched = TextField(null=True)
    wording_asked = TextField(null=True)
    # From which number or name their texts come; None from the usual one.
    sender = CharField(null=True)
    # A word of their own that calls for help by text.
    help_word = CharField(null=True)
    # Minutes of the day in London between which a text is safe; None at any hour.
    hours_from = IntegerField(null=True)
    hours_until = IntegerField(null=True)
    # Where one use has hours or a sender of its own: by the column of its words, hours_from, hours_until and sender.
    by_use = JSONField(null=True)
    # In which language the product words what it has to word itself on this channel; None as their page.
    language = CharField(null=True)
    given_at = InstantField()
    # None where they gave it themselves, on their own page.
    recorded_by = ForeignKeyField(Person, null=True)
    # When they last said that it is still right.
    confirmed_at = InstantField(null=True)
    # When they, or their officer, were last asked whether it still is.
    asked_at = InstantField(null=True)
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
    # They want to be nowhere for a while: nothing is kept of what their phone sends.
    paused_at = InstantField(null=True)


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
    # What sends: the phone that was paired with a code, their own page, or an app with a token.
    kind = CharField(default="code")
    heard_at = InstantField(null=True)
    battery_pct = DoubleField(null=True)


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


class OwnPage(Table):
    """A protected person's own page: how they asked for it, which phone opens it, their secrets, and how it looks."""

    victim = ForeignKeyField(Victim, backref="own_pages")
    # How they asked for it, in the words of the person who invited them.
    asked_how = TextField()
    invited_by = ForeignKeyField(Person)
    invited_at = InstantField()
    link_digest = CharField(unique=True)
    code_digest = CharField()
    code_tries = IntegerField(default=0)
    expires_at = InstantField()
    # Where they asked for the link by text: the text until it has gone, when it goes, and what became of it.
    link_text = CharField(null=True)
    link_due_at = InstantField(null=True, index=True)
    link_sent_at = InstantField(null=True)
    link_failed_because = CharField(null=True)
    # From here on: what their phone holds, and what they chose.
    accepted_at = InstantField(null=True)
    phone_digest = CharField(unique=True, null=True)
    pin_hash = CharField(null=True)
    # The second phrase: it shows the harmless page, and rings.
    duress_hash = CharField(null=True)
    look = CharField(default="notes")
    help_label = CharField(default="help")
    # Whether its status is in plain words or in words that mean something only to them.
    status_words = CharField(default="plain")
    language = CharField(default="en")
    wrong_tries = IntegerField(default=0)
    locked_until = InstantField(null=True)
    ended_at = InstantField(null=True)
    ended_by = CharField(null=True)


OwnPage.add_index(
    OwnPage.index(
        OwnPage.victim, name="own_page_in_use", unique=True, where=SQL("accepted_at IS NOT NULL AND ended_at IS NULL")
    )
)


class OwnSubscription(Table):
    """A browser in which a protected person turned notices on: its address at its push service, and keys to encrypt."""

    page = ForeignKeyField(OwnPage, backref="subscriptions")
    token = TextField()
    keys = JSONField()
    created_at = InstantField()
    ended_at = InstantField(null=True)
    ended_because = CharField(null=True)


OwnSubscription.add_index(
    OwnSubscription.index(
        OwnSubscription.token, name="own_subscription_live", unique=True, where=SQL("ended_at IS NULL")
    )
)


class OwnSession(Table):
    """One opening of a protected person's own page with their PIN, or of the harmless page that stands in for it."""

    page = ForeignKeyField(OwnPage, backref="sessions")
    token_digest = CharField(unique=True)
    is_decoy = BooleanField()
    began_at = InstantField()
    seen_at = InstantField()
    ended_at = InstantField(null=True)
