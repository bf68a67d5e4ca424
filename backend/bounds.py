"""Bounds of what can be stored: instants between 1900 and 2200, days, and 64-bit numbers. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime

# Beyond these no order, shift or report of anyone who lives lies, and every time zone can still be reckoned with.
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
# What a 64-bit key can be.
MOST = 2**63 - 1


def within_bounds(at: datetime) -> datetime:
    """Return the instant. Raises: ValueError where it is not between 1900 and 2200."""
    if not EARLIEST <= at < LATEST:
        raise ValueError("an instant must lie between the years 1900 and 2200")
    return at


def read_day(text: str) -> date:
    """Read a day as ``2026-11-24``. Raises: ValueError for anything else, or where it is not between 1900 and 2200."""
    day = date.fromisoformat(text)
    if not EARLIEST.date() <= day < LATEST.date():
        raise ValueError("a day must lie between the years 1900 and 2200")
    return day


def is_number(text: str) -> bool:
    """Tell whether a text is the number of a row: not as isdigit has it, to which a superscript two is a digit."""
    return text.isdecimal() and len(text) < 19


Instant = Annotated[AwareDatetime, AfterValidator(within_bounds)]
