"""Judges the instants at which a zone comes into force or out of it, whether or not a fix arrives just then."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from backend import alerts
from backend.alerts import Judgement
from backend.db import atomic, lock_rows
from backend.ingest.consequences import judgement_of
from backend.ingest.judge import CANNOT_JUDGE_LEVEL, danger_of
from backend.ingest.shapes import next_change, shape_of
from backend.models import PlaceState, PlaceZone, ProtectedPlace, Tag, Wearer
from zones import Certainty, Level, judge_instant
from zones import PlaceState as JudgedState


def judge_due(now: datetime, limit: int = 100) -> int:
    """Judge up to ``limit`` zones whose time has come, each with all zones of its place; return how many."""
    due = list(
        PlaceState.select(PlaceState.id, PlaceState.tag)
        .where(PlaceState.next_change_at <= now)
        .order_by(PlaceState.next_change_at)
        .limit(limit)
    )
    if not due:
        return 0
    with atomic():
        # The same order of locks as for fixes: no fix of these tags is judged meanwhile.
        lock_rows(Tag, [row.tag_id for row in due])
        rows = _states(PlaceState.id.in_([row.id for row in due]), PlaceState.next_change_at <= now)
        places: dict[tuple[int, int], datetime] = {}
        for row in rows:
            key = (row.wearer_id, row.zone.place_id)
            places[key] = min(places.get(key, now), row.next_change_at or now)
            row.next_change_at = next_change(row.zone, now)
            row.save(only=[PlaceState.next_change_at])
        for (wearer_id, place_id), at in places.items():
            _judge_place(wearer_id, place_id, at, now)
    return len(due)


def next_due_at() -> datetime | None:
    """Return the instant at which the next zone comes into force or out of it."""
    first = (
        PlaceState.select(PlaceState.next_change_at)
        .where(PlaceState.next_change_at.is_null(False))
        .order_by(PlaceState.next_change_at)
        .limit(1)
        .first()
    )
    return first.next_change_at if first else None


def _states(*where: object) -> list[PlaceState]:
    query = (
        PlaceState.select(PlaceState, PlaceZone, ProtectedPlace, Wearer)
        .join(PlaceZone)
        .join(ProtectedPlace)
        .switch(PlaceState)
        .join(Wearer)
        .where(*where)
        .order_by(PlaceState.id)
    )
    return list(query)


def _judge_place(wearer_id: int, place_id: int, at: datetime, now: datetime) -> None:
    """Let the gravest of what the place's zones say of this instant change its alert."""
    found: dict[bool, list[Judgement]] = defaultdict(list)
    for row in _states(PlaceState.wearer == wearer_id, PlaceZone.place == place_id):
        if row.level == CANNOT_JUDGE_LEVEL or not row.state or at < row.fix_time:
            # What cannot be judged has an alert of its own; what was judged later needs no second look.
            continue
        if row.zone.to_at is not None and row.zone.to_at <= at:
            found[False].append(_not_in_force(row, at, now))
            continue
        decision = judge_instant(shape_of(row.zone), JudgedState.from_json(row.state), at.timestamp())
        told = judgement_of(row.wearer, row.zone, decision, now, now)
        found[danger_of(decision) > 0].append(told)
    judged = found[True] or found[False]
    if judged:
        worst = max(judged, key=lambda told: (told.level, told.certainty == Certainty.CONFIRMED))
        alerts.apply(worst)


def _not_in_force(row: PlaceState, at: datetime, now: datetime) -> Judgement:
    return Judgement(
        wearer=row.wearer,
        zone=row.zone,
        level=Level.CLEAR,
        certainty=Certainty.CONFIRMED,
        reasons=("The zone is no longer in force.",),
        fix_time=at,
        received_at=now,
        decided_at=now,
    )
