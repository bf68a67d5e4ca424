"""Threads that serve requests, in lanes: a lane whose threads are all busy leaves the others free."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from backend.web.request_reading import PEOPLE, SIGN_IN, SOCKETS, TAGS
from backend.web.socket_admission import MOST_GUESTS


@dataclass(frozen=True, slots=True)
class Size:
    """How many requests of a lane have a thread at once, and how many more may wait for one."""

    threads: int
    most_waiting: int


def sizes(threads: int, most_sockets: int) -> dict[str, Size]:
    """Return the lanes of a server that gives ``threads`` to tags.

    People have a quarter as many: fewer than there are database connections, so that some are always left for tags.
    Signing in has two, since what strangers let it do competes with tags for the interpreter, thread by thread. A
    socket has a thread for as long as it is open.
    """
    return {
        TAGS: Size(threads, 1_000),
        PEOPLE: Size(max(4, threads // 4), 256),
        SIGN_IN: Size(2, 32),
        SOCKETS: Size(most_sockets + MOST_GUESTS, MOST_GUESTS),
    }


class Lane:
    """Threads of their own, and a bounded number of requests that wait for one."""

    def __init__(self, name: str, size: Size) -> None:
        self._pool = ThreadPoolExecutor(size.threads, thread_name_prefix=name)
        self._places = threading.BoundedSemaphore(size.threads + size.most_waiting)

    def submit(self, serve: Callable[..., Any], connection: Any) -> Future[Any] | None:
        """Serve the request of ``connection`` in a thread of this lane; None where too many wait already."""
        if not self._places.acquire(blocking=False):
            return None
        future = self._pool.submit(serve, connection)
        future.add_done_callback(lambda _: self._places.release())
        return future

    def shutdown(self) -> None:
        """Take no further request."""
        self._pool.shutdown(wait=False, cancel_futures=True)


class Lanes:
    """All lanes of one server."""

    def __init__(self, of: dict[str, Size]) -> None:
        self._lanes = {name: Lane(name, size) for name, size in of.items()}

    def __getitem__(self, name: str) -> Lane:
        return self._lanes[name]

    def shutdown(self, wait: bool = False) -> None:
        """Take no further request, and wait for none that is under way."""
        for lane in self._lanes.values():
            lane.shutdown()


class Turns:
    """Whose turn it is to open a websocket: each address has one after another, its newest request first.

    Opening one costs as much as several posts of tags, so that there is a pace. The newest one is the least likely to
    have been given up by its phone.
    """

    def __init__(self, a_second: float, most_at_once: int) -> None:
        self._a_second = a_second
        self._most_at_once = most_at_once
        self._left = float(most_at_once)
        self._looked: float | None = None
        self._waiting: OrderedDict[str, dict[Any, None]] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, address: str, request: Any) -> None:
        """Let a request wait for its turn."""
        self._waiting.setdefault(address, {})[request] = None

    def remove(self, address: str, request: Any) -> None:
        """Let a request wait no longer, if it does."""
        requests = self._waiting.get(address, {})
        if request in requests:
            del requests[request]
            if not requests:
                del self._waiting[address]

    def due(self, now: float) -> Iterator[Any]:
        """Yield the requests whose turn it is, in their order."""
        passed_s = now - (now if self._looked is None else self._looked)
        self._left = min(self._most_at_once, self._left + passed_s * self._a_second)
        self._looked = now
        while self._waiting and self._left >= 1:
            address, requests = next(iter(self._waiting.items()))
            request, _ = requests.popitem()
            if requests:
                self._waiting.move_to_end(address)
            else:
                del self._waiting[address]
            self._left -= 1
            yield request
