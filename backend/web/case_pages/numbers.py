"""Phone numbers of a case: hers proved by a code that she reads out, and his, which nobody else may have."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import redirect, url_for

from backend import clock, numbers
from backend.case import victims
from backend.errors import InvalidRecord
from backend.models import Person
from backend.web.bounds import is_number
from backend.web.case_pages.case import case_page, change
from backend.web.case_pages.frame import STAFF, bp, refusable, try_to
from backend.web.forms import text_of, visitor
from backend.web.identity import page_for, settings

IN_USE = (
    "This number was in use for a protected person or a member of staff: warnings may have gone to him. Nothing is "
    "sent there any more, and an alarm stands until the right number is found."
)


@bp.post("/cases/<int:wearer_id>/victims/<int:victim_id>/number")
@page_for(*STAFF)
@refusable
def prove_victims_number(wearer_id: int, victim_id: int) -> Any:
    """Text her a code, or take the one that she read out."""

    def act(person: Person, now: datetime) -> Any:
        if text_of("act") == "send":
            return victims.send_code(person, wearer_id, victim_id, now)
        if not text_of("code"):
            raise InvalidRecord("Enter the code that she reads out.")
        return victims.take_code(person, wearer_id, victim_id, text_of("code"), settings().signing_key(), now)

    return change(wearer_id, act)


@bp.post("/cases/<int:wearer_id>/numbers")
@page_for(*STAFF)
@refusable
def keep_wearers_numbers(wearer_id: int) -> Any:
    """Record a number as the wearer's, or take one back."""
    if is_number(text_of("number_id")):
        return change(
            wearer_id, lambda person, now: numbers.take_back(person, wearer_id, int(text_of("number_id")), now)
        )

    def done(made: numbers.Recorded) -> Any:
        if not made.was_in_use:
            return redirect(url_for("case_pages.case", wearer_id=wearer_id))
        return case_page(wearer_id, said=IN_USE)

    return try_to(
        lambda: numbers.record(visitor(), wearer_id, text_of("his_number"), clock.now()),
        done,
        lambda error: case_page(wearer_id, error),
    )
