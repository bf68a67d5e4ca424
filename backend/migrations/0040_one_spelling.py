"""One account for all spellings of an e-mail address, one tag for all spellings of a serial; and says which clash.

Two tags whose serials differ in case alone are two rows whose keys, wearers and fixes may differ: which of them is
right is for a person to say, so nothing is merged here and nothing is changed where any clash.
"""

from backend.errors import InvalidRecord

COLUMNS = (("person", "email", "e-mail address"), ("tag", "serial", "serial"))


def up(migrator, db):
    clashes = []
    for table, column, what in COLUMNS:
        one = f"lower(trim({column}))"
        rows = db.execute_sql(f"SELECT id, {one} FROM {table} ORDER BY id").fetchall()  # noqa: S608
        by_spelling: dict[str, list[int]] = {}
        for row_id, spelling in rows:
            by_spelling.setdefault(spelling, []).append(row_id)
        for ids in by_spelling.values():
            if len(ids) > 1:
                numbers = " and ".join(str(one) for one in ids)
                clashes.append(f"{table} {numbers} have one {what}, spelled differently")
    if clashes:
        how = "UPDATE person SET email = ... WHERE id = ...; UPDATE tag SET serial = ... WHERE id = ...;"
        raise InvalidRecord(f"{'; '.join(clashes)}. Nothing was changed. Give each its own, then migrate again: {how}")
    db.execute_sql("UPDATE person SET email = lower(trim(email)) WHERE email <> lower(trim(email))")
    db.execute_sql("UPDATE tag SET serial = trim(serial) WHERE serial <> trim(serial)")
    for table, column, _ in COLUMNS:
        db.execute_sql(f"CREATE UNIQUE INDEX {table}_one_{column} ON {table} (lower(trim({column})))")


def down(migrator, db):
    for table, column, _ in COLUMNS:
        db.execute_sql(f"DROP INDEX {table}_one_{column}")
