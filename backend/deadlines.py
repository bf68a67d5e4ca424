"""Timeouts for the database: a query that hangs is abandoned after seconds, and few may hang at once.

No option of the connection does that: the kernel of a frozen server still acknowledges every packet.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.errors import _WaitTimeout

from backend import clock

# The server ends a statement that takes longer, and says so: it is there. Longer than the wait for a row.
STATEMENT_WITHIN_S = 12
# A server that has not even said that by now says nothing.
ANSWERS_WITHIN_S = 15.0
# What a tag or a probe waits for is one row.
AT_THE_DOOR_S = 4.0
CONNECTS_WITHIN_S = 4
TRIES_AGAIN_S = 1.0


class _Patience(threading.local):
    seconds: float | None = ANSWERS_WITHIN_S
    # On the monotonic scale; beside the seconds of each answer.
    until: float | None = None

    def left_s(self) -> float | None:
        if self.until is None or self.seconds is None:
            return self.seconds
        return max(0.05, min(self.seconds, self.until - clock.monotonic()))


_patience = _Patience()


@contextmanager
def within(seconds: float | None) -> Iterator[None]:
    """Let each answer that this thread asks for in the block take at most so long; None: as long as it likes."""
    before, _patience.seconds = _patience.seconds, seconds
    try:
        yield
    finally:
        _patience.seconds = before


@contextmanager
def in_all(seconds: float) -> Iterator[None]:
    """Let all that this thread asks for in the block take at most so long together, however many answers that is."""
    before, _patience.until = _patience.until, clock.monotonic() + seconds
    try:
        yield
    finally:
        _patience.until = before


class Gate:
    """Refuses at once, while the database says nothing, what would only wait: one call at a time finds out.

    Otherwise each thread waits out a deadline of its own, one behind the other where they need a new connection.
    """

    def __init__(self, monotonic: Callable[[], float] = clock.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._is_silent = False
        self._try_at = 0.0

    def enter(self) -> None:
        """Let a call begin. Raises: psycopg.OperationalError while another one finds out."""
        if not self._is_silent:
            return
        with self._lock:
            now = self._monotonic()
            if self._is_silent and now < self._try_at:
                raise psycopg.OperationalError("the database did not answer just now")
            self._try_at = now + AT_THE_DOOR_S

    def says_nothing(self) -> None:
        """Take note that a call was given up."""
        with self._lock:
            self._is_silent, self._try_at = True, self._monotonic() + TRIES_AGAIN_S

    def answers(self) -> None:
        """Take note that one was answered."""
        self._is_silent = False


class BoundedConnection(psycopg.Connection[Any]):
    """A connection that is closed, and raises OperationalError, where an answer takes too long."""

    gate: Gate | None = None

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Wait for an answer; a caller who gives a ``timeout`` of its own handles it."""
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        try:
            answer = super().wait(gen, interval, _patience.left_s())
        except _WaitTimeout:
            # What becomes of the statement is not known, and nothing that the server says later may be taken for more.
            self.pgconn.finish()
            if self.gate is not None:
                self.gate.says_nothing()
            raise psycopg.OperationalError("the database did not answer in time") from None
        if self.gate is not None:
            self.gate.answers()
        return answer


def connect(gate: Gate | None = None, **parameters: Any) -> BoundedConnection:
    """Return a new connection whose answers are bounded. Raises: psycopg.OperationalError."""
    left_s = _patience.left_s()
    if left_s is not None:
        # Two seconds are the least that the driver takes.
        parameters["connect_timeout"] = max(2, min(CONNECTS_WITHIN_S, int(left_s)))
    try:
        connection = BoundedConnection.connect(**parameters)
    except psycopg.errors.ConnectionTimeout:
        if gate is not None:
            gate.says_nothing()
        raise
    connection.gate = gate
    if gate is not None:
        gate.answers()
    return connection
