"""The canary: a tag that is nobody's walks into a test zone through the whole real chain, and says when it arrived."""

from backend.canary.setting_up import Canary, find, set_up
from backend.canary.walks import begin_due, carry, close_left, fixes_of, forget_old, missing, newest, taken, under_way

__all__ = [
    "Canary",
    "begin_due",
    "carry",
    "close_left",
    "find",
    "fixes_of",
    "forget_old",
    "missing",
    "newest",
    "set_up",
    "taken",
    "under_way",
]
