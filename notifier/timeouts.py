"""Bounds how long a provider may take for one request: a thread that hangs is abandoned.

A timeout of the HTTP library counts from byte to byte, and none counts for the look-up of a name: a provider that drips
would hold a worker for as long as it likes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")

# On top of the timeout that the HTTP library is given, which ends most waits in an orderly way.
SPARE_S = 1.0
# A breaker lets one request through every few seconds: so many hang only where it is of no use.
MOST_LEFT_BEHIND = 200


class TookTooLong(Exception):
    """The provider has not answered in time; whether it did what it was asked for is not known."""


class _Request:
    def __init__(self, work: Callable[[], Any]) -> None:
        self.work = work
        self.done = threading.Event()
        self.is_left_behind = False
        self.result: Any = None
        self.error: BaseException | None = None


class Bounded:
    """Makes the requests of one provider, each in a thread that its caller waits for no longer than ``within_s``."""

    def __init__(self, within_s: float) -> None:
        self._within_s = within_s
        self._requests: SimpleQueue[_Request] = SimpleQueue()
        self._lock = threading.Lock()
        self._idle = 0
        self._left_behind = 0

    def call(self, work: Callable[[], T]) -> T:
        """Return what ``work`` returns. Raises: TookTooLong; whatever ``work`` raises."""
        request = _Request(work)
        with self._lock:
            if self._left_behind >= MOST_LEFT_BEHIND:
                raise TookTooLong("too many requests hang already")
            if self._idle:
                self._idle -= 1
            else:
                # Not waited for at the end of the process, unlike the threads of an executor.
                threading.Thread(target=self._serve, name="ask", daemon=True).start()
        self._requests.put(request)
        if not request.done.wait(self._within_s):
            with self._lock:
                if not request.done.is_set():
                    request.is_left_behind = True
                    self._left_behind += 1
                    raise TookTooLong(f"no answer in {self._within_s:g} s")
        if request.error is not None:
            raise request.error
        result: T = request.result
        return result

    def _serve(self) -> None:
        while True:
            request = self._requests.get()
            try:
                request.result = request.work()
            except BaseException as error:
                # It is raised where it was asked for.
                request.error = error
            with self._lock:
                request.done.set()
                if request.is_left_behind:
                    # Another thread has taken this one's place.
                    self._left_behind -= 1
                    return
                self._idle += 1
            del request
