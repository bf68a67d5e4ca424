"""Every end of protection is in the calendar, not only those of orders and cases: each case is planned anew, once."""

import datetime

from peewee import AutoField, BigAutoField, CharField, IntegerField, JSONField, Model

from backend.db import InstantField


def up(migrator, db):
    class PlaceZone(Model):
        id = AutoField()
        wearer = IntegerField(column_name="wearer_id")

        class Meta:
            database = db
            table_name = "place_zone"

    class CaseDue(Model):
        id = BigAutoField()
        what = CharField()
        subject = CharField()
        wearer = IntegerField(column_name="wearer_id", null=True)
        due_at = InstantField()
        done_at = InstantField(null=True)
        detail = JSONField(null=True)

        class Meta:
            database = db
            table_name = "case_due"

    now = datetime.datetime.now(datetime.UTC)
    for zone in list(PlaceZone.select(PlaceZone.wearer).distinct()):
        # The release before this one cannot do such a row, and leaves it for this one to do.
        CaseDue.create(what="planned_anew", subject=f"wearer:{zone.wearer}", wearer=zone.wearer, due_at=now)


def down(migrator, db):
    db.execute_sql(
        "DELETE FROM case_due WHERE what IN ('planned_anew', 'protection_stops', 'suspension_expected_to_end')"
    )
