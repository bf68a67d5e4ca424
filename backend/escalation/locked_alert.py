"""What every climb begins with: the alert held until the unit of work ends, and the policy that is kept."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from backend.change_feed import publish
from backend.db import lock_rows
from backend.escalation.default_policy import DEFAULT
from backend.escalation.steps import Policy, PolicyRefused, policy_of
from backend.models import Alert, Escalation, Purpose

log = logging.getLogger(__name__)

WARNINGS = (Purpose.ALERT, Purpose.ESCALATION)


def policy_for(escalation: Escalation) -> Policy:
    """Return the policy that is climbed; one that cannot be read is the default, and that is logged."""
    try:
        return DEFAULT if escalation.policy is None else policy_of(escalation.policy)
    except PolicyRefused:
        log.exception("the policy of escalation %s cannot be read: the default one is climbed", escalation.id)
        return DEFAULT


def save(alert: Alert) -> None:
    """Save what changed of an alert beside its escalation, and let phones fetch it again."""
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
