"""Judges zones at the instants at which they come into force or end, even when no fix arrives."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from backend import alerts
from backend.cases import completeness, judged_now, schedule
from backend.db import atomic, is_held, is_lost, lock_rows
from backend.ingest.alert_changes import cannot_judge
from backend.ingest.zones_of_wearer import next_change
from backend.models import PlaceState, Tag, Wearer
from backend.record import reading

log = logging.getLogger(__name__)

TRY_AGAIN_S = 60.0


def judge_due(now: datetime, limit: int = 100, *, silent_after: timedelta = completeness.SILENT_AFTER) -> int:
    """Judge up to ``limit`` zones whose time has come, each with all zones of its place; return how many.

    Scheduled actions of cases come first. Each place is a unit of work of its own: one that cannot be judged raises its
    alert and keeps none of the others from being judged.
    """
    schedule.run_due(now, silent_after=silent_after)
    due = list(
        PlaceState.select(PlaceState.id, PlaceState.wearer, PlaceState.zone)
        .where(PlaceState.next_change_at <= now)
        .order_by(PlaceState.next_change_at)
        .limit(limit)
    )
    for row in due:
        try:
            _judge_row(row.id, now)
        except Exception as error:
            if is_lost(error):
                raise
            if is_held(error):
                # It is judged at the next look: no one else waits for a case that someone works on.
                continue
            log.warning("zone %s not judged as it changes: %s", row.zone_id, type(error).__name__)
            try:
                _set_aside(row.id, now)
            except Exception as failure:
                if is_lost(failure):
                    raise
                # What cannot even be told keeps none of those behind it from being judged.
                log.exception("zone %s could not be set aside", row.zone_id)
    return len(due)


def _judge_row(state_id: int, now: datetime) -> None:
    with atomic():
        row = _lock(state_id)
        if row is None or row.next_change_at is None or row.next_change_at > now:
            return
        at = row.next_change_at
        case = reading.case(row.wearer_id)
        row.next_change_at = next_change(row.zone, case, max(at, row.fix_time))
        row.save(only=[PlaceState.next_change_at])
        judged_now.judge_place(case, row.zone.place_id, at, now)


def _set_aside(state_id: int, now: datetime) -> None:
    """Say that no one knows how near the wearer is to this zone, and try again in a minute."""
    with atomic():
        row = _lock(state_id)
        assert row is not None
        row.next_change_at = now + timedelta(seconds=TRY_AGAIN_S)
        row.save(only=[PlaceState.next_change_at])
        alerts.apply(cannot_judge(row.wearer, row.zone, "the zone is not sound", row.fix_time, now, now))


def _lock(state_id: int) -> PlaceState | None:
    """Return the state, with its tag and wearer held in the order in which fixes hold them."""
    known = PlaceState.get_or_none(PlaceState.id == state_id)
    if known is None:
        return None
    lock_rows(Tag, [known.tag_id], waits=False)
    lock_rows(Wearer, [known.wearer_id], waits=False)
    return next(iter(judged_now.states(PlaceState.id == state_id)), None)


def next_due_at() -> datetime | None:
    """Return the instant at which the next zone comes into force or out of it, or a case has scheduled work."""
    first = (
        PlaceState.select(PlaceState.next_change_at)
        .where(PlaceState.next_change_at.is_null(False))
        .order_by(PlaceState.next_change_at)
        .limit(1)
        .first()
    )
    due = [at for at in (first.next_change_at if first else None, schedule.next_due_at()) if at is not None]
    return min(due, default=None)
