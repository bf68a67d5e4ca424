"""A stretch of time with both ends, as PostgreSQL's ``tstzrange`` keeps it: its end is no part of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from peewee import Field

from backend.db import instant_text


@dataclass(frozen=True, slots=True)
class Span:
    """From an instant until another one; without an end it goes on."""

    from_at: datetime
    until: datetime | None = None


class SpanField(Field):
    """A ``Span`` in Python, ``[from, until)`` in the database."""

    field_type = "TSTZRANGE"

    def db_value(self, value: Span | None) -> str | None:
        if value is None:
            return None
        return f"[{instant_text(value.from_at)},{instant_text(value.until) if value.until else ''})"

    def python_value(self, value: Any) -> Span | None:
        if value is None or isinstance(value, Span):
            return value
        return Span(value.lower.astimezone(UTC), value.upper.astimezone(UTC) if value.upper else None)
