"""The threads of one notifier, shared so that a slow channel delays only its own messages."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

from backend.models import Channel

# So large a part of the threads is there for each channel on top of what another one may have taken.
RESERVED = 4


class Lanes:
    """A channel may have up to ``threads`` deliveries under way, and always a few, whatever the others do."""

    def __init__(self, channels: Collection[Channel], threads: int) -> None:
        self._threads = threads
        self._reserve = max(1, threads // RESERVED)
        self._under_way: dict[Channel | None, set[Future[None]]] = {channel: set() for channel in channels}
        self._total = threads + self._reserve * (len(channels) - 1)
        self._pool = ThreadPoolExecutor(self._total, thread_name_prefix="deliver")
        # What is no delivery, such as a code or a question, has threads of its own, which are none of a channel's.
        self._under_way[None] = set()
        self._beside = ThreadPoolExecutor(self._reserve, thread_name_prefix="beside")

    def free(self, channel: Channel) -> int:
        """Return how many more deliveries of a channel may be under way."""
        used = {other: self._used(other) for other in self._under_way if other is not None}
        kept = sum(max(0, self._reserve - used[other]) for other in used if other is not channel)
        return max(0, min(self._threads - used[channel], self._total - sum(used.values()) - kept))

    def free_beside(self) -> int:
        """Return for how much else there are threads."""
        return self._reserve - self._used(None)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way."""
        return not any(self._used(channel) for channel in self._under_way)

    def submit(self, channel: Channel, work: Callable[..., None], *args: Any) -> None:
        """Let a delivery begin; the caller has asked how many may."""
        self._under_way[channel].add(self._pool.submit(work, *args))

    def submit_beside(self, work: Callable[..., None], *args: Any) -> None:
        """Let something else begin, when there is a thread for it."""
        self._under_way[None].add(self._beside.submit(work, *args))

    def wait_for_one(self, timeout_s: float) -> None:
        """Return when any delivery has ended, or after a while."""
        wait(self._all(), timeout=timeout_s, return_when=FIRST_COMPLETED)

    def close(self) -> None:
        """Return when everything that is under way has ended; each does within its provider's timeout."""
        self._pool.shutdown(wait=True)
        self._beside.shutdown(wait=True)

    def _used(self, channel: Channel | None) -> int:
        under_way = self._under_way[channel]
        under_way -= {future for future in under_way if future.done()}
        return len(under_way)

    def _all(self) -> Iterable[Future[None]]:
        return [future for channel, futures in self._under_way.items() if channel is not None for future in futures]
