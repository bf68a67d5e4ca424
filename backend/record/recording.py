"""Appends facts: the one way in which something of the record comes to hold from one instant until another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from backend import audit, db
from backend.db import atomic, lock_rows
from backend.errors import InvalidRecord
from backend.models import Activation, Fact, Person, Tag, Wearer
from backend.models.span import Span
from backend.record import reading
from backend.record.facts import What, ends_a_case, goes_on
from backend.record.values import check

# What a unit of work has said again, so that what it entered does not hide it, and under which name.
SAID_AGAIN = "said again"


def lock_cases(*wearer_ids: int) -> None:
    """Hold cases until the unit of work ends, in the order in which fixes hold them: tags, then the wearers."""
    ids: Sequence[int] = sorted(set(wearer_ids))
    tags = Activation.select(Activation.tag).where(Activation.wearer.in_(ids))
    lock_rows(Tag, [row.tag_id for row in tags])
    lock_rows(Wearer, ids)


def record_fact(
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
    until: datetime | None = None,
    corrects: int | None = None,
) -> Fact:
    """Append one fact, which holds from ``from_at`` until ``until`` or, without an end, until another one does.

    What was recorded before and begins while it holds goes on to hold from its own beginning, as was entered: it is
    said again; but the end of a case leaves nothing of what was planned before it. With
    ``corrects`` that fact never held. ``subject`` is what the fact is of, as ``wearer:7``; ``wearer_id`` is whose case
    it belongs to.

    Raises: InvalidRecord where no reason is given, for a value or an end that cannot be, or where it corrects a fact of
    something else or one that is replaced already.
    """
    if not why.strip():
        raise InvalidRecord("Enter why.")
    check(what, value)
    if until is not None and until <= from_at:
        raise InvalidRecord("It must end after it begins.")
    with atomic():
        rows = reading.facts_of(subject, what, wearer_id)
        if corrects is not None:
            if corrects not in {row.id for row in rows}:
                raise InvalidRecord("The entry that this corrects is of something else.")
            if corrects in {row.replaces_id for row in rows}:
                raise InvalidRecord("That entry was corrected already: correct the newer one.")
        # Of two requests that meet the one that is stored last is the last, whichever began first.
        recorded_at = max([now, *(row.recorded_at for row in rows)])
        fact = _append(
            subject,
            what,
            wearer_id,
            value,
            Span(from_at, until),
            by,
            recorded_at,
            why=why.strip(),
            document=document.strip(),
            replaces=corrects,
        )
        by_id = {row.id: row for row in rows}
        history = [reading.fact_version(row) for row in rows]
        for version in goes_on(history, reading.fact_version(fact), ends_a_case):
            kept = by_id[version.id]
            again = _append(
                subject,
                what,
                kept.case_id,
                kept.value,
                kept.during,
                by,
                recorded_at,
                why=kept.why,
                document=kept.document,
                replaces=kept.id,
                is_restated=True,
            )
            db.carried(SAID_AGAIN)[again.id] = again
        if wearer_id is not None:
            db.carried(reading.ENTRIES).pop(wearer_id, None)
        audit.record(audit.actor_of(by), f"{what}_entered", subject, now, entry=fact.id, from_at=from_at.isoformat())
        return fact


def _append(
    subject: str,
    what: What,
    wearer_id: int | None,
    value: Any,
    during: Span,
    by: Person | None,
    recorded_at: datetime,
    **more: Any,
) -> Fact:
    kind, _, number = subject.partition(":")
    of = {f"of_{kind}": int(number)}
    return Fact.create(
        **of, what=what, case=wearer_id, value=value, during=during, recorded_at=recorded_at, recorded_by=by, **more
    )
