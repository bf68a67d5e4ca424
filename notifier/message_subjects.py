"""What a message may say about an alert outside the app."""

from __future__ import annotations

from backend import clock, lifecycle
from backend.alert_kinds import RECORD_CORRECTED
from backend.alerts.summary import worst_of
from backend.models import Alert, Handling, Notification
from notifier.messages import Subject


def subject_of(alert: Alert, notification: Notification | None = None) -> Subject:
    """Return what may be said of the alert outside the app, by a message that may speak of others with it."""
    # What is over is reported by its worst: by then its level is that of the way out.
    worst = worst_of(alert) if alert.is_over else None
    return Subject(
        code=alert.code,
        kind=lifecycle.kind_held(alert.kind),
        level=worst.level if worst else lifecycle.level_held(alert.level),
        certainty=worst.certainty if worst else lifecycle.certainty_held(alert.certainty),
        is_over=alert.is_over,
        is_late=alert.is_late,
        is_answered=alert.handling != Handling.OPEN,
        since=alert.fix_time,
        last_fix=alert.last_fix_time,
        event=alert.event,
        others=max(len(notification.shown) - 1, 0) if notification else 0,
        is_by_record=alert.reasons == [RECORD_CORRECTED],
        is_past=(clock.now() - alert.last_fix_time).total_seconds() > lifecycle.NOW_FOR_S,
    )
