"""The channels: one entry for each, which says what it sends through, in the order in which its ways are tried.

A channel is added here, with its name and traits in backend.vocabulary and backend.channels, and used where a
escalation policy names it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from backend.models import Attempt, Channel, Notification
from backend.settings import Settings
from notifier import retries, verification_codes
from notifier.channels import console, twilio
from notifier.channels.push import Push
from notifier.channels.sms import Sms
from notifier.channels.voice import Voice
from notifier.circuit_breaker import Breaker
from notifier.messages import Subject
from notifier.retries import Outcome

log = logging.getLogger(__name__)

Sender = Callable[[Notification, Subject, Attempt], Outcome]


@dataclass(frozen=True, slots=True)
class Way:
    """One provider of one channel, with the breaker that stands before it; None where the channel has its own."""

    provider: str
    send: Sender
    breaker: Breaker | None = field(default_factory=Breaker)
    # Asks what became of a message; None where the provider cannot be asked.
    state_of: Callable[[str], tuple[str, int | None]] | None = None
    # Sends a code that proves a number; None where this way has no numbers.
    tell_code: verification_codes.CodeSender | None = None
    # Sends a text that is about no alert; None where this way sends none.
    tell_words: Callable[[str, str], Outcome] | None = None


class Maker(Protocol):
    """Makes the ways of a channel; none where it has no credentials."""

    def __call__(self, settings: Settings, push: Push, accounts: Sequence[twilio.Account]) -> list[Way]: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """One channel of the registry."""

    channel: Channel
    ways: Maker
    # What the log says is missing where it has no way.
    needs: str = ""


def _push(settings: Settings, push: Push, accounts: Sequence[twilio.Account]) -> list[Way]:
    # It has a breaker for each of its own providers: one that is down must not silence the others.
    return [Way("push", lambda to_send, subject, _: push.send(to_send, subject), breaker=None)]


def _through_twilio(kind: type[Sms] | type[Voice]) -> Maker:
    def ways(settings: Settings, push: Push, accounts: Sequence[twilio.Account]) -> list[Way]:
        # Texts and calls of one account fail apart from each other.
        made = [(account.name, kind(settings, account)) for account in accounts]
        return [
            Way(
                name,
                one.send,
                state_of=one.state_of,
                tell_code=one.tell_code,
                tell_words=one.tell_words if isinstance(one, Sms) else None,
            )
            for name, one in made
        ]

    return ways


TWILIO = "CORDON_TWILIO_ACCOUNT_SID, _AUTH_TOKEN and _FROM are not all set"

CHANNELS: tuple[Entry, ...] = (
    Entry(Channel.PUSH, _push),
    Entry(Channel.SMS, _through_twilio(Sms), needs=TWILIO),
    Entry(Channel.VOICE, _through_twilio(Voice), needs=TWILIO),
)


@dataclass(frozen=True, slots=True)
class Senders:
    """The ways on which this worker can send, by channel, in the order in which they are tried."""

    ways: dict[Channel, list[Way]]
    close: Callable[[], None]
    push_breakers: Mapping[str, Breaker] = field(default_factory=dict)
    push: Push | None = None

    def breakers(self) -> list[tuple[str, Breaker]]:
        """Return the breakers of all providers, each by the name of its provider and channel."""
        found = [
            (f"{way.provider} {channel}", way.breaker)
            for channel, ways in self.ways.items()
            for way in ways
            if way.breaker is not None
        ]
        return [*found, *((f"push {name}", breaker) for name, breaker in list(self.push_breakers.items()))]


def _off(name: str) -> Way:
    def send(*_: object) -> Outcome:
        return retries.failed(f"{name} is off: it has no credentials")

    return Way("off", send)


def senders(settings: Settings) -> Senders:
    """Return the channels that have credentials, and say which have none."""
    push, accounts = Push(settings), twilio.accounts(settings)
    made: dict[Channel, list[Way]] = {}
    for entry in CHANNELS:
        made[entry.channel] = entry.ways(settings, push, accounts)
        if not made[entry.channel]:
            log.warning("%s is off: %s", entry.channel, entry.needs)
            made[entry.channel] = [Way("console", console.send) if settings.console else _off(str(entry.channel))]
    return Senders(made, push.close, push.breakers, push)
