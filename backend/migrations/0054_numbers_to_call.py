"""Which calls to a protected person are safe, and which police control room a team calls."""

from peewee import BigAutoField, CharField, ForeignKeyField, Model, TextField

from backend.db import InstantField


def up(migrator, db):
    class Team(Model):
        id = BigAutoField()

        class Meta:
            database = db
            table_name = "team"

    class Person(Model):
        id = BigAutoField()

        class Meta:
            database = db
            table_name = "person"

    class Victim(Model):
        id = BigAutoField()

        class Meta:
            database = db
            table_name = "victim"

    class SafeCall(Model):
        id = BigAutoField()
        victim = ForeignKeyField(Victim)
        number = CharField()
        note = TextField()
        given_at = InstantField()
        recorded_by = ForeignKeyField(Person)
        withdrawn_at = InstantField(null=True)
        withdrawn_by = CharField(null=True)

        class Meta:
            database = db
            table_name = "safe_call"

    class PoliceRoom(Model):
        id = BigAutoField()
        team = ForeignKeyField(Team)
        name = CharField()
        number = CharField()
        set_by = ForeignKeyField(Person)
        set_at = InstantField()

        class Meta:
            database = db
            table_name = "police_room"

    db.create_tables([SafeCall, PoliceRoom])


def down(migrator, db):
    migrator.migrate(migrator.drop_table("police_room"), migrator.drop_table("safe_call"))
