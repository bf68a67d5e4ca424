"""Looks back that are owed, so that a long one is taken without holding the case, and survives a process that dies."""

from peewee import AutoField, CharField, ForeignKeyField, Model

from backend.db import InstantField


def up(migrator, db):
    class Wearer(Model):
        id = AutoField()

        class Meta:
            database = db
            table_name = "wearer"

    class OwedLookBack(Model):
        wearer = ForeignKeyField(Wearer, unique=True)
        since = InstantField()
        mark = CharField()
        owed_at = InstantField(index=True)

        class Meta:
            database = db
            table_name = "owed_look_back"

    db.create_tables([OwedLookBack])


def down(migrator, db):
    migrator.migrate(migrator.drop_table("owed_look_back"))
