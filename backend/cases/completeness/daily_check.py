"""When completeness checks run: after each change of a case, and for all cases each morning, in batches.

A batch is read outside any unit of work, and hands on to the next in the calendar: the one who looks has other things
to do between two of them.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from backend import audit
from backend.bulk_statements import insert_rows
from backend.cases.completeness import missing_items, reports
from backend.db import LOST_CONNECTION, atomic
from backend.models import CaseDue, Wearer
from backend.record.facts import LONDON, midnight

log = logging.getLogger(__name__)

WATCH = "watch"
WATCH_HOUR = 6
# A look that comes later than this, after an outage, tells no one in the night what can wait for the next morning.
MORNING_ENDS = 12


def ask_for(wearer_ids: Iterable[int], at: datetime) -> None:
    """See that these cases are looked at when ``at`` has come, because something of them changes."""
    insert_rows(CaseDue, [look_due(wearer_id, at) for wearer_id in sorted(set(wearer_ids))])


def look_due(wearer_id: int, at: datetime, *, is_morning: bool = False) -> dict[str, Any]:
    """Return the row of due work by which a case is looked at when ``at`` has come."""
    return {
        "what": WATCH,
        "subject": f"wearer:{wearer_id}",
        "wearer": wearer_id,
        "due_at": at,
        "detail": {"is_morning": is_morning},
    }


def ask_where_tags_report(now: datetime) -> None:
    """See that cases are looked at of which it was told that their tag does not report, and it does since."""
    found = reports.of_tags_that_report(now)
    asked = CaseDue.select(CaseDue.wearer).where(
        CaseDue.what == WATCH, CaseDue.wearer.in_(found or [0]), CaseDue.done_at.is_null()
    )
    ask_for(set(found) - {row.wearer_id for row in asked}, now)


def ensure_daily(now: datetime) -> None:
    """See that the daily look at every case is in the calendar."""
    if not CaseDue.select().where(CaseDue.what == WATCH, CaseDue.wearer.is_null(), CaseDue.done_at.is_null()).exists():
        CaseDue.create(what=WATCH, subject="all", due_at=_next_morning(now))


def _next_morning(now: datetime) -> datetime:
    today = now.astimezone(LONDON).date()
    at = midnight(today) + timedelta(hours=WATCH_HOUR)
    return at if at > now else midnight(today + timedelta(days=1)) + timedelta(hours=WATCH_HOUR)


def go_on(due: CaseDue, now: datetime, silent_after: timedelta) -> None:
    """Look at the next cases of the daily look, and let those of which there is news be told of, each by itself."""
    so_far = due.detail or {}
    query = Wearer.select(Wearer.id).where(~Wearer.is_training, Wearer.id > so_far.get("after", 0))
    ids = [row.id for row in query.order_by(Wearer.id).limit(missing_items.BATCH)]
    is_morning = WATCH_HOUR <= now.astimezone(LONDON).hour < MORNING_ENDS
    counts = Counter[str](so_far.get("counts", {}))
    try:
        found = missing_items.find(now, ids, silent_after=silent_after)
        counts += Counter(str(finding.item) for finding in found)
        with_news = reports.with_news(ids, found, is_morning=is_morning)
    except LOST_CONNECTION:
        raise
    except Exception:
        # One case that cannot be read keeps none of the others from being looked at: each is a look of its own.
        log.exception("cases %s to %s could not be looked at together", ids[:1], ids[-1:])
        with_news = set(ids)
    with atomic():
        # Only one of several workers finds the row undone.
        if not CaseDue.delete().where(CaseDue.id == due.id, CaseDue.done_at.is_null()).execute():
            return
        insert_rows(CaseDue, [look_due(wearer_id, now, is_morning=is_morning) for wearer_id in sorted(with_news)])
        if len(ids) == missing_items.BATCH:
            detail = {"after": ids[-1], "counts": dict(counts)}
            CaseDue.create(what=WATCH, subject="all", due_at=now, detail=detail)
            return
        audit.record(audit.SYSTEM, "watched", "watch:all", now, counts=dict(counts))
        ensure_daily(now)
    if counts:
        log.warning("the completeness check found %s missing items", counts.total())
