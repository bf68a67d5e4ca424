"""Circuit breaker: stops calling a provider that keeps failing or refuses us, so that the next channel goes at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from backend import clock
from notifier import retries
from notifier.retries import Outcome, Result

# So many failures one after the other mean that the provider and not the message is at fault.
OPENS_AFTER = 5
# As often as this one message tries whether the provider is back.
TRIES_EVERY_S = 5.0
# One that refuses our key refuses every message: from the first refusal on it is asked once in so many seconds, after
# each further one in twice as many, up to the second of these.
REFUSED_FOR_S = 5.0
REFUSED_AT_MOST_S = 15.0
# A provider that no one had anything for since then may be back: people are not told all night that it is down.
KNOWN_FOR_S = 300.0


@dataclass(frozen=True, slots=True)
class LastResult:
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
        self._last_result = LastResult()
        self._refused_for_s = 0.0
        self._refused_until = 0.0
        # Of the many messages that a refused provider waits for, one is under way to try it.
        self._is_trial = False

    def ask(self, provider: str, send: Callable[[], Outcome]) -> Outcome:
        """Let ``send`` ask the provider, or answer in its place while the provider is taken to be down."""
        if not self.allows():
            why = "it refuses us" if self.is_refused else f"it has failed {OPENS_AFTER} times in a row"
            return retries.not_asked(f"{provider} is not asked: {why}", TRIES_EVERY_S)
        outcome = send()
        # A provider that refuses us is there, and may refuse one number's country alone.
        self.record(answered=outcome.result is not Result.RETRY or outcome.refuses_us)
        self._record_refusal(outcome)
        if outcome.refuses_us or outcome.result is Result.SENT:
            with self._lock:
                self._last_result = LastResult(
                    self._last_result.number + 1, outcome.detail if outcome.refuses_us else None
                )
        return outcome

    def allows(self) -> bool:
        """Tell whether the provider may be asked now; asking takes the one try that an open breaker gives."""
        with self._lock:
            now = self._monotonic()
            if self._refused_for_s:
                if now < self._refused_until:
                    return False
                self._refused_until = now + REFUSED_FOR_S
                self._is_trial = True
            if self._failures < OPENS_AFTER:
                return True
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

    def _record_refusal(self, outcome: Outcome) -> None:
        """Take note whether the provider refuses every message; of many that were under way at once one counts."""
        with self._lock:
            if outcome.refuses_all and (self._is_trial or not self._refused_for_s):
                self._refused_for_s = min(max(REFUSED_FOR_S, self._refused_for_s * 2), REFUSED_AT_MOST_S)
                self._refused_until = self._monotonic() + self._refused_for_s
            elif outcome.result in (Result.SENT, Result.DEAD_ROUTE) or (outcome.refuses_us and not outcome.refuses_all):
                # It took our key, whatever it said of the message.
                self._refused_for_s = 0.0
            self._is_trial = False

    @property
    def last_result(self) -> LastResult:
        """What the provider last said of our credentials."""
        with self._lock:
            return self._last_result

    @property
    def is_refused(self) -> bool:
        """Whether the provider refuses us altogether, as far as is known."""
        with self._lock:
            return self._refused_for_s > 0

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
