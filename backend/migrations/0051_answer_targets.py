"""Within how many seconds a team wants each rise of danger to be answered, so that its figures say how often it was."""

from peewee import IntegerField


def up(migrator, db):
    migrator.migrate(migrator.add_column("team", "answer_within_s", IntegerField(default=180)))
    # The release before makes teams without it while both run.
    migrator.migrate(migrator.add_column_default("team", "answer_within_s", "(180)"))


def down(migrator, db):
    migrator.migrate(migrator.drop_column("team", "answer_within_s"))
