"""Which tags a wearer has worn, from when to when, who fitted and removed each, and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from backend.access import access_wearer
from backend.models import Activation, AuditEntry, Person, Tag


def activations(person: Person, wearer_id: int, at: datetime, now: datetime) -> list[dict[str, Any]]:
    """Return which tags the wearer had worn by ``at``, newest first, each with who fitted it and took it off, and why.

    Raises: NotFound, NotAllowed.
    """
    wearer = access_wearer(person, wearer_id, now)
    found = [row for row in worn_by(wearer.id) if row["from_at"] <= at]
    for row in found:
        is_over = row["to_at"] is not None and row["to_at"] <= at
        row["is_worn"] = not is_over and not row["is_in_error"]
    return sorted(found, key=lambda row: (row["from_at"], row["id"]), reverse=True)


def worn_by(wearer_id: int) -> list[dict[str, Any]]:
    """Return the same of a case that the one who asks has been let into already, oldest record first."""
    fitted: dict[int | None, dict[str, Any]] = {}
    taken_off: dict[int | None, dict[str, Any]] = {}
    names = {f"person:{row.id}": row.name for row in Person.select(Person.id, Person.name)}
    entries = AuditEntry.select().where(
        AuditEntry.subject == f"wearer:{wearer_id}",
        AuditEntry.action.in_(["tag_fitted", "tag_taken_off", "tag_swapped"]),
    )
    for entry in entries.order_by(AuditEntry.id):
        detail = entry.detail or {}
        said = {"at": entry.at, "by": names.get(entry.actor, "Cordon"), "why": detail.get("why", "")}
        if entry.action != "tag_taken_off":
            fitted[detail.get("activation")] = said
        if entry.action != "tag_fitted":
            taken_off[detail.get("taken_off", detail.get("activation"))] = said
    rows = Activation.select(Activation, Tag).join(Tag).where(Activation.wearer == wearer_id).order_by(Activation.id)
    return [
        {
            "id": row.id,
            "serial": row.tag.serial,
            "from_at": row.from_at,
            "to_at": row.to_at,
            "fitted": fitted.get(row.id),
            "taken_off": taken_off.get(row.id),
            "is_in_error": row.corrections.exists(),
        }
        for row in rows
    ]
