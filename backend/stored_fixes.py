"""Stored fixes of a wearer as ``zones`` takes them, in the order of their time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from backend.models import Fix
from zones import Fix as JudgedFix
from zones import Source, doubt_of

# Two days of a tag that reports once a minute: what was usable before that says nothing of now.
MOST_DOUBTED = 3_000


def of_wearer(wearer_id: int, after: datetime, until: datetime | None = None) -> list[JudgedFix]:
    """Return the wearer's fixes with a time after ``after`` and, if given, not after ``until``."""
    query = _of(wearer_id).where(Fix.fix_time > after).order_by(Fix.fix_time)
    if until is not None:
        query = query.where(Fix.fix_time <= until)
    return _judged(query)


def leading_to(wearer_id: int, until: datetime, context_s: float) -> list[JudgedFix]:
    """Return the fixes that say where a wearer was at ``until``: the newest usable one, those since, and its context.

    What came in ``context_s`` seconds before it says how surely. Reports that cannot be true do not hide what was known
    before them, however many they are.
    """
    newest_first = _of(wearer_id).where(Fix.fix_time <= until).order_by(Fix.fix_time.desc())
    for limit in (1, MOST_DOUBTED):
        for fix in _judged(newest_first.limit(limit)):
            if doubt_of(fix) is None:
                begin = datetime.fromtimestamp(fix.fix_time, UTC) - timedelta(seconds=context_s)
                return of_wearer(wearer_id, begin, until)
    return of_wearer(wearer_id, until - timedelta(seconds=context_s), until)


def _of(wearer_id: int) -> Any:
    return Fix.select(
        Fix.fix_time,
        Fix.lat,
        Fix.lon,
        Fix.accuracy_m,
        Fix.speed_mps,
        Fix.course_deg,
        Fix.satellites,
        Fix.hdop,
        Fix.source,
        Fix.received_at,
        Fix.is_valid,
        Fix.claim_share,
    ).where(Fix.wearer == wearer_id)


def _judged(query: Any) -> list[JudgedFix]:
    return [
        JudgedFix(
            fix_time=fix_time.timestamp(),
            lat=lat,
            lon=lon,
            accuracy_m=accuracy_m,
            speed_mps=speed_mps,
            course_deg=course_deg,
            satellites=satellites,
            hdop=hdop,
            source=Source(source) if source else None,
            received_at=received_at.timestamp(),
            is_valid=is_valid,
            claim_share=claim_share,
        )
        for (
            fix_time,
            lat,
            lon,
            accuracy_m,
            speed_mps,
            course_deg,
            satellites,
            hdop,
            source,
            received_at,
            is_valid,
            claim_share,
        ) in query.tuples().iterator()
    ]
