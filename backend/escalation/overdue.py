"""Moves alerts on when a step is overdue, or at once when a channel has failed."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from peewee import Case

from backend import audit, channels, lifecycle, outbox
from backend.db import atomic, is_held, is_lost, skip_locked
from backend.escalation.climbing import climb, climb_all, restart, stop
from backend.escalation.locked_alert import WARNINGS, lock, lock_all, policy_for
from backend.lifecycle import Danger
from backend.models import Alert, AlertKind, Handling, Notification, NotificationState
from zones import Certainty, Level

log = logging.getLogger(__name__)

# No instant of an escalation policy lies farther ahead than an outcome that is due, with some slack.
LONGEST_WAIT_S = lifecycle.OUTCOME_DUE_AFTER_S + 60.0
TRY_AGAIN_S = 60.0


# The danger of an alert as stored (lifecycle.danger_held), for where more escalations are overdue than run at
# once.
GRAVEST = Case(
    None,
    (
        (
            Alert.kind.in_([kind for kind, held in lifecycle.DANGER_OF_KIND.items() if held == Danger.BREACH]),
            Danger.BREACH,
        ),
        ((Alert.kind != AlertKind.ZONE), Danger.BREACH_UNCONFIRMED),
        ((Alert.level == Level.BREACH) & (Alert.certainty == Certainty.CONFIRMED), Danger.BREACH),
        ((Alert.level == Level.BREACH), Danger.BREACH_UNCONFIRMED),
    ),
    Danger.BUFFER,
)


def escalate_overdue(now: datetime, limit: int = 100, *, newest_first: bool = False) -> int:
    """Climb for up to ``limit`` alerts whose next step is due; return how many.

    Of more than that the longest overdue go first or, with ``newest_first``, the gravest and then the newest. An
    instant farther ahead than any step is overdue too: a clock that jumped must not park an escalation. One alert
    that cannot be climbed for is tried again a minute later and never keeps the others back.
    """
    latest = now + timedelta(seconds=LONGEST_WAIT_S)
    overdue = (Alert.next_escalation_at <= now) | (Alert.next_escalation_at > latest)
    try:
        with atomic():
            order = (GRAVEST.desc(), Alert.id.desc()) if newest_first else (Alert.next_escalation_at,)
            query = Alert.select(Alert.id).where(overdue).order_by(*order).limit(limit)
            ids = [row.id for row in skip_locked(query)]
            if not ids:
                return 0
            overdue_alerts = lock_all(ids)
            unanswered = [alert for alert in overdue_alerts if _is_unanswered(alert, now)]
            if unanswered:
                climb_all(unanswered, now)
    except Exception as error:
        if is_lost(error):
            raise
        log.exception("a group of alerts could not be climbed for: each is tried alone")
        ids = [row.id for row in Alert.select(Alert.id).where(overdue).limit(limit)]
        for alert_id in ids:
            _escalate_alone(alert_id, now)
    return len(ids)


def _is_unanswered(alert: Alert, now: datetime) -> bool:
    """Tell whether a held alert has to climb; one that someone has answered is seen to here."""
    latest = now + timedelta(seconds=LONGEST_WAIT_S)
    if alert.next_escalation_at is None or now < alert.next_escalation_at <= latest:
        # Someone has answered, or another worker has climbed, since it was found.
        return False
    if alert.handling == Handling.CLOSED:
        stop(alert, now)
        return False
    if alert.handling == Handling.ACKNOWLEDGED:
        # The promise to act was not followed by an outcome: silence has begun again.
        audit.record(audit.SYSTEM, "outcome_overdue", f"alert:{alert.id}", now, alert=alert)
        alert.handling = Handling.OPEN
        restart(alert, now)
        return False
    return True


def _escalate_alone(alert_id: int, now: datetime) -> None:
    try:
        with atomic():
            # One that someone works on has its turn at the next look; those behind it do not wait for it.
            alert = skip_locked(Alert.select().where(Alert.id == alert_id)).first()
            if alert is not None and _is_unanswered(alert, now):
                climb(alert, now)
    except Exception as error:
        if is_lost(error):
            raise
        if is_held(error):
            # Its turn comes at the next look, and that of those behind it now.
            return
        log.exception("alert %s could not be climbed for", alert_id)
        with atomic():
            Alert.update(next_escalation_at=now + timedelta(seconds=TRY_AGAIN_S)).where(Alert.id == alert_id).execute()


def next_escalation_at() -> datetime | None:
    """Return the instant at which the next alert climbs by itself."""
    first = (
        Alert.select(Alert.next_escalation_at)
        .where(Alert.next_escalation_at.is_null(False))
        .order_by(Alert.next_escalation_at)
        .limit(1)
        .first()
    )
    return first.next_escalation_at if first else None


def hasten(notification: Notification, now: datetime) -> None:
    """A channel failed: let the next step go at once, unless this person's phone has the warning already."""
    if notification.person is None or notification.purpose not in WARNINGS:
        return
    with atomic():
        alert = lock(notification.alert_id)
        is_latest = notification.episode == alert.episode and notification.step == alert.step - 1
        # Past the escalation policy's end steps repeat at their pace: a provider that is down must not make them spin.
        if (
            alert.handling != Handling.OPEN
            or alert.next_escalation_at is None
            or not is_latest
            or alert.step >= len(policy_for(alert).steps)
        ):
            return
        if outbox.has_receipt(alert, notification.person):
            return
        if not _has_hope(notification):
            alert.next_escalation_at = now
            alert.save(only=[Alert.next_escalation_at])


def _has_hope(notification: Notification) -> bool:
    """Tell whether another message of the same step is out or has not failed yet; a hint is no hope."""
    has_not_failed = (Notification.state == NotificationState.PENDING) & Notification.detail.is_null()
    is_out = Notification.state.in_(list(outbox.GONE_OUT))
    return (
        Notification.select()
        .where(
            Notification.alert == notification.alert_id,
            Notification.episode == notification.episode,
            Notification.step == notification.step,
            Notification.purpose == notification.purpose,
            Notification.channel.not_in(channels.HINTS),
            Notification.id != notification.id,
            is_out | has_not_failed,
        )
        .exists()
    )
