"""Adds a protected person to a case: someone new, a child, or a person already recorded; removes one added in error."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import redirect, render_template, request, url_for

from backend import clock
from backend.cases import protected_people, viewing
from backend.errors import DomainError, InvalidRecord
from backend.models import Person
from backend.web.case_pages.case import change
from backend.web.case_pages.layout import STAFF, bp, refusable, try_to, with_form
from backend.web.forms import number_chosen, text_of, visitor
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
    if text_of("act") == "find":
        found = protected_people.find(person, text_of("text"), now, but=wearer_id)
        return page(found=[protected_people.as_dict(one) for one in found])

    def act() -> Any:
        why, document = text_of("why"), text_of("document")
        chosen = number_chosen("victim")
        if text_of("act") == "choose" and chosen is None:
            raise InvalidRecord("Choose who they are.")
        if chosen is not None:
            return protected_people.add_known(person, wearer_id, chosen, now, why=why, document=document)
        return protected_people.add_person(
            person,
            wearer_id,
            text_of("name"),
            now,
            why=why,
            document=document,
            is_child=text_of("is_child") == "yes",
            through_id=number_chosen("through"),
            is_another=text_of("victim") == "another",
        )

    def done(_: Any) -> Any:
        return redirect(url_for("case_pages.case", wearer_id=wearer_id, _anchor="protected"))

    return try_to(act, done, page)


@bp.post("/cases/<int:wearer_id>/victims/<int:victim_id>/entry")
@page_for(*STAFF)
@refusable
def change_victim(wearer_id: int, victim_id: int) -> Any:
    """Let a child be reached through another person, or say that someone was entered in error."""

    def act(person: Person, now: datetime) -> Any:
        if text_of("act") == "out":
            return protected_people.take_out(person, wearer_id, victim_id, now, why=text_of("why"))
        through = number_chosen("through")
        return protected_people.reach_through(person, wearer_id, victim_id, through, now, why=text_of("why"))

    return change(wearer_id, act)
