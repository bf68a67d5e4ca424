"""How a protected person can be reached, and whether their phone may share its location."""

from __future__ import annotations

from typing import Any

from flask import render_template

from backend import clock, shared_location
from backend.cases.commands.numbers import AgreeToTexts, AllowCalls, DeclineWarnings, StopCalls
from backend.errors import InvalidRecord
from backend.web.case_pages.case import case_page, change
from backend.web.case_pages.layout import STAFF, bp, refusable, try_to
from backend.web.forms import build, number_of, pressed, text_of, visitor
from backend.web.signed_in import page_for


@bp.post("/cases/<int:wearer_id>/victims/<int:victim_id>")
@page_for(*STAFF)
@refusable
def reach_victim(wearer_id: int, victim_id: int) -> Any:
    return change(
        wearer_id,
        lambda person, now: build(AgreeToTexts).carry_out(person, now, wearer_id, victim_id),
        said="Their consent to texts is recorded.",
    )


@bp.post("/cases/<int:wearer_id>/victims/<int:victim_id>/declined")
@page_for(*STAFF)
@refusable
def decline_warnings(wearer_id: int, victim_id: int) -> Any:
    """Record that they want no warnings."""
    return change(
        wearer_id,
        lambda person, now: build(DeclineWarnings).carry_out(person, now, wearer_id, victim_id),
        said="Their decision is recorded: they get no warnings.",
    )


@bp.post("/cases/<int:wearer_id>/victims/<int:victim_id>/calls")
@page_for(*STAFF)
@refusable
def keep_calls(wearer_id: int, victim_id: int) -> Any:
    """Record that calls to a protected person are safe, or that they are not."""
    is_stopped = pressed() == "stop"
    command = StopCalls if is_stopped else AllowCalls
    said = "Calls to them are recorded as not safe." if is_stopped else "Calls to them are recorded as safe."
    return change(wearer_id, lambda person, now: build(command).carry_out(person, now, wearer_id, victim_id), said=said)


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
            raise InvalidRecord("The distance must be between 50 and 5,000 metres.")
        label = "Wherever they are"
        return shared_location.agree(visitor(), victim_id, [wearer_id], radius_m, radius_m, label, clock.now())

    def done(pairing: Any) -> Any:
        return render_template("case/pairing.html", person=visitor(), wearer_id=wearer_id, pairing=pairing)

    return try_to(act, done, lambda error: case_page(wearer_id, error))
