"""Numbers known as wearers', whatever team has the case: where one is in use already, that use ends at once.

Recording is never refused because of who else has the number: a warning that goes to the wearer is the harm, and
the entry is what stops it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from backend import alarms, audit
from backend.access import access_wearer
from backend.db import atomic
from backend.errors import NotFound
from backend.models import AlarmKind, Person, Victim, WearerNumber
from backend.numbers.proofs import void
from backend.numbers.refusals import HOME, e164, is_wearers

BECAUSE = "it is known as a wearer's"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A wearer's number on record, and whether it was in use by somebody who was to be warned."""

    number: WearerNumber
    was_in_use: bool


def of_wearer(by: Person, wearer_id: int, now: datetime) -> list[WearerNumber]:
    """Return the numbers known as this wearer's. Raises: NotFound, NotAllowed."""
    wearer = access_wearer(by, wearer_id, now)
    query = WearerNumber.select().where(WearerNumber.wearer == wearer, WearerNumber.ended_at.is_null())
    return list(query.order_by(WearerNumber.id))


def record(by: Person, wearer_id: int, text: str, now: datetime) -> Recorded:
    """Keep that a number is this wearer's: it can be entered for nobody else, and nothing is sent there any more.

    Where it is the number of a member of staff or of a protected person an alarm stands until that is changed.

    Raises: NotFound, NotAllowed; InvalidRecord for what cannot be a number.
    """
    wearer = access_wearer(by, wearer_id, now)
    number = e164(text)
    with atomic():
        known = WearerNumber.get_or_none(
            WearerNumber.wearer == wearer, WearerNumber.number == number, WearerNumber.ended_at.is_null()
        )
        if known is None:
            known = WearerNumber.create(wearer=wearer, number=number, recorded_by=by, recorded_at=now)
            audit.record(audit.actor_of(by), "wearers_number_added", f"wearer:{wearer.id}", now, number=known.id)
        holders = _holders(number)
        for holder in holders:
            void(holder, BECAUSE, now)
            subject, detail = _words(holder)
            alarms.raise_alarm(AlarmKind.WEARERS_NUMBER, subject, detail, now, holder.team_id)
    return Recorded(known, bool(holders))


def take_back(by: Person, wearer_id: int, number_id: int, now: datetime) -> None:
    """Keep that a number is not this wearer's any more, or never was; whoever else has it proves it anew.

    Raises: NotFound, NotAllowed.
    """
    wearer = access_wearer(by, wearer_id, now)
    with atomic():
        ended = (
            WearerNumber.update(ended_at=now, ended_by=by)
            .where(WearerNumber.id == number_id, WearerNumber.wearer == wearer, WearerNumber.ended_at.is_null())
            .execute()
        )
        if not ended:
            raise NotFound("There is no such number.")
        audit.record(audit.actor_of(by), "wearers_number_ended", f"wearer:{wearer.id}", now, number=number_id)
        number = WearerNumber.get_by_id(number_id).number
        if not is_wearers(number):
            for holder in _holders(number):
                alarms.end(AlarmKind.WEARERS_NUMBER, _words(holder)[0], now)


def taken(now: datetime) -> dict[str, tuple[str, int | None]]:
    """Return whose number is known as a wearer's: what an alarm says of each, and their team.

    Nothing goes there from now on, however the number came to be entered.
    """
    known = WearerNumber.select(WearerNumber.number).where(WearerNumber.ended_at.is_null())
    people = Person.select().where(Person.is_active, Person.phone.in_(known))
    victims = Victim.select().where(Victim.phone.in_(known))
    found: dict[str, tuple[str, int | None]] = {}
    for holder in [*people, *victims]:
        void(holder, BECAUSE, now)
        subject, detail = _words(holder)
        found[subject] = (detail, holder.team_id)
    return found


def holders(number: str) -> list[Person | Victim]:
    """Return the active staff and the protected persons who have this number, however it was spelled when entered."""
    return _holders(number)


def _holders(number: str) -> list[Person | Victim]:
    spellings = {number}
    if number.startswith(HOME):
        # As numbers could be entered before there was one form for them.
        national = number[len(HOME) :]
        spellings |= {f"{HOME}0{national}", f"0{national}", f"0044{national}"}
    people = Person.select().where(Person.is_active, Person.phone.in_(spellings)).order_by(Person.id)
    victims = Victim.select().where(Victim.phone.in_(spellings)).order_by(Victim.id)
    return [*people, *victims]


def _words(holder: Person | Victim) -> tuple[str, str]:
    if isinstance(holder, Person):
        subject, who = f"person:{holder.id}", f"staff member {holder.id}"
    else:
        subject, who = f"victim:{holder.id}", f"protected person {holder.id}"
    return subject, f"The number of {who} is a wearer's: nothing goes there, find the right one"
