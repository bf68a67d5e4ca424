"""Records that an alert was handed over to a police control room: force, reference, time and by whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from backend import alerts, audit
from backend.access import access_alert
from backend.db import atomic
from backend.errors import InvalidRecord
from backend.models import Person, PoliceHandover

# A clock on the wall may be a little ahead of ours.
AHEAD = timedelta(minutes=1)


def hand_over(person: Person, alert_id: int, force: str, reference: str, at: datetime, now: datetime) -> PoliceHandover:
    """Record that the alert was handed to a control room at ``at``; it may be handed to more than one force.

    Raises: NotFound, NotAllowed; InvalidRecord without force or reference, or for a time that cannot be.
    """
    alert = access_alert(person, alert_id)
    if not force.strip() or not reference.strip():
        raise InvalidRecord("Enter the police force and its reference.")
    if at > now + AHEAD or at < alert.fix_time:
        raise InvalidRecord("The time of the handover must lie between the alert and now.")
    with atomic():
        alert = alerts.lock(alert.id)
        handover = PoliceHandover.create(
            alert=alert,
            force=force.strip(),
            reference=reference.strip(),
            at=at,
            recorded_at=now,
            recorded_by=person,
        )
        audit.record(
            audit.actor_of(person), "handed_to_police", f"alert:{alert.id}", now, alert=alert, handover=handover.id
        )
        alerts.tell_changed(alert)
        return handover


def handovers_of(alert_ids: Iterable[int]) -> dict[int, list[PoliceHandover]]:
    """Return the handovers of each of these alerts that has any, the earliest first, whenever it was recorded."""
    found: dict[int, list[PoliceHandover]] = defaultdict(list)
    ids = list(alert_ids)
    if not ids:
        return found
    rows = PoliceHandover.select(PoliceHandover, Person).join(Person, on=PoliceHandover.recorded_by)
    for row in rows.where(PoliceHandover.alert.in_(ids)).order_by(PoliceHandover.at, PoliceHandover.id):
        found[row.alert_id].append(row)
    return found
