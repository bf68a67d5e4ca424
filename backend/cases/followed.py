"""What followed from a change of a case at once: alerts that were raised or closed, and who is notified of it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from backend.models import Alert, Handling, Notification, Person, Victim


def of_change(wearer_id: int, alert_ids: Collection[int], now: datetime) -> dict[str, list[Any]]:
    """Return what those of these alerts that are of the case did, and who is notified of them from ``now`` on.

    The caller has let the person who asks into the case.
    """
    if not alert_ids:
        return {"raised": [], "closed": [], "changed": [], "notified": []}
    changed = list(Alert.select().where(Alert.wearer == wearer_id, Alert.id.in_(alert_ids)).order_by(Alert.id))
    raised = [alert.id for alert in changed if alert.raised_at >= now]
    closed = [alert.id for alert in changed if alert.handling == Handling.CLOSED and (alert.outcome_at or now) >= now]
    others = {alert.id for alert in changed} - {*raised, *closed}
    due = Notification.select(Notification.person, Notification.victim).where(
        Notification.alert.in_(changed), Notification.created_at >= now
    )
    people = {row.person_id for row in due if row.person_id}
    victims = {row.victim_id for row in due if row.victim_id}
    notified = [
        *(one.name for one in Person.select().where(Person.id.in_(people)).order_by(Person.name)),
        *(one.name for one in Victim.select().where(Victim.id.in_(victims)).order_by(Victim.name)),
    ]
    return {"raised": raised, "closed": closed, "changed": sorted(others), "notified": notified}


def wearer_of(made: Any) -> int | None:
    """Return the wearer of a record that was just made, or None where it is of no case."""
    if getattr(made, "order_id", None) is not None and not hasattr(made, "wearer_id"):
        return int(made.order.wearer_id)
    found = getattr(made, "wearer_id", None) or getattr(made, "case_id", None)
    return int(found) if found is not None else None
