"""Phone numbers of a case: a protected person's, verified by a code that they read out, and the wearer's."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from backend.cases.commands.numbers import ConfirmNumber, DeclareNumber, SendCode, TakeBackNumber, VerifyNumber
from backend.models import Person
from backend.web.case_pages.case import change
from backend.web.case_pages.layout import STAFF, bp, refusable
from backend.web.forms import build, number_chosen, pressed
from backend.web.signed_in import page_for, settings


@bp.post("/cases/<int:wearer_id>/victims/<int:victim_id>/number")
@page_for(*STAFF)
@refusable
def prove_victims_number(wearer_id: int, victim_id: int) -> Any:
    """Text them a code, or take the one that they read out."""
    is_asked = pressed() == "send"

    def act(person: Person, now: datetime) -> Any:
        if is_asked:
            return build(SendCode).carry_out(person, now, wearer_id, victim_id)
        return build(VerifyNumber).carry_out(person, now, wearer_id, victim_id, key=settings().signing_key())

    return change(wearer_id, act, said="A code is on its way to them." if is_asked else "Their number is verified.")


@bp.post("/cases/<int:wearer_id>/numbers")
@page_for(*STAFF)
@refusable
def keep_wearers_numbers(wearer_id: int) -> Any:
    """Declare that a number is the wearer's, confirm as a second person that it is, or take it back."""
    number_id = number_chosen("number_id")
    if number_id is None:
        return change(
            wearer_id,
            lambda person, now: build(DeclareNumber).carry_out(person, now, wearer_id),
            said="The number is recorded. A second person confirms it.",
        )
    is_confirmed = pressed() == "confirm"
    command = ConfirmNumber if is_confirmed else TakeBackNumber
    said = "The number is confirmed as the wearer’s." if is_confirmed else "The number is not the wearer’s any more."
    return change(wearer_id, lambda person, now: build(command).carry_out(person, now, wearer_id, number_id), said=said)
