"""A request is known by its body too, a fix ahead of its receipt keeps what the tag said, and an all-clear waits.

A tag that began its numbering anew lost the fixes of every request whose id it had used before. An alert whose end is
known from stored fixes alone owes the protected person an all-clear until a fix says so of now. And an alert says which
fix of it lay last on the forbidden side, so that a stay which comes to light later is not taken for its own.
"""


def up(migrator, db):
    db.execute_sql("ALTER TABLE tag_request ADD COLUMN body_digest VARCHAR(255) NOT NULL DEFAULT ''")
    db.execute_sql("DROP INDEX tagrequest_tag_id_webhook_id")
    db.execute_sql(
        "CREATE UNIQUE INDEX tag_request_tag_id_webhook_id_body_digest ON tag_request (tag_id, webhook_id, body_digest)"
    )
    db.execute_sql("ALTER TABLE fix ADD COLUMN said_time TIMESTAMPTZ")
    db.execute_sql("CREATE INDEX fix_said ON fix (tag_id, said_time) WHERE said_time IS NOT NULL")
    db.execute_sql("ALTER TABLE alert ADD COLUMN owes_all_clear BOOLEAN NOT NULL DEFAULT FALSE")
    db.execute_sql("ALTER TABLE alert ADD COLUMN breached_at TIMESTAMPTZ")


def down(migrator, db):
    db.execute_sql("ALTER TABLE alert DROP COLUMN breached_at")
    db.execute_sql("ALTER TABLE alert DROP COLUMN owes_all_clear")
    db.execute_sql("DROP INDEX fix_said")
    db.execute_sql("ALTER TABLE fix DROP COLUMN said_time")
    db.execute_sql("DROP INDEX tag_request_tag_id_webhook_id_body_digest")
    # Of several bodies under one id the first is kept, as it would have been.
    db.execute_sql(
        "DELETE FROM tag_request WHERE id NOT IN (SELECT MIN(id) FROM tag_request GROUP BY tag_id, webhook_id)"
    )
    db.execute_sql("CREATE UNIQUE INDEX tagrequest_tag_id_webhook_id ON tag_request (tag_id, webhook_id)")
    db.execute_sql("ALTER TABLE tag_request DROP COLUMN body_digest")
