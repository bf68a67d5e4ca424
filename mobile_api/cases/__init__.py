"""Cases for officers and supervisors: orders, zones, lives, colleagues and what is missing."""

from mobile_api.cases import administration, monitoring_status, orders, people, protected_people, tags, viewing, zones
from mobile_api.cases.shapes import bp

__all__ = [
    "administration",
    "bp",
    "monitoring_status",
    "orders",
    "people",
    "protected_people",
    "tags",
    "viewing",
    "zones",
]
