"""Adds a condition with its zone to an order: entered, previewed over recent days, then saved."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from backend import clock
from backend.bounds import is_number
from backend.cases import viewing, writing, zone_preview
from backend.cases.commands.drawing import DrawnZone
from backend.cases.commands.opening import NewCondition
from backend.errors import DomainError
from backend.record import zone_geojson
from backend.web.case_pages.case import done as done_on_case
from backend.web.case_pages.hours import ROWS
from backend.web.case_pages.layout import STAFF, bp, refusable, try_to, with_form
from backend.web.forms import build, pressed, sent_again, visitor
from backend.web.signed_in import page_for


@bp.route("/cases/<int:wearer_id>/conditions/new", methods=["GET", "POST"])
@page_for(*STAFF)
@refusable
def add_condition(wearer_id: int) -> Any:
    """The form; what it would have raised; saved: each by what was pressed, so that no script is needed."""
    person, now = visitor(), clock.now()
    seen = viewing.look(person, wearer_id, now, now)

    def again(error: DomainError | None) -> str:
        asked = pressed("order") or request.args.get("order", "")
        return render_template(
            "case/condition.html",
            **with_form(
                error=error,
                case=seen,
                order_asked=asked,
                next_number=_next_number(seen, asked),
                victims=writing.victims_for(person, wearer_id, now),
                days=zone_geojson.DAYS,
                hours=ROWS,
            ),
        )

    if request.method == "GET" or pressed() == "change":
        return again(None)

    def act() -> Any:
        new = build(NewCondition, zone=lambda: build(DrawnZone).feature())
        if pressed() == "save":
            writing.protect_by_condition(person, wearer_id, new, now)
            return None
        return new, zone_preview.try_condition(person, wearer_id, new, now)

    def done(tried: Any) -> Any:
        if tried is None:
            return done_on_case(wearer_id, "The condition is recorded, and its zone with it.")
        new, trial = tried
        kept = sent_again()
        known = [place for one in seen["victims"] for place in one["places"]] + seen["places_to_stay"]
        place = next((one["label"] for one in known if one["id"] == new.place_id), new.place)
        return render_template(
            "case/condition_check.html",
            **with_form(case=seen, new=new, trial=trial, kept=kept, place=place, said=zone_geojson.in_words(new.zone)),
        )

    return try_to(act, done, again)


def _next_number(seen: dict[str, Any], order_id: str) -> str:
    order = next((one for one in seen["orders"] if str(one["id"]) == order_id), None)
    taken = [int(one["number"]) for one in (order or {"conditions": []})["conditions"] if is_number(one["number"])]
    return str(max(taken, default=0) + 1)
