"""How a protected person can be reached, and whether their phone may share its location."""

from __future__ import annotations

from typing import Any

from flask import render_template

from backend import clock, shared_location
from backend.cases.commands.numbers import AgreeToTexts, AllowCalls, DeclineWarnings, ShareLocation, StopCalls
from backend.web.case_pages.case import case_page, change
from backend.web.case_pages.layout import STAFF, bp, refusable, try_to
from backend.web.forms import build, pressed, visitor
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
    if pressed() == "withdraw":
        return change(
            wearer_id,
            lambda person, now: shared_location.withdraw_for(person, victim_id, now),
            said="Their phone does not share its location any more.",
        )

    def act() -> Any:
        command = build(ShareLocation, wearers=[wearer_id], label="Wherever they are")
        # The buffer is as wide again.
        command = command.model_copy(update={"buffer_m": command.radius_m})
        return command.carry_out(visitor(), clock.now(), victim_id)

    def done(pairing: Any) -> Any:
        return render_template("case/pairing.html", person=visitor(), wearer_id=wearer_id, pairing=pairing)

    return try_to(act, done, lambda error: case_page(wearer_id, error))
