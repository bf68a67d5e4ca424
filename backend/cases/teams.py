"""Teams over time: renamed, merged and split from an instant on, with their people and cases.

Administrators do this and learn of no case: a case goes with its officer, and is only counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from backend import audit
from backend.access import named_on_each, require
from backend.cases import current_columns
from backend.cases.change_warnings import day
from backend.db import atomic
from backend.errors import InvalidRecord, NeedsConfirmation, NotFound
from backend.models import CaseDue, Fact, Person, Role, Team, Wearer
from backend.record import reading
from backend.record.facts import What, changes_of, first_said, standing, true_at, without
from backend.record.recording import lock_cases, record_fact


def rename_team(by: Person, team_id: int, name: str, from_at: datetime, now: datetime, *, why: str) -> Fact:
    """Give a team another name from ``from_at`` on; reports about an earlier time keep the earlier one.

    Raises: NotAllowed, NotFound; InvalidRecord for a name that is empty, or that another team has or will have.
    """
    require(by, Role.ADMINISTRATOR)
    team = _team(team_id)
    refuse_taken(name, now, but=team.id)
    subject = f"team:{team.id}"
    with atomic():
        if not reading.history(subject, What.NAME):
            since = min(team.created_at, from_at)
            record_fact(subject, What.NAME, team.name, since, None, now, why="As the team was made.")
        entry = record_fact(subject, What.NAME, name.strip(), from_at, by, now, why=why)
        current_columns.let_hold([subject], from_at, now, name=name.strip())
        return entry


def refuse_taken(name: str, now: datetime, but: int | None = None) -> None:
    """Raises: InvalidRecord for a name that is empty, or that another team has now or will have."""
    if not name.strip():
        raise InvalidRecord("Enter the name of the team.")
    if Team.select().where(Team.name == name.strip(), Team.id != (but or 0)).exists():
        raise InvalidRecord("Another team has this name.")
    for team in Team.select().where(Team.id != (but or 0)):
        to_come = [one for one in standing(reading.history(f"team:{team.id}", What.NAME)) if one.from_at > now]
        if any(one.value == name.strip() for one in to_come):
            raise InvalidRecord("Another team will have this name.")


def _team(team_id: int) -> Team:
    team = Team.get_or_none(Team.id == team_id)
    if team is None:
        raise NotFound("The team was not found.")
    return team


def team_at(subject: str, at: datetime, otherwise: int) -> int:
    """Return the number of the team that a person, a wearer or a victim belonged to at ``at``."""
    found = reading.value_at(subject, What.TEAM, at)
    return int(found) if found is not None else otherwise


def begin_record_of_officer(wearer: Wearer, now: datetime) -> None:
    """Enter who was responsible before the record of it began, where nothing is entered yet."""
    subject = f"wearer:{wearer.id}"
    if not reading.history(subject, What.OFFICER):
        value, since = {"person": wearer.responsible_officer_id}, wearer.created_at
        record_fact(subject, What.OFFICER, value, since, None, now, why="As the case was opened.", wearer_id=wearer.id)


def apart(wearers: Sequence[Wearer], since: datetime) -> list[tuple[Wearer, datetime]]:
    """Return the cases whose responsible officer belongs to another team at ``since`` or later, and when first."""
    subjects = [f"wearer:{wearer.id}" for wearer in wearers]
    officers = reading.histories(subjects, What.OFFICER)
    people = {wearer.responsible_officer_id for wearer in wearers if wearer.responsible_officer_id is not None}
    people |= {one.value["person"] for history in officers.values() for one in history if one.value["person"]}
    theirs = [f"person:{person_id}" for person_id in people]
    belongings = reading.histories([*subjects, *theirs], What.TEAM)
    team_now = {row.id: row.team_id for row in Person.select().where(Person.id.in_(people))}

    def is_apart(wearer: Wearer, at: datetime) -> bool:
        named = true_at(officers.get(f"wearer:{wearer.id}", []), at)
        officer_id = named.value["person"] if named else wearer.responsible_officer_id
        if officer_id is None:
            return False
        case_team = true_at(belongings.get(f"wearer:{wearer.id}", []), at)
        officer_team = true_at(belongings.get(f"person:{officer_id}", []), at)
        return (case_team.value if case_team else wearer.team_id) != (
            officer_team.value if officer_team else team_now[officer_id]
        )

    found = []
    for wearer in wearers:
        subject = f"wearer:{wearer.id}"
        histories = [officers.get(subject, []), *(belongings.get(one, []) for one in [subject, *theirs])]
        instants = {since, *(at for history in histories for at in changes_of(history) if at > since)}
        first = next((at for at in sorted(instants) if is_apart(wearer, at)), None)
        if first is not None:
            found.append((wearer, first))
    return found


def caseloads_at(team_id: int, at: datetime) -> dict[int | None, list[Wearer]]:
    """Return the cases of a team at ``at`` by their responsible officer; cover for leave is not counted."""
    named = Fact.select(Fact.case).where(Fact.what == What.TEAM, Fact.case.is_null(False))
    wearers = list(Wearer.select().where((Wearer.team == team_id) | Wearer.id.in_(named)).order_by(Wearer.id))
    subjects = [f"wearer:{wearer.id}" for wearer in wearers]
    belongings = reading.histories(subjects, What.TEAM)
    officers = reading.histories(subjects, What.OFFICER)
    found: dict[int | None, list[Wearer]] = {}
    for wearer, subject in zip(wearers, subjects, strict=True):
        team = true_at(belongings.get(subject, []), at)
        if (team.value if team else wearer.team_id) == team_id:
            named_then = true_at(officers.get(subject, []), at)
            officer_id = named_then.value["person"] if named_then else wearer.responsible_officer_id
            found.setdefault(officer_id, []).append(wearer)
    return found


def move_to_team(
    by: Person,
    team_id: int,
    now: datetime,
    *,
    why: str,
    people: Sequence[int] = (),
    wearers: Sequence[int] = (),
    from_at: datetime | None = None,
    is_confirmed: bool = False,
    all_of: int | None = None,
) -> int:
    """Let people and cases belong to another team from ``from_at`` on, or from now; return how many cases.

    The record keeps where they belonged before. Open alerts go with their case, closed ones stay where they were
    handled. Protected people go with the cases they are protected in. With ``all_of`` it is a merger: people who
    join that team before the day go too.

    Raises: NotAllowed, NotFound; NeedsConfirmation where a case would be without an officer or a team without a
    supervisor: confirmed, those cases have no officer from then on.
    """
    require(by, Role.ADMINISTRATOR)
    team, from_at = _team(team_id), from_at or now
    moved_people = list(Person.select().where(Person.id.in_(list(people))).order_by(Person.id))
    moved = list(Wearer.select().where(Wearer.id.in_(list(wearers))).order_by(Wearer.id))
    with atomic():
        lock_cases(*(wearer.id for wearer in moved))
        losing = {team_at(f"person:{one.id}", from_at, one.team_id) for one in moved_people} - {team.id}
        subjects = []
        for person in moved_people:
            subjects.append(f"person:{person.id}")
            current_columns.belong(subjects[-1], team.id, from_at, by, now, None, why=why)
        for wearer in moved:
            subjects.append(f"wearer:{wearer.id}")
            current_columns.belong(subjects[-1], team.id, from_at, by, now, wearer.id, why=why)
            for victim in reading.victims_of(wearer.id):
                subjects.append(f"victim:{victim.id}")
                current_columns.belong(subjects[-1], team.id, from_at, by, now, None, why=why)
        concerned = _concerned(moved, [person.id for person in moved_people])
        left = apart(concerned, from_at)
        said = [*_left_in_words(left), *_unsupervised({team.id, *losing}, moved, from_at)]
        if said and not is_confirmed:
            raise NeedsConfirmation(" ".join(said), warnings=said, wearers=[wearer.id for wearer, _ in left])
        subjects += _take_officers_from(left, by, now, why)
        detail = {"into": team.id, "people": len(moved_people), "cases": len(moved)}
        current_columns.let_hold(subjects, from_at, now, **detail, all_of=all_of)
        audit.record(audit.actor_of(by), "moved_to_team", f"team:{team.id}", now, from_at=from_at.isoformat(), **detail)
        return len(moved)


def split_team(
    by: Person,
    team_id: int,
    into_id: int,
    people: Sequence[int],
    from_at: datetime,
    now: datetime,
    *,
    why: str,
    is_confirmed: bool = False,
) -> int:
    """Let some people of a team go to another one from an instant on, each with the cases they answer for then.

    Raises: NotAllowed, NotFound; InvalidRecord where no one is named, or someone of another team; NeedsConfirmation.
    """
    require(by, Role.ADMINISTRATOR)
    if not people:
        raise InvalidRecord("Choose who goes to the other team.")
    if team_id == into_id:
        raise InvalidRecord("Choose another team than the one that is split.")
    for person in Person.select().where(Person.id.in_(list(people))):
        if team_at(f"person:{person.id}", from_at, person.team_id) != _team(team_id).id:
            raise InvalidRecord("Each person must belong to the team that is split.")
    caseloads = caseloads_at(team_id, from_at)
    going = [wearer.id for officer_id in people for wearer in caseloads.get(officer_id, [])]
    return move_to_team(
        by, into_id, now, why=why, people=people, wearers=going, from_at=from_at, is_confirmed=is_confirmed
    )


def merge_team(
    by: Person, team_id: int, into_id: int, from_at: datetime, now: datetime, *, why: str, is_confirmed: bool = False
) -> tuple[int, int]:
    """Let all of a team belong to another one from an instant on; return how many people and cases.

    Raises: NotAllowed, NotFound, InvalidRecord, NeedsConfirmation.
    """
    require(by, Role.ADMINISTRATOR)
    if team_id == into_id:
        raise InvalidRecord("A team cannot become part of itself.")
    # A person who has left goes too: what they did is found where their cases are.
    everybody = [row.id for row in Person.select(Person.id).where(Person.team == team_id)]
    going = [wearer.id for caseload in caseloads_at(team_id, from_at).values() for wearer in caseload]
    cases = move_to_team(
        by,
        into_id,
        now,
        why=why,
        people=everybody,
        wearers=going,
        from_at=from_at,
        is_confirmed=is_confirmed,
        all_of=team_id,
    )
    return len(everybody), cases


def _concerned(moved: list[Wearer], people: list[int]) -> list[Wearer]:
    """Return the cases that move, and those for which someone who moves is or will be responsible."""
    named = [
        row.case_id
        for row in reading.readable(Fact.select().where(Fact.what == What.OFFICER, Fact.case.is_null(False)))
        if row.value["person"] in people
    ]
    ids = {*named, *(wearer.id for wearer in moved)}
    query = Wearer.select().where(Wearer.id.in_(sorted(ids)) | Wearer.responsible_officer.in_(people))
    return list(query.order_by(Wearer.id))


def _left_in_words(left: list[tuple[Wearer, datetime]]) -> list[str]:
    if not left:
        return []
    first = min(at for _, at in left)
    return [
        f"{_counted(len(left), 'case')} and the responsible officer would belong to different teams from {day(first)}: "
        "no one would be responsible, and alerts would go to the whole team."
    ]


def _unsupervised(team_ids: Iterable[int], moved: list[Wearer], at: datetime) -> list[str]:
    """Say which team would have cases and no supervisor at ``at``, and for how many restricted cases none is named."""
    supervisors = list(Person.select().where(Person.is_active, Person.role == Role.SUPERVISOR))
    belongs = {one.id: team_at(f"person:{one.id}", at, one.team_id) for one in supervisors}
    said = []
    for team in Team.select().where(Team.id.in_(sorted(team_ids))).order_by(Team.name):
        theirs = {person_id for person_id, team_id in belongs.items() if team_id == team.id}
        if not theirs and caseloads_at(team.id, at):
            silence = "no one is notified when officers do not answer"
            said.append(f"From {day(at)} {team.name} has cases and no supervisor: {silence}.")
        named = named_on_each([wearer.id for wearer in moved], at)
        hidden = [
            wearer_id
            for wearer_id, people in named.items()
            if team_at(f"wearer:{wearer_id}", at, 0) == team.id and not people & theirs
        ]
        if hidden and theirs:
            said.append(f"No supervisor of {team.name} is named on {_counted(len(hidden), 'restricted case')}.")
    return said


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' if count != 1 else ''}"


def _take_officers_from(left: list[tuple[Wearer, datetime]], by: Person, now: datetime, why: str) -> list[str]:
    """Record that cases have no officer from when theirs joins another team, until a new one is named."""
    subjects = []
    waiting = left
    while waiting:
        for wearer, at in waiting:
            begin_record_of_officer(wearer, now)
            subject, value = f"wearer:{wearer.id}", {"person": None}
            record_fact(subject, What.OFFICER, value, at, by, now, why=why, wearer_id=wearer.id)
            current_columns.let_hold([subject], at, now)
            subjects.append(subject)
        # An officer who was named for a later day may be of another team as well.
        waiting = [
            (again, later)
            for wearer, at in waiting
            for again, later in apart([Wearer.get_by_id(wearer.id)], at)
            if later > at
        ]
    return subjects


@dataclass(frozen=True, slots=True)
class Planned:
    """A change of teams whose day is still to come, without a case."""

    id: int
    from_at: datetime
    text: str


def planned(by: Person) -> list[Planned]:
    """Return the changes of teams that are still to come, the next one first."""
    require(by, Role.ADMINISTRATOR)
    names = {team.id: team.name for team in Team.select()}
    found = []
    for due in _to_come():
        if "into" in due.detail:
            text = f"{_counted(due.detail['people'], 'person').replace('persons', 'people')} and "
            text += f"{_counted(due.detail['cases'], 'case')} move to {names[due.detail['into']]}"
        else:
            text = f"{names[int(due.subject.partition(':')[2])]} becomes {due.detail['name']}"
        found.append(Planned(due.id, datetime.fromisoformat(due.detail["from_at"]), text))
    return found


def _to_come() -> list[CaseDue]:
    query = CaseDue.select().where(CaseDue.what == current_columns.TAKES_EFFECT, CaseDue.done_at.is_null())
    rows = list(query.order_by(CaseDue.due_at, CaseDue.id))
    return [row for row in rows if "into" in row.detail or "name" in row.detail]


def call_off(by: Person, due_id: int, now: datetime, *, why: str) -> None:
    """Correct what was entered for a day to come, so that on it everything stays as it was.

    Raises: NotAllowed; NotFound for a change that is not to come; InvalidRecord without a reason.
    """
    require(by, Role.ADMINISTRATOR)
    due = next((row for row in _to_come() if row.id == due_id), None)
    if due is None or datetime.fromisoformat(due.detail["from_at"]) <= now:
        raise NotFound("The planned change was not found.")
    from_at = datetime.fromisoformat(due.detail["from_at"])
    entered_at = datetime.fromisoformat(due.detail["entered_at"])
    subjects = due.detail["subjects"]
    with atomic():
        lock_cases(*(int(one.partition(":")[2]) for one in subjects if one.startswith("wearer:")))
        for what in (What.TEAM, What.OFFICER, What.NAME):
            for subject, history in reading.histories(subjects, what).items():
                # Only what this change entered: another one may be entered for the same midnight.
                wrong = [
                    one
                    for one in standing(history)
                    if first_said(history, one).recorded_at == entered_at and one.from_at == from_at
                ]
                for one in wrong:
                    otherwise = true_at(without(history, one), from_at)
                    if otherwise is None:
                        continue
                    wearer_id = int(subject.partition(":")[2]) if subject.startswith("wearer:") else None
                    record_fact(
                        subject, what, otherwise.value, from_at, by, now, why=why, wearer_id=wearer_id, corrects=one.id
                    )
        CaseDue.update(done_at=now).where(CaseDue.id == due.id).execute()
        audit.record(audit.actor_of(by), "team_change_called_off", due.subject, now, due=due.id)
