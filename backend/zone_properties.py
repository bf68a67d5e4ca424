"""Reads the properties of a stored zone, valid or not. Pure."""

from __future__ import annotations

from typing import Any


def properties_of(feature: Any) -> dict[str, Any]:
    """Return the properties of a stored GeoJSON feature; none where it is not sound."""
    found = feature.get("properties") if isinstance(feature, dict) else None
    return found if isinstance(found, dict) else {}
