"""Refuses a change of what was read, where it has been changed since: who changed it, when, why, and to what."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from backend.cases import viewing
from backend.errors import DomainError
from backend.models import Fact, Person, Victim
from backend.record.facts import Version, What


class Stale(DomainError):
    """What is changed was changed since it was read; ``changed`` has what was recorded meanwhile, oldest first."""

    code, status, title = "stale", 409, "This was changed since you read it"


def version_of(history: Iterable[Version[Any]]) -> int:
    """Return the version of a history: the number of its newest record, 0 where it has none."""
    return max((one.id for one in history), default=0)


def refuse_stale(read: int | None, history: Iterable[Version[Any]], what: What) -> None:
    """Raises: Stale where the version that was read is not the newest; the caller holds the lock of the case."""
    # What was only said again, because something was entered beneath it, is no change.
    since = [one.id for one in history if read is not None and one.id > read and not one.is_restated]
    if not since:
        return
    rows = list(Fact.select().where(Fact.id.in_(since)).order_by(Fact.id))
    names = {row.id: row.name for row in Person.select(Person.id, Person.name)}
    victims = {row.id: row.name for row in Victim.select(Victim.id, Victim.name)} if what is What.PROTECTED else {}
    changed = [
        {
            "value": viewing.in_words(what, row.value, names, victims),
            "from_at": row.from_at.isoformat(),
            "recorded_at": row.recorded_at.isoformat(),
            "by": names.get(row.recorded_by_id, "Cordon"),
            "why": row.why,
            "version": row.id,
        }
        for row in rows
    ]
    said = "; ".join(f"{one['by']} recorded: {one['value']} ({one['why']})" for one in changed)
    raise Stale(f"This was changed since you read it. {said}. Read it again, then decide.", changed=changed)
