"""One live registration of a push token, and the ended ones beside it: a phone that another account takes over is kept.

Before, the row moved to its new owner, and nobody could see who had lost it.
"""


def up(migrator, db):
    db.execute_sql("DROP INDEX device_token")
    db.execute_sql("CREATE INDEX device_token ON device (token)")
    db.execute_sql("CREATE UNIQUE INDEX device_live_token ON device (token) WHERE ended_at IS NULL")


def down(migrator, db):
    db.execute_sql("DROP INDEX device_live_token")
    db.execute_sql("DROP INDEX device_token")
    db.execute_sql("DELETE FROM device WHERE id NOT IN (SELECT MAX(id) FROM device GROUP BY token)")
    db.execute_sql("CREATE UNIQUE INDEX device_token ON device (token)")
