"""Which jobs of a process fail, and for how long: one that keeps failing becomes an alarm."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from backend import clock

# What passes by itself, such as a row that someone holds, has passed by then.
STANDS_AFTER_S = 15.0
# A step that fails at every claim, and has nothing to do between two, works again only when it has not failed for so
# long. Shorter than the silence of which a heart says that its process is gone.
WELL_AFTER_S = 12.0


@dataclass(frozen=True, slots=True)
class Failing:
    """A step that has failed at every try for so many seconds, with the name of its newest error."""

    what: str
    for_s: float
    error: str


class Steps:
    """Keeps the steps of one process that fail; each of its threads may tell of its own."""

    def __init__(self, monotonic: Callable[[], float] = clock.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        # When it failed first and last, and of what.
        self._failing: dict[str, tuple[float, float, str]] = {}

    def worked(self, what: str) -> None:
        """Take note that a step was done, or had nothing to do."""
        if what not in self._failing:
            return
        with self._lock:
            known = self._failing.get(what)
            if known is not None and self._monotonic() - known[1] > WELL_AFTER_S:
                del self._failing[what]

    def failed(self, what: str, error: BaseException) -> None:
        """Take note that a step was not done."""
        now = self._monotonic()
        with self._lock:
            first = self._failing.get(what, (now, now, ""))[0]
            # The text of an error may hold a coordinate; its kind does not.
            self._failing[what] = first, now, type(error).__name__

    def are_well(self, *steps: str) -> bool:
        """Tell whether none of these steps has failed of late."""
        return not any(what in self._failing for what in steps)

    def failing(self) -> list[Failing]:
        """Return the steps that have failed again and again for 15 s and longer."""
        with self._lock:
            return [
                Failing(what, last - first, error)
                for what, (first, last, error) in sorted(self._failing.items())
                if last - first >= STANDS_AFTER_S
            ]
