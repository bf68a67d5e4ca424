"""Stops asking a provider that keeps failing, so that the next channel goes at once instead of after each timeout."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from backend import clock
from notifier import delivery
from notifier.delivery import Outcome, Result

# So many failures one after the other mean that the provider and not the message is at fault.
OPENS_AFTER = 5
# As often as this one message tries whether the provider is back.
TRIES_EVERY_S = 5.0
# A provider that nobody had anything for since then may be back: people are not told all night that it is down.
KNOWN_FOR_S = 300.0


@dataclass(frozen=True, slots=True)
class Word:
    """What a provider last said of our credentials: the how manieth word it was, and why it refuses them, if so."""

    number: int = 0
    refusal: str | None = None


class Breaker:
    """Counts failures in a row of one provider in this process; open, it lets one try through every few seconds."""

    def __init__(self, monotonic: Callable[[], float] = clock.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._failures = 0
        self._failed_at = 0.0
        self._next_try_at = 0.0
        self._word = Word()

    def ask(self, provider: str, send: Callable[[], Outcome]) -> Outcome:
        """Let ``send`` ask the provider, or answer in its place while the provider is taken to be down."""
        if not self.allows():
            said = f"{provider} is not asked: it has failed {OPENS_AFTER} times in a row"
            return delivery.not_asked(said, TRIES_EVERY_S)
        outcome = send()
        # A provider that refuses us is there, and may refuse one number's country alone.
        self.record(answered=outcome.result is not Result.RETRY or outcome.refuses_us)
        if outcome.refuses_us or outcome.result is Result.SENT:
            with self._lock:
                self._word = Word(self._word.number + 1, outcome.detail if outcome.refuses_us else None)
        return outcome

    def allows(self) -> bool:
        """Tell whether the provider may be asked now; asking takes the one try that an open breaker gives."""
        with self._lock:
            if self._failures < OPENS_AFTER:
                return True
            now = self._monotonic()
            if now < self._next_try_at:
                return False
            self._next_try_at = now + TRIES_EVERY_S
            return True

    def record(self, *, answered: bool) -> None:
        """Take note of a try: an answer of any kind, a refusal too, shows that the provider is there."""
        with self._lock:
            self._failures = 0 if answered else self._failures + 1
            if not answered:
                self._failed_at = self._monotonic()
            if self._failures == OPENS_AFTER:
                self._next_try_at = self._failed_at + TRIES_EVERY_S

    @property
    def word(self) -> Word:
        """What the provider last said of our credentials."""
        with self._lock:
            return self._word

    @property
    def is_open(self) -> bool:
        """Whether the provider is taken to be down."""
        with self._lock:
            return self._failures >= OPENS_AFTER

    @property
    def is_known_down(self) -> bool:
        """Whether it is, and has failed again within the last minutes."""
        with self._lock:
            return self._failures >= OPENS_AFTER and self._monotonic() - self._failed_at < KNOWN_FOR_S
