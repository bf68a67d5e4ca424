"""Alerts that a tag's own events raise: about the tag and whoever wears it, and about no place."""

from peewee import AutoField, CharField, ForeignKeyField, Model


def up(migrator, db):
    class Tag(Model):
        id = AutoField()

        class Meta:
            database = db
            table_name = "tag"

    migrator.migrate(
        migrator.drop_not_null("alert", "place_id"),
        migrator.drop_not_null("alert", "zone_id"),
        migrator.add_column("alert", "event", CharField(null=True)),
        migrator.add_column("alert", "tag_id", ForeignKeyField(Tag, field=Tag.id, null=True)),
    )


def down(migrator, db):
    migrator.migrate(
        migrator.drop_index("alert", "alert_tag_id"),
        migrator.drop_column("alert", "tag_id"),
        migrator.drop_column("alert", "event"),
        migrator.add_not_null("alert", "zone_id"),
        migrator.add_not_null("alert", "place_id"),
    )
