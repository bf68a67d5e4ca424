"""Owns what the doubles have received: every attempt, message, push and call, and the wait for the next one."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

T = TypeVar("T")

GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüàÆæßÉ"
)
GSM7_EXTENDED = frozenset("^{}\\[~]|€\f")


def now() -> datetime:
    """The wall clock of the doubles, aware UTC: they stand for providers, whose clock is not Cordon's."""
    return datetime.now(UTC)


def segments(body: str) -> tuple[int, str]:
    """How many SMS segments `body` costs, and in which encoding.

    Source: GSM 03.38; 160 or 153 septets a segment, 70 or 67 UTF-16 units once a character falls outside it.
    """
    if all(character in GSM7 or character in GSM7_EXTENDED for character in body):
        septets = sum(2 if character in GSM7_EXTENDED else 1 for character in body)
        return (1 if septets <= 160 else -(-septets // 153)), "GSM-7"
    units = len(body.encode("utf-16-le")) // 2
    return (1 if units <= 70 else -(-units // 67)), "UCS-2"


@dataclass
class Callback:
    """One webhook that the doubles posted, and what it was answered."""

    url: str
    params: dict[str, str]
    kind: str = "true"
    status: int | None = None
    body: str = ""
    error: str = ""
    at: datetime = field(default_factory=now)


@dataclass
class Attempt:
    """One request that reached a provider's double, whether or not any work was done for it."""

    channel: str
    to: str
    status: int | None = None
    fault: str = ""
    is_dry_run: bool = False
    at: datetime = field(default_factory=now)


@dataclass
class Message:
    """One SMS: outbound from Cordon, or a reply that a phone sent."""

    to: str
    from_: str
    body: str
    sid: str
    direction: str = "outbound-api"
    state: str = "queued"
    callback_url: str = ""
    validity_period_s: int = 36_000
    error_code: int | None = None
    params: dict[str, str] = field(default_factory=dict)
    states: list[tuple[str, datetime]] = field(default_factory=list)
    callbacks: list[Callback] = field(default_factory=list)
    at: datetime = field(default_factory=now)

    @property
    def segments(self) -> int:
        """How many segments the text costs."""
        return segments(self.body)[0]

    @property
    def encoding(self) -> str:
        """GSM-7, or UCS-2 when one character forced it."""
        return segments(self.body)[1]


@dataclass
class Receipt:
    """What a phone's app told Cordon about one push, and the HTTP status with which it was answered."""

    kind: str
    status: int | None = None
    error: str = ""
    at: datetime = field(default_factory=now)


@dataclass
class Push:
    """One push message that FCM accepted; `is_shown` once the phone has it."""

    token: str
    data: dict[str, str]
    notification: dict[str, Any]
    android: dict[str, Any]
    apns: dict[str, Any]
    webpush: dict[str, Any]
    name: str
    is_shown: bool = False
    is_expired: bool = False
    receipts: list[Receipt] = field(default_factory=list)
    at: datetime = field(default_factory=now)

    @property
    def title(self) -> str:
        """What the phone would show in bold."""
        return str(self.notification.get("title") or self.data.get("title") or "")

    @property
    def body(self) -> str:
        """What the phone would show beneath the title."""
        return str(self.notification.get("body") or self.data.get("body") or "")

    @property
    def collapse_key(self) -> str:
        """The key under which a newer push replaces this one on the phone."""
        headers = self.apns.get("headers") or {}
        return str(self.android.get("collapse_key") or headers.get("apns-collapse-id") or "")

    @property
    def ttl_s(self) -> float | None:
        """How long Android's FCM may keep it for a phone that is off; None is FCM's own four weeks."""
        ttl = str(self.android.get("ttl") or "")
        return float(ttl.removesuffix("s")) if ttl else None


@dataclass
class BrowserPush:
    """One push message that the push service accepted for a browser, decrypted as the browser would.

    `payload` is the text that was sent, `claims` those of the sender's VAPID token. With a `problem` the body could
    not be decrypted, which only the browser notices: the sender was answered 201 and nothing is shown.
    """

    endpoint: str
    payload: str
    ttl_s: float
    urgency: str
    topic: str
    claims: dict[str, Any]
    name: str
    problem: str = ""
    is_shown: bool = False
    is_expired: bool = False
    receipts: list[Receipt] = field(default_factory=list)
    at: datetime = field(default_factory=now)

    @property
    def token(self) -> str:
        """The address by which its phone is found."""
        return self.endpoint

    @property
    def data(self) -> dict[str, Any]:
        """The payload, where it is a JSON object."""
        try:
            content = json.loads(self.payload)
        except ValueError:
            return {}
        return content if isinstance(content, dict) else {}

    @property
    def title(self) -> str:
        """What the service worker would show in bold."""
        return str(self.data.get("title") or "")

    @property
    def body(self) -> str:
        """What the service worker would show beneath the title."""
        return str(self.data.get("body") or "")

    @property
    def collapse_key(self) -> str:
        """The topic, under which a newer push replaces this one."""
        return self.topic


AnyPush = Push | BrowserPush


@dataclass
class Gather:
    """One `<Gather>` of a call: what it asked for, with the action's whole address, and the keys that it got."""

    action: str
    method: str
    num_digits: int | None
    timeout_s: float
    digits: str = ""


@dataclass
class Call:
    """One voice call: what was said, what was asked for, and which keys were pressed."""

    to: str
    from_: str
    sid: str
    url: str = ""
    twiml: str = ""
    state: str = "queued"
    callback_url: str = ""
    answered_by: str = ""
    said: list[str] = field(default_factory=list)
    gathers: list[Gather] = field(default_factory=list)
    digits: str = ""
    error: str = ""
    params: dict[str, str] = field(default_factory=dict)
    states: list[tuple[str, datetime]] = field(default_factory=list)
    callbacks: list[Callback] = field(default_factory=list)
    at: datetime = field(default_factory=now)


class Journal:
    """Everything received, in order of arrival. Each change raises `version` and wakes the one who waits.

    Records are changed by the doubles' own threads under `lock`; readers get copies of the lists.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._changed = threading.Condition(self.lock)
        self.version = 0
        self.is_closed = False
        self.messages: list[Message] = []
        self.replies: list[Message] = []
        self.pushes: list[Push] = []
        self.browser_pushes: list[BrowserPush] = []
        self.calls: list[Call] = []
        self.attempts: list[Attempt] = []

    def changed(self) -> None:
        """Wake everyone who waits, because something arrived or changed its state."""
        with self._changed:
            self.version += 1
            self._changed.notify_all()

    def add(self, record: Message | AnyPush | Call | Attempt) -> None:
        """Append `record` to its list and wake the waiters."""
        with self.lock:
            match record:
                case Message(direction="inbound"):
                    self.replies.append(record)
                case Message():
                    self.messages.append(record)
                case Push():
                    self.pushes.append(record)
                case BrowserPush():
                    self.browser_pushes.append(record)
                case Call():
                    self.calls.append(record)
                case Attempt():
                    self.attempts.append(record)
            self.changed()

    def clear(self) -> None:
        """Forget everything received."""
        with self.lock:
            for records in (
                self.messages,
                self.replies,
                self.pushes,
                self.browser_pushes,
                self.calls,
                self.attempts,
            ):
                records.clear()
            self.changed()

    def close(self) -> None:
        """Let every waiter go."""
        with self.lock:
            self.is_closed = True
            self.changed()

    def wait_change(self, version: int, timeout_s: float) -> int:
        """Wait until the journal is newer than `version`; the version that it then has."""
        with self._changed:
            self._changed.wait_for(lambda: self.version != version or self.is_closed, timeout_s)
            return self.version

    def wait_for(self, condition: Callable[[], T], timeout_s: float) -> T:
        """Wait until `condition()` is true and give what it gave; it is asked again after each arrival.

        The condition runs without the lock, so it may ask Cordon, which may be talking to the doubles. A
        LookupError in it means "not yet": `messages[0]` may be asked for before there is one.

        Raises:
            AssertionError: with the journal in words, when `timeout_s` has passed.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            version = self.version
            try:
                if result := condition():
                    return result
            except LookupError as absent:
                problem = f" {absent!r}."
            else:
                problem = ""
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                raise AssertionError(f"Not within {timeout_s} s.{problem} {self.in_words()}")
            self.wait_change(version, left_s)

    def in_words(self) -> str:
        """What has arrived, for the message of a failing test."""
        with self.lock:
            lines = [f"sms to {m.to} [{m.state}]: {m.body!r}" for m in self.messages]
            lines += [
                f"push to {p.token} [{'shown' if p.is_shown else 'held'}]: {p.title!r} {p.data}" for p in self.pushes
            ]
            lines += [f"web push to {p.endpoint} [{p.problem or p.urgency}]: {p.payload}" for p in self.browser_pushes]
            lines += [f"call to {c.to} [{c.state}]: {c.said} keys {c.digits!r} {c.error}" for c in self.calls]
            lines += [f"reply from {m.from_}: {m.body!r} -> {[c.status for c in m.callbacks]}" for m in self.replies]
            lines += [f"refused {a.channel} to {a.to}: {a.fault or a.status}" for a in self.attempts if a.fault]
        return "Arrived: " + ("; ".join(lines) or "nothing")


def as_json(record: Any) -> dict[str, Any]:
    """A record as JSON can carry it: instants as ISO 8601 text, `from_` as `from`."""
    plain = asdict(record)
    if "from_" in plain:
        plain["from"] = plain.pop("from_")
    if isinstance(record, Message):
        plain |= {"segments": record.segments, "encoding": record.encoding}
    if isinstance(record, AnyPush):
        plain |= {"title": record.title, "body": record.body}
    return _plain(plain)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value
