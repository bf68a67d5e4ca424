"""Rings one colleague to whom an alert was handed by name, on every way they have at once."""

from __future__ import annotations

from datetime import datetime, timedelta

from backend import outbox
from backend.change_feed import publish
from backend.channels import TRAITS, is_hint
from backend.escalation import groups
from backend.escalation.climbing import restart
from backend.escalation.locked_alert import WARNINGS, policy_for
from backend.escalation.responders import Responders
from backend.models import Alert, AlertKind, Person, Purpose
from zones import Certainty

# How long the colleague alone is notified: a call is taken or not within it.
ALONE_S = 60.0


def asks_for_an_answer(alert: Alert) -> bool:
    """Tell whether people are notified: not about an alert that was withdrawn, nor about a notice."""
    return alert.certainty != Certainty.WITHDRAWN and alert.kind != AlertKind.NOTICE


def ring_named(alert: Alert, colleague: Person, now: datetime) -> None:
    """Begin a new episode with this colleague alone; after ``ALONE_S`` the policy begins at its first step.

    A colleague without a way to be reached is no answer: then the policy begins at once. The alert is held already.
    """
    responders = Responders([alert], now)
    routes = responders.routes_of([colleague])[colleague.id]
    ways = [channel for channel in TRAITS if channel in routes]
    if not [channel for channel in ways if not is_hint(channel)]:
        restart(alert, now)
        return
    outbox.cancel_pending(alert, now, WARNINGS)
    group = groups.hold(alert, now)
    escalation = group.escalation
    alert.episode += 1
    escalation.lead_id, escalation.step, escalation.repeats, escalation.is_anew = alert.id, 0, 0, False
    group.reserve(None, now)
    alone_s = min(ALONE_S, policy_for(escalation).due_after_s(1))
    escalation.started_at = escalation.next_at = now + timedelta(seconds=alone_s)
    escalation.save()
    outbox.enqueue_all([outbox.NewNotification(alert, colleague, channel, Purpose.ALERT, 0) for channel in ways], now)
    alert.save()
    publish(alert)
