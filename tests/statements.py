"""Counts the statements that a piece of work sends to the database, and keeps their text for a test that fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

# What only begins and ends a unit of work, or looks whether a pooled connection is alive, asks nothing.
UNITS = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
# The clock is measured by a thread of its own, which belongs to no work that is counted.
PROBES = ("SELECT 1", "SELECT clock_timestamp()")


@contextmanager
def counted() -> Iterator[list[str]]:
    """Keep the text of every statement until the block ends, whatever sends it; the notifier has to be stopped."""
    texts: list[str] = []
    execute = psycopg.Cursor.execute

    def noted(cursor: Any, query: Any, *args: Any, **more: Any) -> Any:
        text = query.decode() if isinstance(query, bytes) else str(query)
        if text not in PROBES and not text.lstrip().upper().startswith(UNITS):
            texts.append(text)
        return execute(cursor, query, *args, **more)

    psycopg.Cursor.execute = noted  # type: ignore[method-assign]
    try:
        yield texts
    finally:
        psycopg.Cursor.execute = execute  # type: ignore[method-assign]
