"""Whose silence nobody has to hear of is told apart from what was told, so that a change of the record looks again."""

from peewee import BooleanField


def up(migrator, db):
    migrator.migrate(migrator.add_column("tag_contact", "is_resting", BooleanField(default=False)))
    # What was looked at before for nobody cannot be told from what was told: it is looked at once more.
    db.execute_sql("UPDATE tag_contact SET is_resting = true WHERE silent_at IS NULL")


def down(migrator, db):
    migrator.migrate(migrator.drop_column("tag_contact", "is_resting"))
