"""The case over real time: what was true at T is kept as dated entries that nobody overwrites.

Only new tables and new columns that may be empty, so that the release before this one works beside it.
"""

from peewee import (
    BigAutoField,
    BooleanField,
    CharField,
    ForeignKeyField,
    IntegerField,
    JSONField,
    Model,
    TextField,
)

from backend.db import InstantField

TABLES = (
    "police_handover",
    "emergency_opening",
    "case_due",
    "activation_correction",
    "zone_version",
    "condition",
    "order",
    "dated_entry",
)


def up(migrator, db):
    def reference(name):
        class Referred(Model):
            class Meta:
                database = db
                table_name = name

        return Referred

    Person, Wearer, Zone, Alert, Activation = (
        reference(name) for name in ("person", "wearer", "place_zone", "alert", "activation")
    )

    class DatedEntry(Model):
        id = BigAutoField()
        subject = CharField()
        what = CharField()
        wearer = ForeignKeyField(Wearer, null=True)
        value = JSONField()
        from_at = InstantField()
        why = TextField()
        document = CharField()
        corrects = ForeignKeyField("self", null=True)
        recorded_at = InstantField()
        recorded_by = ForeignKeyField(Person, null=True)

        class Meta:
            database = db
            table_name = "dated_entry"
            indexes = ((("subject", "what"), False),)

    class Order(Model):
        wearer = ForeignKeyField(Wearer)
        kind = CharField()
        reference = CharField()
        created_at = InstantField()
        created_by = ForeignKeyField(Person, null=True)

        class Meta:
            database = db
            table_name = "order"

    class Condition(Model):
        order = ForeignKeyField(Order)
        number = CharField()
        wording = TextField()
        from_at = InstantField()
        corrects = ForeignKeyField("self", null=True)
        recorded_at = InstantField()
        recorded_by = ForeignKeyField(Person, null=True)

        class Meta:
            database = db
            table_name = "condition"

    class ZoneVersion(Model):
        zone = ForeignKeyField(Zone, unique=True)
        line = IntegerField(index=True)
        order = ForeignKeyField(Order, null=True)
        condition = ForeignKeyField(Condition, null=True)
        is_removed = BooleanField(default=False)
        is_provisional = BooleanField(default=False)
        why = TextField()
        document = CharField()
        corrects = ForeignKeyField(Zone, null=True)
        recorded_at = InstantField()
        recorded_by = ForeignKeyField(Person, null=True)

        class Meta:
            database = db
            table_name = "zone_version"

    class ActivationCorrection(Model):
        activation = ForeignKeyField(Activation, unique=True)
        replaced_by = ForeignKeyField(Activation, null=True)
        why = TextField()
        recorded_at = InstantField()
        recorded_by = ForeignKeyField(Person, null=True)

        class Meta:
            database = db
            table_name = "activation_correction"

    class CaseDue(Model):
        id = BigAutoField()
        what = CharField()
        subject = CharField()
        wearer = ForeignKeyField(Wearer, null=True)
        due_at = InstantField()
        done_at = InstantField(null=True)
        detail = JSONField(null=True)

        class Meta:
            database = db
            table_name = "case_due"
            indexes = ((("done_at", "due_at"), False),)

    class EmergencyOpening(Model):
        wearer = ForeignKeyField(Wearer)
        person = ForeignKeyField(Person)
        reason = TextField()
        opened_at = InstantField()
        until_at = InstantField()
        reviewed_by = ForeignKeyField(Person, null=True)
        reviewed_at = InstantField(null=True)
        review_note = TextField(null=True)

        class Meta:
            database = db
            table_name = "emergency_opening"

    class PoliceHandover(Model):
        alert = ForeignKeyField(Alert)
        force = CharField()
        reference = CharField()
        at = InstantField()
        recorded_at = InstantField()
        recorded_by = ForeignKeyField(Person)

        class Meta:
            database = db
            table_name = "police_handover"

    db.create_tables(
        [
            DatedEntry,
            Order,
            Condition,
            ZoneVersion,
            ActivationCorrection,
            CaseDue,
            EmergencyOpening,
            PoliceHandover,
        ]
    )
    migrator.migrate(
        migrator.add_column("consent", "wording_ending", TextField(null=True)),
        migrator.add_column("wearer", "is_training", BooleanField(default=False)),
    )


def down(migrator, db):
    migrator.migrate(migrator.drop_column("consent", "wording_ending"), migrator.drop_column("wearer", "is_training"))
    for name in TABLES:
        migrator.migrate(migrator.drop_table(name))
