"""Requests of tags whose rows another transaction holds: they wait in their own lane and delay no other tag."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from backend import clock

Item = TypeVar("Item")

FIRST_RETRY_S, LONGEST_RETRY_S = 0.05, 1.0


class RowsHeld(Exception):
    """Rows of these tags, of their wearers or of their alerts are held by others; nothing was kept."""

    def __init__(self, tag_ids: set[int]) -> None:
        super().__init__(f"rows of {len(tag_ids)} tag(s) are held")
        self.tag_ids = tag_ids


@dataclass
class _Waiting(Generic[Item]):
    items: list[tuple[float, Item]] = field(default_factory=list)
    tries: int = 0
    next_at: float = 0.0


class HeldLane(Generic[Item]):
    """Tries the requests of each held tag again, all of one tag together, until they are kept or too old.

    ``attempt`` returns False while the rows are held still; ``give_up`` answers what has waited for ``patience_s``.
    """

    def __init__(
        self, attempt: Callable[[list[Item]], bool], give_up: Callable[[Item], None], patience_s: float
    ) -> None:
        self._attempt = attempt
        self._give_up = give_up
        self._patience_s = patience_s
        self._waiting: dict[int, _Waiting[Item]] = {}
        self._trying: set[int] = set()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_stopping = False

    def has(self, tag_id: int) -> bool:
        """Tell whether requests of this tag wait here: later ones go behind them."""
        with self._changed:
            return tag_id in self._waiting or tag_id in self._trying

    def add(self, tag_id: int, item: Item) -> None:
        """Let a request wait here."""
        with self._changed:
            self._waiting.setdefault(tag_id, _Waiting()).items.append((clock.monotonic(), item))
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="held tags", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Try once more what waits, and stop."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=self._patience_s)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not (due := self._due()):
                    if self._is_stopping and not self._waiting:
                        return
                    self._changed.wait(self._wait_s())
                tag_id, waiting = due
                del self._waiting[tag_id]
                self._trying.add(tag_id)
            is_kept = self._attempt([item for _, item in waiting.items])
            now = clock.monotonic()
            too_old = [] if is_kept else [item for at, item in waiting.items if now - at >= self._patience_s]
            with self._changed:
                self._trying.discard(tag_id)
                left = [] if is_kept or self._is_stopping else waiting.items[len(too_old) :]
                dropped = too_old if not self._is_stopping else [] if is_kept else [item for _, item in waiting.items]
                if left:
                    behind = self._waiting.setdefault(tag_id, _Waiting())
                    behind.items[:0] = left
                    behind.tries = waiting.tries + 1
                    behind.next_at = now + min(LONGEST_RETRY_S, FIRST_RETRY_S * 2**waiting.tries)
            for item in dropped:
                self._give_up(item)

    def _due(self) -> tuple[int, _Waiting[Item]] | None:
        """Return what to try next: of what is due the one that was tried least, so that a new one waits for none."""
        now = clock.monotonic()
        due = [pair for pair in self._waiting.items() if self._is_stopping or pair[1].next_at <= now]
        return min(due, key=lambda pair: pair[1].tries, default=None)

    def _wait_s(self) -> float | None:
        now = clock.monotonic()
        return min((max(0.01, one.next_at - now) for one in self._waiting.values()), default=None)
