"""Wearers, the tags that they wear, and the places and zones that apply to them."""

from __future__ import annotations

from peewee import BooleanField, CharField, Check, DateField, ForeignKeyField, JSONField, fn

from backend.db import InstantField
from backend.models.protected_people import Victim
from backend.models.staff import Person, Team
from backend.models.table import Table


class Wearer(Table):
    """The person wearing a tag."""

    team = ForeignKeyField(Team, backref="wearers")
    name = CharField()
    # As recorded now, for lists and searches; the record has since when, and who said so.
    crn = CharField(null=True, index=True)
    date_of_birth = DateField(null=True)
    responsible_officer = ForeignKeyField(Person, null=True)
    is_training = BooleanField(default=False)
    # No person: its tag walks into a test zone every few minutes. A canary is a training case as well.
    is_canary = BooleanField(default=False)
    created_at = InstantField()


class Tag(Table):
    """The device on the ankle and the key that signs what it sends."""

    serial = CharField(unique=True)
    key = CharField()
    created_at = InstantField()


# Its capitals and the space around it say nothing: backend.case_folding compares so.
Tag.add_index(Tag.index(fn.LOWER(fn.TRIM(Tag.serial)), unique=True, name="tag_one_serial"))


class Activation(Table):
    """One tag worn by one wearer, from, to."""

    tag = ForeignKeyField(Tag, backref="activations")
    wearer = ForeignKeyField(Wearer, backref="activations")
    from_at = InstantField()
    to_at = InstantField(null=True)
    # It was never so; what is right instead stands in its correction.
    is_in_error = BooleanField(default=False)
    # A person confirmed that another tag is recorded for this time as well, until one of the two is corrected.
    is_beside = BooleanField(default=False)


class ProtectedPlace(Table):
    """A place that zones are drawn around: a victim's, which wearers keep away from, or a wearer's, where they stay."""

    victim = ForeignKeyField(Victim, null=True, backref="places")
    # Where this wearer has to stay at the hours of a curfew: it protects no one, and no protected person hears of it.
    wearer = ForeignKeyField(Wearer, null=True, backref="places_to_stay")
    label = CharField()

    class Meta:
        constraints = (Check("(victim_id IS NULL) <> (wearer_id IS NULL)"),)


class PlaceZone(Table):
    """A zone around a place that applies to one wearer: a GeoJSON Feature with kind and buffer."""

    place = ForeignKeyField(ProtectedPlace, backref="zones")
    wearer = ForeignKeyField(Wearer, backref="zones")
    feature = JSONField()
    from_at = InstantField()
    to_at = InstantField(null=True)
    # Around a person and not a place: the feature has no geometry, only radius and buffer.
    moves = BooleanField(default=False)
