"""The worst that an alert came to, with its times: once it is over nobody could read how near or how deep it was.

And an index of the alerts on people's lists: what was closed while it stood is among them, and may not cost a look at
all that was ever closed.
"""

from peewee import BooleanField, DoubleField

from backend.db import InstantField


def up(migrator, db):
    migrator.migrate(
        migrator.add_column("alert", "worst_from", InstantField(null=True)),
        migrator.add_column("alert", "worst_until", InstantField(null=True)),
        migrator.add_column("alert", "worst_m", DoubleField(null=True)),
        migrator.add_column("alert", "is_over_by_fix", BooleanField(null=True)),
    )
    db.execute_sql("CREATE INDEX alert_listed ON alert (team_id) WHERE (handling <> 'closed' OR NOT is_over)")


def down(migrator, db):
    db.execute_sql("DROP INDEX alert_listed")
    migrator.migrate(
        *(
            migrator.drop_column("alert", column)
            for column in ("is_over_by_fix", "worst_m", "worst_until", "worst_from")
        )
    )
