"""Dates as GOV.UK Frontend has people type them: three fields for day, month and year, which are one day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backend import typed_text

PARTS = ("day", "month", "year")


def joined(fields: Mapping[str, Any], name: str) -> str:
    """Return a day as 2026-11-24, as it was typed in three fields or in one; empty where nothing was."""
    if first_field(name) not in fields:
        return str(fields.get(name, "")).strip()
    day, month, year = (typed_text.fold(str(fields.get(f"{name}-{part}", ""))).strip() for part in PARTS)
    return f"{year}-{month:0>2}-{day:0>2}" if day or month or year else ""


def parts_of(fields: Mapping[str, Any], name: str, value: Any = None) -> dict[str, str]:
    """Return what the three fields hold: what was typed, or else the day that is ``value``."""
    if first_field(name) in fields:
        return {part: str(fields.get(f"{name}-{part}", "")) for part in PARTS}
    year, _, rest = str(fields.get(name, value or "")).partition("-")
    month, _, day = rest.partition("-")
    return {"day": day.lstrip("0"), "month": month.lstrip("0"), "year": year} if day else {}


def first_field(name: str) -> str:
    """Return the field that a link to a date leads to."""
    return f"{name}-{PARTS[0]}"
