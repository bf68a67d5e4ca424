"""How a protected person is reached: a page for each, with a task for texts, calls, their number and their location."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for

from backend import clock, shared_location
from backend.cases.commands.numbers import AllowCalls, DeclineWarnings, ShareLocation, StopCalls
from backend.errors import DomainError
from backend.models import Victim
from backend.own_pages.words import text
from backend.people import consent
from backend.people.wordings import QUESTIONS
from backend.web.case_pages.case import found, one_task, opened
from backend.web.case_pages.layout import STAFF, bp, refusable, try_to, with_form
from backend.web.case_pages.own_page import agree_to_texts, sender_items
from backend.web.forms import build, pressed, visitor
from backend.web.own_pages.messages import values_of
from backend.web.signed_in import page_for


def address_of(wearer_id: int, victim_id: int) -> str:
    return url_for("case_pages.victim", wearer_id=wearer_id, victim_id=victim_id)


def shown_victim(shown: dict[str, Any], victim_id: int) -> dict[str, Any]:
    return {"victim": found(shown["case"]["victims"], victim_id, "The protected person")}


@bp.get("/cases/<int:wearer_id>/victims/<int:victim_id>")
@page_for(*STAFF)
@refusable
def victim(wearer_id: int, victim_id: int) -> Any:
    """One protected person of the case: how they are reached, and what can be changed."""
    shown = opened(wearer_id)
    return render_template("case/protected.html", **with_form(**shown, **shown_victim(shown, victim_id)))


@bp.route("/cases/<int:wearer_id>/victims/<int:victim_id>/texts", methods=["GET", "POST"])
@page_for(*STAFF)
@refusable
def reach_victim(wearer_id: int, victim_id: int) -> Any:
    return one_task(
        wearer_id,
        "texts",
        lambda person, now: agree_to_texts(wearer_id, victim_id),
        said="Their consent to texts is recorded.",
        back=address_of(wearer_id, victim_id),
        more=lambda shown: {**shown_victim(shown, victim_id), **_consent_form(victim_id)},
    )


def _consent_form(victim_id: int) -> dict[str, Any]:
    """Return the questions about texts with what was chosen so far: what is not asked again would be lost."""
    held = consent.sms_consent(Victim.get_by_id(victim_id))
    return {
        "values": request.form or values_of(held),
        "questions": QUESTIONS,
        "senders": sender_items(),
        "say": lambda key, **more: text("en", key, **more),
    }


@bp.route("/cases/<int:wearer_id>/victims/<int:victim_id>/declined", methods=["GET", "POST"])
@page_for(*STAFF)
@refusable
def decline_warnings(wearer_id: int, victim_id: int) -> Any:
    """Record that they want no warnings."""
    return one_task(
        wearer_id,
        "declined",
        lambda person, now: build(DeclineWarnings).carry_out(person, now, wearer_id, victim_id),
        said="Their decision is recorded: they get no warnings.",
        back=address_of(wearer_id, victim_id),
        more=lambda shown: shown_victim(shown, victim_id),
    )


@bp.route("/cases/<int:wearer_id>/victims/<int:victim_id>/calls", methods=["GET", "POST"])
@page_for(*STAFF)
@refusable
def keep_calls(wearer_id: int, victim_id: int) -> Any:
    """Record that calls to a protected person are safe, or that they are not."""
    is_stopped = pressed() == "stop"
    command = StopCalls if is_stopped else AllowCalls
    return one_task(
        wearer_id,
        "calls",
        lambda person, now: build(command).carry_out(person, now, wearer_id, victim_id),
        said="Calls to them are recorded as not safe." if is_stopped else "Calls to them are recorded as safe.",
        back=address_of(wearer_id, victim_id),
        more=lambda shown: shown_victim(shown, victim_id),
    )


@bp.route("/cases/<int:wearer_id>/victims/<int:victim_id>/location", methods=["GET", "POST"])
@page_for(*STAFF)
@refusable
def share_location(wearer_id: int, victim_id: int) -> Any:
    """Record that their phone may share its location, and show the code once; or that they withdraw."""
    back = address_of(wearer_id, victim_id)
    if pressed() != "agree":
        return one_task(
            wearer_id,
            "location",
            lambda person, now: shared_location.withdraw_for(person, victim_id, now),
            said="Their phone does not share its location any more.",
            back=back,
            more=lambda shown: shown_victim(shown, victim_id),
        )

    def act() -> Any:
        command = build(ShareLocation, wearers=[wearer_id], label="Wherever they are")
        # The buffer is as wide again.
        command = command.model_copy(update={"buffer_m": command.radius_m})
        return command.carry_out(visitor(), clock.now(), victim_id)

    def done(pairing: Any) -> Any:
        return render_template("case/pairing.html", person=visitor(), back=back, pairing=pairing)

    def again(error: DomainError) -> str:
        shown = opened(wearer_id)
        shown |= {"error": error, "back": back, **shown_victim(shown, victim_id)}
        return render_template("case/tasks/location.html", **with_form(**shown))

    return try_to(act, done, again)
