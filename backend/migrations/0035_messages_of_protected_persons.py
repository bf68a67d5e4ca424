"""Alerts that a protected person's message raises, and the words in which they agreed to be answered."""

from peewee import AutoField, ForeignKeyField, Model, TextField


def up(migrator, db):
    class Victim(Model):
        id = AutoField()

        class Meta:
            database = db
            table_name = "victim"

    migrator.migrate(
        migrator.add_column("alert", "victim_id", ForeignKeyField(Victim, field=Victim.id, null=True)),
        migrator.add_column("consent", "wording_help", TextField(null=True)),
    )


def down(migrator, db):
    migrator.migrate(
        migrator.drop_column("consent", "wording_help"),
        migrator.drop_index("alert", "alert_victim_id"),
        migrator.drop_column("alert", "victim_id"),
    )
