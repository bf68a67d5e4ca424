"""Defaults of the database's own for columns that came after their tables.

The release before writes rows without these columns while both run, and a column that takes no NULL would refuse them.
"""

# In brackets, or quoted: an expression on either engine.
LATER = {
    "checked_caseload": {"opened": "(0)"},
    "condition": {"document": "''", "why": "''"},
    "person": {"is_canary": "(false)"},
    "place_zone": {"moves": "(false)"},
    "victim": {"is_child": "(false)"},
    "wearer": {"is_canary": "(false)", "is_training": "(false)"},
}


def up(migrator, db):
    for table, columns in LATER.items():
        migrator.migrate(*(migrator.add_column_default(table, column, is_now) for column, is_now in columns.items()))


def down(migrator, db):
    for table, columns in LATER.items():
        migrator.migrate(*(migrator.drop_column_default(table, column) for column in columns))
