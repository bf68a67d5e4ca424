"""What of an alert may be said outside the app, as the words take it."""

from __future__ import annotations

from backend import clock, lifecycle
from backend.models import Alert, AlertKind, Handling
from notifier.messages import Subject
from zones import Certainty, Level


def subject_of(alert: Alert) -> Subject:
    """Return what may be said of the alert outside the app."""
    return Subject(
        code=alert.code,
        kind=AlertKind(alert.kind),
        level=Level(alert.level),
        certainty=Certainty(alert.certainty),
        is_over=alert.is_over,
        is_late=alert.is_late,
        is_answered=alert.handling != Handling.OPEN,
        since=alert.fix_time,
        last_fix=alert.last_fix_time,
        is_past=(clock.now() - alert.last_fix_time).total_seconds() > lifecycle.NOW_FOR_S,
    )
