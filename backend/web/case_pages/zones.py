"""Zones of a case: changed and removed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from backend.case import drawing, viewing, writing
from backend.errors import NotFound
from backend.models import Person
from backend.web.case_pages.case import change
from backend.web.case_pages.frame import STAFF, bp, refusable
from backend.web.case_pages.hours import hours_entered
from backend.web.forms import from_when, is_confirmed, number_of, text_of
from backend.web.identity import page_for


@bp.post("/cases/<int:wearer_id>/zones/<int:zone_id>")
@page_for(*STAFF)
@refusable
def change_zone(wearer_id: int, zone_id: int) -> Any:
    def act(person: Person, now: datetime) -> Any:
        seen = viewing.look(person, wearer_id, now, now)
        zone = next((one for one in seen["zones"] if one["id"] == zone_id), None)
        if zone is None:
            raise NotFound("There is no such zone.")
        feature = {**zone["feature"], "properties": dict(zone["feature"]["properties"])}
        is_removed = text_of("is_removed") == "yes"
        if not is_removed:
            if feature["geometry"]["type"] == "Point":
                feature["properties"]["radius_m"] = number_of("radius_m", "the radius")
                # A circle has one radius: the one that was entered in miles gives way.
                feature["properties"].pop("radius_miles", None)
            if text_of("has_hours"):
                feature["properties"] |= drawing.schedule_of(feature, hours_entered())
            feature["properties"]["buffer_m"] = number_of("buffer_m", "the buffer")
        return writing.change_zone(
            person,
            zone_id,
            from_when(now),
            now,
            why=text_of("why"),
            document=text_of("document"),
            feature=feature,
            order_id=int(text_of("order")) if text_of("order").isdigit() else None,
            is_removed=is_removed,
            is_confirmed=is_confirmed(),
        )

    return change(wearer_id, act)
