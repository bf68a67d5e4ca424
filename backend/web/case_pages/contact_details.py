"""How a protected person can be reached, and whether their phone may share its location."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import render_template

from backend import clock, shared_location
from backend.cases import contact_details
from backend.errors import InvalidRecord
from backend.models import Person
from backend.web.case_pages.case import case_page, change
from backend.web.case_pages.layout import STAFF, bp, refusable, try_to
from backend.web.forms import number_of, text_of, visitor
from backend.web.signed_in import page_for


@bp.post("/cases/<int:wearer_id>/victims/<int:victim_id>")
@page_for(*STAFF)
@refusable
def reach_victim(wearer_id: int, victim_id: int) -> Any:
    def act(person: Person, now: datetime) -> Any:
        return contact_details.agree(
            person,
            wearer_id,
            victim_id,
            text_of("phone").replace(" ", ""),
            text_of("wording_breach"),
            text_of("wording_over"),
            text_of("wording_ending"),
            now,
            wording_help=text_of("wording_help"),
        )

    return change(wearer_id, act)


@bp.post("/cases/<int:wearer_id>/victims/<int:victim_id>/declined")
@page_for(*STAFF)
@refusable
def decline_warnings(wearer_id: int, victim_id: int) -> Any:
    """Record that they want no warnings."""
    return change(
        wearer_id, lambda person, now: contact_details.decline(person, wearer_id, victim_id, now, why=text_of("why"))
    )


@bp.post("/cases/<int:wearer_id>/victims/<int:victim_id>/calls")
@page_for(*STAFF)
@refusable
def keep_calls(wearer_id: int, victim_id: int) -> Any:
    """Record that calls to a protected person are safe, or that they are not."""
    if text_of("act") == "stop":
        return change(wearer_id, lambda person, now: contact_details.stop_calls(person, wearer_id, victim_id, now))
    return change(
        wearer_id, lambda person, now: contact_details.allow_calls(person, wearer_id, victim_id, text_of("note"), now)
    )


@bp.post("/cases/<int:wearer_id>/victims/<int:victim_id>/location")
@page_for(*STAFF)
@refusable
def share_location(wearer_id: int, victim_id: int) -> Any:
    """Record that their phone may share its location, and show the code once; or that they withdraw."""
    if text_of("act") == "withdraw":
        return change(wearer_id, lambda person, now: shared_location.withdraw_for(person, victim_id, now))

    def act() -> Any:
        if text_of("agreed") != "yes":
            raise InvalidRecord("Confirm that they themselves have agreed.")
        radius_m = number_of("radius_m", "the distance in metres")
        if not 50 <= radius_m <= 5_000:
            raise InvalidRecord("The distance is from 50 to 5,000 metres.")
        label = "Wherever they are"
        return shared_location.agree(visitor(), victim_id, [wearer_id], radius_m, radius_m, label, clock.now())

    def done(pairing: Any) -> Any:
        return render_template("case/pairing.html", person=visitor(), wearer_id=wearer_id, pairing=pairing)

    return try_to(act, done, lambda error: case_page(wearer_id, error))
