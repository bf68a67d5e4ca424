"""Zones as the judge takes them, read once from their rows, and the instants at which they change."""

from __future__ import annotations

import json
from datetime import datetime

from backend.ingest.judge import instant
from backend.models import PlaceZone
from zones import Zone

_shapes: dict[int, tuple[str, Zone]] = {}


def shape_of(row: PlaceZone) -> Zone:
    """Return the zone that a row describes. Raises: ZoneRefused."""
    text = json.dumps(row.feature, sort_keys=True)
    known = _shapes.get(row.id)
    if known is None or known[0] != text:
        known = _shapes[row.id] = (text, Zone.from_geojson(row.feature))
    return known[1]


def next_change(row: PlaceZone, now: datetime, known: datetime | None = None) -> datetime | None:
    """Return when the zone next comes into force or out of it; ``known`` is the answer that was right before."""
    if known is not None and known > now:
        return known
    shape = shape_of(row)
    at = shape.timing.next_change(now.timestamp()) if shape.is_timed else None
    changes = [instant(at)] if at is not None else []
    if row.to_at is not None and row.to_at > now:
        changes.append(row.to_at)
    return min(changes, default=None)
