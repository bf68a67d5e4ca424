"""What a protected person asked for on their own page about a place: the officer agrees with a circle, or answers."""

from __future__ import annotations

from typing import Any

from flask import render_template

from backend import clock
from backend.cases import viewing
from backend.errors import DomainError
from backend.own_pages import places
from backend.web.case_pages.case import done as done_on_case
from backend.web.case_pages.layout import STAFF, bp, refusable, try_to, with_form
from backend.web.forms import build, pressed, visitor
from backend.web.signed_in import page_for


@bp.route("/cases/<int:wearer_id>/asked/<int:request_id>", methods=["GET", "POST"])
@page_for(*STAFF)
@refusable
def asked_place(wearer_id: int, request_id: int) -> Any:
    """Answer one request: a circle that is in force at once, or words that they read."""
    person, now = visitor(), clock.now()
    seen = viewing.look(person, wearer_id, now, now)
    asked = places.of_case(wearer_id, request_id)

    def again(error: DomainError | None) -> str:
        return render_template(
            "case/asked.html",
            **with_form(
                error=error,
                case=seen,
                asked=asked,
                said=places.KINDS[asked.kind],
                victims=places.whom_it_may_protect(asked, wearer_id),
            ),
        )

    if pressed("act") == "answer":
        return try_to(
            lambda: places.decline(person, wearer_id, request_id, pressed("words"), now),
            lambda _: done_on_case(wearer_id, "Answered. They read it on their own page."),
            again,
        )
    if pressed("act") == "agree":
        return try_to(
            lambda: build(places.AgreeToPlace).carry_out(person, now, wearer_id, request_id),
            lambda _: done_on_case(wearer_id, "The place is protected. A supervisor decides whether it stays."),
            again,
        )
    return again(None)
