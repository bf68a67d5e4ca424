"""The safety plan of a case: what was agreed to do when the wearer comes near, as a dated text of the record."""

from __future__ import annotations

from datetime import datetime

from backend.access import access_wearer
from backend.cases.writing import record_fact
from backend.errors import InvalidRecord
from backend.models import Fact, Person
from backend.record import reading
from backend.record.facts import What

LONGEST = 4_000


def plan_at(wearer_id: int, at: datetime) -> str:
    """Return the safety plan at ``at``; empty where none is recorded, or it was taken away."""
    value = reading.value_at(f"wearer:{wearer_id}", What.SAFETY_PLAN, at)
    return value["text"] if value else ""


def write(
    person: Person,
    wearer_id: int,
    text: str,
    from_at: datetime,
    now: datetime,
    *,
    why: str,
    document: str = "",
    corrects: int | None = None,
) -> Fact:
    """Record the safety plan that holds from ``from_at`` on; an empty text says that there is none any more.

    Raises: NotFound, NotAllowed; InvalidRecord where it is too long or no reason is given.
    """
    access_wearer(person, wearer_id, now)
    if len(text) > LONGEST:
        raise InvalidRecord(f"Write the safety plan in at most {LONGEST} characters.")
    return record_fact(
        f"wearer:{wearer_id}",
        What.SAFETY_PLAN,
        {"text": text.strip()},
        from_at,
        person,
        now,
        why=why,
        document=document,
        wearer_id=wearer_id,
        corrects=corrects,
    )
