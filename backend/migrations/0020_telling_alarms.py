"""Alarms say who is telling people of them, so that two watchdogs tell each once and a dead one's telling lapses."""

from peewee import CharField

from backend.db import InstantField


def up(migrator, db):
    migrator.migrate(
        migrator.add_column("alarm", "telling_by", CharField(null=True)),
        migrator.add_column("alarm", "telling_until", InstantField(null=True)),
    )


def down(migrator, db):
    migrator.migrate(
        migrator.drop_column("alarm", "telling_until"),
        migrator.drop_column("alarm", "telling_by"),
    )
