"""The interval at which a device reports comes from its own motion: no judgement is kept for it any more.

A judgement that decides an interval tells whoever holds the device where a secret place is. A phone's last motion is
kept as an instant, because of its positions only two are.
"""

from peewee import BooleanField

from backend.db import InstantField


def up(migrator, db):
    migrator.migrate(
        migrator.drop_column("place_state", "wants_fast"),
        migrator.add_column("victim_phone", "moved_at", InstantField(null=True)),
    )


def down(migrator, db):
    migrator.migrate(
        migrator.drop_column("victim_phone", "moved_at"),
        migrator.add_column("place_state", "wants_fast", BooleanField(default=False)),
    )
