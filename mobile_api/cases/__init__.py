"""Cases for officers and supervisors: orders, zones, lives, colleagues and what is missing."""

from mobile_api.cases import administration, lives, looking, orders, people, tags, victims, zones
from mobile_api.cases.shapes import bp

__all__ = ["administration", "bp", "lives", "looking", "orders", "people", "tags", "victims", "zones"]
