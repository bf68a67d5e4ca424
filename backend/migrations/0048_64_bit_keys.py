"""Every key, every column that holds one, every sequence and the feed's cursor in 64 bits.

A sequence of 32 bits ends after two thousand million numbers: one that a busy table burns at each fix ends within
weeks, and then nothing of any wearer is kept. Each table is written anew once.
"""

KEYS = """
    SELECT c.relname, a.attname
    FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'
    JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema()
    WHERE a.attnum > 0 AND NOT a.attisdropped AND a.atttypid = 'int4'::regtype
      AND (
        a.attname IN ('cursor', 'line')
        OR EXISTS (
          SELECT FROM pg_constraint k
          WHERE k.conrelid = c.oid AND k.contype IN ('p', 'f') AND a.attnum = ANY (k.conkey)
        )
      )
    ORDER BY 1, 2
"""
SEQUENCES = """
    SELECT c.relname FROM pg_sequence s
    JOIN pg_class c ON c.oid = s.seqrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema()
    WHERE s.seqtypid <> 'int8'::regtype
    ORDER BY 1
"""


def up(migrator, db):
    columns: dict[str, list[str]] = {}
    for table, column in db.execute_sql(KEYS).fetchall():
        columns.setdefault(table, []).append(column)
    for table, names in columns.items():
        changes = ", ".join(f'ALTER COLUMN "{name}" TYPE bigint' for name in names)
        db.execute_sql(f'ALTER TABLE "{table}" {changes}')
    for (sequence,) in db.execute_sql(SEQUENCES).fetchall():
        db.execute_sql(f'ALTER SEQUENCE "{sequence}" AS bigint')


def down(migrator, db):
    """Nothing to take back: the release before reads and writes 64-bit columns as it does others."""
