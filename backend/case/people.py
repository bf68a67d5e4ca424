"""Who answers for whom: officers assigned, covered for and gone, and cases closed to most."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from backend import audit, auth, policies, rota, routes
from backend.access import access_wearer, named_on, require
from backend.case import projection, reading, teams
from backend.case.entries import enter, hold
from backend.case.record import Version, What, standing, true_at
from backend.db import atomic
from backend.errors import DomainError, InvalidRecord, NotAllowed, NotFound
from backend.models import (
    DatedEntry,
    EmergencyOpening,
    Person,
    Role,
    Wearer,
)

EMERGENCY = timedelta(hours=8)


class CaseloadLeft(DomainError):
    """An officer cannot leave while a wearer would be left without one; ``wearers`` names them."""

    code, status, title = "caseload_left", 409, "Somebody would be left without an officer"


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
) -> DatedEntry:
    """Make somebody responsible for the wearer from ``from_at`` on; on a later day it takes effect by itself.

    Open alerts then ring whoever is responsible. Of two entries for one instant the one recorded later holds.

    Raises: InvalidRecord for somebody of another team than the case belongs to then, or at any time after.
    """
    with atomic():
        hold(wearer.id)
        entry = _name_officer(by, wearer, officer_id, from_at, now, why, document, corrects)
        projection.let_hold([f"wearer:{wearer.id}"], from_at, now)
        if teams.apart([wearer], from_at):
            raise InvalidRecord("The case and its officer would belong to different teams at some later time.")
        return entry


def _name_officer(
    by: Person | None,
    wearer: Wearer,
    officer_id: int | None,
    from_at: datetime,
    now: datetime,
    why: str,
    document: str = "",
    corrects: int | None = None,
) -> DatedEntry:
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
    return enter(subject, What.OFFICER, value, from_at, by, now, **more)


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
) -> DatedEntry:
    """Let another officer of the team answer for the case. Raises: NotFound, NotAllowed, InvalidRecord."""
    wearer = access_wearer(person, wearer_id, now)
    return assign_officer(person, wearer, officer_id, from_at, now, why=why, document=document, corrects=corrects)


def cover(
    by: Person,
    absent_id: int,
    covering_id: int,
    from_at: datetime,
    until: datetime,
    now: datetime,
    *,
    why: str,
    corrects: int | None = None,
) -> DatedEntry:
    """Let a colleague answer for another's caseload for some time; warnings go to whoever covers at that instant.

    With ``corrects`` that cover never held: the colleague or the days were wrong.

    Raises: NotFound, InvalidRecord; NotAllowed for an officer who arranges the leave of somebody else.
    """
    absent, covering = _of_team(by, absent_id), _of_team(by, covering_id)
    if by.role == Role.OFFICER and by.id != absent.id:
        raise NotAllowed("An officer arranges cover for their own leave; a supervisor for anybody's.")
    if absent.id == covering.id:
        raise InvalidRecord("Nobody covers for themselves.")
    if until <= from_at:
        raise InvalidRecord("The cover must end after it begins.")
    value = {"by": covering.id, "until": until.isoformat()}
    return enter(f"person:{absent.id}", What.COVER, value, from_at, by, now, why=why, corrects=corrects)


def covers_of(by: Person, absent_id: int, now: datetime) -> list[dict[str, Any]]:
    """Return every cover that was recorded for somebody, the newest record first. Raises: NotFound."""
    absent = _of_team(by, absent_id)
    names = {row.id: row.name for row in Person.select(Person.id, Person.name)}
    query = DatedEntry.select().where(DatedEntry.subject == f"person:{absent.id}", DatedEntry.what == What.COVER)
    rows = list(query.order_by(DatedEntry.id.desc()))
    corrected = {row.corrects_id for row in rows}
    return [
        {
            "id": row.id,
            "by": names.get(row.value["by"], "nobody"),
            "covering_id": row.value["by"],
            "from_at": row.from_at,
            "until": datetime.fromisoformat(row.value["until"]) if row.value.get("until") else None,
            "recorded_by": names.get(row.recorded_by_id, "Cordon"),
            "recorded_at": row.recorded_at,
            "why": row.why,
            "is_corrected": row.id in corrected,
            "corrects": row.corrects_id,
        }
        for row in rows
    ]


def _of_team(by: Person, person_id: int) -> Person:
    query = Person.select().where(Person.id == person_id, Person.is_active)
    if by.role != Role.ADMINISTRATOR:
        query = query.where(Person.team == by.team_id)
    found = query.first()
    if found is None:
        raise NotFound("There is no such colleague.")
    return found


def caseload_of(person: Person, now: datetime) -> list[Wearer]:
    """Return the wearers whom this person is responsible for now, or will be; cover is not counted."""
    named = DatedEntry.select(DatedEntry.wearer).where(DatedEntry.what == What.OFFICER)
    wearers = list(
        Wearer.select().where((Wearer.responsible_officer == person.id) | Wearer.id.in_(named)).order_by(Wearer.id)
    )
    mine = []
    for wearer in wearers:
        history = reading.entries(f"wearer:{wearer.id}", What.OFFICER)
        held = _held_from(history, now) or [wearer.responsible_officer_id]
        if person.id in held:
            mine.append(wearer)
    return mine


def _held_from(history: Sequence[Version[dict[str, int | None]]], now: datetime) -> list[int | None]:
    """Return who is responsible now and from any later entry on."""
    present = true_at(history, now)
    later = [version.value["person"] for version in standing(history) if version.from_at > now]
    return ([present.value["person"]] if present else []) + later


def leave(
    by: Person, leaver_id: int, heirs: dict[int, int], now: datetime, *, why: str, everyone_else: int | None = None
) -> int:
    """Let an officer leave in one action: sessions, phones, number, caseload and open alerts; return the cases moved.

    ``heirs`` names a colleague for each wearer, ``everyone_else`` one for those not named.

    Raises: CaseloadLeft where a wearer would have no officer, with nothing changed; NotFound, NotAllowed.
    """
    require(by, Role.SUPERVISOR, Role.ADMINISTRATOR)
    leaver = _of_team(by, leaver_id)
    if leaver.id == by.id:
        raise InvalidRecord("Somebody else closes your account.")
    with atomic():
        caseload = caseload_of(leaver, now)
        left = [wearer for wearer in caseload if heirs.get(wearer.id, everyone_else) in (None, leaver.id)]
        if left:
            names = ", ".join(wearer.name for wearer in left) if by.role != Role.ADMINISTRATOR else f"{len(left)} cases"
            raise CaseloadLeft(f"Name a colleague for {names}.", wearers=[wearer.id for wearer in left])
        hold(*(wearer.id for wearer in caseload))
        for wearer in caseload:
            _take_over(by, wearer, leaver.id, heirs.get(wearer.id, everyone_else), now, why)
        covers = [
            row for row in DatedEntry.select().where(DatedEntry.what == What.COVER) if row.value["by"] == leaver.id
        ]
        for row in covers:
            until = row.value.get("until")
            if until is None or datetime.fromisoformat(until) > now:
                heir = everyone_else or next(iter(heirs.values()), None)
                absent_id = int(row.subject.partition(":")[2])
                value = {"by": heir if heir != absent_id else None, "until": until}
                enter(row.subject, What.COVER, value, max(now, row.from_at), by, now, why=why)
        # Whoever is named on a restricted case hands the name over with it.
        for wearer in caseload:
            named = named_on(wearer.id, now)
            heir_id = heirs.get(wearer.id, everyone_else)
            if named is not None and heir_id not in named:
                people = sorted({*named, *([heir_id] if heir_id else [])} - {leaver.id})
                subject = f"wearer:{wearer.id}"
                enter(subject, What.RESTRICTED, {"people": people}, now, by, now, why=why, wearer_id=wearer.id)
        # Nobody who is gone may be on duty tonight.
        heir_id = everyone_else or next(iter(heirs.values()), None)
        rota.hand_over(leaver.id, heir_id, by, now)
        policies.hand_over(leaver.id, heir_id, by, now)
        auth.deactivate(leaver, by, now)
        routes.change_number(leaver, None, now)
        # After the leaver is gone, so that it is the heirs whom open alerts ring.
        projection.project([f"wearer:{wearer.id}" for wearer in caseload], now)
        audit.record(audit.actor_of(by), "officer_left", f"person:{leaver.id}", now, cases=len(caseload))
        return len(caseload)


def _take_over(by: Person, wearer: Wearer, leaver_id: int, heir_id: int | None, now: datetime, why: str) -> None:
    """Name the heir wherever the leaver is responsible: now, and from each later day for which that was entered."""
    history = reading.entries(f"wearer:{wearer.id}", What.OFFICER)
    present = true_at(history, now)
    if (present.value["person"] if present else wearer.responsible_officer_id) == leaver_id:
        _name_officer(by, wearer, heir_id, now, now, why)
    for version in standing(history):
        if version.from_at > now and version.value["person"] == leaver_id:
            _name_officer(by, wearer, heir_id, version.from_at, now, why)


def restrict(by: Person, wearer_id: int, people: Sequence[int] | None, now: datetime, *, why: str) -> DatedEntry:
    """Close a case to all but these people, or with None open it to the team again.

    Raises: NotFound; NotAllowed for anybody but a supervisor; InvalidRecord where the responsible officer or a
    supervisor is not among them: nobody could act on its alerts.
    """
    require(by, Role.SUPERVISOR)
    wearer = access_wearer(by, wearer_id, now)
    if people is not None:
        found = list(
            Person.select().where(Person.id.in_(list(people)), Person.team == wearer.team_id, Person.is_active)
        )
        if len(found) != len(set(people)):
            raise InvalidRecord("Each person named must be an active colleague of the case's team.")
        if reading.responsible_officer_id(wearer, now) not in {person.id for person in found}:
            raise InvalidRecord("The responsible officer must be among the people named.")
        if not any(person.role == Role.SUPERVISOR for person in found):
            raise InvalidRecord("A supervisor must be among the people named, for when the officer does not answer.")
    value = {"people": sorted(people) if people is not None else None}
    return enter(f"wearer:{wearer.id}", What.RESTRICTED, value, now, by, now, why=why, wearer_id=wearer.id)


def open_in_emergency(person: Person, wearer_id: int, reason: str, now: datetime) -> EmergencyOpening:
    """Open a restricted case for a few hours, for a reason that a supervisor reviews.

    Raises: NotFound for another team's case; InvalidRecord without a reason.
    """
    require(person, Role.OFFICER, Role.SUPERVISOR)
    if len(reason.strip()) < 10:
        raise InvalidRecord("Say in a sentence what the emergency is.")
    wearer = Wearer.get_or_none(Wearer.id == wearer_id, Wearer.team == person.team_id)
    if wearer is None:
        raise NotFound("There is no such case.")
    with atomic():
        opening = EmergencyOpening.create(
            wearer=wearer, person=person, reason=reason.strip(), opened_at=now, until_at=now + EMERGENCY
        )
        audit.record(audit.actor_of(person), "opened_in_emergency", f"wearer:{wearer.id}", now, opening=opening.id)
        return opening


def openings_to_review(person: Person, now: datetime) -> list[EmergencyOpening]:
    """Return the emergency openings that a supervisor who is named on the case has not looked at yet."""
    require(person, Role.SUPERVISOR)
    query = (
        EmergencyOpening.select(EmergencyOpening, Wearer)
        .join(Wearer)
        .where(Wearer.team == person.team_id, EmergencyOpening.reviewed_at.is_null(), EmergencyOpening.person != person)
        .order_by(EmergencyOpening.opened_at)
    )
    return [row for row in query if (named := named_on(row.wearer_id, now)) is None or person.id in named]


def review_opening(person: Person, opening_id: int, note: str, now: datetime) -> EmergencyOpening:
    """Record what a supervisor thinks of an emergency opening. Raises: NotFound, NotAllowed, InvalidRecord."""
    opening = next((row for row in openings_to_review(person, now) if row.id == opening_id), None)
    if opening is None:
        raise NotFound("There is no such opening to review.")
    if not note.strip():
        raise InvalidRecord("Say whether it was right.")
    with atomic():
        opening.reviewed_by, opening.reviewed_at, opening.review_note = person, now, note.strip()
        opening.save()
        audit.record(audit.actor_of(person), "opening_reviewed", f"wearer:{opening.wearer_id}", now, opening=opening.id)
        return opening
