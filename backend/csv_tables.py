"""Writes tables as CSV so that no cell runs as a formula in a spreadsheet. Pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

# Source: OWASP, CSV injection: what a spreadsheet takes for the beginning of a formula, in full width too.
FORMULA_SIGNS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
BEGINS_FORMULA = (*FORMULA_SIGNS, "\t", "\r", "\n")
TEXT_MARK = "'"
# A spreadsheet may take a semicolon for the end of a cell, and a line within quotes for the end of a row: what follows
# begins one.
_BEGINS_WITHIN = re.compile(rf"([;\t\r\n]\s*)(?=[{re.escape(''.join(FORMULA_SIGNS))}])")


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
    marked = _BEGINS_WITHIN.sub(rf"\1{TEXT_MARK}", value)
    return f"{TEXT_MARK}{marked}" if begins else marked
