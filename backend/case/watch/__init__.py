"""The completeness watch: what is missing from a case, so that nobody believes in protection that is not there."""

from backend.case.watch.gaps import FITTED_AFTER, SILENT_AFTER, TEXTS, Finding, Gap, find
from backend.case.watch.rounds import WATCH, ask_for, ensure_daily, go_on
from backend.case.watch.telling import BY_MORNING, look

__all__ = [
    "BY_MORNING",
    "FITTED_AFTER",
    "SILENT_AFTER",
    "TEXTS",
    "WATCH",
    "Finding",
    "Gap",
    "ask_for",
    "ensure_daily",
    "find",
    "go_on",
    "look",
]
