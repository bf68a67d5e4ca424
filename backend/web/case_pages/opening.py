"""Opens a new case, and protects a new place at once when a protected person moves."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for

from backend import clock
from backend.bounds import is_number
from backend.cases import opening, viewing, writing
from backend.cases.protected_people import KnownPerson
from backend.errors import DomainError, InvalidRecord
from backend.record.facts import LONDON, ends_with, midnight
from backend.web.case_pages.layout import STAFF, bp, refusable, try_to, with_form
from backend.web.forms import day_of, is_confirmed, number_chosen, number_of, text_of, visitor
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
        starts_on = day_of("starts_on", "the first day of the order")
        ends_on = day_of("ends_on", "the last day of the order", is_needed=False)
        assert starts_on is not None
        new = opening.NewCase(
            wearer=text_of("wearer"),
            victim=text_of("victim"),
            victim_id=number_chosen("who"),
            is_another=text_of("who") == "another",
            victim_phone=text_of("victim_phone").replace(" ", "") or None,
            place=text_of("place"),
            kind=text_of("kind"),
            reference=text_of("reference"),
            starts_at=midnight(starts_on),
            ends_at=ends_with(ends_on) if ends_on else None,
            condition=text_of("condition"),
            feature=opening.circle(
                number_of("lat", "the latitude"),
                number_of("lon", "the longitude"),
                number_of("radius_m", "the radius"),
                number_of("buffer_m", "the buffer"),
            ),
            serial=text_of("serial"),
            document=text_of("document"),
            is_confirmed=is_confirmed(),
        )
        return opening.open_case(visitor(), new, clock.now())

    return try_to(act, lambda wearer: redirect(url_for("case_pages.case", wearer_id=wearer.id)), again)


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
        if not is_number(text_of("victim")):
            raise InvalidRecord("Choose whom the place protects.")
        return writing.protect_tonight(
            person,
            wearer_id,
            int(text_of("victim")),
            text_of("place"),
            number_of("lat", "the latitude"),
            number_of("lon", "the longitude"),
            number_of("radius_m", "the radius"),
            now,
            is_confirmed=is_confirmed(),
        )

    return try_to(act, lambda _: redirect(url_for("case_pages.case", wearer_id=wearer_id)), again)
