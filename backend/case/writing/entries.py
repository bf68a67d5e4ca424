"""The floor of the writers: a case is held, an entry is appended, and a change takes its consequences."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from backend import audit
from backend.case import calendar, reading, rejudging, warnings
from backend.case.record import Case, What
from backend.db import atomic, lock_rows
from backend.errors import InvalidRecord
from backend.models import Activation, DatedEntry, Person, Tag, Wearer


def hold(wearer_id: int) -> None:
    """Hold the case until the unit of work ends, in the order in which fixes hold it: tags, then the wearer."""
    tags = Activation.select(Activation.tag).where(Activation.wearer == wearer_id)
    lock_rows(Tag, [row.tag_id for row in tags])
    lock_rows(Wearer, [wearer_id])


def enter(
    subject: str,
    what: What,
    value: Any,
    from_at: datetime,
    by: Person | None,
    now: datetime,
    *,
    why: str,
    document: str = "",
    wearer_id: int | None = None,
    corrects: int | None = None,
) -> DatedEntry:
    """Append one dated entry. Raises: InvalidRecord where no reason is given or it corrects something else's entry."""
    if not why.strip():
        raise InvalidRecord("Say why.")
    if corrects is not None:
        wrong = DatedEntry.get_or_none(DatedEntry.id == corrects)
        if wrong is None or (wrong.subject, wrong.what) != (subject, what):
            raise InvalidRecord("The entry that this corrects is of something else.")
    with atomic():
        entry = DatedEntry.create(
            subject=subject,
            what=what,
            wearer=wearer_id,
            value=value,
            from_at=from_at,
            why=why.strip(),
            document=document.strip(),
            corrects=corrects,
            recorded_at=now,
            recorded_by=by,
        )
        audit.record(audit.actor_of(by), f"{what}_entered", subject, now, entry=entry.id, from_at=from_at.isoformat())
        return entry


def settle(before: Case, since: datetime, now: datetime, *, is_confirmed: bool) -> Case:
    """Let a change of the record take its consequences: warn, judge again what it concerns, plan what it owes.

    Raises: NeedsConfirmation when it leaves a place or the wearer without a zone that was there, unless confirmed.
    """
    after = reading.case(before.wearer_id)
    warnings.require_confirmation(before, after, now, is_confirmed=is_confirmed)
    rejudging.after_change(after, since, now)
    calendar.plan(after, now)
    return after
