"""Opens a new case, and protects a new place at once when a protected person moves."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from backend import clock
from backend.cases import opening, viewing, writing
from backend.cases.commands.drawing import DrawnCircle, Radius
from backend.cases.commands.opening import OpenCase
from backend.cases.commands.zones import ProtectNewPlace
from backend.cases.protected_people import KnownPerson
from backend.errors import DomainError
from backend.record.facts import LONDON
from backend.web.case_pages.case import done as done_on_case
from backend.web.case_pages.layout import STAFF, bp, refusable, try_to, with_form
from backend.web.forms import build, pressed, visitor
from backend.web.signed_in import page_for


@bp.route("/cases/new", methods=["GET", "POST"])
@page_for(*STAFF)
def new_case() -> Any:
    def again(error: DomainError | None) -> str:
        today = clock.now().astimezone(LONDON).date()
        known = error.extra["known"] if isinstance(error, KnownPerson) else None
        return render_template(
            "case/new.html", **with_form(error=error, tags=opening.free_tags(), today=today, known=known)
        )

    if request.method == "GET":
        return again(None)

    def act() -> Any:
        phone = pressed("victim_phone").replace(" ", "") or None
        new = build(
            OpenCase,
            zone=lambda: build(DrawnCircle).feature(),
            is_another=pressed("who") == "another",
            victim_phone=phone,
            why="The case was opened.",
        )
        return opening.open_case(visitor(), new, clock.now())

    def done(wearer: Any) -> Any:
        return done_on_case(wearer.id, "The case is open. The next position of the tag is judged.")

    return try_to(act, done, again)


@bp.route("/cases/<int:wearer_id>/protect", methods=["GET", "POST"])
@page_for(*STAFF)
@refusable
def protect(wearer_id: int) -> Any:
    """The night a protected person moves: a circle around a new place, at once."""
    person, now = visitor(), clock.now()
    seen = viewing.look(person, wearer_id, now, now)

    def again(error: DomainError | None) -> str:
        protected = writing.victims_for(person, wearer_id, now)
        return render_template("case/protect.html", **with_form(error=error, case=seen, victims=protected))

    if request.method == "GET":
        return again(None)

    def act() -> Any:
        return build(ProtectNewPlace, radius_m=lambda: build(Radius).metres()).carry_out(person, now, wearer_id)

    def done(_: Any) -> Any:
        return done_on_case(wearer_id, "The place is protected now. A supervisor decides whether it stays.")

    return try_to(act, done, again)
