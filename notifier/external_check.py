"""Checks from outside, as a tag and as a person, whether requests are taken."""

from __future__ import annotations

import logging
from collections.abc import Callable

from backend import clock
from backend.settings import Settings
from notifier.channels import http
from notifier.timeouts import Bounded

log = logging.getLogger(__name__)

# Longer than the service takes to find out that its database does not answer.
WITHIN_S = 10.0
EVERY_S = 5.0
STANDS_AFTER_S = 15.0
# The first is answered by the threads that tags use, the second writes to the database.
PATHS = ("/health", "/ready")


class FrontDoor:
    """Keeps since when requests are not taken at the address that the outside uses."""

    def __init__(self, settings: Settings, monotonic: Callable[[], float] = clock.monotonic) -> None:
        self._url = (settings.front_door_url or settings.canary_url or settings.public_url).rstrip("/")
        self._monotonic = monotonic
        # However slowly an answer drips, it is over by then.
        self._bounded = Bounded(WITHIN_S)
        self._shut_at: float | None = None
        self._fault = ""

    def knock(self) -> bool:
        """Try each of the addresses once on a new connection; return whether all was taken."""
        begun = self._monotonic()
        fault = next((fault for path in PATHS if (fault := self._ask(path)) is not None), None)
        if fault is None:
            self._shut_at = None
            return True
        if self._shut_at is None:
            log.warning("the front door is shut: %s", fault)
            self._shut_at = begun
        self._fault = fault
        return False

    def trouble(self) -> str | None:
        """Return what is wrong in a sentence, once it has lasted for 15 s; None where requests are taken."""
        if self._shut_at is None:
            return None
        for_s = self._monotonic() - self._shut_at
        return f"The front door {self._fault} for {for_s:.0f} s" if for_s >= STANDS_AFTER_S else None

    def _ask(self, path: str) -> str | None:
        def ask() -> int:
            # A connection that is open already says nothing of whether another one is taken.
            with http.session(http.OneTry(WITHIN_S, reads=False)) as asked:
                return asked.get(self._url + path, timeout=WITHIN_S).status_code

        try:
            status = self._bounded.call(ask)
        except Exception as error:
            return f"did not answer {path} ({type(error).__name__})"
        return None if status == 200 else f"answered {status} at {path}"
