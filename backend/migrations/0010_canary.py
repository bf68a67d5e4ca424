"""The canary: who is none of a person's, and the walks by which the whole chain is tried every few minutes."""

from peewee import AutoField, BooleanField, CharField, ForeignKeyField, Model

from backend.db import InstantField


def up(migrator, db):
    class Alert(Model):
        id = AutoField()

        class Meta:
            database = db
            table_name = "alert"

    class CanaryWalk(Model):
        started_at = InstantField(index=True)
        until_at = InstantField()
        under_way = CharField(null=True, unique=True)
        taken_at = InstantField(null=True)
        alert = ForeignKeyField(Alert, null=True)
        decided_at = InstantField(null=True)
        owed_at = InstantField(null=True)
        sent_at = InstantField(null=True)
        delivered_at = InstantField(null=True)
        ended_at = InstantField(null=True)
        result = CharField(null=True)
        step = CharField(null=True)
        detail = CharField(null=True)

        class Meta:
            database = db
            table_name = "canary_walk"

    db.create_tables([CanaryWalk])
    migrator.migrate(
        migrator.add_column("person", "is_canary", BooleanField(default=False)),
        migrator.add_column("wearer", "is_canary", BooleanField(default=False)),
    )


def down(migrator, db):
    migrator.migrate(
        migrator.drop_column("wearer", "is_canary"),
        migrator.drop_column("person", "is_canary"),
        migrator.drop_table("canary_walk"),
    )
