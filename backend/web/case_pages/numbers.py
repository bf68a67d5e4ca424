"""Phone numbers of a case: a protected person's, verified by a code that they read out, and the wearer's."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import url_for

from backend.cases.commands.numbers import ConfirmNumber, DeclareNumber, SendCode, TakeBackNumber, VerifyNumber
from backend.models import Person
from backend.web.case_pages.case import one_task
from backend.web.case_pages.contact_details import address_of, shown_victim
from backend.web.case_pages.layout import STAFF, bp, refusable
from backend.web.forms import build, number_chosen, pressed
from backend.web.signed_in import page_for, settings


@bp.route("/cases/<int:wearer_id>/victims/<int:victim_id>/number", methods=["GET", "POST"])
@page_for(*STAFF)
@refusable
def prove_victims_number(wearer_id: int, victim_id: int) -> Any:
    """Text them a code, or take the one that they read out."""
    is_asked = pressed() == "send"

    def act(person: Person, now: datetime) -> Any:
        if is_asked:
            return build(SendCode).carry_out(person, now, wearer_id, victim_id)
        return build(VerifyNumber).carry_out(person, now, wearer_id, victim_id, key=settings().signing_key())

    here = url_for("case_pages.prove_victims_number", wearer_id=wearer_id, victim_id=victim_id)
    return one_task(
        wearer_id,
        "verify_number",
        act,
        said="A code is on its way to them. Enter it when they read it out."
        if is_asked
        else "Their number is verified.",
        back=address_of(wearer_id, victim_id),
        then=here if is_asked else "",
        more=lambda shown: shown_victim(shown, victim_id),
    )


@bp.route("/cases/<int:wearer_id>/numbers", methods=["GET", "POST"])
@page_for(*STAFF)
@refusable
def keep_wearers_numbers(wearer_id: int) -> Any:
    """Declare that a number is the wearer's, confirm as a second person that it is, or take it back."""
    number_id = number_chosen("number_id")

    def act(person: Person, now: datetime) -> Any:
        if number_id is None:
            return build(DeclareNumber).carry_out(person, now, wearer_id)
        command = ConfirmNumber if pressed() == "confirm" else TakeBackNumber
        return build(command).carry_out(person, now, wearer_id, number_id)

    said = "The number is recorded. A second person confirms it."
    if number_id is not None:
        is_confirmed = pressed() == "confirm"
        said = (
            "The number is confirmed as that of the person on probation."
            if is_confirmed
            else "The number is not that of the person on probation any more."
        )
    return one_task(
        wearer_id,
        "wearer_numbers",
        act,
        said=said,
        then=url_for("case_pages.keep_wearers_numbers", wearer_id=wearer_id),
        more=lambda shown: {"wearer_numbers": shown["contacts"].declared[wearer_id]},
    )
