"""By which sign-in a phone takes pushes, so that signing out there ends them; of those from before it is not known."""

from peewee import AutoField, ForeignKeyField, Model


def up(migrator, db):
    class Session(Model):
        id = AutoField()

        class Meta:
            database = db
            table_name = "session"

    migrator.migrate(migrator.add_column("device", "session_id", ForeignKeyField(Session, field=Session.id, null=True)))


def down(migrator, db):
    migrator.migrate(migrator.drop_column("device", "session_id"))
