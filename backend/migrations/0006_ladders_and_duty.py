"""Ladders of a team's own, who is on duty, routes that are down, and which provider an attempt went to."""

from peewee import AutoField, CharField, ForeignKeyField, JSONField, Model

from backend.db import InstantField


def up(migrator, db):
    class Team(Model):
        class Meta:
            database = db
            table_name = "team"

    class Person(Model):
        id = AutoField()

        class Meta:
            database = db
            table_name = "person"

    class RouteDown(Model):
        person = ForeignKeyField(Person)
        channel = CharField()
        because = CharField()
        down_at = InstantField()
        up_at = InstantField(null=True)

        class Meta:
            database = db
            table_name = "route_down"

    class Shift(Model):
        team = ForeignKeyField(Team)
        person = ForeignKeyField(Person)
        from_at = InstantField()
        to_at = InstantField()
        entered_by = ForeignKeyField(Person, null=True)
        created_at = InstantField()

        class Meta:
            database = db
            table_name = "shift"
            indexes = ((("team", "from_at"), False),)

    class LadderPolicy(Model):
        team = ForeignKeyField(Team)
        kind = CharField(null=True)
        ladder = JSONField()
        duty_person = ForeignKeyField(Person, null=True)
        from_at = InstantField()
        set_by = ForeignKeyField(Person, null=True)

        class Meta:
            database = db
            table_name = "ladder_policy"

    db.create_tables([RouteDown, Shift, LadderPolicy])
    migrator.migrate(
        migrator.add_column("alert", "ladder", JSONField(null=True)),
        migrator.add_column("alert", "duty_person_id", ForeignKeyField(Person, field=Person.id, null=True)),
        migrator.add_index("notification", ("channel", "state")),
        migrator.add_column("attempt", "provider", CharField(null=True)),
        migrator.add_column("attempt", "polled_at", InstantField(null=True)),
    )


def down(migrator, db):
    migrator.migrate(
        migrator.drop_column("attempt", "polled_at"),
        migrator.drop_column("attempt", "provider"),
        migrator.drop_index("notification", "notification_channel_state"),
        migrator.drop_index("alert", "alert_duty_person_id"),
        migrator.drop_column("alert", "duty_person_id"),
        migrator.drop_column("alert", "ladder"),
        migrator.drop_table("ladder_policy"),
        migrator.drop_table("shift"),
        migrator.drop_table("route_down"),
    )
