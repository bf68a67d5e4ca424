"""Tells the duty line that the database does not answer: by settings alone, since alarms and numbers are in it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from backend import alarms, clock
from backend.settings import Settings
from notifier import alarm_words
from notifier.channels.duty import DutyTexts

log = logging.getLogger(__name__)

# Longer than a restart takes; a monitor outside misses its ping after three minutes.
AFTER_S = 60.0
TRIES_AGAIN_S = 15.0
TITLE = "The database does not answer"


class WithoutDatabase:
    """Counts how long the database has been away for one process, and sends a text about it to the duty line."""

    def __init__(self, settings: Settings, monotonic: Callable[[], float] = clock.monotonic) -> None:
        self._settings = settings
        self._texts = DutyTexts(settings)
        self._monotonic = monotonic
        self._lost_at: float | None = None
        self._tell_at = 0.0
        self._is_told = False

    def answers(self) -> None:
        """Take note that the database answers, and say so where it was told that it does not."""
        if self._is_told:
            self._send([], [(TITLE, "It does again")])
        self._lost_at, self._is_told = None, False

    def is_lost(self) -> None:
        """Take note that it does not, and tell the duty line once that has lasted, and again while it lasts."""
        now = self._monotonic()
        if self._lost_at is None:
            self._lost_at = self._tell_at = now
        lost_for_s = now - self._lost_at
        if lost_for_s < AFTER_S or now < self._tell_at or not self._settings.duty_line:
            return
        detail = f"For {lost_for_s:.0f} s. Nobody is warned until it does"
        is_taken = self._send([(TITLE, detail)], [])
        self._is_told = self._is_told or is_taken
        self._tell_at = now + (alarms.TELL_AGAIN_S if is_taken else TRIES_AGAIN_S)

    def _send(self, standing: list[tuple[str, str]], ended: list[tuple[str, str]]) -> bool:
        words = alarm_words.text(standing, ended, f"{self._settings.public_url}/supervisor")
        log.warning("the duty line is told: %s", words)
        return self._texts.send(self._settings.duty_line, words) is not None
