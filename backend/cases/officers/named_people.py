"""Keeps the responsible officers named on restricted cases, so that each recipient may open the alert."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from backend.access import closed_cases, named_on_each
from backend.errors import InvalidRecord
from backend.models import Person, Role, Wearer
from backend.record.reading import OfficersThen

# A case and someone who answers for it and is not named on it.
Unnamed = frozenset[tuple[int, int]]


def unnamed(since: datetime, now: datetime, wearer_ids: Iterable[int] | None = None) -> Unnamed:
    """Return who answers for a restricted case at ``since`` or after it without being named; of these cases, or all."""
    named = named_on_each(wearer_ids, now)
    wearers = list(Wearer.select().where(Wearer.id.in_(sorted(named))))
    then = OfficersThen(wearers)
    return frozenset(
        (wearer.id, person_id)
        for wearer in wearers
        for person_id in then.answering(wearer, max(since, now)) - named[wearer.id]
    )


def refuse(by: Person | None, found: Unnamed, now: datetime) -> None:
    """Refuse an entry by which these people would answer for cases that are closed to them.

    The names of those cases are said to no one else than those who are named on them.

    Raises: InvalidRecord.
    """
    if not found:
        return
    names = {row.id: row.name for row in Person.select().where(Person.id.in_([person_id for _, person_id in found]))}
    ids = {wearer_id for wearer_id, _ in found}
    # Administrators learn of no case.
    may_know = by is not None and by.role != Role.ADMINISTRATOR
    hidden = closed_cases([by.id], now).get(by.id, set()) & ids if by is not None and may_know else ids
    known = Wearer.select().where(Wearer.id.in_(sorted(ids - hidden))).order_by(Wearer.name)
    who = ", ".join(sorted(names.values()))
    said = [
        f"{wearer.name} is a restricted case, and {who} is not named on it: a supervisor has to name {who} first."
        for wearer in known
    ]
    if hidden:
        cases = "A case that is" if len(hidden) == 1 else f"{len(hidden)} cases that are"
        said.append(f"{cases} closed to most would come to {who}, who is not named on it: choose another person.")
    raise InvalidRecord(" ".join(said))
