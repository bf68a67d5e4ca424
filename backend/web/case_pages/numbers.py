"""Phone numbers of a case: a protected person's, verified by a code, and the wearer's."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from backend.cases import contact_details
from backend.errors import InvalidRecord
from backend.models import Person
from backend.people import numbers
from backend.web.case_pages.case import change
from backend.web.case_pages.layout import STAFF, bp, refusable
from backend.web.forms import number_chosen, text_of
from backend.web.signed_in import page_for, settings


@bp.post("/cases/<int:wearer_id>/victims/<int:victim_id>/number")
@page_for(*STAFF)
@refusable
def prove_victims_number(wearer_id: int, victim_id: int) -> Any:
    """Text them a code, or take the one that they read out."""

    def act(person: Person, now: datetime) -> Any:
        if text_of("act") == "send":
            return contact_details.send_code(person, wearer_id, victim_id, now)
        if not text_of("code"):
            raise InvalidRecord("Enter the code that they read out.")
        return contact_details.take_code(person, wearer_id, victim_id, text_of("code"), settings().signing_key(), now)

    return change(wearer_id, act)


@bp.post("/cases/<int:wearer_id>/numbers")
@page_for(*STAFF)
@refusable
def keep_wearers_numbers(wearer_id: int) -> Any:
    """Declare that a number is the wearer's, confirm as a second person that it is, or take it back."""
    number_id = number_chosen("number_id")

    def act(person: Person, now: datetime) -> Any:
        if number_id is None:
            return numbers.record(person, wearer_id, text_of("wearer_number"), now)
        decide = numbers.confirm if text_of("act") == "confirm" else numbers.take_back
        return decide(person, wearer_id, number_id, now)

    return change(wearer_id, act)
