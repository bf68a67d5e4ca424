"""Wakes whoever waits for a commit: LISTEN/NOTIFY on PostgreSQL, the file's data version on SQLite.

A wake-up carries nothing and may be lost: whoever waits looks at the record, and looks again without being woken.
"""

from __future__ import annotations

import sqlite3
import threading
from typing import Protocol

import psycopg

from backend import clock, db, deadlines

CHANNEL = "cordon"
SQLITE_LOOK_EVERY_S = 0.005
LONGEST_PAUSE_S = 5.0


def announce() -> None:
    """Wake all who wait once the present unit of work is committed, and only then."""
    if db.is_postgres():
        db.before_commit("wakeups.announce", lambda: db.database.execute_sql(f"NOTIFY {CHANNEL}") and None)


class Listener(Protocol):
    """Waits for commits that others announce."""

    def wait(self, timeout_s: float, stop: threading.Event) -> bool:
        """Return True soon after a commit, False after ``timeout_s`` seconds or when ``stop`` is set."""

    def close(self) -> None:
        """Give back the connection."""


def listen() -> Listener:
    """Return a listener of the bound engine; it keeps a connection of its own, for one thread."""
    return PostgresListener() if db.is_postgres() else SqliteListener()


class SqliteListener:
    """Looks at ``PRAGMA data_version``, which changes when any other connection has committed."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(
            db.database.obj.database, timeout=10, isolation_level=None, check_same_thread=False
        )
        self._seen = self._version()

    def _version(self) -> int:
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        return version

    def wait(self, timeout_s: float, stop: threading.Event) -> bool:
        deadline = clock.monotonic() + timeout_s
        while True:
            version = self._version()
            if version != self._seen:
                self._seen = version
                return True
            left = deadline - clock.monotonic()
            if left <= 0 or stop.wait(min(SQLITE_LOOK_EVERY_S, left)):
                return False

    def close(self) -> None:
        self._connection.close()


class PostgresListener:
    """Holds one LISTEN connection and opens it again, with growing pauses, when the server went away."""

    def __init__(self) -> None:
        self._connection: psycopg.Connection | None = None
        self._pause_s = 0.1

    def _connect(self) -> psycopg.Connection:
        engine = db.database.obj
        connection = deadlines.connect(dbname=engine.database, autocommit=True, **engine.connect_params)
        connection.execute(f"LISTEN {CHANNEL}")
        return connection

    def wait(self, timeout_s: float, stop: threading.Event) -> bool:
        try:
            if self._connection is None:
                self._connection = self._connect()
                self._pause_s = 0.1
                # What was announced while nobody listened has to be looked for.
                return True
            for _ in self._connection.notifies(timeout=timeout_s, stop_after=1):
                return True
            return False
        except psycopg.Error:
            self.close()
            stop.wait(min(self._pause_s, timeout_s))
            self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)
            return False

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
