"""Whether a tag that sends no position may be at rest at the address where its wearer has to be.

In range of its home beacon such a tag takes no fixes: presence that cannot be excluded. It is shown, and rings no one
while the tag is in contact and was not tampered with.
"""

from __future__ import annotations

from collections.abc import Iterable

from backend.models import Fix
from zones import Zone, ZoneKind


def is_at_address(lat: float, lon: float, zones: Iterable[Zone]) -> bool:
    """Tell whether a place is inside one of the addresses of a curfew, at whatever hour it has to be kept."""
    return any(zone.kind is ZoneKind.INCLUSION and zone.distance_m(lat, lon) <= 0.0 for zone in zones)


def at_address(fix: Fix | None, zones: Iterable[Zone]) -> bool:
    """Tell the same of the last usable fix; without one no one knows."""
    return fix is not None and is_at_address(fix.lat, fix.lon, zones)
