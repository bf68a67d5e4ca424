"""The epoch of the database: a cursor of another life of it, such as one from before a restore, says nothing here."""

import secrets
from datetime import UTC, datetime

from peewee import AutoField, CharField, Model

from backend.db import InstantField


def up(migrator, db):
    class Epoch(Model):
        id = AutoField()
        name = CharField()
        began_at = InstantField()
        held_at = InstantField(null=True)

        class Meta:
            database = db
            table_name = "epoch"

    db.create_tables([Epoch])
    Epoch.insert(id=1, name=secrets.token_hex(8), began_at=datetime.now(UTC)).execute()


def down(migrator, db):
    migrator.migrate(migrator.drop_table("epoch"))
