"""Adds a condition with its zone to an order: entered, previewed over recent days, then saved."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import redirect, render_template, request, url_for

from backend import clock
from backend.bounds import is_number
from backend.cases import viewing, writing, zone_preview
from backend.errors import DomainError, InvalidRecord
from backend.record import zone_geojson
from backend.web.case_pages.hours import ROWS, hours_entered
from backend.web.case_pages.layout import STAFF, bp, refusable, try_to, with_form
from backend.web.forms import from_when, is_confirmed, number_of, text_of, visitor
from backend.web.signed_in import page_for


@bp.route("/cases/<int:wearer_id>/conditions/new", methods=["GET", "POST"])
@page_for(*STAFF)
@refusable
def add_condition(wearer_id: int) -> Any:
    """The form; what it would have raised; saved: each by what was pressed, so that no script is needed."""
    person, now = visitor(), clock.now()
    seen = viewing.look(person, wearer_id, now, now)

    def again(error: DomainError | None) -> str:
        asked = request.form.get("order") or request.args.get("order", "")
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

    if request.method == "GET" or text_of("act") == "change":
        return again(None)

    def act() -> Any:
        new = _asked_for(now)
        if text_of("act") == "save":
            writing.protect_by_condition(person, wearer_id, new, now, is_confirmed=is_confirmed())
            return None
        return new, zone_preview.try_condition(person, wearer_id, new, now)

    def done(tried: Any) -> Any:
        if tried is None:
            return redirect(url_for("case_pages.case", wearer_id=wearer_id))
        new, trial = tried
        kept = [(name, value) for name, value in request.form.items(multi=True) if name not in ("csrf_token", "act")]
        place = next((p["label"] for v in seen["victims"] for p in v["places"] if p["id"] == new.place_id), new.place)
        return render_template(
            "case/condition_check.html",
            **with_form(
                case=seen, new=new, trial=trial, kept=kept, place=place, said=zone_geojson.in_words(new.feature)
            ),
        )

    return try_to(act, done, again)


def _next_number(seen: dict[str, Any], order_id: str) -> str:
    order = next((one for one in seen["orders"] if str(one["id"]) == order_id), None)
    taken = [int(one["number"]) for one in (order or {"conditions": []})["conditions"] if is_number(one["number"])]
    return str(max(taken, default=0) + 1)


def _asked_for(now: datetime) -> writing.NewCondition:
    order, place, victim = text_of("order"), text_of("place_id"), text_of("victim")
    if not is_number(order):
        raise InvalidRecord("Choose the order that the condition is of.")
    wording = text_of("wording")
    return writing.NewCondition(
        order_id=int(order),
        number=text_of("number"),
        wording=wording,
        place_id=int(place) if is_number(place) else None,
        victim_id=int(victim) if is_number(victim) else None,
        place=text_of("place"),
        feature=zone_geojson.feature(
            text_of("zone_kind"), _outline(), number_of("buffer_m", "the buffer"), hours_entered(), wording
        ),
        from_at=from_when(now),
        why=text_of("why"),
        document=text_of("document"),
    )


def _outline() -> zone_geojson.Outline:
    shape = text_of("shape")
    if shape and (text_of("lat") or text_of("lon")):
        raise InvalidRecord("Enter a circle or paste a shape, not both: clear the one that is wrong.")
    if shape:
        return zone_geojson.pasted(shape)
    if not text_of("lat") and not text_of("lon"):
        raise InvalidRecord("Tap the map, enter the middle of the circle, or paste a shape.")
    return zone_geojson.circle(
        number_of("lat", "the latitude"),
        number_of("lon", "the longitude"),
        number_of("radius", "the radius"),
        text_of("radius_unit"),
    )
