"""Silence and failure, which move a climb on: what is overdue climbs, and a channel that failed is not waited for."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from peewee import JOIN, Case

from backend import audit, channels, lifecycle, outbox
from backend.change_feed import publish
from backend.db import atomic, is_held, is_lost, lock_free_rows, lock_rows
from backend.escalation import groups
from backend.escalation.climbing import REPEATS_PER_HOUR, climb_all
from backend.escalation.grouping import OVER_REPEATS_S
from backend.escalation.groups import Group
from backend.escalation.locked_alert import WARNINGS, lock, policy_for
from backend.lifecycle import Danger
from backend.models import Alert, AlertKind, Escalation, Handling, Notification, NotificationState
from backend.models.alerts import UNANSWERED
from zones import Certainty, Level

log = logging.getLogger(__name__)

# No instant of a climb lies farther ahead than the last repeat of what is over, with some slack.
LONGEST_WAIT_S = max(lifecycle.OUTCOME_DUE_AFTER_S, *OVER_REPEATS_S) + 60.0
TRY_AGAIN_S = 60.0


# The danger of an alert as stored (lifecycle.danger_held), for where more is overdue than climbs at once.
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


def escalate_overdue(
    now: datetime, limit: int = 100, *, newest_first: bool = False, repeats_per_hour: int = REPEATS_PER_HOUR
) -> int:
    """Climb for up to ``limit`` groups of alerts on which silence has lasted to the next step; return how many.

    Of more than that the longest overdue go first or, with ``newest_first``, the gravest and then the newest.
    An instant farther ahead than any step is overdue too: a clock that jumped must not park a climb. One group that
    cannot be climbed for is tried again a minute later and never keeps the others back.
    """
    latest = now + timedelta(seconds=LONGEST_WAIT_S)
    overdue = (Escalation.next_at <= now) | (Escalation.next_at > latest)
    ids: list[int] = []
    try:
        with atomic():
            ids = _due(overdue, limit, newest_first=newest_first)
            held = _hold(ids[:limit])
            # Those behind what someone works on are not kept from their turn.
            held += _hold(ids[limit:])[: limit - len(held)] if len(held) < limit else []
            if not held:
                return 0
            climbs = [group for group in groups.groups(held) if _is_to_climb(group, now)]
            if climbs:
                climb_all(climbs, now, repeats_per_hour)
    except Exception as error:
        if is_lost(error):
            raise
        log.exception("a group of climbs could not be gone on with: each is tried alone")
        for escalation_id in ids:
            _escalate_alone(escalation_id, now, repeats_per_hour)
        return len(ids)
    return len(held)


def _due(overdue: Any, limit: int, *, newest_first: bool) -> list[int]:
    query = Escalation.select(Escalation.id).where(overdue)
    if newest_first:
        query = query.join(Alert, JOIN.LEFT_OUTER, on=(Alert.id == Escalation.lead_id))
        query = query.order_by(GRAVEST.desc(), Alert.id.desc())
    else:
        query = query.order_by(Escalation.next_at, Escalation.id)
    return [row.id for row in query.limit(2 * limit)]


def _hold(escalation_ids: Sequence[int]) -> list[int]:
    """Hold the alerts of these climbs and then the climbs, without a wait; return those of which all is held."""
    members = Alert.select(Alert.id, Alert.escalation).where(Alert.escalation.in_(escalation_ids), UNANSWERED)
    of_climb = {row.id: row.escalation_id for row in members}
    busy = {of_climb[alert_id] for alert_id in lock_free_rows(Alert, list(of_climb))}
    free = [one for one in escalation_ids if one not in busy]
    taken = lock_free_rows(Escalation, free)
    return [one for one in free if one not in taken]


def _is_to_climb(group: Group, now: datetime) -> bool:
    """Tell whether a held climb has to go on; one whose alerts were all answered is seen to here."""
    escalation = group.escalation
    latest = now + timedelta(seconds=LONGEST_WAIT_S)
    if escalation.next_at is None or now < escalation.next_at <= latest:
        # A person has answered, or another worker has climbed, since it was found.
        return False
    is_overdue = False
    for alert in group.members:
        if alert.handling == Handling.ACKNOWLEDGED and (groups.outcome_due_at(alert) or now) <= now:
            # The promise to act was not followed by an outcome: silence has begun again.
            audit.record(audit.SYSTEM, "outcome_overdue", f"alert:{alert.id}", now, alert=alert)
            alert.handling = Handling.OPEN
            alert.save()
            publish(alert)
            is_overdue = True
    if not group.open:
        escalation.next_at = group.next_outcome_due_at()
        escalation.save()
        return False
    if is_overdue:
        escalation.is_anew, escalation.step, escalation.repeats, escalation.started_at = True, 0, 0, now
    return True


def _escalate_alone(escalation_id: int, now: datetime, repeats_per_hour: int) -> None:
    try:
        with atomic():
            # One that a person works on has its turn at the next look; those behind it do not wait for it.
            held = _hold([escalation_id])
            for group in groups.groups(held):
                if _is_to_climb(group, now):
                    climb_all([group], now, repeats_per_hour)
    except Exception as error:
        if is_lost(error):
            raise
        if is_held(error):
            # Its turn comes at the next look, and that of those behind it now.
            return
        log.exception("escalation %s could not be gone on with", escalation_id)
        with atomic():
            later = now + timedelta(seconds=TRY_AGAIN_S)
            Escalation.update(next_at=later).where(Escalation.id == escalation_id).execute()


def next_escalation_at() -> datetime | None:
    """Return the instant at which the next climb goes on by itself."""
    first = (
        Escalation.select(Escalation.next_at)
        .where(Escalation.next_at.is_null(False))
        .order_by(Escalation.next_at)
        .limit(1)
        .first()
    )
    return first.next_at if first else None


def hasten(notification: Notification, now: datetime) -> None:
    """A channel failed: let the next step go at once, unless this person's phone has the warning already."""
    if notification.person is None or notification.purpose not in WARNINGS:
        return
    with atomic():
        alert = lock(notification.alert_id)
        if alert.handling != Handling.OPEN or alert.escalation_id is None:
            return
        lock_rows(Escalation, [alert.escalation_id])
        escalation = Escalation.get_by_id(alert.escalation_id)
        is_latest = notification.episode == alert.episode and notification.step == escalation.step - 1
        # Past the policy's end steps repeat at their pace: a provider that is down must not make them spin.
        steps = policy_for(escalation).steps
        if (
            escalation.next_at is None
            or escalation.lead_id != alert.id
            or not is_latest
            or escalation.step >= len(steps)
            or steps[escalation.step - 1].is_quiet
        ):
            return
        if outbox.has_receipt(alert, notification.person):
            return
        if not _has_hope(notification):
            Escalation.update(next_at=now).where(Escalation.id == escalation.id).execute()


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
