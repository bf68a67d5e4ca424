"""A wearer's zones as ``zones`` takes them, parsed once from their rows, and the instants at which they change."""

from __future__ import annotations

import json
from bisect import bisect_right
from datetime import datetime

from backend.ingest.judge import instant
from backend.models import PlaceZone
from backend.record.facts import Case
from zones import Zone

_shapes: dict[int, tuple[str, Zone]] = {}


def shape_of(row: PlaceZone) -> Zone:
    """Return the zone that a row describes. Raises: ZoneRefused."""
    text = json.dumps(row.feature, sort_keys=True)
    known = _shapes.get(row.id)
    if known is None or known[0] != text:
        known = _shapes[row.id] = (text, Zone.from_geojson(row.feature))
    return known[1]


class InForce:
    """When the zones of one case are in force, asked of the record once between two of its changes.

    Instants without a type of their own are epoch seconds.
    """

    def __init__(self, case: Case) -> None:
        self._case = case
        self._cuts = [at.timestamp() for at in case.changes()]
        self._known: dict[int, frozenset[int]] = {}

    def is_held(self, zone_id: int, at: float) -> bool:
        """Tell whether the record holds this version of a zone to be in force, whatever its own hours are."""
        between = bisect_right(self._cuts, at)
        if between not in self._known:
            self._known[between] = frozenset(zone.zone_id for zone in self._case.zones_in_force(instant(at)))
        return zone_id in self._known[between]

    def next_change(self, row: PlaceZone, after: float) -> float | None:
        """Return the first instant after ``after`` at which the zone comes into force or out of it, if there is one."""
        is_on = self.is_held(row.id, after)
        later = self._cuts[bisect_right(self._cuts, after) :]
        changed = next((at for at in later if self.is_held(row.id, at) != is_on), None)
        shape = shape_of(row)
        timed = shape.timing.next_change(after) if shape.is_timed else None
        return min((at for at in (changed, timed) if at is not None), default=None)

    def beginnings(self, row: PlaceZone, after: float, until: float) -> list[float]:
        """Return the instants after ``after`` and up to ``until`` at which the zone comes into force."""
        found = []
        at = self.next_change(row, after)
        while at is not None and at <= until:
            if self.is_held(row.id, at) and shape_of(row).timing.is_in_force(at):
                found.append(at)
            at = self.next_change(row, at)
        return found


def next_change(row: PlaceZone, case: Case, after: datetime) -> datetime | None:
    """Return the first instant after ``after`` at which the zone comes into force or out of it, if there is one.

    Asked of the last fix or instant that was judged: a change that has passed since is due at once, whenever the fix
    arrived. What it ends must not stand on, and what it begins must not wait for another fix.
    """
    at = InForce(case).next_change(row, after.timestamp())
    return None if at is None else instant(at)
