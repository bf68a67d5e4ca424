"""Local doubles of the providers behind real HTTP, the phone wall that shows what they deliver, and simulated tags.

The providers are Twilio, FCM and the push service of browsers.
"""

from tests.doubles.api import Doubles
from tests.doubles.faults import (
    LANDLINE,
    NOT_MOBILE,
    OPTED_OUT,
    PHONE_UNREACHABLE,
    QUOTA_EXCEEDED,
    SUBSCRIPTION_GONE,
    THIRD_PARTY_AUTH_ERROR,
    TOO_MANY_REQUESTS,
    UNREGISTERED,
    Fault,
    Scripted,
)
from tests.doubles.journal import Attempt, BrowserPush, Call, Callback, Gather, Message, Push, Receipt
from tests.doubles.phone_app import Handset
from tests.doubles.phones import Mode, Pickup
from tests.doubles.twilio import CannotReply

__all__ = [
    "LANDLINE",
    "NOT_MOBILE",
    "OPTED_OUT",
    "PHONE_UNREACHABLE",
    "QUOTA_EXCEEDED",
    "SUBSCRIPTION_GONE",
    "THIRD_PARTY_AUTH_ERROR",
    "TOO_MANY_REQUESTS",
    "UNREGISTERED",
    "Attempt",
    "BrowserPush",
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
    "Receipt",
    "Scripted",
]
