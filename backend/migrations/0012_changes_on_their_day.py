"""Changes on their day: officers and names of teams that were entered for a later day take effect by themselves.

Entries from before have nothing in the calendar yet: each gets its row, and one whose day is over takes effect now.
"""

import datetime

from peewee import BigAutoField, CharField, JSONField, Model

from backend.db import InstantField


def up(migrator, db):
    class DatedEntry(Model):
        id = BigAutoField()
        subject = CharField()
        what = CharField()
        from_at = InstantField()
        recorded_at = InstantField()

        class Meta:
            database = db
            table_name = "dated_entry"

    class CaseDue(Model):
        id = BigAutoField()
        what = CharField()
        subject = CharField()
        due_at = InstantField()
        done_at = InstantField(null=True)
        detail = JSONField(null=True)

        class Meta:
            database = db
            table_name = "case_due"

    now = datetime.datetime.now(datetime.UTC)
    late = DatedEntry.select().where(
        DatedEntry.what.in_(["responsible_officer", "name"]), DatedEntry.from_at > DatedEntry.recorded_at
    )
    for entry in list(late):
        detail = {
            "subjects": [entry.subject],
            "from_at": entry.from_at.isoformat(),
            "entered_at": entry.recorded_at.isoformat(),
        }
        CaseDue.create(what="takes_effect", subject=entry.subject, due_at=max(entry.from_at, now), detail=detail)


def down(migrator, db):
    db.execute_sql("DELETE FROM case_due WHERE what = 'takes_effect'")
