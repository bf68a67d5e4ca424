"""Zones of a case: changed after a preview, corrected, and removed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import render_template, request

from backend import clock
from backend.cases import zone_preview
from backend.cases.commands.drawing import ChangedMeasures
from backend.cases.commands.zones import ChangeZone
from backend.errors import DomainError
from backend.models import PlaceZone
from backend.record import zone_geojson
from backend.web.case_pages.case import done as done_on_case
from backend.web.case_pages.case import found, one_task, opened
from backend.web.case_pages.hours import ROWS, held_hours
from backend.web.case_pages.layout import STAFF, bp, refusable, try_to, with_form
from backend.web.forms import build, pressed, sent_again, visitor
from backend.web.signed_in import page_for


@bp.route("/cases/<int:wearer_id>/zones/<int:zone_id>", methods=["GET", "POST"])
@page_for(*STAFF)
@refusable
def change_zone(wearer_id: int, zone_id: int) -> Any:
    """Save another version of a zone; where its hours change, show first what that means."""
    person, now = visitor(), clock.now()
    shown = opened(wearer_id)
    zone = found(shown["case"]["zones"], zone_id, "The zone")

    def page(error: DomainError | None = None) -> str:
        more = {"zone": zone, "error": error, "hours_of": held_hours, "rows_of_hours": ROWS, "days": zone_geojson.DAYS}
        return render_template("case/tasks/zone.html", **with_form(**{**shown, **more}))

    if request.method == "GET" or pressed() == "change":
        return page()

    def act() -> Any:
        feature = build(ChangedMeasures).feature(zone["feature"])
        command = build(ChangeZone, zone=feature, is_removed=False, **_from(zone))
        if _schedule(feature) != _schedule(zone["feature"]) and pressed() != "save":
            trial = zone_preview.try_change(person, zone_id, feature, command.from_at, command.order_id, now)
            return feature, command.from_at, trial
        command.carry_out(person, now, zone_id)
        return None

    def done(tried: Any) -> Any:
        if tried is None:
            return done_on_case(wearer_id, "The zone is changed.")
        feature, from_at, trial = tried
        kept = sent_again()
        said = {"was": zone_geojson.in_words(zone["feature"]), "will_be": zone_geojson.in_words(feature)}
        more = {"zone": zone, "feature": feature, "from_at": from_at, "trial": trial, "kept": kept, "said": said}
        return render_template("case/zone_check.html", **with_form(**{**shown, **more}))

    return try_to(act, done, page)


@bp.route("/cases/<int:wearer_id>/zones/<int:zone_id>/removal", methods=["GET", "POST"])
@page_for(*STAFF)
@refusable
def remove_zone(wearer_id: int, zone_id: int) -> Any:
    """Remove a zone from an instant on, or say that it was never right."""
    zone = found(opened(wearer_id)["case"]["zones"], zone_id, "The zone")

    def act(person: Any, now: datetime) -> Any:
        command = build(ChangeZone, zone=zone["feature"], is_removed=True, **_from(zone))
        return command.carry_out(person, now, zone_id)

    return one_task(wearer_id, "remove_zone", act, said="The zone is removed.", more=lambda shown: {"zone": zone})


def _schedule(feature: dict[str, Any]) -> Any:
    """Return the hours of a zone so that two spellings of the same ones are equal."""
    minutes = zone_geojson.minutes_in_force(feature)
    return feature["properties"].get("schedule") if minutes is None else minutes


def _from(zone: dict[str, Any]) -> dict[str, datetime]:
    """Return from when the version holds: a correction without another instant holds as long as what it corrects."""
    if pressed("is_correction") == "yes" and not pressed("from_day"):
        return {"from_at": PlaceZone.get_by_id(zone["id"]).from_at}
    return {}
