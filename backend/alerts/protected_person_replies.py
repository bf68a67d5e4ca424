"""Takes a protected person's short replies to the officers of their cases; other people see them after sign-in only."""

from __future__ import annotations

from datetime import datetime, timedelta

from backend import audit, escalation
from backend.alerts.record_changes import raise_notice
from backend.change_feed import publish
from backend.db import atomic
from backend.escalation.steps import Who
from backend.models import Alert, AlertKind, AuditEntry, Fact, Handling, PlaceZone, ProtectedPlace, Victim, Wearer
from backend.record import reading
from backend.record.facts import What

WROTE = "victim_wrote"
# What they write so soon after lies beside the first and rings no one again.
BESIDE_WITHIN = timedelta(minutes=10)
MOST_BESIDE = 20


def tell_that_victim_wrote(victim: Victim, said: str, now: datetime) -> None:
    """Notify the officer of each wearer who must keep away from them, in the app; a push only says there is a notice.

    In a case where no zone protects them yet, its officer reads it too, at another place of that case.

    It is for known short answers, and for requests to stop; whatever else they write rings (help_messages).
    """
    with atomic():
        drawn = _newest_zones(victim, now)
        for zone in {**_zones_of_their_cases(victim), **drawn}.values():
            words = said if zone.wearer_id in drawn else f"{victim.name}, for whom no zone is drawn yet. {said}"
            alert = _lately(victim, zone.wearer_id, now)
            if alert is None:
                alert = raise_notice(zone.wearer, zone, [words], now, (Who.OFFICER,))
            elif len(alert.reasons) < MOST_BESIDE:
                alert.reasons = [*alert.reasons, words]
                alert.save()
                publish(alert)
            audit.record(f"victim:{victim.id}", WROTE, f"victim:{victim.id}", now, alert=alert)


def _newest_zones(victim: Victim, now: datetime) -> dict[int, PlaceZone]:
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
    return {zone.wearer_id: zone for zone in standing or zones}


def _zones_of_their_cases(victim: Victim) -> dict[int, PlaceZone]:
    """Return a zone of each case of theirs, or of a child of theirs: it may have no zone for them yet."""
    zones = (
        PlaceZone.select(PlaceZone, Wearer)
        .join(Wearer)
        .where(PlaceZone.wearer.in_(_entered_with(victim)), ~Wearer.is_training)
        .order_by(PlaceZone.id)
    )
    return {zone.wearer_id: zone for zone in zones}


def _entered_with(victim: Victim) -> set[int]:
    entered = Fact.select(Fact.case).where(Fact.what == What.PROTECTED).distinct()
    theirs = (Victim.id == victim) | (Victim.reached_through == victim)
    ids = {row.id for row in Victim.select(Victim.id).where(theirs)}
    pairs = reading.entered_in([row.case_id for row in entered])
    return {wearer_id for victim_id, wearer_id in pairs if victim_id in ids}


def cases_of(victim: Victim) -> list[Wearer]:
    """Return the wearers from whom this person, or a child who is reached through them, is or was protected."""
    drawn = (
        PlaceZone.select(PlaceZone.wearer)
        .join(ProtectedPlace)
        .join(Victim)
        .where((Victim.id == victim) | (Victim.reached_through == victim))
    )
    ids = _entered_with(victim) | {row.wearer_id for row in drawn}
    return list(Wearer.select().where(Wearer.id.in_(ids), ~Wearer.is_training).order_by(Wearer.id))


def _lately(victim: Victim, wearer_id: int, now: datetime) -> Alert | None:
    """Return the open notice of what they wrote a moment ago, held until the unit of work ends."""
    entry = (
        AuditEntry.select(AuditEntry.alert)
        .join(Alert)
        .where(
            AuditEntry.subject == f"victim:{victim.id}",
            AuditEntry.action == WROTE,
            AuditEntry.at > now - BESIDE_WITHIN,
            Alert.wearer == wearer_id,
            Alert.handling == Handling.OPEN,
            Alert.kind == AlertKind.NOTICE,
        )
        .order_by(AuditEntry.id.desc())
        .first()
    )
    return None if entry is None else escalation.lock(entry.alert_id)
