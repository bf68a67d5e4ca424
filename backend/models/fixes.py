"""What tags sent and how it was judged: requests, fixes, what was set apart, events, nearness to each zone."""

from __future__ import annotations

from peewee import (
    SQL,
    BooleanField,
    CharField,
    DoubleField,
    ForeignKeyField,
    IntegerField,
    JSONField,
    TextField,
)

from backend.db import InstantField
from backend.models.table import Table
from backend.models.wearers import Activation, PlaceZone, Tag, Wearer


class TagRequest(Table):
    """One signed request of a tag and what it was answered, so that the same request is answered the same."""

    tag = ForeignKeyField(Tag)
    webhook_id = CharField()
    # SHA-256 of the body in hexadecimal: another body under the same id is another request.
    body_digest = CharField(default="")
    received_at = InstantField()
    answer = JSONField()

    class Meta:
        indexes = ((("tag", "webhook_id", "body_digest"), True),)


class SignedRequest(Table):
    """One request as its tag signed it, until the bytes are erased, and its place in the chain of its tag."""

    tag = ForeignKeyField(Tag, index=False)
    received_at = InstantField()
    # Base64 of what was signed, and the salt in hexadecimal; both are erased together.
    signed = TextField(null=True)
    salt = CharField(null=True)
    digest = CharField()
    chain = CharField()

    class Meta:
        indexes = ((("tag", "id"), False),)


SignedRequest.add_index(
    SignedRequest.index(SignedRequest.received_at, name="signed_request_kept", where=SQL("signed IS NOT NULL"))
)


class Fix(Table):
    """One position report that was accepted, with how it was judged."""

    tag = ForeignKeyField(Tag, backref="fixes", index=False)
    wearer = ForeignKeyField(Wearer, null=True, index=False)
    fix_time = InstantField()
    # What the tag said, where that was ahead of the receipt: such a fix counts as of its receipt.
    said_time = InstantField(null=True)
    received_at = InstantField()
    decided_at = InstantField(null=True)
    lat = DoubleField()
    lon = DoubleField()
    accuracy_m = DoubleField(null=True)
    speed_mps = DoubleField(null=True)
    course_deg = DoubleField(null=True)
    satellites = IntegerField(null=True)
    hdop = DoubleField(null=True)
    source = CharField(null=True)
    # What the receiver itself said of the position; null where it said nothing.
    is_valid = BooleanField(null=True)
    # The share of its claim that the tag's nights had shown to be enough when it was judged.
    claim_share = DoubleField(default=1.0)
    battery_pct = DoubleField(null=True)
    extra = JSONField(null=True)
    level = IntegerField(null=True)
    certainty = CharField(null=True)

    class Meta:
        indexes = (
            (("tag", "fix_time", "lat", "lon"), True),
            (("wearer", "fix_time"), False),
        )


Fix.add_index(Fix.index(Fix.tag, Fix.said_time, name="fix_said", where=SQL("said_time IS NOT NULL")))


class QuarantinedFix(Table):
    """What a tag sent and we do not act on, as it came, with the reason."""

    tag = ForeignKeyField(Tag, backref="quarantine")
    webhook_id = CharField()
    position = IntegerField(null=True)
    code = CharField()
    detail = TextField()
    body = TextField()
    received_at = InstantField()


class TagEvent(Table):
    """Something a tag said of itself, or we saw of it: a strap opened, a clock reset. Held against no person."""

    tag = ForeignKeyField(Tag, backref="events")
    kind = CharField()
    at = InstantField()
    received_at = InstantField()
    detail = JSONField(null=True)


class TagContact(Table):
    """When a tag was last heard of and last said where it is, and when its silence is due to be told."""

    tag = ForeignKeyField(Tag, primary_key=True, backref="contact")
    # When its newest request was received.
    contact_at = InstantField(index=True)
    # Of the newest usable position: its own time, never after its receipt.
    located_at = InstantField(null=True)
    # None while nothing more is to be told of the present silence.
    silent_at = InstantField(null=True, index=True)
    # Danger was seen last, or the tag was tampered with.
    is_grave = BooleanField(default=False)
    # The newest battery level, 0 to 100, and the one from which the present discharge is measured.
    battery_pct = DoubleField(null=True)
    battery_at = InstantField(null=True)
    battery_from_pct = DoubleField(null=True)
    battery_from_at = InstantField(null=True)
    # In contact, without a position, since it was last seen at the address where its wearer has to be.
    is_at_rest = BooleanField(default=False)
    # No one has to hear of its silence: no wearer has it on, or the case is not monitored.
    is_resting = BooleanField(default=False)


class ClaimNights(Table):
    """What a tag's nights at the wearer's known address showed of its claims, for as long as they wear it."""

    activation = ForeignKeyField(Activation, primary_key=True, backref="claim_nights")
    # By the source of the fixes: the numbers of ``zones.honesty``.
    nights = JSONField()


class PlaceState(Table):
    """How near one wearer is to one zone: the judge's own state after the newest fix."""

    wearer = ForeignKeyField(Wearer, backref="place_states")
    zone = ForeignKeyField(PlaceZone, backref="states")
    tag = ForeignKeyField(Tag)
    level = IntegerField()
    certainty = CharField()
    fix_time = InstantField()
    # When the zone next comes into force or out of it, which is judged without a fix.
    next_change_at = InstantField(null=True, index=True)
    state = TextField()

    class Meta:
        indexes = ((("wearer", "zone"), True),)
