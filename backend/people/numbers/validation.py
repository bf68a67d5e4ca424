"""The one format of phone numbers, and which numbers a case may not use: those of its own wearer."""

from __future__ import annotations

import re

import phonenumbers

from backend import typed_text
from backend.errors import DomainError, InvalidRecord
from backend.models import WearerNumber

# What people write between digits, dashes of every length too; anything else in a number is a mistake.
BETWEEN = re.compile(r"[\s().\-/\u2010-\u2015\u2212]")
# Source: ITU-T E.164: at most 15 digits, the first of them not 0.
E164 = re.compile(r"\+[1-9]\d{6,14}")
# Numbers without a country are of this one.
HOME = "+44"
REGION = "GB"
# Never given to a subscriber, so that training and tests can use them, and the library calls them invalid.
# Source: Ofcom, telephone numbers for use in TV and radio drama programmes: mobile, London, no area, UK-wide.
FICTIONAL = re.compile(r"\+44(?:7700900|2079460|1632960|3069990)\d{3}")


class NumberRefused(DomainError):
    """A number that was declared to be that of the wearer of this very case."""

    code, status, title = "number_refused", 422, "This number cannot be used"


class WrongCode(DomainError):
    """The code is not the one that was sent, or it is good no more; the detail says which."""

    code, status, title = "wrong_code", 422, "The code is not correct"


class TooManyCodes(DomainError):
    """So many codes were asked for within the hour that the next one has to wait."""

    code, status, title = "too_many_codes", 429, "Wait before asking for another code"


def e164(text: str) -> str:
    """Return the one form of a phone number: ``07700 900201``, ``0044 7700 900201`` and ``+44 (0)7700 900201`` are one.

    Digits may be of any script. Whether a number can exist is asked of the numbering plans of all countries, as the
    ``phonenumbers`` library has them: one digit too few reaches a stranger, or no one, and no one would notice.

    Raises: InvalidRecord for what cannot be a number.
    """
    number = _one_form(text)
    if number is None:
        raise InvalidRecord("Write the phone number with its country, for example +447700900201.")
    if not FICTIONAL.fullmatch(number) and not _can_exist(number):
        raise InvalidRecord("No phone number is like this one: check its digits with the person who gave it.")
    return number


def one_form(text: str) -> str:
    """Return a number as ``e164`` writes it, or nothing for what has no such form: to compare what is on record."""
    return _one_form(text) or ""


def _one_form(text: str) -> str | None:
    number = BETWEEN.sub("", typed_text.fold(text))
    if number.startswith("00"):
        number = f"+{number[2:]}"
    elif number.startswith("0"):
        number = HOME + number[1:]
    if number.startswith(f"{HOME}0"):
        number = HOME + number[len(HOME) + 1 :]
    return number if E164.fullmatch(number) else None


def _can_exist(number: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number, REGION))
    except phonenumbers.NumberParseException:
        return False


def ending(number: str) -> str:
    """Return by what its owner knows a number, and no one else does: its last three digits."""
    return number[-3:]


def spellings(number: str) -> set[str]:
    """Return how a number of this one form can stand on record: older entries were kept as they were typed."""
    if not number.startswith(HOME):
        return {number}
    national = number[len(HOME) :]
    return {number, f"{HOME}0{national}", f"0{national}", f"0044{national}"}


def holds(number: str | None, wearer_id: int) -> bool:
    """Tell whether this number was declared to be this wearer's: nothing about them goes there."""
    known = one_form(number or "")
    if not known:
        return False
    declared = WearerNumber.select().where(
        WearerNumber.wearer == wearer_id, WearerNumber.number == known, WearerNumber.ended_at.is_null()
    )
    return declared.exists()


def is_declared(number: str) -> bool:
    """Tell whether this number was declared to be any wearer's: it stops nothing, and is a doubt of who writes."""
    declared = WearerNumber.select().where(WearerNumber.number == number, WearerNumber.ended_at.is_null())
    return declared.exists()


def usable(text: str, wearer_id: int) -> str:
    """Return the number in its one form, if a protected person of this wearer's case may have it.

    What was declared in another case refuses nothing here: one account could silence people whom it does not know.

    Raises: InvalidRecord for what cannot be a number; NumberRefused for this wearer's own.
    """
    number = e164(text)
    if holds(number, wearer_id):
        raise NumberRefused(
            "This number was declared to be that of the person on probation of this case: a warning would reach them. "
            "Check it with its owner. Take the declaration back, or enter another number."
        )
    return number
