"""Adds a protected person to a case: someone new, a child, or a person already recorded; removes one added in error."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from backend import clock
from backend.cases import protected_people, viewing
from backend.cases.commands.base import FieldProblem, InvalidFields
from backend.cases.commands.people import AddProtectedPerson, ReachThrough, TakeOutProtectedPerson
from backend.errors import DomainError
from backend.web.case_pages.case import change
from backend.web.case_pages.case import done as done_on_case
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

    def page(error: DomainError | None = None, found: Any = None) -> str:
        known = error.extra["known"] if isinstance(error, protected_people.KnownPerson) else None
        return render_template("case/victim.html", **with_form(error=error, case=seen, found=found, known=known))

    if request.method == "GET":
        return page()
    if pressed() == "find":
        found = protected_people.find(person, pressed("text"), now, but=wearer_id)
        return page(found=[protected_people.as_dict(one) for one in found])

    def act() -> Any:
        if pressed() == "choose" and number_chosen("victim") is None:
            raise InvalidFields([FieldProblem("victim", "missing", "Choose who they are.")])
        given: dict[str, Any] = {"is_another": pressed("victim") == "another"}
        if number_chosen("victim") is not None:
            # Who is on record stays as they are recorded, whatever was typed before they were found.
            given |= {"name": None, "is_child": False, "reached_through": None}
        return build(AddProtectedPerson, **given).carry_out(person, now, wearer_id)

    def done(_: Any) -> Any:
        return done_on_case(wearer_id, "They are entered in this case.", "protected")

    return try_to(act, done, page)


@bp.post("/cases/<int:wearer_id>/victims/<int:victim_id>/entry")
@page_for(*STAFF)
@refusable
def change_victim(wearer_id: int, victim_id: int) -> Any:
    """Let a child be reached through another person, or say that someone was entered in error."""

    is_out = pressed() == "out"
    command = TakeOutProtectedPerson if is_out else ReachThrough
    said = "They are not in this case any more." if is_out else "How the child is reached is recorded."
    return change(wearer_id, lambda person, now: build(command).carry_out(person, now, wearer_id, victim_id), said=said)
