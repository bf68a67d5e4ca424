"""Writes tables as CSV so that no cell runs as a formula in a spreadsheet. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

# Source: OWASP, CSV injection: what a spreadsheet takes for the beginning of a formula, in full width too.
BEGINS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
TEXT_MARK = "'"


def as_csv(rows: Iterable[Iterable[object]]) -> str:
    """Return these rows as CSV. Numbers stay numbers; a text that would begin a formula is marked as text."""
    out = io.StringIO()
    csv.writer(out).writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def _cell(value: object) -> object:
    if not isinstance(value, str):
        return value
    # Some spreadsheets leave the spaces before it out.
    begins = value.startswith(BEGINS_FORMULA) or value.lstrip().startswith(BEGINS_FORMULA)
    return f"{TEXT_MARK}{value}" if begins else value
