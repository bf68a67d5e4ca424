"""Brings what a protected person wrote to whoever answers for her cases: a notice, her words after sign-in only."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from backend import audit
from backend.alerts import ladder
from backend.alerts.feed import publish
from backend.alerts.record_changes import raise_notice
from backend.db import atomic
from backend.models import Alert, AuditEntry, Handling, PlaceZone, ProtectedPlace, Victim, Wearer
from backend.rungs import Who

WROTE = "victim_wrote"
# What she writes so soon after lies beside the first and rings nobody again.
BESIDE_WITHIN = timedelta(minutes=10)
MOST_BESIDE = 20


def tell_that_she_wrote(victim: Victim, said: str, now: datetime) -> None:
    """Tell the officer of each wearer who must keep away from her, in the app; a push says only that there is a notice.

    Her words may be a cry for help or nothing: that is for a person to read.
    """
    with atomic():
        for zone in _newest_zones(victim, now):
            alert = _lately(victim, zone.wearer_id, now)
            if alert is None:
                alert = raise_notice(zone.wearer, zone, [said], now, (Who.OFFICER,))
            elif len(alert.reasons) < MOST_BESIDE:
                alert.reasons = [*alert.reasons, said]
                alert.save()
                publish(alert)
            audit.record(f"victim:{victim.id}", WROTE, f"victim:{victim.id}", now, alert=alert)


def _newest_zones(victim: Victim, now: datetime) -> Iterable[PlaceZone]:
    """Return the newest zone of each wearer, of those that are in force or to come where there are any."""
    zones = list(
        PlaceZone.select(PlaceZone, Wearer)
        .join(ProtectedPlace)
        .join(Victim)
        .switch(PlaceZone)
        .join(Wearer)
        .where((Victim.id == victim) | (Victim.reached_through == victim), ~Wearer.is_training)
        .order_by(PlaceZone.id)
    )
    standing = [zone for zone in zones if zone.to_at is None or zone.to_at > now]
    return {zone.wearer_id: zone for zone in standing or zones}.values()


def _lately(victim: Victim, wearer_id: int, now: datetime) -> Alert | None:
    """Return the open notice of what she wrote a moment ago, held until the unit of work ends."""
    entry = (
        AuditEntry.select(AuditEntry.alert)
        .join(Alert)
        .where(
            AuditEntry.subject == f"victim:{victim.id}",
            AuditEntry.action == WROTE,
            AuditEntry.at > now - BESIDE_WITHIN,
            Alert.wearer == wearer_id,
            Alert.handling == Handling.OPEN,
        )
        .order_by(AuditEntry.id.desc())
        .first()
    )
    return None if entry is None else ladder.lock(entry.alert_id)
