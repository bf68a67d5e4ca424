"""Adds a protected person to a case: someone new, a child, or a person already recorded; removes one added in error."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from backend import clock
from backend.cases import protected_people, viewing
from backend.cases.commands.base import FieldProblem, InvalidFields
from backend.cases.commands.people import AddProtectedPerson, ReachThrough, TakeOutProtectedPerson
from backend.errors import DomainError
from backend.web.case_pages.case import done_at, one_task
from backend.web.case_pages.contact_details import address_of, shown_victim
from backend.web.case_pages.layout import STAFF, bp, refusable, try_to, with_form
from backend.web.forms import build, number_chosen, pressed, visitor
from backend.web.signed_in import page_for


@bp.route("/cases/<int:wearer_id>/victims/new", methods=["GET", "POST"])
@page_for(*STAFF)
@refusable
def add_victim(wearer_id: int) -> Any:
    """Look for someone, choose them, or enter someone new: each by what was pressed, so that no script is needed."""
    person, now = visitor(), clock.now()
    seen = viewing.look(person, wearer_id, now, now)

    def page(error: DomainError | None = None) -> str:
        known = error.extra["known"] if isinstance(error, protected_people.KnownPerson) else None
        found = None
        if pressed() in ("find", "choose"):
            same = protected_people.find(person, pressed("text"), now, but=wearer_id)
            found = [protected_people.as_dict(one) for one in same]
        return render_template("case/victim.html", **with_form(error=error, case=seen, found=found, known=known))

    if request.method == "GET" or pressed() == "find":
        return page()

    def act() -> Any:
        if pressed() == "choose" and number_chosen("victim") is None:
            raise InvalidFields([FieldProblem("victim", "missing", "Choose who they are.")])
        given: dict[str, Any] = {"is_another": pressed("victim") == "another"}
        if number_chosen("victim") is not None:
            # Who is on record stays as they are recorded, whatever was typed before they were found.
            given |= {"name": None, "is_child": False, "reached_through": None}
        return build(AddProtectedPerson, **given).carry_out(person, now, wearer_id)

    def done(entered: Any) -> Any:
        return done_at(address_of(wearer_id, entered.id), "They are entered in this case.")

    return try_to(act, done, page)


@bp.route("/cases/<int:wearer_id>/victims/<int:victim_id>/through", methods=["GET", "POST"])
@page_for(*STAFF)
@refusable
def reach_through(wearer_id: int, victim_id: int) -> Any:
    """Let a child be reached through another person, or through no one."""
    return one_task(
        wearer_id,
        "through",
        lambda person, now: build(ReachThrough).carry_out(person, now, wearer_id, victim_id),
        said="How the child is reached is recorded.",
        back=address_of(wearer_id, victim_id),
        more=lambda shown: shown_victim(shown, victim_id),
    )


@bp.route("/cases/<int:wearer_id>/victims/<int:victim_id>/out", methods=["GET", "POST"])
@page_for(*STAFF)
@refusable
def take_out(wearer_id: int, victim_id: int) -> Any:
    """Say that someone was entered in this case in error."""
    return one_task(
        wearer_id,
        "take_out",
        lambda person, now: build(TakeOutProtectedPerson).carry_out(person, now, wearer_id, victim_id),
        said="They are not in this case any more.",
        more=lambda shown: shown_victim(shown, victim_id),
    )
