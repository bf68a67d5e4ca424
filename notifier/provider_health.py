"""What this notifier knows of its providers: which fail and which refuse our credentials, raised as alarms."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from backend import alarms
from backend.models import AlarmKind
from notifier.circuit_breaker import Breaker

PREFIX = "provider:"


class Providers:
    """Raises and ends the alarms about providers, by what their breakers have seen since the last look."""

    def __init__(self) -> None:
        self._down: set[str] | None = None
        self._heard: dict[str, int] = {}

    def look(self, breakers: Iterable[tuple[str, Breaker]], now: datetime) -> None:
        """Raise an alarm for each provider that fails or refuses us, and end it when it takes a message again.

        That it fails is said for as long as it is known: where no one had anything for it lately, no one knows.
        """
        known = list(breakers)
        self._look_for_refusals(known, now)
        if self._down is None:
            # What a worker before this one has raised is ended by this one.
            self._down = {alarm.subject.removeprefix(PREFIX) for alarm in alarms.standing(AlarmKind.PROVIDER_DOWN)}
        # One that refuses us is there: that it is not asked meanwhile is said by an alarm of its own.
        down = {name for name, breaker in known if breaker.is_known_down and breaker.last_result.refusal is None}
        for name in down - self._down:
            detail = f"{name} fails again and again: other ways are used meanwhile"
            alarms.raise_alarm(AlarmKind.PROVIDER_DOWN, f"{PREFIX}{name}", detail, now)
        for name in self._down - down:
            alarms.end(AlarmKind.PROVIDER_DOWN, f"{PREFIX}{name}", now)
        self._down = down

    def _look_for_refusals(self, breakers: Iterable[tuple[str, Breaker]], now: datetime) -> None:
        """Only a message that was taken ends such an alarm, whichever worker raised it: silence proves nothing."""
        for name, breaker in breakers:
            last_result = breaker.last_result
            if last_result.number == self._heard.get(name, 0):
                continue
            if last_result.refusal is None:
                alarms.end(AlarmKind.PROVIDER_CREDENTIALS, f"{PREFIX}{name}", now)
            else:
                detail = f"{name}: {last_result.refusal}"
                alarms.raise_alarm(AlarmKind.PROVIDER_CREDENTIALS, f"{PREFIX}{name}", detail, now)
            self._heard[name] = last_result.number
