"""The worst that an alert came to, with its times: once it is over nobody could read how near or how deep it was."""

from peewee import BooleanField, DoubleField

from backend.db import InstantField


def up(migrator, db):
    migrator.migrate(
        migrator.add_column("alert", "worst_from", InstantField(null=True)),
        migrator.add_column("alert", "worst_until", InstantField(null=True)),
        migrator.add_column("alert", "worst_m", DoubleField(null=True)),
        migrator.add_column("alert", "is_over_by_fix", BooleanField(null=True)),
    )


def down(migrator, db):
    migrator.migrate(
        *(
            migrator.drop_column("alert", column)
            for column in ("is_over_by_fix", "worst_m", "worst_until", "worst_from")
        )
    )
