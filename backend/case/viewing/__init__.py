"""A case as it was at an instant, for pages and the API; every look at it is recorded."""

from backend.access import closed_cases
from backend.case.viewing.history import CORRECTABLE, history, in_words
from backend.case.viewing.looking import look, open_alerts
from backend.case.viewing.searching import cases_of
from backend.case.viewing.worn import activations

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
