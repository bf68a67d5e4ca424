"""What the tags of a group sent lately, the new fixes among it: read once for all that looks at it."""

from __future__ import annotations

from datetime import timedelta

from backend import report_interval
from backend.ingest.group import Group
from backend.models import Fix
from backend.report_interval import Report


def read_recent(group: Group) -> None:
    """Read the positions of the last minutes of each tag."""
    since = min(s.received_at for s in group.submissions) - timedelta(seconds=report_interval.RECENT_S)
    rows = Fix.select(Fix.tag, Fix.fix_time, Fix.lat, Fix.lon, Fix.accuracy_m, Fix.speed_mps).where(
        Fix.tag.in_(group.tag_ids), Fix.fix_time > since
    )
    for tag_id, fix_time, *place in rows.tuples().iterator():
        group.recent.setdefault(tag_id, []).append(Report(fix_time.timestamp(), *place))
