"""Numbers declared to be a wearer's: texts about that wearer are not sent to them.

One person may declare a number, and one person alone must not be able to silence others: so a declaration holds the
texts of its own case and stops nothing else, its supervisor is notified where it holds any, and a second person
confirms it or it is taken back. The answer to a declaration does not depend on who has the number.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from backend import alarms, audit, outbox
from backend.access import access_wearer
from backend.db import atomic
from backend.errors import NotAllowed, NotFound
from backend.models import AlarmKind, Person, Role, Verification, Victim, Wearer, WearerNumber
from backend.people.numbers.validation import e164, one_form, spellings
from backend.record import reading

# What the alarm says of each person who has such a number, and the team whose supervisors are notified.
Found = dict[str, tuple[str, int | None]]


def of_wearer(by: Person, wearer_id: int, now: datetime) -> list[WearerNumber]:
    """Return the numbers that are declared to be this wearer's. Raises: NotFound, NotAllowed."""
    wearer = access_wearer(by, wearer_id, now)
    query = WearerNumber.select().where(WearerNumber.wearer == wearer, WearerNumber.ended_at.is_null())
    return list(query.order_by(WearerNumber.id))


def record(by: Person, wearer_id: int, text: str, now: datetime) -> WearerNumber:
    """Declare that a number is this wearer's: from now on nothing about them goes there.

    Where a protected person of the case has it an alarm stands until a second person has decided. Where anyone else
    has it nothing is stopped, and an alarm stands until the number is verified again. As many statements are made
    no matter who has it, so that the time of the answer says nothing either.

    Raises: NotFound, NotAllowed; InvalidRecord for what cannot be a number.
    """
    wearer = access_wearer(by, wearer_id, now)
    number = e164(text)
    with atomic():
        declared = WearerNumber.get_or_none(
            WearerNumber.wearer == wearer, WearerNumber.number == number, WearerNumber.ended_at.is_null()
        )
        if declared is None:
            declared = WearerNumber.create(wearer=wearer, number=number, recorded_by=by, recorded_at=now)
            audit.record(audit.actor_of(by), "wearers_number_added", f"wearer:{wearer.id}", now, number=declared.id)
        alarms.raise_all(AlarmKind.WEARERS_NUMBER, _found(declared), now)
    return declared


def confirm(by: Person, wearer_id: int, number_id: int, now: datetime) -> None:
    """Keep that a second person has checked it: the number is the wearer's, and what is missing is the right one.

    Raises: NotFound; NotAllowed for the person who declared it.
    """
    declared = _standing(by, wearer_id, number_id, now)
    if declared.recorded_by_id == by.id:
        raise NotAllowed("A second person confirms this: ask a colleague or your supervisor.")
    with atomic():
        changed = (
            WearerNumber.update(confirmed_at=now, confirmed_by=by)
            .where(WearerNumber.id == declared.id, WearerNumber.confirmed_at.is_null())
            .execute()
        )
        if changed:
            audit.record(audit.actor_of(by), "wearers_number_confirmed", f"wearer:{wearer_id}", now, number=declared.id)
            _end_alarms(declared.number, now)


def take_back(by: Person, wearer_id: int, number_id: int, now: datetime) -> None:
    """Keep that a number is not this wearer's: texts that were held go out where they are true yet.

    Raises: NotFound; NotAllowed but for the person who declared it, while no one has confirmed it, and supervisors.
    """
    declared = _standing(by, wearer_id, number_id, now)
    is_own = declared.recorded_by_id == by.id and declared.confirmed_at is None
    if not is_own and by.role != Role.SUPERVISOR:
        raise NotAllowed("Only a supervisor takes back what a colleague has declared or confirmed.")
    with atomic():
        ended = (
            WearerNumber.update(ended_at=now, ended_by=by)
            .where(WearerNumber.id == declared.id, WearerNumber.ended_at.is_null())
            .execute()
        )
        if not ended:
            raise NotFound("The number was not found.")
        audit.record(audit.actor_of(by), "wearers_number_ended", f"wearer:{wearer_id}", now, number=declared.id)
        _end_alarms(declared.number, now)
        outbox.release(_victims_with(declared.number), now)


