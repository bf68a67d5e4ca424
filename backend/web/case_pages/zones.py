"""Zones of a case: changed after a preview, corrected, and removed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import render_template

from backend import clock
from backend.cases import viewing, zone_preview
from backend.cases.commands.drawing import ChangedMeasures
from backend.cases.commands.zones import ChangeZone
from backend.errors import NotFound
from backend.models import PlaceZone
from backend.record import zone_geojson
from backend.web.case_pages.case import case_page
from backend.web.case_pages.case import done as done_on_case
from backend.web.case_pages.layout import STAFF, bp, refusable, try_to, with_form
from backend.web.forms import build, pressed, sent_again, visitor
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
        is_removed = pressed("is_removed") == "yes"
        feature = zone["feature"] if is_removed else build(ChangedMeasures).feature(zone["feature"])
        command = build(ChangeZone, zone=feature, **_from(zone))
        if _schedule(feature) != _schedule(zone["feature"]) and pressed() != "save":
            trial = zone_preview.try_change(person, zone_id, feature, command.from_at, command.order_id, now)
            return feature, command.from_at, trial
        command.carry_out(person, now, zone_id)
        return None

    def done(tried: Any) -> Any:
        if tried is None:
            what = "removed" if pressed("is_removed") == "yes" else "changed"
            return done_on_case(wearer_id, f"The zone is {what}.")
        feature, from_at, trial = tried
        kept = sent_again()
        said = {"was": zone_geojson.in_words(zone["feature"]), "will_be": zone_geojson.in_words(feature)}
        return render_template(
            "case/zone_check.html",
            **with_form(case=seen, zone=zone, feature=feature, from_at=from_at, trial=trial, kept=kept, said=said),
        )

    return try_to(act, done, lambda error: case_page(wearer_id, error))


def _schedule(feature: dict[str, Any]) -> Any:
    """Return the hours of a zone so that two spellings of the same ones are equal."""
    minutes = zone_geojson.minutes_in_force(feature)
    return feature["properties"].get("schedule") if minutes is None else minutes


def _from(zone: dict[str, Any]) -> dict[str, datetime]:
    """Return from when the version holds: a correction without another instant holds as long as what it corrects."""
    if pressed("is_correction") == "yes" and not pressed("from_day"):
        return {"from_at": PlaceZone.get_by_id(zone["id"]).from_at}
    return {}
