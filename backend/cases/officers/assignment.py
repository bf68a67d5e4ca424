"""Assigns officers to cases from an instant on, and lists what each is responsible for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from backend.access import access_wearer
from backend.cases import current_columns, teams
from backend.cases.officers import named_people
from backend.db import atomic, lock_rows
from backend.errors import InvalidRecord, NotFound
from backend.models import Fact, Person, Role, Wearer
from backend.record import reading
from backend.record.facts import Version, What, standing, true_at
from backend.record.recording import lock_cases, record_fact


def hold_people(*person_ids: int | None) -> None:
    """Hold these people until the unit of work ends, before any case is: no one leaves while a case comes to them."""
    lock_rows(Person, [person_id for person_id in person_ids if person_id is not None])


def assign_officer(
    by: Person | None,
    wearer: Wearer,
    officer_id: int | None,
    from_at: datetime,
    now: datetime,
    *,
    why: str,
    document: str = "",
    corrects: int | None = None,
) -> Fact:
    """Make someone responsible for the wearer from ``from_at`` on; on a later day it takes effect by itself.

    Open alerts then ring the one who is responsible. Of two entries for one instant the one recorded later holds.

    Raises: InvalidRecord for someone of another team than the case belongs to then, or at any time after; and for
    someone to whom the case is closed, or who is covered for by such a colleague: its warnings would ring no one.
    """
    with atomic():
        hold_people(officer_id)
        lock_cases(wearer.id)
        before = named_people.unnamed(from_at, now, [wearer.id])
        entry = name_officer(by, wearer, officer_id, from_at, now, why, document, corrects)
        current_columns.let_hold([f"wearer:{wearer.id}"], from_at, now)
        if teams.apart([wearer], from_at):
            raise InvalidRecord("The case and its officer would belong to different teams at some later time.")
        named_people.refuse(by, named_people.unnamed(from_at, now, [wearer.id]) - before, now)
        return entry


def name_officer(
    by: Person | None,
    wearer: Wearer,
    officer_id: int | None,
    from_at: datetime,
    now: datetime,
    why: str,
    document: str = "",
    corrects: int | None = None,
) -> Fact:
    """Enter it, without what follows from it. Raises: InvalidRecord for someone who is not of the case's team."""
    subject = f"wearer:{wearer.id}"
    if officer_id is not None:
        officer = Person.get_or_none(Person.id == officer_id, Person.is_active)
        # From the record and not from the column: both may belong elsewhere by the day on which it holds.
        at = max(from_at, now)
        team_id = teams.team_at(subject, at, wearer.team_id)
        is_ours = officer is not None and teams.team_at(f"person:{officer_id}", at, officer.team_id) == team_id
        if officer is None or not is_ours or officer.role == Role.ADMINISTRATOR:
            raise InvalidRecord("The responsible officer must be an active officer of the case's team.")
    teams.begin_record_of_officer(wearer, now)
    value = {"person": officer_id}
    more: Any = {"why": why, "document": document, "wearer_id": wearer.id, "corrects": corrects}
    return record_fact(subject, What.OFFICER, value, from_at, by, now, **more)


def hand_over(
    person: Person,
    wearer_id: int,
    officer_id: int,
    from_at: datetime,
    now: datetime,
    *,
    why: str,
    document: str = "",
    corrects: int | None = None,
) -> Fact:
    """Let another officer of the team answer for the case. Raises: NotFound, NotAllowed, InvalidRecord."""
    wearer = access_wearer(person, wearer_id, now)
    return assign_officer(person, wearer, officer_id, from_at, now, why=why, document=document, corrects=corrects)


def colleague_of(by: Person, person_id: int) -> Person:
    """Return an active colleague; of an administrator, anyone. Raises: NotFound."""
    query = Person.select().where(Person.id == person_id, Person.is_active)
    if by.role != Role.ADMINISTRATOR:
        query = query.where(Person.team == by.team_id)
    found = query.first()
    if found is None:
        raise NotFound("The colleague was not found.")
    return found


def caseload_of(person: Person, now: datetime) -> list[Wearer]:
    """Return the wearers whom this person is responsible for now, or will be; cover is not counted."""
    named = Fact.select(Fact.case).where(Fact.what == What.OFFICER)
    wearers = list(
        Wearer.select().where((Wearer.responsible_officer == person.id) | Wearer.id.in_(named)).order_by(Wearer.id)
    )
    mine = []
    for wearer in wearers:
        history = reading.history(f"wearer:{wearer.id}", What.OFFICER)
        held = _held_from(history, now) or [wearer.responsible_officer_id]
        if person.id in held:
            mine.append(wearer)
    return mine


def _held_from(history: Sequence[Version[dict[str, int | None]]], now: datetime) -> list[int | None]:
    """Return who is responsible now and from any later entry on."""
    present = true_at(history, now)
    later = [version.value["person"] for version in standing(history) if version.from_at > now]
    return ([present.value["person"]] if present else []) + later
