"""Asks back, before a zone is saved, whether it is where it was meant to be and whether all orders can be kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from backend import zone_replay
from backend.errors import NeedsConfirmation
from backend.models import PlaceZone
from backend.record.timeline import Case
from zones import Zone, contradictions, misplaced


def questions(
    case: Case,
    feature: dict[str, Any],
    from_at: datetime,
    to_at: datetime | None,
    order_id: int | None,
    now: datetime,
    *,
    line: int | None,
) -> list[str]:
    """Return what to ask about a zone that is about to be entered, in sentences; none where nothing is odd.

    ``case`` is the record without it, and ``line`` the zone that it is a new version of, with which it is not compared.
    Raises: ZoneNotUsable.
    """
    zone = zone_replay.read_zone(feature)
    begins = max(from_at, now)
    own = set() if line is None else {version.id for version in case.lines.get(line, [])}
    known = {version.id for versions in case.lines.values() for version in versions} - own
    shapes = dict(_shapes(known))
    said = misplaced(zone, list(shapes.values()))
    for at in [begins, *(at for at in case.changes() if at > begins)]:
        if (to_at is not None and at >= to_at) or not _is_covered(case, order_id, at):
            continue
        met = [shapes[one.zone_id] for one in case.zones_meant(at) if one.zone_id in shapes]
        said += contradictions(zone, met, at.timestamp())
    return list(dict.fromkeys(said))


def require_answers(
    case: Case,
    feature: dict[str, Any],
    from_at: datetime,
    to_at: datetime | None,
    order_id: int | None,
    now: datetime,
    *,
    line: int | None,
    is_confirmed: bool,
) -> None:
    """Raises: NeedsConfirmation with the questions, unless they were confirmed or there is nothing to ask."""
    said = [] if is_confirmed else questions(case, feature, from_at, to_at, order_id, now, line=line)
    if said:
        raise NeedsConfirmation(" ".join(said), warnings=said)


def _is_covered(case: Case, order_id: int | None, at: datetime) -> bool:
    """Tell whether the zone's order covers an instant; one without an order holds by its own dates."""
    terms = None if order_id is None else case.terms_at(order_id, at)
    return order_id is None or (terms is not None and terms.cover(at))


def _shapes(zone_ids: set[int]) -> Iterator[tuple[int, Zone]]:
    rows: Any = PlaceZone.select().where(PlaceZone.id.in_(sorted(zone_ids)), ~PlaceZone.moves)
    for row in rows:
        try:
            yield row.id, zone_replay.read_zone(row.feature)
        except zone_replay.ZoneNotUsable:
            # A zone that cannot be read has an alert of its own; here it only says nothing.
            continue
