"""The schema of 0.1.0, with the rows that there is one of.

Before it there was no release, so there is nothing to go back to: down leaves an empty database. It is kept as it was
released, in SQL beside it; each change of the schema is a step of its own with the way back.
"""

import re
import secrets
from datetime import UTC, datetime
from pathlib import Path

from backend.models import Epoch, Feed, WriteProbe

SCHEMA = Path(__file__).with_suffix(".sql")


def up(migrator, db):
    db.cursor().execute(SCHEMA.read_text())
    # The one table that is not ours: the steps that were taken.
    db.execute_sql("ALTER TABLE schema_migration ALTER COLUMN id TYPE bigint")
    db.execute_sql("ALTER SEQUENCE schema_migration_id_seq AS bigint")
    Feed.insert(id=1, cursor=0).execute()
    Epoch.insert(id=1, name=secrets.token_hex(8), began_at=datetime.now(UTC)).execute()
    WriteProbe.insert(id=1, times=0).execute()


def down(migrator, db):
    made = SCHEMA.read_text()
    for table in re.findall(r'^CREATE TABLE "(\w+)"', made, re.MULTILINE):
        db.execute_sql(f'DROP TABLE "{table}" CASCADE')
    for function in re.findall(r"^CREATE FUNCTION (\w+\(\))", made, re.MULTILINE):
        db.execute_sql(f"DROP FUNCTION {function}")
