"""Counts the statements that a piece of work sends to the database, and keeps their text for a test that fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

# What only begins and ends a unit of work, or looks whether a pooled connection is alive, asks nothing.
UNITS = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
PROBE = "SELECT 1"


@contextmanager
def counted() -> Iterator[list[str]]:
    """Keep the text of every statement until the block ends, whatever sends it; the notifier has to be stopped."""
    texts: list[str] = []
    execute = psycopg.Cursor.execute

    def noted(cursor: Any, query: Any, *args: Any, **more: Any) -> Any:
        text = query.decode() if isinstance(query, bytes) else str(query)
        if text != PROBE and not text.lstrip().upper().startswith(UNITS):
            texts.append(text)
        return execute(cursor, query, *args, **more)

    psycopg.Cursor.execute = noted  # type: ignore[method-assign]
    try:
        yield texts
    finally:
        psycopg.Cursor.execute = execute  # type: ignore[method-assign]
