"""Locks an alert for its unit of work, and reads the escalation policy that it was raised with."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from backend.change_feed import publish
from backend.db import lock_rows
from backend.escalation.steps import Policy, PolicyRefused, policy_of
from backend.models import Alert, EscalationPolicy, Purpose

log = logging.getLogger(__name__)

WARNINGS = (Purpose.ALERT, Purpose.ESCALATION)


def take_policy(alert: Alert, now: datetime) -> None:
    """Let the alert keep the escalation policy that its team has now: a change of policy changes no alert under way."""
    policy = (
        EscalationPolicy.select()
        .where(
            EscalationPolicy.team == alert.team_id,
            EscalationPolicy.kind.is_null() | (EscalationPolicy.kind == alert.kind),
            EscalationPolicy.from_at <= now,
        )
        .order_by(EscalationPolicy.kind.is_null(), EscalationPolicy.from_at.desc(), EscalationPolicy.id.desc())
        .first()
    )
    if policy is not None:
        alert.policy, alert.duty_person = policy.content, policy.duty_person_id


def policy_for(alert: Alert) -> Policy:
    """Return the alert's escalation policy; one that cannot be read is the default, and that is logged."""
    try:
        return policy_of(alert.policy)
    except PolicyRefused:
        log.exception("the escalation policy of alert %s cannot be read: the default applies", alert.id)
        return policy_of(None)


def save(alert: Alert) -> None:
    """Save what changed of an alert beside its escalation policy, and let phones fetch it again."""
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
