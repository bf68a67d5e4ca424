"""Owns what can be made to go wrong: a fault, whom it concerns, and how often."""

from __future__ import annotations

import itertools
import threading
from dataclasses import asdict, dataclass, field, fields
from typing import Any

CHANNELS = ("sms", "call", "push", "webpush", "token")
RESETS = ("before_body", "after_body", "after_work")
CALLBACK_FAULTS = ("lost", "doubled", "out_of_order", "held", "forged", "early")

# Source: Twilio's error and warning dictionary: code to HTTP status and message.
TWILIO_ERRORS: dict[int, tuple[int, str]] = {
    20001: (400, "Unknown parameters"),
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "An internal server error has occurred"),
    20503: (503, "Service is temporarily unavailable. Please try again later."),
    21201: (400, "No 'To' number specified"),
    21205: (400, "Url parameter is required."),
    21211: (400, "Invalid 'To' Phone Number"),
    21213: (400, "'From' number is required"),
    21408: (403, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number"),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21611: (429, "This 'From' number has exceeded the maximum number of queued messages"),
    21614: (400, "'To' number is not a valid mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit."),
}

# Source: FCM v1 REST error codes: FCM's own code to HTTP status, google.rpc status and message.
FCM_ERRORS: dict[str, tuple[int, str, str]] = {
    "INTERNAL": (500, "INTERNAL", "Internal error encountered."),
    "INVALID_ARGUMENT": (400, "INVALID_ARGUMENT", "The registration token is not a valid FCM registration token"),
    "QUOTA_EXCEEDED": (429, "RESOURCE_EXHAUSTED", "Quota exceeded for quota metric 'Messages'."),
    "SENDER_ID_MISMATCH": (403, "PERMISSION_DENIED", "SenderId mismatch"),
    "THIRD_PARTY_AUTH_ERROR": (401, "UNAUTHENTICATED", "Auth error from APNS or Web Push Service"),
    "UNAVAILABLE": (503, "UNAVAILABLE", "The service is currently unavailable."),
    "UNREGISTERED": (404, "NOT_FOUND", "Requested entity was not found."),
}


@dataclass(frozen=True)
class Fault:
    """One thing going wrong. Fields combine: a hang may end in a 503, a reset may follow the work.

    `code` is a number for Twilio or a word for FCM, and brings its HTTP status; `status` alone is any answer.
    `hang_s` holds the answer that long, or until `Doubles.release()`. `reset` breaks the connection
    `before_body` is read, `after_body`, or `after_work`: the message goes out and the answer is lost.
    `final_state` and `error_code` say how an accepted message or call ends. `callbacks` names what happens to
    its status callbacks: `lost`, `doubled`, `out_of_order`, `held` (until `Doubles.release()`), `forged`
    (a wrongly signed one goes first) and `early` (the message or call comes to its end, and every callback has
    been answered, before the API answers).
    """

    status: int | None = None
    code: int | str | None = None
    message: str = ""
    retry_after_s: int | None = None
    hang_s: float = 0.0
    reset: str = ""
    final_state: str = ""
    error_code: int | None = None
    callbacks: tuple[str, ...] = ()
    callback_delay_s: float = 0.0

    def __post_init__(self) -> None:
        if self.reset and self.reset not in RESETS:
            raise ValueError(f"reset is one of {RESETS}, not {self.reset!r}")
        callbacks = (self.callbacks,) if isinstance(self.callbacks, str) else tuple(self.callbacks)
        object.__setattr__(self, "callbacks", callbacks)
        if unknown := set(callbacks) - set(CALLBACK_FAULTS):
            raise ValueError(f"callbacks are among {CALLBACK_FAULTS}, not {sorted(unknown)}")
        if isinstance(self.code, str) and self.code not in FCM_ERRORS:
            raise ValueError(f"An FCM code is one of {sorted(FCM_ERRORS)}, not {self.code!r}")

    @property
    def is_refusal(self) -> bool:
        """Whether the provider answers with an error."""
        return self.code is not None or (self.status is not None and self.status >= 400)

    @property
    def is_early(self) -> bool:
        """Whether callbacks overtake the API's own answer."""
        return "early" in self.callbacks

    @property
    def is_gathering(self) -> bool:
        """Whether callbacks are kept until the last, to go out in another order or at another time."""
        return bool({"out_of_order", "held"} & set(self.callbacks))

    def concerns(self, channel: str) -> bool:
        """Whether a fault of this kind can befall `channel`, one of `CHANNELS`."""
        if isinstance(self.code, str):
            return channel == "push"
        if isinstance(self.code, int) or self.final_state or self.callbacks:
            return channel in ("sms", "call")
        return True

    def in_words(self) -> str:
        """The fields that are set, for the journal."""
        given = {key: value for key, value in asdict(self).items() if value}
        return ", ".join(f"{key}={value}" for key, value in given.items())

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> Fault:
        """The fault that a JSON object describes.

        Raises:
            ValueError: for a field or a value that no fault has.
        """
        if unknown := set(body) - {each.name for each in fields(cls)}:
            raise ValueError(f"A fault has no {sorted(unknown)}")
        return cls(**body)


