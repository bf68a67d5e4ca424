"""The whole schema, as the models describe it, with the rows that there is one of.

No release has been made yet: until 0.1.0 is tagged this step is the only one and follows the models. From then on it is
kept as it was, and each change is a step of its own with the way back.
"""

import secrets
from datetime import UTC, datetime

from backend.models import TABLES, Epoch, Feed, WriteProbe
from backend.models.record import RULES, readable_instants


def up(migrator, db):
    db.create_tables(TABLES, safe=False)
    for words in (*RULES, *readable_instants(TABLES)):
        db.execute_sql(words)
    # The one table that is not ours: the steps that were taken.
    db.execute_sql("ALTER TABLE schema_migration ALTER COLUMN id TYPE bigint")
    db.execute_sql("ALTER SEQUENCE schema_migration_id_seq AS bigint")
    Feed.insert(id=1, cursor=0).execute()
    Epoch.insert(id=1, name=secrets.token_hex(8), began_at=datetime.now(UTC)).execute()
    WriteProbe.insert(id=1, times=0).execute()


def down(migrator, db):
    db.drop_tables(TABLES)
    for words in RULES:
        if words.startswith("CREATE FUNCTION "):
            db.execute_sql(f"DROP FUNCTION {words.split()[2]}")
