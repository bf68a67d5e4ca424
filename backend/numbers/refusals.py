"""Which numbers may be used at all: written in one form, and nobody's who wears a tag."""

from __future__ import annotations

import re

from backend.errors import DomainError, InvalidRecord
from backend.models import WearerNumber

# What people write between digits; anything else in a number is a mistake that somebody has to look at.
BETWEEN = re.compile(r"[\s().\-/]")
# Source: ITU-T E.164: at most 15 digits, the first of them not 0.
E164 = re.compile(r"\+[1-9]\d{6,14}")
# Numbers without a country are of this one.
HOME = "+44"


class NumberRefused(DomainError):
    """A number that is known as that of somebody who wears a tag; it does not say whose."""

    code, status, title = "number_refused", 422, "This number cannot be used"


class WrongCode(DomainError):
    """The code is not the one that was sent, or it is good no more; the detail says which."""

    code, status, title = "wrong_code", 422, "The code does not prove the number"


class TooManyCodes(DomainError):
    """So many codes were asked for within the hour that the next one has to wait."""

    code, status, title = "too_many_codes", 429, "Wait before asking for another code"


def e164(text: str) -> str:
    """Return the one form of a phone number: ``07700 900201``, ``0044 7700 900201`` and ``+44 (0)7700 900201`` are one.

    Raises: InvalidRecord for what cannot be a number.
    """
    number = BETWEEN.sub("", text)
    if number.startswith("00"):
        number = f"+{number[2:]}"
    elif number.startswith("0"):
        number = HOME + number[1:]
    if number.startswith(f"{HOME}0"):
        number = HOME + number[len(HOME) + 1 :]
    if not E164.fullmatch(number):
        raise InvalidRecord("Write the phone number with its country, for example +447700900201.")
    return number


def ending(number: str) -> str:
    """Return by what its owner knows a number, and nobody else does: its last three digits."""
    return number[-3:]


def is_wearers(number: str) -> bool:
    """Tell whether anybody who wears a tag, in any team, is known to have this number."""
    try:
        number = e164(number)
    except InvalidRecord:
        return False
    return WearerNumber.select().where(WearerNumber.number == number, WearerNumber.ended_at.is_null()).exists()


def usable(text: str) -> str:
    """Return the number in its one form, if warnings may ever go there.

    Raises: InvalidRecord for what cannot be a number; NumberRefused for a wearer's.
    """
    number = e164(text)
    if is_wearers(number):
        raise NumberRefused(
            "This number is known as that of a person on probation: a warning would reach them. "
            "Check it with its owner and enter another one."
        )
    return number
