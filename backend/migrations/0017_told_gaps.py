"""What is missing from a case and was told, so that a look at many cases need not read the whole audit for it.

What was told and is not filled, by the audit, counts as told. The release before goes on to read the audit alone: what
one of the two tells while both run, the other may tell once more.
"""

from peewee import AutoField, BigAutoField, CharField, ForeignKeyField, Model

from backend.db import InstantField


def up(migrator, db):
    class Wearer(Model):
        id = AutoField()

        class Meta:
            database = db
            table_name = "wearer"

    class ToldGap(Model):
        wearer = ForeignKeyField(Wearer)
        gap = CharField()
        detail = CharField()
        told_at = InstantField()

        class Meta:
            database = db
            table_name = "told_gap"
            indexes = ((("wearer", "gap", "detail"), True),)

    class AuditEntry(Model):
        id = BigAutoField()
        at = InstantField()
        action = CharField()
        subject = CharField()

        class Meta:
            database = db
            table_name = "audit_entry"

    db.create_tables([ToldGap])
    told = {}
    query = AuditEntry.select().where(AuditEntry.action.in_(["gap_told", "gap_filled"])).order_by(AuditEntry.id)
    for entry in query.iterator():
        if entry.action == "gap_told":
            told[entry.subject] = entry.at
        else:
            told.pop(entry.subject, None)
    for subject, told_at in sorted(told.items()):
        wearer, gap, detail = subject.removeprefix("wearer:").split("/", 2)
        if Wearer.select().where(Wearer.id == int(wearer)).exists():
            ToldGap.create(wearer=int(wearer), gap=gap, detail=detail, told_at=told_at)


def down(migrator, db):
    migrator.migrate(migrator.drop_table("told_gap"))
