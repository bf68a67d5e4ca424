"""An index of the alerts that are owed an answer: the watchdog read every alert there ever was, twice at each look."""


def up(migrator, db):
    db.execute_sql(
        "CREATE INDEX alert_unanswered ON alert (id) "
        "WHERE (handling <> 'closed' AND certainty <> 'withdrawn' AND kind <> 'notice')"
    )


def down(migrator, db):
    db.execute_sql("DROP INDEX alert_unanswered")
