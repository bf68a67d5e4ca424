"""When each tag was last heard of and last said where it is, so that silence rings within minutes."""

from peewee import BigAutoField, BooleanField, DoubleField, ForeignKeyField, Model

from backend.db import InstantField


def up(migrator, db):
    class Tag(Model):
        id = BigAutoField()

        class Meta:
            database = db
            table_name = "tag"

    class TagContact(Model):
        tag = ForeignKeyField(Tag, primary_key=True)
        contact_at = InstantField(index=True)
        located_at = InstantField(null=True)
        longest_gap_s = DoubleField(default=0.0)
        silent_at = InstantField(null=True, index=True)
        is_grave = BooleanField(default=False)

        class Meta:
            database = db
            table_name = "tag_contact"

    db.create_tables([TagContact])


def down(migrator, db):
    migrator.migrate(migrator.drop_table("tag_contact"))
