"""A caseload that was checked and waits to be confirmed, so that what is loaded is what was checked."""

from peewee import AutoField, ForeignKeyField, IntegerField, Model, TextField

from backend.db import InstantField


def up(migrator, db):
    class Person(Model):
        id = AutoField()

        class Meta:
            database = db
            table_name = "person"

    class CheckedCaseload(Model):
        person = ForeignKeyField(Person, unique=True)
        table = TextField(column_name="rows")
        zones = TextField()
        cases = IntegerField()
        checked_at = InstantField(index=True)

        class Meta:
            database = db
            table_name = "checked_caseload"

    db.create_tables([CheckedCaseload])


def down(migrator, db):
    migrator.migrate(migrator.drop_table("checked_caseload"))
