"""Pages with which people keep cases true: list, case, new case, the night move, leaving, and what is to be decided."""

from backend.web.case_pages import (
    case,
    conditions,
    corrections,
    imports,
    listing,
    lives,
    numbers,
    opening,
    orders,
    people,
    protected,
    tags,
    victims,
    zones,
)
from backend.web.case_pages.frame import bp

__all__ = [
    "bp",
    "case",
    "conditions",
    "corrections",
    "imports",
    "listing",
    "lives",
    "numbers",
    "opening",
    "orders",
    "people",
    "protected",
    "tags",
    "victims",
    "zones",
]
