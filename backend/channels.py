"""What each channel is like, so that rules can treat some of them alike and name none. Pure.

What a channel sends through is an entry of notifier.channels.registry.
"""

from __future__ import annotations

from dataclasses import dataclass

from backend.vocabulary import Channel


@dataclass(frozen=True, slots=True)
class Traits:
    """What sets a channel apart."""

    # On pages.
    title: str
    # A provider outside carries it; without one it goes to our own sockets, and nothing proves that it left.
    has_provider: bool = True
    # It goes to a phone number that was proved.
    to_number: bool = False
    # It rings until it is answered: one at a time to a phone, for a warning and never for news.
    is_call: bool = False
    # It goes to the phones and browsers that a person has registered.
    to_devices: bool = False


TRAITS: dict[Channel, Traits] = {
    Channel.WEBSOCKET: Traits("Open page", has_provider=False),
    Channel.PUSH: Traits("Push", to_devices=True),
    Channel.SMS: Traits("Text", to_number=True),
    Channel.VOICE: Traits("Call", to_number=True, is_call=True),
}

TITLES = {channel: traits.title for channel, traits in TRAITS.items()}
# Our own sockets: a hint that there is something to fetch.
HINTS = tuple(channel for channel, traits in TRAITS.items() if not traits.has_provider)
TO_NUMBERS = tuple(channel for channel, traits in TRAITS.items() if traits.to_number)
TO_DEVICES = tuple(channel for channel, traits in TRAITS.items() if traits.to_devices)
CALLS = tuple(channel for channel, traits in TRAITS.items() if traits.is_call)
TEXTS = tuple(channel for channel in TO_NUMBERS if channel not in CALLS)
# How a protected person gets notices on their own phone, and texts in the words that they chose.
OWN_NOTICES = Channel.PUSH
OWN_TEXTS = Channel.SMS
# By what a number is verified first; who cannot read a text asks for a call.
CODES = Channel.SMS
# What a member of staff can reply to, with one word or with a warning's code.
REPLIES = Channel.SMS
# What tells news without waking anyone.
QUIET = tuple(channel for channel, traits in TRAITS.items() if not traits.is_call)
# The same past a page that may not be open.
QUIET_BY_PROVIDER = tuple(channel for channel in QUIET if channel not in HINTS)


def is_call(channel: str) -> bool:
    """Tell whether it is a call, which a person has to answer."""
    return channel in CALLS


def is_hint(channel: str) -> bool:
    """Tell whether it goes to our own sockets, and no provider has it."""
    return channel in HINTS
