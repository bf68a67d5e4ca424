"""Appends dated facts: the one way in which a fact of the record takes effect from an instant on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from backend import audit, db
from backend.db import atomic, lock_rows
from backend.errors import InvalidRecord
from backend.models import Activation, DatedEntry, Person, Tag, Wearer
from backend.record import reading
from backend.record.facts import What


def hold(*wearer_ids: int) -> None:
    """Hold cases until the unit of work ends, in the order in which fixes hold them: tags, then the wearers."""
    ids: Sequence[int] = sorted(set(wearer_ids))
    tags = Activation.select(Activation.tag).where(Activation.wearer.in_(ids))
    lock_rows(Tag, [row.tag_id for row in tags])
    lock_rows(Wearer, ids)


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
    """Append one dated fact. Raises: InvalidRecord where no reason is given or it corrects something else's entry."""
    if not why.strip():
        raise InvalidRecord("Say why.")
    if corrects is not None:
        wrong = DatedEntry.get_or_none(DatedEntry.id == corrects)
        if wrong is None or (wrong.subject, wrong.what) != (subject, what):
            raise InvalidRecord("The entry that this corrects is of something else.")
        if DatedEntry.select().where(DatedEntry.corrects == corrects).exists():
            raise InvalidRecord("That entry was corrected already: correct the newer one.")
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
        if wearer_id is not None:
            db.carried(reading.ENTRIES).pop(wearer_id, None)
        audit.record(audit.actor_of(by), f"{what}_entered", subject, now, entry=entry.id, from_at=from_at.isoformat())
        return entry
