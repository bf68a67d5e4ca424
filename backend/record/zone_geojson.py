"""Zones as people enter them: circles in metres or miles, pasted shapes, hours of the week. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from backend.errors import InvalidRecord
from backend.zone_properties import properties_of
from zones.shape import METRES_A_MILE
from zones.zone import DEFAULT_BUFFER_M, ZoneKind

MOST_M = 50_000.0
DAYS = {"mo": "Mon", "tu": "Tue", "we": "Wed", "th": "Thu", "fr": "Fri", "sa": "Sat", "su": "Sun"}
DAY, WEEK = 24 * 60, 7 * 24 * 60
ZONE_KINDS = (ZoneKind.EXCLUSION, ZoneKind.INCLUSION)
# What a pasted shape may bring with it: anything else, such as an address, stays out of the record.
MEASURES = ("radius_m", "radius_miles", "width_m")


@dataclass(frozen=True, slots=True)
class Hours:
    """Days of the week from a time until another by the clocks of London; until an earlier one is overnight."""

    days: tuple[str, ...]
    begins: str
    ends: str


@dataclass(frozen=True, slots=True)
class Outline:
    """Where a zone is: a GeoJSON geometry with the measures that it needs."""

    geometry: dict[str, Any]
    measures: dict[str, float]


def circle(lat: float, lon: float, radius: float, unit: str) -> Outline:
    """Return a circle whose radius is in "m" or "miles". Raises: InvalidRecord for a measure out of range."""
    if not -90 <= lat <= 90 or not -180 <= lon <= 180:
        raise InvalidRecord("Enter the latitude between -90 and 90 and the longitude between -180 and 180.")
    radius_m = round(radius * METRES_A_MILE, 3) if unit == "miles" else radius
    if not 10 <= radius_m <= MOST_M:
        raise InvalidRecord("The radius must be between 10 metres and 50,000 metres (31 miles).")
    return Outline({"type": "Point", "coordinates": [lon, lat]}, {"radius_m": radius_m})


def pasted(text: str) -> Outline:
    """Return the one shape that a GeoJSON text holds: a geometry, a Feature, or a collection of one.

    Raises: InvalidRecord where the text is not that; whether the shape can be judged by is asked later.
    """
    try:
        read = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f" near line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise InvalidRecord(f"The shape is not GeoJSON: it cannot be read{where}.") from None
    if isinstance(read, dict) and read.get("type") == "FeatureCollection":
        features = read.get("features")
        if not isinstance(features, list) or len(features) != 1:
            raise InvalidRecord("The collection must hold one shape: enter each zone by itself.")
        read = features[0]
    if not isinstance(read, dict):
        raise InvalidRecord("The shape is not GeoJSON: it is no object.")
    is_feature = read.get("type") == "Feature"
    geometry, properties = (read.get("geometry"), read.get("properties")) if is_feature else (read, {})
    if not isinstance(geometry, dict):
        raise InvalidRecord("The shape is not GeoJSON: it has no geometry.")
    kept = properties if isinstance(properties, dict) else {}
    shape = {"type": geometry.get("type"), "coordinates": geometry.get("coordinates")}
    return Outline(shape, {name: kept[name] for name in MEASURES if name in kept})


def feature(kind: str, outline: Outline, buffer_m: float, hours: Sequence[Hours], wording: str) -> dict[str, Any]:
    """Return the zone as a GeoJSON Feature with the order's own words.

    Raises: InvalidRecord that says what is missing or out of range.
    """
    if kind not in list(ZONE_KINDS):
        raise InvalidRecord("Choose whether the person on probation must keep out or stay in.")
    if not 0 <= buffer_m <= MOST_M:
        raise InvalidRecord("The buffer must be between 0 and 50,000 metres.")
    properties: dict[str, Any] = {"id": "condition", "kind": kind, **outline.measures, "buffer_m": buffer_m}
    if wording.strip():
        properties["wording"] = wording.strip()
    made = {"type": "Feature", "geometry": outline.geometry, "properties": properties}
    properties |= schedule_of(made, hours)
    return made


def schedule_of(zone: dict[str, Any], hours: Sequence[Hours]) -> dict[str, Any]:
    """Return the hours as a zone's properties keep them. Raises: InvalidRecord for a curfew that has none."""
    if not hours:
        if keeps_in(zone):
            raise InvalidRecord("Enter the hours of the curfew. From 00:00 to 00:00 is the whole day.")
        return {}
    weekly = [{"days": list(one.days), "from": one.begins, "to": one.ends} for one in hours]
    return {"schedule": {"timezone": "Europe/London", "weekly": weekly}}


