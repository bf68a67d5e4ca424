"""Who answers for whom: officers assigned, covered for and gone, teams changed by date, cases closed to most."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from backend import alerts, audit, auth, policies, rota, routes
from backend.access import access_wearer, named_on, require
from backend.case import reading
from backend.case.record import Version, What, standing, true_at
from backend.case.writing import enter, hold
from backend.db import atomic, lock_rows
from backend.errors import DomainError, InvalidRecord, NotAllowed, NotFound
from backend.models import (
    Activation,
    Alert,
    DatedEntry,
    EmergencyOpening,
    Handling,
    Person,
    Role,
    Tag,
    Team,
    Victim,
    Wearer,
)

EMERGENCY = timedelta(hours=8)


class CaseloadLeft(DomainError):
    """An officer cannot leave while a wearer would be left without one; ``wearers`` names them."""

    code, status, title = "caseload_left", 409, "Somebody would be left without an officer"


def assign_officer(
    by: Person | None, wearer: Wearer, officer_id: int | None, from_at: datetime, now: datetime, *, why: str
) -> DatedEntry:
    """Make somebody responsible for the wearer from ``from_at`` on. Raises: InvalidRecord."""
    if officer_id is not None:
        officer = Person.get_or_none(Person.id == officer_id, Person.is_active, Person.team == wearer.team_id)
        if officer is None or officer.role == Role.ADMINISTRATOR:
            raise InvalidRecord("The responsible officer must be an active officer of the case's team.")
    subject = f"wearer:{wearer.id}"
    with atomic():
        if not reading.entries(subject, What.OFFICER):
            # Who it was before the record of it began.
            value, since = {"person": wearer.responsible_officer_id}, wearer.created_at
            enter(subject, What.OFFICER, value, since, None, now, why="As the case was opened.", wearer_id=wearer.id)
        entry = enter(subject, What.OFFICER, {"person": officer_id}, from_at, by, now, why=why, wearer_id=wearer.id)
        if from_at <= now:
            # What the wearer's row says is who it is now; the entries say who it was at any time.
            Wearer.update(responsible_officer=officer_id).where(Wearer.id == wearer.id).execute()
        return entry


def hand_over(
    person: Person, wearer_id: int, officer_id: int, from_at: datetime, now: datetime, *, why: str
) -> DatedEntry:
    """Let another officer of the team answer for the case. Raises: NotFound, NotAllowed, InvalidRecord."""
    wearer = access_wearer(person, wearer_id, now)
    with atomic():
        hold(wearer.id)
        return assign_officer(person, wearer, officer_id, from_at, now, why=why)


def cover(
    by: Person, absent_id: int, covering_id: int, from_at: datetime, until: datetime, now: datetime, *, why: str
) -> DatedEntry:
    """Let a colleague answer for another's caseload for some time; warnings go to whoever covers at that instant.

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
    return enter(f"person:{absent.id}", What.COVER, value, from_at, by, now, why=why)


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
        tags = Activation.select(Activation.tag).where(Activation.wearer.in_([w.id for w in caseload]))
        lock_rows(Tag, [row.tag_id for row in tags])
        lock_rows(Wearer, [wearer.id for wearer in caseload])
        for wearer in caseload:
            heir_id = heirs.get(wearer.id, everyone_else)
            assign_officer(by, wearer, heir_id, now, now, why=why)
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
        _ring_heirs(caseload, now)
        audit.record(audit.actor_of(by), "officer_left", f"person:{leaver.id}", now, cases=len(caseload))
        return len(caseload)


def _ring_heirs(caseload: Sequence[Wearer], now: datetime) -> None:
    """Start the ladder of what nobody has answered anew, with whoever answers for it now."""
    open_ids = [
        row.id
        for row in Alert.select(Alert.id)
        .where(Alert.wearer.in_([w.id for w in caseload]), Alert.handling == Handling.OPEN)
        .order_by(Alert.id)
    ]
    alerts.ring_again(open_ids, now)


