"""Indexes by which a storm on one channel costs the others nothing, nor the look for messages that nobody speaks of.

A claim of texts passed over every push that waited before them; and the look for silent messages began with all tries
of the last minutes, for which a database that did not know yet how many those are picked a plan of seconds.
"""


def up(migrator, db):
    db.execute_sql("DROP INDEX notification_pending")
    db.execute_sql(
        "CREATE INDEX notification_pending ON notification (channel, priority, id DESC) WHERE state = 'pending'"
    )
    is_silent = "state = 'sent' AND channel IN ('sms', 'voice')"
    db.execute_sql(f"CREATE INDEX notification_silent ON notification (sent_at) WHERE {is_silent}")


def down(migrator, db):
    db.execute_sql("DROP INDEX notification_silent")
    db.execute_sql("DROP INDEX notification_pending")
    db.execute_sql("CREATE INDEX notification_pending ON notification (priority, id DESC) WHERE state = 'pending'")
