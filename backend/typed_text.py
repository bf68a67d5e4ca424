"""Normalises what people type: digits of every script become 0 to 9, invisible characters are removed. Pure."""

from __future__ import annotations

import re
import unicodedata
from datetime import time

# Marks that no one sees: direction, joining, byte order. A contact that is copied brings them along.
UNSEEN = "Cf"


def fold(text: str) -> str:
    """Return the text in its plain form, with every decimal digit as one of 0 to 9: ``１ ٤２`` is ``1 42``.

    For codes, replies and phone numbers; never for what is kept as someone wrote it.
    """
    plain = unicodedata.normalize("NFKC", text)
    return "".join(
        str(unicodedata.decimal(one)) if one.isdecimal() else one
        for one in plain
        if unicodedata.category(one) != UNSEEN
    )


def whole(text: str) -> int | None:
    """Return the whole number that the text is, in digits of any script; None where it is none."""
    plain = fold(text).strip()
    return int(plain) if plain.isascii() and plain.isdigit() else None


# Source: GOV.UK content style, "Times", and what people type all the same: 9am, 9:30 pm, 21:30, 21.30, 2130.
_TIME = re.compile(r"(\d{1,2})(?:[:.]?(\d{2}))?(am|pm)?")
_NAMED = {"midnight": time(0), "midday": time(12), "noon": time(12)}


def time_of_day(text: str) -> time:
    """Return the time that was typed: ``9am``, ``9:30pm``, ``21:30``, ``midnight``. 24:00 is midnight.

    Raises: ValueError for anything else, and for an hour alone, which may be in the morning or in the evening.
    """
    plain = fold(text).lower().replace(" ", "").replace("a.m.", "am").replace("p.m.", "pm")
    if plain in _NAMED:
        return _NAMED[plain]
    found = _TIME.fullmatch(plain)
    if found is None:
        raise ValueError("no time of day")
    hour, minute, half = int(found[1]), int(found[2] or 0), found[3]
    if half is None and found[2] is None:
        raise ValueError("an hour alone may be in the morning or in the evening")
    if half is not None:
        if not 1 <= hour <= 12:
            raise ValueError("of twelve hours")
        hour = hour % 12 + (12 if half == "pm" else 0)
    if (hour, minute) == (24, 0):
        hour = 0
    return time(hour, minute)
