"""Who answers for whom: officers assigned, covered for and gone, and cases closed to most."""

from backend.case.people.assigning import assign_officer, caseload_of, hand_over
from backend.case.people.covering import cover, covers_of
from backend.case.people.leaving import CaseloadLeft, covered_by, leave
from backend.case.people.restricting import (
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