def minutes_in_force(zone: dict[str, Any]) -> frozenset[int] | None:
    """Return the minutes of a week, from Monday 00:00 in London, at which a zone is in force by its hours.

    None for a calendar rule or the clocks of another place.
    """
    schedule = (zone.get("properties") or {}).get("schedule")
    if not schedule:
        return frozenset(range(WEEK))
    if not schedule.get("weekly") or schedule.get("timezone") != "Europe/London":
        return None
    days = list(DAYS)
    found: set[int] = set()
    for entry in schedule["weekly"]:
        begins, ends = (60 * int(entry[side][:2]) + int(entry[side][3:5]) for side in ("from", "to"))
        for day in entry["days"]:
            first = DAY * days.index(str(day).lower()) + begins
            found |= {minute % WEEK for minute in range(first, first + ((ends - begins) % DAY or DAY))}
    return frozenset(found)


def hours_lost(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return in a sentence how many hours of a week a zone is in force no more, and none where it loses none."""
    had, has = minutes_in_force(before), minutes_in_force(after)
    if had is None or has is None:
        return []
    lost = len(had - has) / 60
    if not lost:
        return []
    return [f"For {lost:,.4g} hours of each week in which it was in force it warns of nothing any more."]


UNREADABLE = "This zone cannot be read: fixes are kept and not judged against it."


def said_of(zone: Any) -> str:
    """The same as ``in_words``, of a zone that may be unreadable."""
    try:
        return in_words(zone)
    except Exception:
        return UNREADABLE


def in_words(zone: dict[str, Any]) -> str:
    """Return what a zone asks of the wearer, how early it warns and when it is in force, without a coordinate."""
    properties = zone.get("properties") or {}
    must, where = ("stay in", "before they leave it") if keeps_in(zone) else ("keep out of", "outside")
    buffer_m = float(properties.get("buffer_m", DEFAULT_BUFFER_M))
    warned = f"Warns from {length(buffer_m)} {where}." if buffer_m else "Without a buffer."
    return f"The person on probation must {must} {_shape(zone)}. {warned} {_when(properties.get('schedule'))}"


def keeps_in(zone: Any) -> bool:
    """Tell whether a zone is one that the wearer must not leave: its breach says nothing of how near they are."""
    return properties_of(zone).get("kind") in (ZoneKind.INCLUSION, ZoneKind.RESTRICTION)


def length(metres: float) -> str:
    """Return metres as people read them, with miles where orders are written in them."""
    return f"{metres:,.0f} m" + (f" ({metres / METRES_A_MILE:.1f} miles)" if metres >= METRES_A_MILE - 1 else "")


def radius_m(zone: dict[str, Any]) -> float | None:
    """Return the radius of a circle in metres, whichever unit it was entered in; None for another shape."""
    properties = zone.get("properties") or {}
    if properties.get("radius_miles") is not None:
        return float(properties["radius_miles"]) * METRES_A_MILE
    return None if properties.get("radius_m") is None else float(properties["radius_m"])


def _shape(zone: dict[str, Any]) -> str:
    kind, radius = (zone.get("geometry") or {}).get("type"), radius_m(zone)
    if kind == "Point" and radius is not None:
        return f"the circle of {length(radius)} around its middle"
    if kind == "LineString":
        return f"the street that is drawn, {length(float(zone['properties'].get('width_m') or 0))} wide"
    return "the area that is drawn"


def _when(schedule: Any) -> str:
    if not schedule:
        return "In force at all hours."
    if not schedule.get("weekly"):
        return "In force at the hours of a calendar rule."
    said = []
    for entry in schedule["weekly"]:
        days = ["Every day"] if len(set(entry["days"])) == len(DAYS) else [DAYS.get(d, d) for d in entry["days"]]
        said.append(f"{', '.join(days)} from {entry['from'][:5]} to {entry['to'][:5]}")
    return f"In force: {'; '.join(said)}."
