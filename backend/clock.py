"""The only reader of the clock: the database's time, carried forward by this host's monotonic clock.

A host whose clock is wrong must not move a deadline, so ``now()`` is monotonic time plus an offset that is
measured against the database's clock again and again; between measurements no jump of the host clock is seen.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

MEASURE_EVERY_S = 10.0
# Half of what asking took is the correction, and the error is at most that half. A database that was frozen for
# 100 s would put every deadline 50 s off.
SLOWEST_S = 1.0


def host_time() -> datetime:
    """Return the host's own time, which is the database's time where the database is a file on this host."""
    return datetime.now(UTC)


class Clock:
    """Tells the time of one process; a test moves it with ``forward``."""

    def __init__(self) -> None:
        self._base = host_time()
        self._base_monotonic = time.monotonic()
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Return the present instant, aware and in UTC."""
        return self._base + timedelta(seconds=time.monotonic() - self._base_monotonic) + self._ahead

    def measure(self, reference: Callable[[], datetime], monotonic: Callable[[], float] = time.monotonic) -> bool:
        """Take the offset to ``reference`` anew, half the time that asking took being the correction.

        Returns False, and keeps the offset that it had, where asking took longer than a second.
        """
        before = monotonic()
        told = reference()
        after = monotonic()
        if after - before > SLOWEST_S:
            return False
        self._base, self._base_monotonic = told, (before + after) / 2
        return True

    def forward(self, seconds: float) -> None:
        """Move this clock ahead of its reference."""
        self._ahead += timedelta(seconds=seconds)


_clock = Clock()


def now() -> datetime:
    """Return the present instant of this process, aware and in UTC."""
    return _clock.now()


def use(clock: Clock) -> Clock:
    """Make ``clock`` the one that ``now()`` reads; returns the one it read before."""
    global _clock
    before, _clock = _clock, clock
    return before


def monotonic() -> float:
    """Return seconds on a scale that never goes back, for measuring a wait within this process."""
    return time.monotonic()


def keep_measuring(reference: Callable[[], datetime], stop: threading.Event) -> threading.Thread:
    """Start a thread that measures the offset now and every 10 s until ``stop`` is set."""

    def run() -> None:
        while True:
            is_measured = False
            # A database that is down leaves the last offset in force: time goes on by the monotonic clock.
            with contextlib.suppress(Exception):
                is_measured = _clock.measure(reference)
            if stop.wait(MEASURE_EVERY_S if is_measured else SLOWEST_S):
                return

    thread = threading.Thread(target=run, name="clock", daemon=True)
    thread.start()
    return thread
