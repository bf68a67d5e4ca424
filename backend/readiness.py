"""Whether the database is ready: it answers in seconds, takes a write, and has the schema of this release."""

from __future__ import annotations

import threading
from collections.abc import Callable

from backend import clock, db, deadlines
from backend.errors import StorageUnavailable
from backend.models import WriteProbe

# However many ask, the database is written to once in that time.
HOLDS_S = 1.0


def try_write() -> None:
    """Commit a change of one row. Raises: one of ``db.STORAGE_TROUBLE`` where that cannot be done in seconds."""
    with deadlines.within(deadlines.AT_THE_DOOR_S):
        WriteProbe.update(times=WriteProbe.times + 1).where(WriteProbe.id == 1).execute()


class Readiness:
    """Tries the database for the person who asks; those who come at the same time share the answer."""

    def __init__(self, monotonic: Callable[[], float] = clock.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._tried_at: float | None = None
        self._trouble: str | None = None

    def check(self) -> None:
        """Return where all is well. Raises: StorageUnavailable, whose detail says what is not."""
        if not self._lock.acquire(timeout=2 * deadlines.AT_THE_DOOR_S):
            raise StorageUnavailable("The database does not answer.")
        try:
            now = self._monotonic()
            if self._tried_at is None or now - self._tried_at > HOLDS_S:
                self._trouble = self._try()
                self._tried_at = self._monotonic()
        finally:
            self._lock.release()
        if self._trouble is not None:
            raise StorageUnavailable(self._trouble)

    @staticmethod
    def _try() -> str | None:
        try:
            with deadlines.in_all(deadlines.AT_THE_DOOR_S):
                missing = db.missing_migrations()
                if missing:
                    return f"The database is not migrated: {len(missing)} steps are missing."
                try_write()
        except Exception:
            db.forget_connection()
            return "The database does not answer, or takes no writes."
        return None
