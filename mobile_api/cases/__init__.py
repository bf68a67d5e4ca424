"""Cases for officers and supervisors: orders, zones, monitoring status, colleagues and missing items."""

from mobile_api.cases import (
    administration,
    asked_places,
    caseload,
    monitoring_status,
    orders,
    people,
    protected_people,
    tags,
    viewing,
    zones,
)
from mobile_api.cases.shapes import bp

__all__ = [
    "administration",
    "asked_places",
    "bp",
    "caseload",
    "monitoring_status",
    "orders",
    "people",
    "protected_people",
    "tags",
    "viewing",
    "zones",
]