def taken(now: datetime, duty_line: str = "") -> Found:
    """Return of everyone who has a number that is declared to be a wearer's what an alarm says, and their team."""
    known = _declared()
    holders = {
        *WearerNumber.select(WearerNumber.number).join(Person, on=(Person.phone == WearerNumber.number)).tuples(),
        *WearerNumber.select(WearerNumber.number).join(Victim, on=(Victim.phone == WearerNumber.number)).tuples(),
    }
    numbers = {number for (number,) in holders} | set(_typed_before())
    found: Found = {}
    for declared in known.where(WearerNumber.number.in_(numbers)):
        found.update(_found(declared))
    line = one_form(duty_line)
    if line and known.where(WearerNumber.number == line).exists():
        found["duty_line"] = (
            "The duty line was declared to be a number of a person on probation: nothing is stopped, check it",
            None,
        )
    return found


def holders(number: str) -> list[Person | Victim]:
    """Return the active staff and the protected persons who have this number, however it was spelled when entered."""
    people = Person.select().where(Person.is_active, Person.phone.in_(spellings(number))).order_by(Person.id)
    return [*people, *_victims_with(number)]


def _standing(by: Person, wearer_id: int, number_id: int, now: datetime) -> WearerNumber:
    wearer = access_wearer(by, wearer_id, now)
    declared = WearerNumber.get_or_none(
        WearerNumber.id == number_id, WearerNumber.wearer == wearer, WearerNumber.ended_at.is_null()
    )
    if declared is None:
        raise NotFound("The number was not found.")
    return declared


def _declared() -> Any:
    return WearerNumber.select().where(WearerNumber.ended_at.is_null()).order_by(WearerNumber.id)


def _found(declared: WearerNumber) -> Found:
    """Return what is to be said of everyone who has this number; with as many statements no matter who has it."""
    theirs = {victim.id for victim in reading.victims_of(declared.wearer_id)}
    spelt = spellings(declared.number)
    proved = list(
        Verification.select().where(
            Verification.number.in_(spelt),
            Verification.proved_at > declared.recorded_at,
            Verification.voided_at.is_null(),
        )
    )
    proved_people, proved_victims = {row.person_id for row in proved}, {row.victim_id for row in proved}
    team_id = Wearer.get_by_id(declared.wearer_id).team_id
    found: Found = {}
    for victim in _victims_with(declared.number):
        if victim.id in theirs:
            if declared.confirmed_at is None:
                found[f"victim:{victim.id}"] = (
                    f"Texts to protected person {victim.id} about one case are held: their number was declared to be "
                    "of its person on probation. Confirm it or take it back",
                    team_id,
                )
        elif victim.id not in proved_victims:
            found[f"victim:{victim.id}"] = (
                f"The number of protected person {victim.id} was declared to be of the person on probation of another "
                "case: nothing is stopped, check it",
                victim.team_id,
            )
    for person in Person.select().where(Person.is_active, Person.phone.in_(spelt)).order_by(Person.id):
        if person.id not in proved_people:
            found[f"person:{person.id}"] = (
                f"The number of staff member {person.id} was declared to be of a person on probation: "
                "nothing is stopped, check it",
                person.team_id,
            )
    return found


def _victims_with(number: str) -> list[Victim]:
    return list(Victim.select().where(Victim.phone.in_(spellings(number))).order_by(Victim.id))


def _typed_before() -> list[str]:
    """Return the numbers, in their one form, that are on record as they were typed before there was one."""
    found = []
    for table in (Person, Victim):
        is_odd = ~table.phone.startswith("+") | table.phone.startswith("+440")
        for row in table.select(table.phone).where(table.phone.is_null(False), is_odd):
            number = one_form(row.phone or "")
            if number:
                found.append(number)
    return found


def _end_alarms(number: str, now: datetime) -> None:
    """End what was raised for this number, where no declaration that stands says it of the same people any more."""
    standing = {subject for other in _declared().where(WearerNumber.number == number) for subject in _found(other)}
    people = Person.select().where(Person.phone.in_(spellings(number)))
    subjects = {f"victim:{victim.id}" for victim in _victims_with(number)} | {f"person:{one.id}" for one in people}
    alarms.end_all(AlarmKind.WEARERS_NUMBER, subjects - standing, now)
