"""Names of places from open data: postcodes and named places, to find a place by and to say where one is."""

from __future__ import annotations

from peewee import SQL, BooleanField, CharField, DoubleField

from backend.models.table import Table


class NamedPlace(Table):
    """One postcode or named place. ``folded`` is the name in capitals without spaces and signs, as it is searched."""

    name = CharField()
    folded = CharField()
    # Such as Postcode, Suburban Area, Railway Station; as the source calls it.
    kind = CharField()
    # The district or county, to tell places of one name apart.
    around = CharField()
    # Whether people say where something is by it; a postcode or a road is none.
    is_landmark = BooleanField()
    lat = DoubleField()
    lon = DoubleField()


# Compared by its first letters, whatever the language of the database.
NamedPlace.add_index(SQL("CREATE INDEX named_place_folded ON named_place (folded text_pattern_ops)"))
# A file that is loaded twice adds nothing.
NamedPlace.add_index(
    NamedPlace.index(
        NamedPlace.folded, NamedPlace.kind, NamedPlace.lat, NamedPlace.lon, unique=True, name="named_place_once"
    )
)
LANDMARK = SQL("is_landmark")
NamedPlace.add_index(NamedPlace.index(NamedPlace.lat, NamedPlace.lon, name="named_place_landmark", where=LANDMARK))
