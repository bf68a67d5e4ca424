"""The change feed: numbers changes of alerts in the order of commits, so that a phone fetches all after a cursor."""

from __future__ import annotations

from collections.abc import Sequence

from backend import db, wakeups
from backend.models import Alert, Feed

CHANGED = "alerts.feed"


def publish(alert: Alert) -> None:
    """Give the alert a new cursor when the present unit of work commits, and wake those who follow the feed.

    The counter's row is locked last and until the commit: a reader who saw cursor 8 can never miss a 7 that
    commits later, and no two units hold this row and want each other's alerts.
    """
    db.carried(CHANGED)[alert.id] = alert
    db.before_commit("alerts.feed", _number_changes)
    wakeups.announce()


def _number_changes() -> None:
    changed = dict(db.carried(CHANGED))
    db.carried(CHANGED).clear()
    query = Feed.update(cursor=Feed.cursor + len(changed)).where(Feed.id == 1).returning(Feed.cursor)
    last = next(iter(query.execute())).cursor
    numbered = list(enumerate(sorted(changed), start=last - len(changed) + 1))
    db.update_rows(Alert, [{"id": alert_id, "cursor": cursor} for cursor, alert_id in numbered])
    for cursor, alert_id in numbered:
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
