"""The footing of every climb: the alert held until the unit of work ends, and the ladder that it keeps."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from backend.change_feed import publish
from backend.db import lock_rows
from backend.escalation.steps import Ladder, LadderRefused, ladder_of
from backend.models import Alert, LadderPolicy, Purpose

log = logging.getLogger(__name__)

WARNINGS = (Purpose.ALERT, Purpose.ESCALATION)


def take_policy(alert: Alert, now: datetime) -> None:
    """Let the alert keep the ladder that its team has now: a change of policy changes no alert under way."""
    policy = (
        LadderPolicy.select()
        .where(
            LadderPolicy.team == alert.team_id,
            LadderPolicy.kind.is_null() | (LadderPolicy.kind == alert.kind),
            LadderPolicy.from_at <= now,
        )
        .order_by(LadderPolicy.kind.is_null(), LadderPolicy.from_at.desc(), LadderPolicy.id.desc())
        .first()
    )
    if policy is not None:
        alert.ladder, alert.duty_person = policy.ladder, policy.duty_person_id


def ladder_for(alert: Alert) -> Ladder:
    """Return the ladder that the alert climbs; one that cannot be read is the default, and that is logged."""
    try:
        return ladder_of(alert.ladder)
    except LadderRefused:
        log.exception("the ladder of alert %s cannot be read: the default one is climbed", alert.id)
        return ladder_of(None)


def save(alert: Alert) -> None:
    """Save what changed of an alert beside its ladder, and let phones fetch it again."""
    alert.save()
    publish(alert)


def lock(alert_id: int) -> Alert:
    """Return the alert, held until the unit of work ends."""
    lock_rows(Alert, [alert_id])
    return Alert.get_by_id(alert_id)


def lock_all(alert_ids: Sequence[int]) -> list[Alert]:
    """Return these alerts in the order that was asked for, all of them held until the unit of work ends."""
    if not alert_ids:
        return []
    lock_rows(Alert, alert_ids)
    found = {alert.id: alert for alert in Alert.select().where(Alert.id.in_(alert_ids))}
    return [found[alert_id] for alert_id in alert_ids]
