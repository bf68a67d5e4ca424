"""A row that a process changes to see whether the database takes writes: reading it says nothing of a full disk."""

from peewee import AutoField, BigIntegerField, Model


def up(migrator, db):
    class WriteProbe(Model):
        id = AutoField()
        times = BigIntegerField()

        class Meta:
            database = db
            table_name = "write_probe"

    db.create_tables([WriteProbe])
    WriteProbe.create(times=0)


def down(migrator, db):
    db.execute_sql("DROP TABLE write_probe")
