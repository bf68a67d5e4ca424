"""Officers of cases: assignment, cover, leaving, and who may open restricted cases."""

from backend.cases.officers.assignment import assign_officer, caseload_of, hand_over
from backend.cases.officers.cover import cover, covers_of
from backend.cases.officers.leaving import CaseloadLeft, covered_by, leave
from backend.cases.officers.restricted_cases import (
    EMERGENCY,
    open_in_emergency,
    openings_to_review,
    restrict,
    review_opening,
)

__all__ = [
    "EMERGENCY",
    "CaseloadLeft",
    "assign_officer",
    "caseload_of",
    "cover",
    "covered_by",
    "covers_of",
    "hand_over",
    "leave",
    "open_in_emergency",
    "openings_to_review",
    "restrict",
    "review_opening",
]
