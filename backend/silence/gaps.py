"""The gaps that a tag has shown in the last weeks, as its fixes and the record have them. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from backend import db
from backend.models import Alert, AlertKind
from backend.record.timeline import Case
from backend.silence.address import is_at_address
from backend.silence.margins import KNOWN_FOR_DAYS, Gap
from zones import Zone

# A shorter one makes no difference.
LEAST_S = 300.0
# One that began at the approved address and was longer is a tag at rest beside its beacon.
AT_REST_S = 3_600.0
# One that rang teaches only where a person, or its end, said that it was none of hiding.
HARMLESS = (
    "came_back",
    "equipment_fault",
    "false_alarm",
    "no_action_needed",
    "raised_in_error",
    "reasonable_excuse",
    "tag_checked",
    "tag_replaced",
)
# What was not known while it lasted counts, also where stored fixes filled it afterwards.
GAPS = """
SELECT known_until, extract(epoch FROM received_at - known_until), last_lat, last_lon FROM (
    SELECT received_at,
        max(fix_time) OVER before AS known_until,
        lag(lat) OVER (ORDER BY received_at, fix_time) AS last_lat,
        lag(lon) OVER (ORDER BY received_at, fix_time) AS last_lon
    FROM fix WHERE tag_id = %s AND fix_time > %s AND fix_time <= %s
    WINDOW before AS (ORDER BY received_at, fix_time ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
) AS one WHERE received_at - known_until > %s
"""


def gaps_of(tag_id: int, worn_since: datetime, case: Case | None, zones: Sequence[Zone], now: datetime) -> list[Gap]:
    """Return the gaps of a tag since this wearer has it on, without those that teach nothing of their days.

    Left out are gaps in which the record changed, as by custody, nights beside the beacon at the approved address, and
    gaps that rang and were no matter of habit. ``zones`` are those in force.
    """
    since = max(now - timedelta(days=KNOWN_FOR_DAYS), worn_since)
    rows = db.database.execute_sql(GAPS, (tag_id, since, now, timedelta(seconds=LEAST_S))).fetchall()
    found = [Gap(began_at, float(length_s), lat, lon) for began_at, length_s, lat, lon in rows]
    if not found:
        return []
    changes = list(case.changes()) if case else []
    rang = _rang(tag_id, since)
    return [
        gap
        for gap in found
        if not (gap.length_s > AT_REST_S and is_at_address(gap.lat, gap.lon, zones))
        and not any(gap.began_at < change <= _end(gap) for change in changes)
        and not any(gap.began_at <= raised_at <= _end(gap) for raised_at in rang)
    ]


def _end(gap: Gap) -> datetime:
    return gap.began_at + timedelta(seconds=gap.length_s)


def _rang(tag_id: int, since: datetime) -> list[datetime]:
    """Return when alerts were raised of silences of which no one has said that they were harmless."""
    about = (Alert.tag == tag_id, Alert.kind == AlertKind.SILENCE, Alert.raised_at > since)
    is_harmless = Alert.outcome_code.in_(HARMLESS) & Alert.outcome_code.is_null(False)
    return [row.raised_at for row in Alert.select(Alert.raised_at).where(*about, ~is_harmless)]
