"""Web Push: a browser's subscription has keys that its messages are encrypted to."""

from peewee import JSONField


def up(migrator, db):
    migrator.migrate(migrator.add_column("device", "keys", JSONField(null=True)))


def down(migrator, db):
    migrator.migrate(migrator.drop_column("device", "keys"))
