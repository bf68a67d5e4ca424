"""Inserts and changes of many rows in one statement, whose text is made once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from peewee import Field, ForeignKeyField, __exception_wrapper__  # type: ignore[attr-defined]

from backend.db import database

# The type of an array of each kind of column, for sending many rows in one statement.
_ARRAY_TYPES = {
    "INSTANT": "timestamptz",
    "JSON": "jsonb",
    "DOUBLE": "double precision",
    "BOOL": "boolean",
    "INT": "bigint",
    "BIGINT": "bigint",
    "AUTO": "bigint",
    "BIGAUTO": "bigint",
}


def insert_rows(
    model: Any, rows: Sequence[dict[str, Any]], update_on: Sequence[str] = (), *, ignore_known: bool = False
) -> None:
    """Insert many rows, each a dict of all the same fields, in one statement whose text is made once.

    ``update_on`` names the fields of a unique index: a row that is there already is given the new values; with
    ``ignore_known`` it is left as it is. Building the same statement anew for each row cost more than storing it.
    """
    if not rows:
        return
    names = list(rows[0])
    fields = [model._meta.fields[name] for name in names]
    columns = [[_plain(field, row[name]) for row in rows] for name, field in zip(names, fields, strict=True)]
    statement = _insert_statement(model, tuple(names), tuple(update_on), ignore_known)
    with __exception_wrapper__:
        database.cursor().execute(statement, columns)


def update_rows(model: Any, rows: Sequence[dict[str, Any]]) -> None:
    """Change many rows in one statement; each is a dict of all the same fields, the first of them the row's key."""
    if not rows:
        return
    names = list(rows[0])
    fields = [model._meta.fields[name] for name in names]
    columns = [[_plain(field, row[name]) for row in rows] for name, field in zip(names, fields, strict=True)]
    statement = _update_statement(model, tuple(names))
    with __exception_wrapper__:
        database.cursor().execute(statement, columns)


@lru_cache(maxsize=64)
def _update_statement(model: Any, names: tuple[str, ...]) -> str:
    """Return the statement; every word of it comes from the models, none from a request."""
    fields = [model._meta.fields[name] for name in names]
    columns = [f'"{field.column_name}"' for field in fields]
    table = f'"{model._meta.table_name}"'
    kinds = [_ARRAY_TYPES.get(_stored_type(field), "text") for field in fields]
    arrays = ", ".join(f"%s::{'text' if kind == 'jsonb' else kind}[]" for kind in kinds)
    numbered = ", ".join(f"c{n}" for n in range(len(fields)))
    values = [f"t.c{n}::jsonb" if kind == "jsonb" else f"t.c{n}" for n, kind in enumerate(kinds)]
    changed = ", ".join(f"{column} = {value}" for column, value in zip(columns[1:], values[1:], strict=True))
    return f"UPDATE {table} SET {changed} FROM unnest({arrays}) AS t({numbered}) WHERE {table}.{columns[0]} = t.c0"  # noqa: S608


def _plain(field: Field, value: Any) -> Any:
    if value is None:
        return None
    if field.field_type == "JSON":
        return json.dumps(value)
    return field.db_value(value)


@lru_cache(maxsize=64)
def _insert_statement(model: Any, names: tuple[str, ...], update_on: tuple[str, ...], ignore_known: bool) -> str:
    """Return the statement; every word of it comes from the models, none from a request."""
    fields = [model._meta.fields[name] for name in names]
    columns = [f'"{field.column_name}"' for field in fields]
    head = f'INSERT INTO "{model._meta.table_name}" ({", ".join(columns)}) '
    kinds = [_ARRAY_TYPES.get(_stored_type(field), "text") for field in fields]
    arrays = [f"%s::{'text' if kind == 'jsonb' else kind}[]" for kind in kinds]
    picked = [f"c{n}::jsonb" if kind == "jsonb" else f"c{n}" for n, kind in enumerate(kinds)]
    numbered = ", ".join(f"c{n}" for n in range(len(fields)))
    head += f"SELECT {', '.join(picked)} FROM unnest({', '.join(arrays)}) AS t({numbered})"  # noqa: S608
    if update_on:
        keys = [f'"{model._meta.fields[name].column_name}"' for name in update_on]
        changed = [f"{column} = excluded.{column}" for column in columns if column not in keys]
        head = _without_what_is_there(model, columns, keys, head)
        head += f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {', '.join(changed)}"
    elif ignore_known:
        head += " ON CONFLICT DO NOTHING"
    return head


def _without_what_is_there(model: Any, columns: Sequence[str], keys: Sequence[str], insert: str) -> str:
    """Return a statement that changes the rows that are there and inserts only the others.

    An insert that turns into an update has taken a number of the table's sequence all the same: at each fix one.
    """
    table = f'"{model._meta.table_name}"'
    into, _, given = insert.partition(" SELECT ")
    is_same = " AND ".join(f"{table}.{key} = given.{key}" for key in keys)
    changes = ", ".join(f"{column} = given.{column}" for column in columns if column not in keys)
    return (
        f"WITH given ({', '.join(columns)}) AS (SELECT {given}), "  # noqa: S608
        f"changed AS (UPDATE {table} SET {changes} FROM given WHERE {is_same} "
        f"RETURNING {', '.join(f'{table}.{key}' for key in keys)}) "
        f"{into} SELECT {', '.join(columns)} FROM given WHERE ({', '.join(keys)}) NOT IN (TABLE changed)"
    )


def _stored_type(field: Field) -> str:
    return field.rel_field.field_type if isinstance(field, ForeignKeyField) else field.field_type
