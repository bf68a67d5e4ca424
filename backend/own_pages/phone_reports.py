"""Reads what Traccar Client and OwnTracks send of a protected person's own phone. Pure.

Whatever cannot be read is no position, and no error: these apps keep what is refused at the head of their queue and
send nothing after it.
Source: the OsmAnd protocol of traccar.org, the JSON of Traccar Client 9, and the OwnTracks booklet, "JSON".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from zones import Fix, FixRefused, read_claim, read_validity

KNOTS_MPS = 0.514444
KMH_MPS = 1 / 3.6
# An integer below it is in seconds, any larger one in milliseconds.
LARGEST_SECONDS = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Report:
    """What one message said: whose it is, where the phone was, and how full its battery is."""

    token: str
    fix: Fix | None = None
    battery_pct: float | None = None


def of_form(values: Mapping[str, str], now: datetime) -> Report:
    """Read a query or a form, as Traccar Client and the OsmAnd protocol have it."""
    lat, lon = values.get("lat", ""), values.get("lon", "")
    if not lat and "," in values.get("location", ""):
        lat, _, lon = values["location"].partition(",")
    speed = _number(values.get("speed"))
    return Report(
        values.get("id") or values.get("deviceid") or "",
        _fix(
            _instant(values.get("timestamp"), now),
            _number(lat),
            _number(lon),
            values.get("accuracy"),
            None if speed is None or speed < 0 else speed * KNOTS_MPS,
            values,
        ),
        _number(values.get("batt")),
    )


def of_traccar_json(content: Any, now: datetime, token: str = "") -> list[Report]:
    """Read the JSON of Traccar Client: one message or several, coordinates nested or flat.

    ``token`` is the one of the address, for messages without one of their own.
    """
    found = []
    for one in content if isinstance(content, list) else [content]:
        if not isinstance(one, dict):
            continue
        location = _object(one.get("location")) or one
        coords = _object(location.get("coords")) or one
        level = _number((_object(location.get("battery")) or _object(one.get("battery"))).get("level"))
        speed = _number(coords.get("speed"))
        found.append(
            Report(
                str(one.get("device_id") or one.get("id") or token),
                _fix(
                    _instant(location.get("timestamp"), now),
                    _number(coords.get("latitude", coords.get("lat"))),
                    _number(coords.get("longitude", coords.get("lon"))),
                    coords.get("accuracy"),
                    None if speed is None or speed < 0 else speed,
                    one,
                ),
                None if level is None or level < 0 else level * 100,
            )
        )
    return found


def of_owntracks(content: Mapping[str, Any], token: str, now: datetime) -> Report:
    """Read one message of OwnTracks; only a location says where the phone is."""
    if content.get("_type") != "location":
        return Report(token)
    speed, battery = _number(content.get("vel")), _number(content.get("batt"))
    return Report(
        token,
        _fix(
            _instant(content.get("tst"), now),
            _number(content.get("lat")),
            _number(content.get("lon")),
            content.get("acc"),
            None if speed is None or speed < 0 else speed * KMH_MPS,
            content,
        ),
        None if battery is None or battery < 0 else battery,
    )


def _fix(
    at: float | None,
    lat: float | None,
    lon: float | None,
    accuracy: Any,
    speed_mps: float | None,
    sent: Mapping[str, Any],
) -> Fix | None:
    if at is None or lat is None or lon is None:
        return None
    try:
        accuracy_m, source = read_claim(accuracy or None, None, None)
        return Fix(at, lat, lon, accuracy_m, speed_mps, source=source, is_valid=read_validity(sent))
    except FixRefused:
        return None


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < 1e15 else None


def _instant(value: Any, now: datetime) -> float | None:
    """Return the instant in seconds; now where none was said, None for one that cannot be read."""
    if value is None or value == "":
        return now.timestamp()
    number = _number(value)
    if number is not None:
        return number if number < LARGEST_SECONDS else number / 1000
    try:
        at = datetime.fromisoformat(str(value).strip())
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
