"""The audit trail: who did what to what, one row for each change, in the same unit of work as the change."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from backend.models import Alert, AuditEntry, Person

SYSTEM = "system"


def actor_of(person: Person | None) -> str:
    """Return how the record names the doer."""
    return SYSTEM if person is None else f"person:{person.id}"


def record(
    actor: str, action: str, subject: str, now: datetime, *, alert: Alert | None = None, **detail: Any
) -> AuditEntry:
    """Append one entry; ``detail`` holds figures and ids, never a coordinate."""
    return AuditEntry.create(at=now, actor=actor, action=action, subject=subject, alert=alert, detail=detail or None)


def record_look(actor: str, alert: Alert, now: datetime, *, reason: str, again_after: timedelta) -> None:
    """Record that someone looked at where a wearer is; looking again within ``again_after`` is the same look."""
    seen = AuditEntry.select().where(
        AuditEntry.alert == alert,
        AuditEntry.actor == actor,
        AuditEntry.action == "location_viewed",
        AuditEntry.at > now - again_after,
    )
    if not seen.exists():
        record(actor, "location_viewed", f"alert:{alert.id}", now, alert=alert, reason=reason)
