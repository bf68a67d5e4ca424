"""Owns the phones: who holds which number and push token, and how each behaves."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tests.doubles.journal import AnyPush, Call, Message

SHOWN_PER_PHONE = 20
HANG_UP = "hang up"
LOST = ("undelivered", "failed")


class Mode(StrEnum):
    """How a phone behaves."""

    DELIVER = "deliver"
    IGNORE = "ignore"
    OFF = "off"


class Pickup(StrEnum):
    """Who or what takes a call."""

    HAND = "hand"
    HUMAN = "human"
    HANGS_UP = "hangs-up"
    VOICEMAIL = "voicemail"
    BUSY = "busy"
    NO_ANSWER = "no-answer"


@dataclass
class Phone:
    """One phone. `pickup` HAND rings until someone answers at the wall; `keys` are pressed when asked for.

    A phone that ignores receives everything, and its owner does nothing; one that is off receives nothing until it
    is on again, and when it `is_given_up` its network says at once that it cannot be reached. `patience_s` is how
    long it rings and waits for a key by hand, where that differs from the other phones. `give_receipt` is what its
    app does with a push.
    """

    id: int
    label: str = ""
    role: str = ""
    number: str = ""
    push_tokens: list[str] = field(default_factory=list)
    endpoints: list[str] = field(default_factory=list)
    mode: Mode = Mode.DELIVER
    pickup: Pickup = Pickup.HAND
    keys: str = ""
    patience_s: float | None = None
    is_given_up: bool = False
    give_receipt: Callable[[AnyPush], None] | None = None
    items: list[Message | AnyPush | Call] = field(default_factory=list)
    waiting: list[Message | AnyPush] = field(default_factory=list)
    ringing: Call | None = None
    is_known: bool = False
    is_declined: bool = False
    answered: threading.Event = field(default_factory=threading.Event, repr=False)
    pressed: queue.SimpleQueue[str] = field(default_factory=queue.SimpleQueue, repr=False)

    @property
    def last_sender(self) -> str:
        """The number of Cordon's that wrote last: where a reply goes."""
        for item in reversed(self.items):
            if isinstance(item, Message) and item.direction != "inbound" and item.state not in LOST:
                return item.from_
        return ""

    @property
    def push_addresses(self) -> list[str]:
        """Where pushes for this phone are sent: registration tokens, then endpoints of its browser."""
        return self.push_tokens + self.endpoints

    def show(self, item: Message | AnyPush | Call) -> None:
        """Put `item` on the screen, in place of the push that it replaces."""
        if isinstance(item, AnyPush) and item.collapse_key:
            same = [p for p in self.items if isinstance(p, AnyPush) and p.collapse_key == item.collapse_key]
            for older in same:
                self.items.remove(older)
        self.items.append(item)
        del self.items[:-SHOWN_PER_PHONE]

    def answer(self) -> None:
        """Take the call that rings."""
        self.answered.set()

    def decline(self) -> None:
        """Refuse the call that rings."""
        self.is_declined = True
        self.answered.set()

    def type_key(self, key: str) -> None:
        """Press one key during a call."""
        self.pressed.put(key)

    def hang_up(self) -> None:
        """Leave the call."""
        self.pressed.put(HANG_UP)

    def stop_waiting(self) -> None:
        """Wait no longer for its owner to answer or to press a key: the call is over."""
        self.hang_up()
        self.answered.set()


class Phones:
    """Every phone, found by number or push token; an unknown address gets a phone of its own."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._phones: list[Phone] = []
        self._by_address: dict[str, Phone] = {}

    def at(self, address: str) -> Phone:
        """The phone with this number or push token, made on first use."""
        with self.lock:
            phone = self._by_address.get(address)
            if phone is None:
                phone = Phone(id=len(self._phones) + 1)
                self._phones.append(phone)
                self._join(phone, address)
            return phone

    def introduce(self, people: Iterable[dict[str, Any]]) -> int:
        """Label phones with their owners; how many have one now.

        Each person is `{"label", "phone", "push_token" or "push_tokens", "role"}`; `name` or `email` stands in
        for a missing label, so the product's own list of demo people will do. Without an address: skipped.
        """
        count = 0
        with self.lock:
            for person in people:
                number = str(person.get("phone") or "").replace(" ", "")
                tokens = [str(token) for token in person.get("push_tokens") or [] if token]
                if person.get("push_token"):
                    tokens.insert(0, str(person["push_token"]))
                addresses = [address for address in (number, *tokens) if address]
                if not addresses:
                    continue
                phone = next((self._by_address[a] for a in addresses if a in self._by_address), None)
                phone = phone or self.at(addresses[0])
                for address in addresses:
                    self._join(phone, address)
                phone.label = str(person.get("label") or person.get("name") or person.get("email") or "")
                phone.role = str(person.get("role") or "")
                phone.is_known = True
                count += 1
        return count

    def add_endpoint(self, owner: str, endpoint: str) -> Phone:
        """Have pushes to `endpoint` arrive on the phone with the number or push token `owner`."""
        with self.lock:
            phone = self.at(owner)
            self._join(phone, endpoint)
            return phone

    def all(self) -> list[Phone]:
        """Every phone: known people in their order, then strangers in order of arrival."""
        with self.lock:
            return sorted(self._phones, key=lambda phone: (not phone.is_known, phone.id))

    def by_id(self, phone_id: int) -> Phone | None:
        """The phone with this id, if there is one."""
        with self.lock:
            return next((phone for phone in self._phones if phone.id == phone_id), None)

    def wipe(self) -> None:
        """Clear every screen; owners and switches stay."""
        with self.lock:
            for phone in self._phones:
                phone.items.clear()
                phone.waiting.clear()

    def _join(self, phone: Phone, address: str) -> None:
        other = self._by_address.get(address)
        if other is not None and other is not phone:
            phone.items = sorted(phone.items + other.items, key=lambda item: item.at)[-SHOWN_PER_PHONE:]
            phone.waiting += other.waiting
            self._phones.remove(other)
            for moved in filter(None, (other.number, *other.push_addresses)):
                self._by_address[moved] = phone
            phone.number = phone.number or other.number
            phone.push_tokens += [token for token in other.push_tokens if token not in phone.push_tokens]
            phone.endpoints += other.endpoints
        self._by_address[address] = phone
        if is_number(address):
            phone.number = address
        elif address not in phone.push_addresses:
            (phone.endpoints if is_endpoint(address) else phone.push_tokens).append(address)


def is_endpoint(address: str) -> bool:
    """Whether `address` is where a push service takes pushes for a browser."""
    return address.startswith(("http://", "https://"))


def is_number(address: str) -> bool:
    """Whether `address` is a telephone number and not a push token."""
    return address.startswith("+") and address[1:].replace(" ", "").isdigit()
