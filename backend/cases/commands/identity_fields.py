"""What a case reference number (CRN) and a date of birth may be, as people type them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from backend import typed_text
from backend.bounds import EARLIEST
from backend.cases.commands.base import Ask

ASKED_OF_CRN = "Enter the CRN as one letter and six digits, like X123456."
ASKED_OF_BIRTH = "Enter the date of birth as a day, a month and a year."


def _as_written(text: Any) -> Any:
    """Return a CRN as other systems write it, whatever spaces and small letters were typed; None where nothing was."""
    if not isinstance(text, str):
        return text
    return "".join(typed_text.fold(text).split()).upper() or None


def _is_crn(text: str) -> str:
    if len(text) != 7 or not ("A" <= text[0] <= "Z" and text[1:].isascii() and text[1:].isdigit()):
        raise PydanticCustomError("crn", ASKED_OF_CRN)
    return text


def _is_of_a_life(day: date) -> date:
    if day < EARLIEST.date():
        raise PydanticCustomError("too_early", "The date of birth must be in 1900 or later.")
    return day


Crn = Annotated[
    Annotated[str, AfterValidator(_is_crn)] | None,
    BeforeValidator(_as_written),
    Ask(ASKED_OF_CRN),
    Field(description="The case reference number of probation: one letter and six digits"),
]
BirthDate = Annotated[Annotated[date, AfterValidator(_is_of_a_life)] | None, Ask(ASKED_OF_BIRTH)]
