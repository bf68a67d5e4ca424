"""The change feed: numbers changes of alerts in the order of commits, so that a phone fetches all after a cursor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from backend import db, wakeups
from backend.models import Alert, Feed

CHANGED = "alerts.feed"
# In one statement, which holds the counter until the commit: the alert that is first takes the first new number.
NUMBER = (
    "WITH counted AS (UPDATE feed SET cursor = cursor + %s WHERE id = 1 RETURNING cursor) "
    "UPDATE alert SET cursor = counted.cursor - t.after FROM counted, unnest(%s::bigint[], %s::bigint[]) "
    "AS t(alert_id, after) WHERE alert.id = t.alert_id RETURNING alert.id, alert.cursor"
)
_watched: ContextVar[set[int] | None] = ContextVar("watched", default=None)


def publish(alert: Alert) -> None:
    """Give the alert a new cursor when the present unit of work commits, and wake those who follow the feed.

    The counter's row is locked last and until the commit: a reader who saw cursor 8 can never miss a 7 that
    commits later, and no two units hold this row and want each other's alerts.
    """
    db.carried(CHANGED)[alert.id] = alert
    seen = _watched.get()
    if seen is not None:
        seen.add(alert.id)
    db.before_commit("alerts.feed", _number_changes)
    wakeups.announce()


@contextmanager
def watched() -> Iterator[set[int]]:
    """Collect which alerts change meanwhile in this thread, without a statement: an answer says what followed."""
    seen: set[int] = set()
    token = _watched.set(seen)
    try:
        yield seen
    finally:
        _watched.reset(token)


def _number_changes() -> None:
    changed = dict(db.carried(CHANGED))
    db.carried(CHANGED).clear()
    ids = sorted(changed)
    numbered = db.database.execute_sql(NUMBER, (len(ids), ids, list(range(len(ids) - 1, -1, -1))))
    for alert_id, cursor in numbered:
        # An answer with this row tells the cursor that the change really has.
        changed[alert_id].cursor = cursor


def newest_cursor() -> int:
    """Return the cursor of the newest change."""
    return Feed.select(Feed.cursor).where(Feed.id == 1).scalar() or 0


def changes_after(cursor: int, team_ids: Sequence[int] | None = None, limit: int = 1_000) -> list[Alert]:
    """Return the alerts changed after ``cursor``, oldest change first; each once, as it stands now."""
    query = Alert.select(Alert.id, Alert.cursor, Alert.team, Alert.episode, Alert.wearer).where(Alert.cursor > cursor)
    if team_ids is not None:
        query = query.where(Alert.team.in_(team_ids))
    return list(query.order_by(Alert.cursor).limit(limit))
