"""Whose silence nobody has to hear of is told apart from what was told, so that a change of the record looks again."""


def up(migrator, db):
    # With a default, so that the release before can write its rows.
    db.execute_sql("ALTER TABLE tag_contact ADD COLUMN is_resting BOOLEAN NOT NULL DEFAULT false")
    # What was looked at before for nobody cannot be told from what was told: it is looked at once more.
    db.execute_sql("UPDATE tag_contact SET is_resting = true WHERE silent_at IS NULL")


def down(migrator, db):
    migrator.migrate(migrator.drop_column("tag_contact", "is_resting"))
