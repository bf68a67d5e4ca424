"""Who confirmed that a number is a wearer's: one account alone must not be able to hold a protected person's texts.

What was declared before takes a second person like any other.
"""

from peewee import AutoField, ForeignKeyField, Model

from backend.db import InstantField


def up(migrator, db):
    class Person(Model):
        id = AutoField()

        class Meta:
            database = db
            table_name = "person"

    migrator.migrate(
        migrator.add_column("wearer_number", "confirmed_by_id", ForeignKeyField(Person, field=Person.id, null=True)),
        migrator.add_column("wearer_number", "confirmed_at", InstantField(null=True)),
    )


def down(migrator, db):
    migrator.migrate(
        migrator.drop_column("wearer_number", "confirmed_at"),
        migrator.drop_index("wearer_number", "wearer_number_confirmed_by_id"),
        migrator.drop_column("wearer_number", "confirmed_by_id"),
    )
