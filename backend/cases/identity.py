"""Who a wearer is in other systems: their case reference number (CRN) and date of birth, as the record has them."""

from __future__ import annotations

from datetime import date, datetime

from backend.access import access_wearer
from backend.cases.writing import lock_cases, record_fact
from backend.db import atomic
from backend.errors import InvalidRecord
from backend.models import Fact, Person, Wearer
from backend.record.facts import LONDON, What


def record(
    person: Person,
    wearer_id: int,
    crn: str | None,
    date_of_birth: date | None,
    now: datetime,
    *,
    why: str,
    document: str = "",
) -> Fact:
    """Record the CRN and the date of birth in place of what was recorded; None says that it is not known.

    Raises: NotFound, NotAllowed; InvalidRecord for a date of birth that is to come, or without a reason.
    """
    access_wearer(person, wearer_id, now)
    refuse_future(date_of_birth, now)
    value = {"crn": crn, "date_of_birth": date_of_birth.isoformat() if date_of_birth else None}
    with atomic():
        lock_cases(wearer_id)
        fact = record_fact(
            f"wearer:{wearer_id}",
            What.IDENTITY,
            value,
            now,
            person,
            now,
            why=why,
            document=document,
            wearer_id=wearer_id,
        )
        Wearer.update(crn=crn, date_of_birth=date_of_birth).where(Wearer.id == wearer_id).execute()
        return fact


def refuse_future(date_of_birth: date | None, now: datetime) -> None:
    """Refuse a date of birth that is to come. Raises: InvalidRecord."""
    if date_of_birth is not None and date_of_birth >= now.astimezone(LONDON).date():
        raise InvalidRecord("The date of birth must be in the past.")


def in_words(crn: str | None, date_of_birth: date | None) -> str:
    """Return both in words, empty where neither is known."""
    born = f"born {date_of_birth:%-d %B %Y}" if date_of_birth else ""
    return ", ".join(one for one in (f"CRN {crn}" if crn else "", born) if one)
