"""Keeps the columns that lists and permissions read up to date: each changes at the instant from which its fact holds.

The record is asked anew each time. To do it twice changes nothing, and what a correction replaced is never done.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from backend import alerts, audit
from backend.cases import completeness
from backend.db import atomic
from backend.models import Alert, CaseDue, Handling, Person, Team, Victim, Wearer
from backend.record import reading
from backend.record.facts import What, true_at
from backend.record.recording import lock_cases, record_fact

log = logging.getLogger(__name__)

TAKES_EFFECT = "takes_effect"


def let_hold(subjects: Iterable[str], from_at: datetime, now: datetime, **detail: Any) -> CaseDue | None:
    """Let what was entered of these subjects take effect: now, or by itself when its day comes."""
    named = sorted(set(subjects))
    # Now in any case: what is entered for a later day may correct what holds today.
    project(named, now)
    if from_at <= now:
        return None
    return CaseDue.create(
        what=TAKES_EFFECT,
        subject=named[0],
        due_at=from_at,
        detail={"subjects": named, "from_at": from_at.isoformat(), "entered_at": now.isoformat(), **detail},
    )


def take_effect(due: CaseDue, now: datetime) -> None:
    """Apply to the columns what holds since the day that has come, also for people who joined meanwhile."""
    subjects = list(due.detail["subjects"])
    with atomic():
        from_at = datetime.fromisoformat(due.detail["from_at"])
        if due.detail.get("all_of") is not None:
            subjects += _latecomers(due.detail, from_at, now)
        project(subjects, now)
        _let_cases_follow(subjects, now)


def _ids(subjects: Iterable[str], kind: str) -> list[int]:
    return sorted({int(one.partition(":")[2]) for one in subjects if one.startswith(f"{kind}:")})


def _latecomers(detail: dict[str, Any], from_at: datetime, now: datetime) -> list[str]:
    """Enter that people and cases which joined a team after its merger was entered go with it, unless it is off."""
    histories = reading.histories(detail["subjects"], What.TEAM)
    held = [true_at(history, now) for history in histories.values()]
    if not any(one is not None and one.from_at == from_at and one.value == detail["into"] for one in held):
        return []
    late = []
    for kind, table in (("wearer", Wearer), ("person", Person)):
        for row in table.select().where(table.team == detail["all_of"]).order_by(table.id):
            if f"{kind}:{row.id}" not in detail["subjects"]:
                late.append(f"{kind}:{row.id}")
    for subject in late:
        wearer_id = _ids([subject], "wearer")
        belong(subject, detail["into"], now, None, now, wearer_id[0] if wearer_id else None, why="The team was merged.")
        late += [f"victim:{victim.id}" for one in wearer_id for victim in _bring_victims(one, detail["into"], now)]
    return late


def _bring_victims(wearer_id: int, team_id: int, now: datetime) -> list[Victim]:
    victims = reading.victims_of(wearer_id)
    for victim in victims:
        belong(f"victim:{victim.id}", team_id, now, None, now, None, why="Went with the case.")
    return victims


def belong(
    subject: str, team_id: int, from_at: datetime, by: Person | None, now: datetime, wearer_id: int | None, *, why: str
) -> None:
    """Enter that a person, a wearer or a victim belongs to a team from an instant on."""
    if not reading.history(subject, What.TEAM):
        table: Any = {"person": Person, "wearer": Wearer, "victim": Victim}[subject.partition(":")[0]]
        row = table.get_by_id(int(subject.partition(":")[2]))
        since = min(row.created_at, from_at)
        record_fact(subject, What.TEAM, row.team_id, since, None, now, why="As it was recorded.", wearer_id=wearer_id)
    record_fact(subject, What.TEAM, team_id, from_at, by, now, why=why, wearer_id=wearer_id)


def _let_cases_follow(subjects: Iterable[str], now: datetime) -> None:
    """Let a case that was opened after a move was entered follow its officer, whose team has changed."""
    people = {row.id: row.team_id for row in Person.select().where(Person.id.in_(_ids(subjects, "person")))}
    behind = [
        wearer
        for wearer in Wearer.select().where(Wearer.responsible_officer.in_(list(people))).order_by(Wearer.id)
        if wearer.team_id != people[wearer.responsible_officer_id]
    ]
    moved = []
    for wearer in behind:
        team_id = people[wearer.responsible_officer_id]
        belong(f"wearer:{wearer.id}", team_id, now, None, now, wearer.id, why="Went with its officer.")
        moved += [f"wearer:{wearer.id}", *(f"victim:{one.id}" for one in _bring_victims(wearer.id, team_id, now))]
    if moved:
        project(moved, now)


def project(subjects: Iterable[str], now: datetime) -> None:
    """Update the columns of these subjects to now; open alerts go along and notify the responsible officer."""
    subjects = list(subjects)
    with atomic():
        lock_cases(*_ids(subjects, "wearer"))
        _name_teams(subjects, now)
        teams = {subject: _held(history, now) for subject, history in reading.histories(subjects, What.TEAM).items()}
        for kind, table in (("person", Person), ("victim", Victim)):
            for row in table.select().where(table.id.in_(_ids(subjects, kind))).order_by(table.id):
                team_id = teams.get(f"{kind}:{row.id}")
                if team_id is not None and team_id != row.team_id:
                    table.update(team=team_id).where(table.id == row.id).execute()
                    audit.record(audit.SYSTEM, "team_took_effect", f"{kind}:{row.id}", now, team=team_id)
        _project_wearers(subjects, teams, now)


def _held(history: list[Any], now: datetime) -> Any:
    found = true_at(history, now)
    return found.value if found else None


def _name_teams(subjects: list[str], now: datetime) -> None:
    for team in Team.select().where(Team.id.in_(_ids(subjects, "team"))).order_by(Team.id):
        name = reading.value_at(f"team:{team.id}", What.NAME, now)
        if name is not None and name != team.name:
            Team.update(name=name).where(Team.id == team.id).execute()
            audit.record(audit.SYSTEM, "name_took_effect", f"team:{team.id}", now)


def _project_wearers(subjects: list[str], teams: dict[str, Any], now: datetime) -> None:
    officers = reading.histories(subjects, What.OFFICER)
    moved: dict[int, list[int]] = defaultdict(list)
    given: list[int] = []
    for wearer in Wearer.select().where(Wearer.id.in_(_ids(subjects, "wearer"))).order_by(Wearer.id):
        subject = f"wearer:{wearer.id}"
        entry = _held(officers.get(subject, []), now)
        if entry is not None and entry["person"] != wearer.responsible_officer_id:
            Wearer.update(responsible_officer=entry["person"]).where(Wearer.id == wearer.id).execute()
            audit.record(audit.SYSTEM, "officer_took_effect", subject, now, person=entry["person"])
            given.append(wearer.id)
        team_id = teams.get(subject)
        if team_id is not None and team_id != wearer.team_id:
            Wearer.update(team=team_id).where(Wearer.id == wearer.id).execute()
            audit.record(audit.SYSTEM, "team_took_effect", subject, now, team=team_id)
            moved[team_id].append(wearer.id)
    # Of all that changes here only the loss of an officer leaves something missing.
    completeness.ask_for(
        [row.id for row in Wearer.select().where(Wearer.id.in_(given)) if not row.responsible_officer_id], now
    )
    gone = {wearer_id for ids in moved.values() for wearer_id in ids}
    for team_id, ids in sorted(moved.items()):
        alerts.move(_alerts_of(ids), Team.get_by_id(team_id), now)
    alerts.ring_again(_alerts_of([one for one in given if one not in gone]), now)


def _alerts_of(wearer_ids: list[int]) -> list[int]:
    """Return the alerts of these cases that are not closed."""
    query = Alert.select(Alert.id).where(Alert.wearer.in_(wearer_ids), Alert.handling != Handling.CLOSED)
    return [row.id for row in query.order_by(Alert.id)]
