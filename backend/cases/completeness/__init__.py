"""Completeness checks: what is missing from a case that could leave a person without protection."""

from backend.cases.completeness.daily_check import WATCH, ask_for, ask_where_tags_report, ensure_daily, go_on, look_due
from backend.cases.completeness.missing_items import (
    FITTED_AFTER,
    SILENT_AFTER,
    TEXTS,
    Finding,
    MissingItem,
    find,
    find_in,
)
from backend.cases.completeness.reports import BY_MORNING, look

__all__ = [
    "BY_MORNING",
    "FITTED_AFTER",
    "SILENT_AFTER",
    "TEXTS",
    "WATCH",
    "Finding",
    "MissingItem",
    "ask_for",
    "ask_where_tags_report",
    "ensure_daily",
    "find",
    "find_in",
    "go_on",
    "look",
    "look_due",
]
