"""Indexes by which a claim costs the same whatever waits and whatever was ever sent, and case histories by their kind.

Without them each claim sorted everything that waits and read every call ever made, and the look for silent messages
read every attempt.
"""


def up(migrator, db):
    db.execute_sql("CREATE INDEX notification_pending ON notification (priority, id DESC) WHERE state = 'pending'")
    db.execute_sql("CREATE INDEX notification_calls ON notification (settled_at) WHERE channel = 'voice'")
    migrator.migrate(
        migrator.add_index("attempt", ("started_at",)),
        migrator.add_index("dated_entry", ("what",)),
    )


def down(migrator, db):
    migrator.migrate(
        migrator.drop_index("dated_entry", "dated_entry_what"),
        migrator.drop_index("attempt", "attempt_started_at"),
    )
    db.execute_sql("DROP INDEX notification_calls")
    db.execute_sql("DROP INDEX notification_pending")
