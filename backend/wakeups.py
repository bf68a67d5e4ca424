"""Wakes processes that wait for a commit, with LISTEN and NOTIFY.

A wake-up carries nothing and may be lost: a process that waits reads the record, and reads it again without one.
"""

from __future__ import annotations

import threading

import psycopg

from backend import db, deadlines

CHANNEL = "cordon"
LONGEST_PAUSE_S = 5.0


def announce() -> None:
    """Wake all who wait once the present unit of work is committed, and only then."""
    db.before_commit("wakeups.announce", lambda: db.database.execute_sql(f"NOTIFY {CHANNEL}") and None)


class Listener:
    """Waits for commits that others announce: holds one LISTEN connection of its own, for one thread.

    It opens the connection again, with growing pauses, when the server went away.
    """

    def __init__(self) -> None:
        self._connection: psycopg.Connection | None = None
        self._pause_s = 0.1

    def _connect(self) -> psycopg.Connection:
        engine = db.database.obj
        connection = deadlines.connect(dbname=engine.database, autocommit=True, **engine.connect_params)
        connection.execute(f"LISTEN {CHANNEL}")
        return connection

    def wait(self, timeout_s: float, stop: threading.Event) -> bool:
        """Return True soon after a commit, False after ``timeout_s`` seconds or when ``stop`` is set."""
        try:
            if self._connection is None:
                self._connection = self._connect()
                self._pause_s = 0.1
                # What was announced while no one listened has to be looked for.
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
        """Give back the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
