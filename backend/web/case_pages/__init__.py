"""Pages of cases: list, case, new case, urgent move, leaving, and what needs a decision."""

from backend.web.case_pages import (
    asked_places,
    case,
    caseload,
    conditions,
    contact_details,
    corrections,
    imports,
    listing,
    monitoring_status,
    numbers,
    opening,
    orders,
    own_page,
    people,
    protected_people,
    tags,
    zones,
)
from backend.web.case_pages.layout import bp

__all__ = [
    "asked_places",
    "bp",
    "case",
    "caseload",
    "conditions",
    "contact_details",
    "corrections",
    "imports",
    "listing",
    "monitoring_status",
    "numbers",
    "opening",
    "orders",
    "own_page",
    "people",
    "protected_people",
    "tags",
    "zones",
]
