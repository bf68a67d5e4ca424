"""The audit trail: who did what to what, one row for each change, in the same unit of work as the change."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from peewee import fn

from backend import db
from backend.models import Alert, AuditEntry, Person

SYSTEM = "system"
# What a unit of work has written, under which name.
OURS = "audited"
LONG_AGO = datetime(1900, 1, 1, tzinfo=UTC)
# Who looks changes nothing.
LOOKS = ("location_viewed", "whereabouts_asked", "caseload_viewed")
OF_CASE = """
WITH one (id) AS (VALUES (%s::bigint)), theirs (subject) AS (
    SELECT 'wearer:' || id FROM one
    UNION SELECT 'order:' || "order".id FROM "order" JOIN one ON wearer_id = one.id
    UNION SELECT 'zone:' || place_zone.id FROM place_zone JOIN one ON wearer_id = one.id
    UNION SELECT 'victim:' || victim_id FROM place_zone JOIN one ON wearer_id = one.id
        JOIN protected_place ON protected_place.id = place_id
    UNION SELECT 'victim:' || of_victim_id FROM fact JOIN one ON case_id = one.id WHERE what = 'protected'
)
SELECT max(newest.id), EXISTS (
    SELECT 1 FROM audit_entry, one
    WHERE audit_entry.subject = 'wearer:' || one.id AND actor = %s AND action = 'location_viewed' AND at > %s
) FROM theirs JOIN LATERAL (
    SELECT max(id) AS id FROM audit_entry WHERE audit_entry.subject = theirs.subject AND action <> ALL (%s)
) newest ON true
"""


def actor_of(person: Person | None) -> str:
    """Return how the record names the doer."""
    return SYSTEM if person is None else f"person:{person.id}"


def record(
    actor: str, action: str, subject: str, now: datetime, *, alert: Alert | None = None, **detail: Any
) -> AuditEntry:
    """Append one entry; ``detail`` holds figures and ids, never a coordinate."""
    made = AuditEntry.create(at=now, actor=actor, action=action, subject=subject, alert=alert, detail=detail or None)
    if db.is_in_unit():
        db.carried(OURS)[made.id] = made
    return made


def of_this_unit() -> Collection[int]:
    """Return the numbers of the entries that the present unit of work has written."""
    return db.carried(OURS)


def newest() -> int:
    """Return the number of the newest entry of all; 0 where there is none."""
    return AuditEntry.select(fn.MAX(AuditEntry.id)).scalar() or 0


def newest_of_case(wearer_id: int, actor: str = SYSTEM, looked_since: datetime = LONG_AGO) -> tuple[int, bool]:
    """Return the number of the newest change of a case, and whether ``actor`` has looked at it since.

    A change is one of its wearer, orders, zones or protected people. It is asked for before the case is read: what is
    recorded between the two is then no part of what was read.
    """
    newest = db.database.execute_sql(OF_CASE, (wearer_id, actor, looked_since, list(LOOKS)))
    number, has_looked = next(iter(newest))
    return number or 0, bool(has_looked)


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
