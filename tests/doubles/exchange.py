"""Owns the parts that the providers' doubles share, and how a scripted fault befalls a request."""

from __future__ import annotations

import os
import secrets
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import Response, request

from tests.doubles.callbacks import Scheduler, Webhooks
from tests.doubles.faults import Fault, Script
from tests.doubles.journal import AnyPush, Attempt, Journal, Message, now
from tests.doubles.phones import Mode, Phone, Phones

UNREACHABLE = 30003  # Source: Twilio error 30003, "Unreachable destination handset".
EXPIRED = 30036  # Source: Twilio error 30036, "Validity Period Expired".


class ConnectionBroken(ConnectionResetError):
    """The double broke its connection on purpose; nothing more can be written to it."""


@dataclass
class Options:
    """Who the doubles are and how quick: `sent_after_s` and `delivered_after_s` count from the step before."""

    account_sid: str = "AC" + "0c0d" * 8
    auth_token: str = "double-auth-token"
    project_id: str = "cordon-local"
    sent_after_s: float = 0.0
    delivered_after_s: float = 0.0
    ring_s: float = 0.0
    gather_s: float = 0.0


@dataclass
class Exchange:
    """The telephone exchange behind all doubles: journal, script, phones and the way back to Cordon."""

    options: Options
    journal: Journal
    script: Script
    phones: Phones
    scheduler: Scheduler
    webhooks: Webhooks
    on_progress: Callable[[Message, str, int | None], None] = lambda *_: None
    _released: threading.Event = field(default_factory=threading.Event)

    def serve(
        self, channel: str, to: str, refuse: Callable[[Fault], Response], work: Callable[[Fault | None], Response]
    ) -> Response:
        """Answer one request by `work`, unless the script says otherwise; every request is journalled."""
        fault = self.script.take(channel, to)
        attempt = Attempt(channel, to, fault=fault.in_words() if fault else "")
        self.journal.add(attempt)
        if fault and fault.hang_s:
            self._released.wait(fault.hang_s)
        if fault and fault.reset in ("before_body", "after_body"):
            break_connection()
        response = refuse(fault) if fault and fault.is_refusal else work(fault)
        attempt.status = response.status_code
        self.journal.changed()
        if fault and fault.reset == "after_work":
            response.close()
            break_connection()
        return response

    def release(self) -> None:
        """End every hang and post every callback held back."""
        self._released.set()
        self._released = threading.Event()
        self.webhooks.release()

    def arrive(self, item: Message | AnyPush, address: str) -> bool:
        """Hand `item` to the phone at `address`; False when it is off, and then the phone gets it later."""
        phone = self.phones.at(address)
        with self.phones.lock:
            if phone.mode is Mode.OFF:
                phone.waiting.append(item)
                return False
            phone.show(item)
            give_receipt = phone.give_receipt
        if not isinstance(item, Message):
            item.is_shown = True
            if give_receipt:
                self.scheduler.soon(lambda: give_receipt(item))
        self.journal.changed()
        return True

    def note_loss(self, message: Message) -> None:
        """Show at the wall that `message` never reached its phone."""
        phone = self.phones.at(message.to)
        with self.phones.lock:
            phone.show(message)
        self.journal.changed()

    def switch(self, phone: Phone, mode: Mode, *, is_given_up: bool = False) -> None:
        """Set how `phone` behaves; switched on, it gets what waited for it and is still worth having."""
        with self.phones.lock:
            phone.mode = mode
            phone.is_given_up = is_given_up
            waiting, phone.waiting = (phone.waiting, []) if mode is not Mode.OFF else ([], phone.waiting)
        for item in waiting:
            age_s = (now() - item.at).total_seconds()
            if not isinstance(item, Message):
                item.is_expired = item.ttl_s is not None and age_s > item.ttl_s
                if not item.is_expired:
                    self.arrive(item, item.token)
            elif age_s > item.validity_period_s:
                self.on_progress(item, "undelivered", EXPIRED)
                self.note_loss(item)
            elif self.arrive(item, item.to):
                self.on_progress(item, "delivered", None)
        self.journal.changed()

    def close(self) -> None:
        """End all waiting, then all work."""
        self._released.set()
        self.journal.close()
        for phone in self.phones.all():
            phone.stop_waiting()
        self.scheduler.close()
        self.webhooks.close()


def break_connection() -> None:
    """Reset the connection of the request being served: the client sees ECONNRESET, never an answer."""
    connection: socket.socket = request.environ["werkzeug.socket"]
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # Only closing the descriptor itself sends RST at once: shutdown() would send an orderly FIN first.
    os.close(connection.detach())
    raise ConnectionBroken("The script breaks this connection")


def new_sid(prefix: str) -> str:
    """An identifier as Twilio writes them: two letters and 32 hexadecimal digits."""
    return prefix + secrets.token_hex(16)
