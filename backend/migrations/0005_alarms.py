"""What Cordon knows of itself: heartbeats of its processes, alarms about it, and outages with whom they concerned."""

from peewee import CharField, ForeignKeyField, JSONField, Model, TextField

from backend.db import InstantField


def up(migrator, db):
    class Team(Model):
        class Meta:
            database = db
            table_name = "team"

    class Heartbeat(Model):
        name = CharField(unique=True)
        kind = CharField(index=True)
        at = InstantField()

        class Meta:
            database = db
            table_name = "heartbeat"

    class Alarm(Model):
        kind = CharField()
        subject = CharField()
        team = ForeignKeyField(Team, null=True)
        detail = TextField()
        raised_at = InstantField()
        last_seen_at = InstantField()
        told_at = InstantField(null=True)
        ended_at = InstantField(null=True, index=True)
        end_told_at = InstantField(null=True)
        standing_key = CharField(null=True, unique=True)

        class Meta:
            database = db
            table_name = "alarm"

    class Outage(Model):
        what = CharField()
        from_at = InstantField()
        to_at = InstantField()
        found_at = InstantField()
        settled_at = InstantField(null=True)
        wearer_ids = JSONField()
        alert_ids = JSONField()

        class Meta:
            database = db
            table_name = "outage"
            indexes = ((("what", "from_at"), True),)

    db.create_tables([Heartbeat, Alarm, Outage])


def down(migrator, db):
    migrator.migrate(
        migrator.drop_table("outage"),
        migrator.drop_table("alarm"),
        migrator.drop_table("heartbeat"),
    )
