"""A case as it was at an instant, for pages and the API; every view is written to the audit trail."""

from backend.access import closed_cases
from backend.cases.viewing.case_view import look, open_alerts
from backend.cases.viewing.history import CORRECTABLE, history, in_words
from backend.cases.viewing.search import cases_of
from backend.cases.viewing.tags_worn import activations

__all__ = [
    "CORRECTABLE",
    "activations",
    "cases_of",
    "closed_cases",
    "history",
    "in_words",
    "look",
    "open_alerts",
]
