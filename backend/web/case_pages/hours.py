"""Weekly hours as the forms of zones hold them: days, from and until, in one row or two."""

from __future__ import annotations

import re
from datetime import time
from typing import Any

from flask import request
from werkzeug.datastructures import MultiDict

from backend import typed_text
from backend.errors import InvalidRecord
from backend.record import zone_geojson
from backend.web.forms import text_of

ROWS = ("1", "2")


def hours_entered() -> list[zone_geojson.Hours]:
    """Return the hours of the form, row by row. Raises: InvalidRecord for a row that is not whole."""
    found = []
    for number in ROWS:
        days = tuple(day for day in zone_geojson.DAYS if day in request.form.getlist(f"days_{number}"))
        begins, ends = (_time_of(f"{side}_{number}") for side in ("begins", "ends"))
        if not days and not begins and not ends:
            continue
        if not days or not begins or not ends:
            raise InvalidRecord("Enter the days, a start time and an end time.")
        found.append(zone_geojson.Hours(days, begins, ends))
    return found


def _time_of(name: str) -> str:
    text = typed_text.fold(text_of(name))
    if not text:
        return ""
    try:
        if re.fullmatch(r"\d\d?:\d\d", text) is None:
            raise ValueError
        return f"{time.fromisoformat(text.zfill(5)):%H:%M}"
    except ValueError:
        raise InvalidRecord("Enter a time, like 19:00.") from None


def held_hours(zone: dict[str, Any]) -> MultiDict[str, str] | None:
    """Return the hours of a zone as its form holds them, or None where the form cannot: they stay as they are.

    A zone to keep out of may have none, and is in force at all hours then.
    """
    schedule = (zone.get("properties") or {}).get("schedule") or {}
    weekly = schedule.get("weekly") or []
    found: MultiDict[str, str] = MultiDict()
    if not schedule and not zone_geojson.keeps_in(zone):
        return found
    if schedule.get("timezone") != "Europe/London" or not 1 <= len(weekly) <= len(ROWS):
        return None
    for number, entry in zip(ROWS, weekly, strict=False):
        found.setlist(f"days_{number}", [str(day).lower() for day in entry["days"]])
        found[f"begins_{number}"], found[f"ends_{number}"] = entry["from"][:5], entry["to"][:5]
    return found


def with_hours(zone: dict[str, Any]) -> dict[str, Any]:
    """Return the zone with the hours of the form, and as it is where the form did not hold them.

    Raises: InvalidRecord for hours that are not whole, and for a curfew without any.
    """
    if not text_of("has_hours"):
        return zone
    others = {name: value for name, value in zone["properties"].items() if name != "schedule"}
    return {**zone, "properties": {**others, **zone_geojson.schedule_of(zone, hours_entered())}}
