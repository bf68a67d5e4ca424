"""Counts the answers that tags got, and raises an alarm when fixes are refused.

It asks nothing of the database, which may be what is broken.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from backend import clock

# A tag that was refused sends again after a few seconds: what lasts longer than that does not pass by itself.
STANDS_AFTER_S = 15.0
# So many tags at once are no fault of one tag, whether or not they have sent again.
MANY_TAGS = 3
# A tag that was refused and has not sent since says nothing of now.
FORGOTTEN_AFTER_S = 300.0
MOST_TAGS = 10_000


@dataclass(slots=True)
class _Refused:
    """A tag that was refused and not taken since: when first, when last."""

    first: float
    last: float


class Acceptance:
    """Keeps, for one process, which tags were refused and have not been taken since."""

    def __init__(self, monotonic: Callable[[], float] = clock.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._refused: OrderedDict[str, _Refused] = OrderedDict()
        self._taken_at: float | None = None

    def answered(self, serial: str, status: int) -> None:
        """Take note of an answer to a tag: any below 500 says that what it sent was looked at and kept or refused."""
        now = self._monotonic()
        with self._lock:
            if status < 500:
                self._refused.pop(serial, None)
                if status == 200:
                    self._taken_at = now
                return
            known = self._refused.setdefault(serial, _Refused(now, now))
            known.last = now
            self._refused.move_to_end(serial)
            while len(self._refused) > MOST_TAGS:
                self._refused.popitem(last=False)

    def trouble(self) -> str | None:
        """Return what is wrong in a sentence with its figures; None where fixes are taken.

        Wrong is: a tag refused again after 15 s, three tags whose fixes have waited for so long, or one while nothing
        was taken from any other tag.
        """
        now = self._monotonic()
        with self._lock:
            while self._refused and now - next(iter(self._refused.values())).last > FORGOTTEN_AFTER_S:
                self._refused.popitem(last=False)
            standing = [one for one in self._refused.values() if now - one.first >= STANDS_AFTER_S]
            if not standing:
                return None
            first = min(one.first for one in standing)
            is_again = any(one.last - one.first >= STANDS_AFTER_S for one in standing)
            is_everybody = self._taken_at is None or self._taken_at < first
            count = len(standing)
        if not (is_again or is_everybody or count >= MANY_TAGS):
            return None
        whose = "every tag" if is_everybody else f"{count} {'tag' if count == 1 else 'tags'}"
        return f"Fixes of {whose} refused for {now - first:.0f} s"
