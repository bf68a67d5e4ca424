"""Zones of a case: changed after a preview, corrected, and removed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import redirect, render_template, request, url_for

from backend import clock
from backend.cases import viewing, writing, zone_preview
from backend.errors import NotFound
from backend.models import PlaceZone
from backend.record import zone_geojson
from backend.web.case_pages.case import case_page
from backend.web.case_pages.hours import with_hours
from backend.web.case_pages.layout import STAFF, bp, refusable, try_to, with_form
from backend.web.forms import from_when, is_confirmed, number_chosen, number_of, text_of, visitor
from backend.web.signed_in import page_for


@bp.post("/cases/<int:wearer_id>/zones/<int:zone_id>")
@page_for(*STAFF)
@refusable
def change_zone(wearer_id: int, zone_id: int) -> Any:
    """Save another version of a zone; where its hours change, show first what that means."""
    person, now = visitor(), clock.now()
    seen = viewing.look(person, wearer_id, now, now)
    zone = next((one for one in seen["zones"] if one["id"] == zone_id), None)
    if zone is None:
        raise NotFound("The zone was not found.")

    def act() -> Any:
        from_at, is_removed = _from(zone, now), text_of("is_removed") == "yes"
        feature = zone["feature"] if is_removed else _changed(zone["feature"])
        if _schedule(feature) != _schedule(zone["feature"]) and text_of("act") != "save":
            trial = zone_preview.try_change(person, zone_id, feature, from_at, number_chosen("order"), now)
            return feature, from_at, trial
        writing.change_zone(
            person,
            zone_id,
            from_at,
            now,
            why=text_of("why"),
            document=text_of("document"),
            feature=feature,
            order_id=number_chosen("order"),
            is_removed=is_removed,
            is_correction=text_of("is_correction") == "yes",
            is_confirmed=is_confirmed(),
        )
        return None

    def done(tried: Any) -> Any:
        if tried is None:
            return redirect(url_for("case_pages.case", wearer_id=wearer_id))
        feature, from_at, trial = tried
        kept = [(name, value) for name, value in request.form.items(multi=True) if name not in ("csrf_token", "act")]
        said = {"was": zone_geojson.in_words(zone["feature"]), "will_be": zone_geojson.in_words(feature)}
        return render_template(
            "case/zone_check.html",
            **with_form(case=seen, zone=zone, feature=feature, from_at=from_at, trial=trial, kept=kept, said=said),
        )

    return try_to(act, done, lambda error: case_page(wearer_id, error))


def _changed(held: dict[str, Any]) -> dict[str, Any]:
    """Return a zone as the form has it."""
    feature = {**held, "properties": dict(held["properties"])}
    if feature["geometry"]["type"] == "Point":
        feature["properties"]["radius_m"] = number_of("radius_m", "the radius")
        # A circle has one radius: the one that was entered in miles gives way.
        feature["properties"].pop("radius_miles", None)
    feature["properties"]["buffer_m"] = number_of("buffer_m", "the buffer")
    return with_hours(feature)


def _schedule(feature: dict[str, Any]) -> Any:
    """Return the hours of a zone so that two spellings of the same ones are equal."""
    minutes = zone_geojson.minutes_in_force(feature)
    return feature["properties"].get("schedule") if minutes is None else minutes


def _from(zone: dict[str, Any], now: datetime) -> datetime:
    """Return from when the version holds: a correction without another instant holds as long as what it corrects."""
    if text_of("is_correction") == "yes" and not text_of("from_day"):
        held: datetime = PlaceZone.get_by_id(zone["id"]).from_at
        return held
    return from_when(now)
