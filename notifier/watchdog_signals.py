"""What the watchdog says beside its rounds: to people past the outbox, and to the monitor outside that all is well."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import requests

from backend import clock
from backend.settings import Settings
from notifier.alarm_notices import AlarmNotifier
from notifier.channels import http
from notifier.external_check import FrontDoor

log = logging.getLogger(__name__)

# A round that ended longer ago than this says nothing of now.
ROUND_HOLDS_S = 30.0
# An alarm that no one could be told of for this long is for the monitor outside to tell, by the ping that is missing.
UNTOLD_S = 120.0
PING_TIMEOUT_S = 3.0


@dataclass(frozen=True, slots=True)
class Round:
    """What the newest look at everything came to."""

    ended: float
    is_complete: bool
    has_notifier: bool
    untold_s: float


class Signals:
    """What one watchdog sends; none of it waits for another: a provider that hangs delays no look."""

    def __init__(self, settings: Settings, door: FrontDoor) -> None:
        self._settings = settings
        self._alarm_notifier = AlarmNotifier(settings)
        self._door = door
        self._looked = threading.Event()
        self._last: Round | None = None

    def round_ended(self, last: Round) -> None:
        """Take note of what a round came to."""
        self._last = last

    def wake(self) -> None:
        """Let the notices go out now."""
        self._looked.set()

    def knock(self) -> None:
        """Try the address that the outside uses."""
        self._door.knock()

    def tell_after_round(self) -> None:
        """Wait for a round to end, and tell people what they are to be told about."""
        self._looked.wait()
        self._looked.clear()
        self.tell(clock.now())

    def tell(self, now: datetime) -> int:
        """Tell people what they are to be told about; return how many texts were taken."""
        return self._alarm_notifier.tell(now)

    def pings_every_s(self) -> float:
        """Return the seconds to the next ping: soon where no round has ended yet."""
        return self._settings.deadman_every_s if self._last else 1.0

    def ping(self) -> bool:
        """Tell the monitor outside that all is well, if it is; return whether it has heard."""
        url, last = self._settings.deadman_url, self._last
        if not url or last is None or not self._may_ping(last):
            return False
        try:
            # What it says beyond its status is not read.
            with http.session(http.OneTry(PING_TIMEOUT_S, reads=False), follows=True) as asked:
                asked.get(url, timeout=PING_TIMEOUT_S).raise_for_status()
        except requests.RequestException as error:
            # Path and query are what makes the address ours alone: they stay out of the log, as do errors with them.
            log.warning("the monitor at %s did not take the ping (%s)", urlsplit(url).hostname, type(error).__name__)
            return False
        return True

    def _may_ping(self, last: Round) -> bool:
        is_fresh = clock.monotonic() - last.ended <= ROUND_HOLDS_S
        is_well = is_fresh and last.is_complete and last.has_notifier and last.untold_s <= UNTOLD_S
        return is_well and self._door.trouble() is None
