"""The canary: a test tag that walks into a test zone through the real chain, and reports when the push arrived."""

from backend.canary.setting_up import Canary, find, renew_password, set_up
from backend.canary.walks import (
    Timing,
    begin_due,
    carry,
    close_left,
    fixes_of,
    forget_old,
    missing,
    newest,
    taken,
    timings,
    under_way,
)

__all__ = [
    "Canary",
    "Timing",
    "begin_due",
    "carry",
    "close_left",
    "find",
    "fixes_of",
    "forget_old",
    "missing",
    "newest",
    "renew_password",
    "set_up",
    "taken",
    "timings",
    "under_way",
]
