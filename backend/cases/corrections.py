"""Corrects a fact or condition of a case that was recorded wrongly.

The correction itself is written by the person who writes such an entry; what was wrong stays on record beside it.
"""

from __future__ import annotations

from datetime import datetime

from backend.access import access_wearer
from backend.cases.viewing import CORRECTABLE
from backend.errors import InvalidTransition, NotFound
from backend.models import Condition, Fact, Order, Person
from backend.record.facts import What

GONE = "This was already corrected. Correct the newer entry."


def entry_of(person: Person, wearer_id: int, entry_id: int, now: datetime) -> Fact:
    """Return an entry of the case that can be corrected by entering its value anew.

    Raises: NotFound, NotAllowed; InvalidTransition for one that is corrected already.
    """
    access_wearer(person, wearer_id, now)
    entry = Fact.get_or_none(Fact.id == entry_id, Fact.case == wearer_id)
    if entry is None or What(entry.what) not in CORRECTABLE:
        raise NotFound("The entry to correct was not found.")
    if Fact.select().where(Fact.replaces == entry).exists():
        raise InvalidTransition(GONE)
    return entry


def condition_of(person: Person, wearer_id: int, condition_id: int, now: datetime) -> Condition:
    """Return a condition of an order of the case. Raises: NotFound, NotAllowed; InvalidTransition where corrected."""
    access_wearer(person, wearer_id, now)
    condition = (
        Condition.select(Condition, Order)
        .join(Order)
        .where(Condition.id == condition_id, Order.wearer == wearer_id)
        .first()
    )
    if condition is None:
        raise NotFound("The condition was not found.")
    if Condition.select().where(Condition.corrects == condition).exists():
        raise InvalidTransition(GONE)
    return condition
