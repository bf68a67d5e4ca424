"""Weekly hours as the forms of zones hold them: days, from and until, in one row or two."""

from __future__ import annotations

from typing import Any

from werkzeug.datastructures import MultiDict

from backend.cases.commands.drawing import ROWS
from backend.record import zone_geojson


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
