"""Fixes keep what the receiver itself said of the position: one that it calls invalid must end nothing, also later."""

from peewee import BooleanField


def up(migrator, db):
    migrator.migrate(migrator.add_column("fix", "is_valid", BooleanField(null=True)))


def down(migrator, db):
    migrator.migrate(migrator.drop_column("fix", "is_valid"))