def rename_team(by: Person, team_id: int, name: str, from_at: datetime, now: datetime, *, why: str) -> DatedEntry:
    """Give a team another name from ``from_at`` on; reports about an earlier time keep the earlier one."""
    require(by, Role.ADMINISTRATOR)
    team = _team(team_id)
    if not name.strip():
        raise InvalidRecord("Enter the name of the team.")
    if Team.select().where(Team.name == name.strip(), Team.id != team.id).exists():
        raise InvalidRecord("Another team has this name.")
    subject = f"team:{team.id}"
    with atomic():
        if not reading.entries(subject, What.NAME):
            enter(subject, What.NAME, team.name, team.created_at, None, now, why="As the team was made.")
        entry = enter(subject, What.NAME, name.strip(), from_at, by, now, why=why)
        if from_at <= now:
            Team.update(name=name.strip()).where(Team.id == team.id).execute()
        return entry


def _team(team_id: int) -> Team:
    team = Team.get_or_none(Team.id == team_id)
    if team is None:
        raise NotFound("There is no such team.")
    return team


def move_to_team(
    by: Person,
    team_id: int,
    now: datetime,
    *,
    why: str,
    people: Sequence[int] = (),
    wearers: Sequence[int] = (),
) -> None:
    """Let people and cases belong to another team from now on; the record keeps where they belonged before.

    Merging moves all of one team, splitting some of it. Open alerts go with their case, closed ones stay where they
    were handled. Protected persons go with the cases they are protected in.

    Raises: NotAllowed, NotFound; CaseloadLeft where a moved case would have its officer in another team.
    """
    require(by, Role.ADMINISTRATOR)
    team = _team(team_id)
    with atomic():
        tags = Activation.select(Activation.tag).where(Activation.wearer.in_(list(wearers)))
        lock_rows(Tag, [row.tag_id for row in tags])
        lock_rows(Wearer, list(wearers))
        for person in Person.select().where(Person.id.in_(list(people))):
            _belong(f"person:{person.id}", person.team_id, person.created_at, team, by, now, why, None)
            Person.update(team=team).where(Person.id == person.id).execute()
        for wearer in Wearer.select().where(Wearer.id.in_(list(wearers))).order_by(Wearer.id):
            _belong(f"wearer:{wearer.id}", wearer.team_id, wearer.created_at, team, by, now, why, wearer.id)
            Wearer.update(team=team).where(Wearer.id == wearer.id).execute()
            for victim in reading.victims_of(wearer.id):
                _belong(f"victim:{victim.id}", victim.team_id, victim.created_at, team, by, now, why, None)
                Victim.update(team=team).where(Victim.id == victim.id).execute()
        for wearer in Wearer.select().where((Wearer.team == team) | Wearer.id.in_(list(wearers))):
            officer_id = reading.responsible_officer_id(wearer, now)
            if officer_id is not None and Person.get_by_id(officer_id).team_id != wearer.team_id:
                raise CaseloadLeft("A case and its responsible officer must move together.", wearers=[wearer.id])
        for person in Person.select().where(Person.id.in_(list(people))):
            stays = Wearer.select().where(Wearer.responsible_officer == person, Wearer.team != team)
            if stays.exists():
                raise CaseloadLeft(
                    "A case and its responsible officer must move together.", wearers=[row.id for row in stays]
                )
        open_ids = [
            row.id
            for row in Alert.select(Alert.id)
            .where(Alert.wearer.in_(list(wearers)), Alert.handling != Handling.CLOSED)
            .order_by(Alert.id)
        ]
        alerts.move(open_ids, team, now)


def _belong(
    subject: str, team_id: int, since: datetime, to: Team, by: Person, now: datetime, why: str, wearer_id: int | None
) -> None:
    if not reading.entries(subject, What.TEAM):
        enter(subject, What.TEAM, team_id, since, None, now, why="As it was recorded.", wearer_id=wearer_id)
    enter(subject, What.TEAM, to.id, now, by, now, why=why, wearer_id=wearer_id)


def team_at(subject: str, at: datetime, otherwise: int) -> int:
    """Return the number of the team that a person, a wearer or a victim belonged to at ``at``."""
    found = reading.value_at(subject, What.TEAM, at)
    return int(found) if found is not None else otherwise


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
