"""Stored fixes of a wearer as ``zones`` takes them, in the order of their time."""

from __future__ import annotations

from datetime import datetime

from backend.models import Fix
from zones import Fix as JudgedFix
from zones import Source


def of_wearer(wearer_id: int, after: datetime, until: datetime | None = None) -> list[JudgedFix]:
    """Return the wearer's fixes with a time after ``after`` and, if given, not after ``until``."""
    query = (
        Fix.select(
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
        )
        .where(Fix.wearer == wearer_id, Fix.fix_time > after)
        .order_by(Fix.fix_time)
    )
    if until is not None:
        query = query.where(Fix.fix_time <= until)
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
        ) in query.tuples().iterator()
    ]
