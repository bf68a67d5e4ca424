"""Places that move with a protected person: her agreement, her phone, her newest positions, and who came nearer."""

from peewee import BooleanField, CharField, DoubleField, ForeignKeyField, Model

from backend.db import InstantField


def up(migrator, db):
    class Person(Model):
        class Meta:
            database = db
            table_name = "person"

    class Victim(Model):
        class Meta:
            database = db
            table_name = "victim"

    class LocationConsent(Model):
        victim = ForeignKeyField(Victim)
        given_at = InstantField()
        recorded_by = ForeignKeyField(Person)
        withdrawn_at = InstantField(null=True)
        withdrawn_by = CharField(null=True)

        class Meta:
            database = db
            table_name = "location_consent"

    class VictimPhone(Model):
        consent = ForeignKeyField(LocationConsent)
        code_hash = CharField(unique=True)
        code_expires_at = InstantField()
        token_hash = CharField(unique=True, null=True)
        paired_at = InstantField(null=True)
        created_at = InstantField()

        class Meta:
            database = db
            table_name = "victim_phone"

    class VictimPosition(Model):
        victim = ForeignKeyField(Victim)
        fix_time = InstantField()
        received_at = InstantField()
        lat = DoubleField()
        lon = DoubleField()
        accuracy_m = DoubleField(null=True)
        speed_mps = DoubleField(null=True)

        class Meta:
            database = db
            table_name = "victim_position"
            indexes = ((("victim", "fix_time"), True),)

    db.create_tables([LocationConsent, VictimPhone, VictimPosition])
    migrator.migrate(
        migrator.add_column("place_zone", "moves", BooleanField(default=False)),
        migrator.add_column("alert", "mover", CharField(null=True)),
    )


def down(migrator, db):
    migrator.migrate(
        migrator.drop_column("alert", "mover"),
        migrator.drop_column("place_zone", "moves"),
        migrator.drop_table("victim_position"),
        migrator.drop_table("victim_phone"),
        migrator.drop_table("location_consent"),
    )