# The faults of the delivery table by name.
OPTED_OUT = Fault(code=21610)
NOT_MOBILE = Fault(code=21614)
TOO_MANY_REQUESTS = Fault(code=20429, retry_after_s=1)
PHONE_UNREACHABLE = Fault(final_state="undelivered", error_code=30003)
LANDLINE = Fault(final_state="undelivered", error_code=30006)
UNREGISTERED = Fault(code="UNREGISTERED")
QUOTA_EXCEEDED = Fault(code="QUOTA_EXCEEDED", retry_after_s=1)
THIRD_PARTY_AUTH_ERROR = Fault(code="THIRD_PARTY_AUTH_ERROR")
SUBSCRIPTION_GONE = Fault(status=410)


@dataclass
class Scripted:
    """A fault with whom it concerns and how often it is left to happen; `hits` counts."""

    id: int
    fault: Fault
    to: str | None
    channel: str | None
    times: int | None
    hits: int = 0
    _script: Script | None = field(default=None, repr=False, compare=False)

    def clear(self) -> None:
        """Let it happen no more."""
        if self._script:
            self._script.remove(self.id)

    def as_json(self) -> dict[str, Any]:
        """How `GET /script` shows it."""
        return {
            "id": self.id,
            "to": self.to,
            "channel": self.channel,
            "times": self.times,
            "hits": self.hits,
            "fault": {key: value for key, value in asdict(self.fault).items() if value},
        }


class Script:
    """What is to go wrong from now on. The first match in the order of writing is taken."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._scripted: list[Scripted] = []
        self._ids = itertools.count(1)

    def add(self, fault: Fault, *, to: str | None, channel: str | None, times: int | None) -> Scripted:
        """Write `fault` into the script, for `to` or for all, for ever or `times` times."""
        if channel not in (None, *CHANNELS):
            raise ValueError(f"channel is one of {CHANNELS}, not {channel!r}")
        with self._lock:
            scripted = Scripted(next(self._ids), fault, to, channel, times, _script=self)
            self._scripted.append(scripted)
            return scripted

    def take(self, channel: str, to: str) -> Fault | None:
        """The fault that befalls this request, counted; None when all is well."""
        with self._lock:
            for scripted in self._scripted:
                is_spent = scripted.times is not None and scripted.hits >= scripted.times
                # Asking for an access token is an errand of the library's own, so only its own faults befall it.
                channels = ("token",) if channel == "token" else (None, channel)
                is_other = scripted.to not in (None, to) or scripted.channel not in channels
                if not is_spent and not is_other and scripted.fault.concerns(channel):
                    scripted.hits += 1
                    return scripted.fault
        return None

    def take_unread(self, channel: str) -> bool:
        """Whether the connection breaks now, before the body tells whom the request is for; counted."""
        with self._lock:
            for scripted in self._scripted:
                is_spent = scripted.times is not None and scripted.hits >= scripted.times
                is_other = scripted.to is not None or scripted.channel not in (None, channel)
                if scripted.fault.reset == "before_body" and not is_spent and not is_other:
                    scripted.hits += 1
                    return True
        return False

    def remove(self, scripted_id: int) -> None:
        """Strike one fault out."""
        with self._lock:
            self._scripted = [each for each in self._scripted if each.id != scripted_id]

    def clear(self) -> None:
        """Strike everything out."""
        with self._lock:
            self._scripted.clear()

    def as_json(self) -> list[dict[str, Any]]:
        """How `GET /script` shows it."""
        with self._lock:
            return [scripted.as_json() for scripted in self._scripted]
