"""Local doubles of Twilio and FCM behind real HTTP, the phone wall that shows them, and simulated tags."""

from tests.doubles.api import Doubles, Handset
from tests.doubles.faults import (
    LANDLINE,
    NOT_MOBILE,
    OPTED_OUT,
    PHONE_UNREACHABLE,
    QUOTA_EXCEEDED,
    THIRD_PARTY_AUTH_ERROR,
    TOO_MANY_REQUESTS,
    UNREGISTERED,
    Fault,
    Scripted,
)
from tests.doubles.journal import Attempt, Call, Callback, Gather, Message, Push
from tests.doubles.phones import Mode, Pickup
from tests.doubles.twilio import CannotReply

__all__ = [
    "LANDLINE",
    "NOT_MOBILE",
    "OPTED_OUT",
    "PHONE_UNREACHABLE",
    "QUOTA_EXCEEDED",
    "THIRD_PARTY_AUTH_ERROR",
    "TOO_MANY_REQUESTS",
    "UNREGISTERED",
    "Attempt",
    "Call",
    "Callback",
    "CannotReply",
    "Doubles",
    "Fault",
    "Gather",
    "Handset",
    "Message",
    "Mode",
    "Pickup",
    "Push",
    "Scripted",
]
