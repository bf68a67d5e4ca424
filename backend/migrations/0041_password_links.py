"""Links by which people set their own password, so that no administrator ever sees one; the digest alone is kept."""

from peewee import BigAutoField, BooleanField, CharField, ForeignKeyField, Model

from backend.db import InstantField


def up(migrator, db):
    class Person(Model):
        class Meta:
            database = db
            table_name = "person"

    class PasswordLink(Model):
        id = BigAutoField()
        person = ForeignKeyField(Person)
        digest = CharField(unique=True)
        is_first = BooleanField()
        made_at = InstantField()
        made_by = ForeignKeyField(Person, null=True, backref="+")
        expires_at = InstantField()
        used_at = InstantField(null=True)
        voided_at = InstantField(null=True)

        class Meta:
            database = db
            table_name = "password_link"

    db.create_tables([PasswordLink])


def down(migrator, db):
    migrator.migrate(migrator.drop_table("password_link"))
