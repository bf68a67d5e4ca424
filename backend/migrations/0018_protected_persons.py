"""Children as protected persons: without a phone, and reached through nobody or through an adult who is named.

A condition says why and from which document it was recorded, as everything else of the record does.
"""

from peewee import AutoField, BooleanField, CharField, ForeignKeyField, Model, TextField


def up(migrator, db):
    class Victim(Model):
        id = AutoField()

        class Meta:
            database = db
            table_name = "victim"

    migrator.migrate(
        migrator.add_column("victim", "is_child", BooleanField(default=False)),
        migrator.add_column("victim", "reached_through_id", ForeignKeyField(Victim, field=Victim.id, null=True)),
        migrator.add_column("condition", "why", TextField(default="")),
        migrator.add_column("condition", "document", CharField(default="")),
    )


def down(migrator, db):
    migrator.migrate(
        migrator.drop_column("condition", "document"),
        migrator.drop_column("condition", "why"),
        migrator.drop_index("victim", "victim_reached_through_id"),
        migrator.drop_column("victim", "reached_through_id"),
        migrator.drop_column("victim", "is_child"),
    )
