"""What the loaded rows of a caseload have become, since later rows may name their cases and protected persons."""

from peewee import JSONField


def up(migrator, db):
    migrator.migrate(migrator.add_column("checked_caseload", "done", JSONField(null=True)))


def down(migrator, db):
    migrator.migrate(migrator.drop_column("checked_caseload", "done"))
