"""Zones as the judge takes them, read once from their rows, and the instants at which they change."""

from __future__ import annotations

import json
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


def next_change(
    row: PlaceZone, now: datetime, known: datetime | None, case: Case, judged_at: datetime
) -> datetime | None:
    """Return when the zone next comes into force or out of it; ``known`` is the answer that was right before.

    A change that has passed since the last judged fix is due at once: what it ends must not stand on.
    """
    changed = case.next_change(row.id, judged_at)
    if changed is not None and changed <= now:
        return changed
    if known is not None and known > now:
        return min(known, changed) if changed is not None else known
    shape = shape_of(row)
    at = shape.timing.next_change(now.timestamp()) if shape.is_timed else None
    return min([*([instant(at)] if at is not None else []), *([changed] if changed else [])], default=None)
