"""Which tags a wearer has worn, from when to when, who fitted and removed each, and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from backend.access import access_file
from backend.models import Person
from backend.record.case_file import CaseFile


def activations(
    person: Person, wearer_id: int, at: datetime, now: datetime, known_at: datetime | None = None
) -> list[dict[str, Any]]:
    """Return which tags the wearer had worn by ``at``, newest first, each with who fitted it and took it off, and why.

    With ``known_at`` it is what was recorded by then.

    Raises: NotFound, NotAllowed.
    """
    file = access_file(person, wearer_id, now)
    return activations_of(file if known_at is None else file.as_known(known_at), names_of_staff(), at)


def activations_of(file: CaseFile, names: Mapping[int, str], at: datetime) -> list[dict[str, Any]]:
    """Return the same for one who has opened the file of the case; ``names`` are those of the staff."""
    found = [row for row in worn_by(file, names) if row["from_at"] <= at]
    for row in found:
        is_over = row["to_at"] is not None and row["to_at"] <= at
        row["is_worn"] = not is_over and not row["is_in_error"]
    return sorted(found, key=lambda row: (row["from_at"], row["id"]), reverse=True)


def names_of_staff() -> dict[int, str]:
    """Return the name of everybody who is or was of the staff, by their number."""
    return {row.id: row.name for row in Person.select(Person.id, Person.name)}


def worn_by(file: CaseFile, names: Mapping[int, str]) -> list[dict[str, Any]]:
    """Return the same, oldest record first."""
    fitted: dict[int | None, dict[str, Any]] = {}
    taken_off: dict[int | None, dict[str, Any]] = {}
    actors = {f"person:{number}": name for number, name in names.items()}
    for entry in file.tag_changes:
        detail = entry.detail or {}
        said = {"at": entry.at, "by": actors.get(entry.actor, "Cordon"), "why": detail.get("why", "")}
        if entry.action != "tag_taken_off":
            fitted[detail.get("activation")] = said
        if entry.action != "tag_fitted":
            taken_off[detail.get("taken_off", detail.get("activation"))] = said
    return [
        {
            "id": worn.id,
            "serial": worn.tag.serial,
            "from_at": worn.from_at,
            "to_at": worn.to_at,
            "fitted": fitted.get(worn.id),
            "taken_off": taken_off.get(worn.id),
            "is_in_error": worn.is_in_error,
        }
        for worn in file.activations
    ]
