"""A case as it was at an instant, for pages and the API; every view is written to the audit trail."""

from backend.access import closed_cases
from backend.cases.viewing.activations import activations, activations_of, names_of_staff
from backend.cases.viewing.case_view import as_it_was, look, open_alerts, open_file
from backend.cases.viewing.history import CORRECTABLE, ENTRY_TEXTS, history, history_of, in_words
from backend.cases.viewing.search import cases_of
from backend.cases.viewing.sent_back import fields_of, stored

__all__ = [
    "CORRECTABLE",
    "ENTRY_TEXTS",
    "activations",
    "activations_of",
    "as_it_was",
    "cases_of",
    "closed_cases",
    "fields_of",
    "history",
    "history_of",
    "in_words",
    "look",
    "names_of_staff",
    "open_alerts",
    "open_file",
    "stored",
]
