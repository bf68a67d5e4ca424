"""A wearer's zones as ``zones`` takes them, parsed once from their rows, and the instants at which they change."""

from __future__ import annotations

import json
from datetime import datetime

from backend.ingest.judge import instant
from backend.models import PlaceZone
from backend.record.timeline import Case
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
    """When the zones of one case are in force, by the record and by their own hours.

    Instants without a type of their own are epoch seconds.
    """

    def __init__(self, case: Case) -> None:
        self._case = case

    def is_held(self, zone_id: int, at: float) -> bool:
        """Tell whether the record holds this version of a zone to be in force, whatever its own hours are."""
        return self._case.is_in_force(zone_id, instant(at))

    def next_change(self, row: PlaceZone, after: float) -> float | None:
        """Return the first instant after ``after`` at which the zone comes into force or out of it, if there is one."""
        changed = self._case.next_change(row.id, instant(after))
        shape = shape_of(row)
        timed = shape.timing.next_change(after) if shape.is_timed else None
        ends = (None if changed is None else changed.timestamp(), timed)
        return min((at for at in ends if at is not None), default=None)

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
