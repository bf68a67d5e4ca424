"""Closes an officer's account in one action that leaves no case without an officer."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

from backend import alerts, audit, authentication
from backend.access import closed_cases, named_on_each, require
from backend.cases import current_columns
from backend.cases.officers import named_people
from backend.cases.officers.assignment import caseload_of, colleague_of, hold_people, name_officer
from backend.cases.officers.cover import refuse_circle
from backend.db import atomic
from backend.errors import DomainError, InvalidRecord
from backend.escalation import policies
from backend.models import Fact, Person, Role, Wearer
from backend.people import contact_routes, rota
from backend.record import reading
from backend.record.facts import What, changes_of, stand_in_at, standing, true_at
from backend.record.recording import lock_cases, record_fact


class CaseloadLeft(DomainError):
    """An officer cannot leave while a wearer would be left without one; ``wearers`` has their numbers."""

    code, status, title = "caseload_left", 409, "A case would be left without an officer"


def leave(
    by: Person, leaver_id: int, heirs: dict[int, int], now: datetime, *, why: str, everyone_else: int | None = None
) -> int:
    """Let an officer leave in one action: sessions, phones, number, caseload and open alerts; return the cases moved.

    ``heirs`` names a colleague for each wearer, ``everyone_else`` one for those not named.

    Raises, with nothing changed: CaseloadLeft where a wearer would have no officer, or a colleague on leave no one who
    covers; InvalidRecord where a restricted case would come to someone who is not named on it, or be left without a
    supervisor who is; NotFound, NotAllowed.
    """
    require(by, Role.SUPERVISOR, Role.ADMINISTRATOR)
    with atomic():
        # Held before anything is read: two who leave to each other would both find the other still there.
        hold_people(leaver_id, everyone_else, *heirs.values())
        leaver = colleague_of(by, leaver_id)
        if leaver.id == by.id:
            raise InvalidRecord("You cannot close your own account. Ask another administrator.")
        caseload = caseload_of(leaver, now)
        left = [wearer for wearer in caseload if heirs.get(wearer.id, everyone_else) in (None, leaver.id)]
        if left:
            raise CaseloadLeft(
                f"Name a colleague for {_in_words(by, left, now)}.", wearers=[wearer.id for wearer in left]
            )
        _refuse_last_supervisor(leaver, now)
        before = named_people.unnamed(now, now)
        lock_cases(*(wearer.id for wearer in caseload))
        for wearer in caseload:
            _take_over(by, wearer, leaver.id, heirs.get(wearer.id, everyone_else), now, why)
        heir_id = everyone_else or next(iter(heirs.values()), None)
        if heir_id is None and (absent := covered_by(leaver.id, now)):
            names = ", ".join(sorted(one.name for one in absent))
            raise CaseloadLeft(f"{leaver.name} covers for {names}: name a colleague who does instead.", wearers=[])
        _take_over_covers(by, leaver.id, heir_id, now, why)
        # A person who is named on a restricted case is chosen by a supervisor who is: the name does not go with the
        # case.
        named_people.refuse(by, named_people.unnamed(now, now) - before, now)
        # No one who is gone may be on duty tonight.
        rota.hand_over(leaver.id, heir_id, by, now)
        policies.hand_over(leaver.id, heir_id, by, now)
        alerts.hand_over_desk(leaver.id, heir_id, now)
        authentication.deactivate(leaver, by, now)
        contact_routes.change_number(leaver, None, now)
        # After the leaver is gone, so that it is the heirs whom open alerts ring.
        current_columns.project([f"wearer:{wearer.id}" for wearer in caseload], now)
        audit.record(audit.actor_of(by), "officer_left", f"person:{leaver.id}", now, cases=len(caseload))
        return len(caseload)


def _take_over(by: Person, wearer: Wearer, leaver_id: int, heir_id: int | None, now: datetime, why: str) -> None:
    """Name the heir wherever the leaver is responsible: now, and from each later day for which that was entered."""
    history = reading.history(f"wearer:{wearer.id}", What.OFFICER)
    present = true_at(history, now)
    if (present.value["person"] if present else wearer.responsible_officer_id) == leaver_id:
        name_officer(by, wearer, heir_id, now, now, why)
    for version in standing(history):
        if version.from_at > now and version.value["person"] == leaver_id:
            name_officer(by, wearer, heir_id, version.from_at, now, why)


def _covers_by(leaver_id: int, now: datetime) -> list[tuple[int, datetime, datetime | None]]:
    """Return for whom the leaver covers now or later, each with from when until when."""
    absent = {row.of_person_id for row in Fact.select(Fact.of_person).where(Fact.what == What.COVER)}
    found = []
    for person_id, history in sorted(reading.covers_of(absent).items()):
        instants = [now, *(at for at in changes_of(history) if at > now)]
        for begin, end in pairwise([*instants, None]):
            if begin is not None and stand_in_at(history, begin) == leaver_id:
                found.append((person_id, begin, end))
    return found


def covered_by(leaver_id: int, now: datetime) -> list[Person]:
    """Return the colleagues of the staff whose cases would ring them on their leave without the leaver."""
    absent = {absent_id for absent_id, _, _ in _covers_by(leaver_id, now)}
    return list(Person.select().where(Person.id.in_(absent), Person.is_active, Person.id != leaver_id))


def _take_over_covers(by: Person, leaver_id: int, heir_id: int | None, now: datetime, why: str) -> None:
    """Let the heir cover wherever and for as long as the leaver would have."""
    for absent_id, begin, end in _covers_by(leaver_id, now):
        value = {"by": heir_id if heir_id != absent_id else None}
        record_fact(f"person:{absent_id}", What.COVER, value, begin, by, now, why=why, until=end)
        refuse_circle(Person.get_by_id(absent_id), begin, end)


def _in_words(by: Person, wearers: list[Wearer], now: datetime) -> str:
    """Name the cases of which the person may know, and count the others."""
    if by.role == Role.ADMINISTRATOR:
        return f"{len(wearers)} cases"
    closed = closed_cases([by.id], now).get(by.id, set())
    hidden = sum(wearer.id in closed for wearer in wearers)
    known = [wearer.name for wearer in wearers if wearer.id not in closed]
    return ", ".join([*known, *([f"{hidden} that {'is' if hidden == 1 else 'are'} closed to you"] if hidden else [])])


def _refuse_last_supervisor(leaver: Person, now: datetime) -> None:
    """Refuse to let a restricted case lose the only supervisor who may open it. Raises: InvalidRecord."""
    if leaver.role != Role.SUPERVISOR:
        return
    supervisors = {
        row.id
        for row in Person.select(Person.id).where(Person.role == Role.SUPERVISOR, Person.is_active)
        if row.id != leaver.id
    }
    alone = [people for people in named_on_each(None, now).values() if leaver.id in people and not people & supervisors]
    if alone:
        cases = "a restricted case" if len(alone) == 1 else f"{len(alone)} restricted cases"
        raise InvalidRecord(
            f"{leaver.name} is the only supervisor who may open {cases}: another one has to be named there first."
        )
