"""Proofs of phone numbers, so that no warning goes to a mistyped one; wearers' numbers; phones checked before a shift.

Numbers that are in use by now are taken as proved at this moment, so that nobody goes silent overnight.
"""

from peewee import AutoField, CharField, ForeignKeyField, IntegerField, Model

from backend import clock
from backend.db import InstantField


def up(migrator, db):
    class Person(Model):
        id = AutoField()
        phone = CharField(null=True)

        class Meta:
            database = db
            table_name = "person"

    class Victim(Model):
        id = AutoField()
        phone = CharField(null=True)

        class Meta:
            database = db
            table_name = "victim"

    class Wearer(Model):
        id = AutoField()

        class Meta:
            database = db
            table_name = "wearer"

    class WearerNumber(Model):
        wearer = ForeignKeyField(Wearer)
        number = CharField(index=True)
        recorded_by = ForeignKeyField(Person)
        recorded_at = InstantField()
        ended_by = ForeignKeyField(Person, null=True)
        ended_at = InstantField(null=True)

        class Meta:
            database = db
            table_name = "wearer_number"

    class NumberProof(Model):
        person = ForeignKeyField(Person, null=True)
        victim = ForeignKeyField(Victim, null=True)
        number = CharField(index=True)
        channel = CharField()
        salt = CharField(null=True)
        asked_at = InstantField()
        asked_by = ForeignKeyField(Person, null=True)
        tries = IntegerField(default=0)
        due_at = InstantField(null=True, index=True)
        attempts = IntegerField(default=0)
        lease_token = CharField(null=True)
        lease_until = InstantField(null=True)
        sent_at = InstantField(null=True)
        failed_because = CharField(null=True)
        proved_at = InstantField(null=True)
        how = CharField(null=True)
        voided_at = InstantField(null=True)
        voided_because = CharField(null=True)

        class Meta:
            database = db
            table_name = "number_proof"

    db.create_tables([WearerNumber, NumberProof])
    migrator.migrate(
        migrator.add_column("shift", "phones_checked_at", InstantField(null=True)),
        migrator.add_index("provider_event", ("received_at",)),
    )
    now = clock.now()
    for owner, model in (("person", Person), ("victim", Victim)):
        rows = [
            {
                owner: row.id,
                "number": row.phone,
                "channel": "sms",
                "asked_at": now,
                "proved_at": now,
                "how": "carried_over",
            }
            for row in model.select().where(model.phone.is_null(False), model.phone != "")
        ]
        for begin in range(0, len(rows), 100):
            NumberProof.insert_many(rows[begin : begin + 100]).execute()


def down(migrator, db):
    migrator.migrate(
        migrator.drop_index("provider_event", "provider_event_received_at"),
        migrator.drop_column("shift", "phones_checked_at"),
        migrator.drop_table("number_proof"),
        migrator.drop_table("wearer_number"),
    )
