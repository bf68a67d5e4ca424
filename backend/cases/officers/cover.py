"""Cover for leave: a colleague responsible for an absent officer's cases from one instant to another."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from backend.cases import teams
from backend.cases.change_warnings import day
from backend.cases.officers import named_people
from backend.cases.officers.assignment import colleague_of, hold_people
from backend.db import atomic
from backend.errors import InvalidRecord, NotAllowed
from backend.models import Fact, Person, Role
from backend.record import reading
from backend.record.facts import What, chain_at, changes_of
from backend.record.reading import first_recorded
from backend.record.recording import record_fact


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
) -> Fact:
    """Let a colleague cover another's caseload for some time; warnings go to the person covering at that instant.

    A cover within a longer one is an exception to it: afterwards the longer one holds again. With ``corrects`` that
    cover never held: the colleague or the days were wrong.

    Raises: NotFound; NotAllowed for an officer who arranges the leave of another person; InvalidRecord for someone who
    could not answer: an administrator, a colleague of another team, one who is covered for by the absent one, or one
    to whom a case is closed.
    """
    with atomic():
        hold_people(absent_id, covering_id)
        absent, covering = colleague_of(by, absent_id), colleague_of(by, covering_id)
        if by.role == Role.OFFICER and by.id != absent.id:
            raise NotAllowed("An officer arranges cover for their own leave; a supervisor arranges it for anyone's.")
        if absent.id == covering.id:
            raise InvalidRecord("You cannot cover for yourself.")
        if until <= from_at:
            raise InvalidRecord("The cover must end after it begins.")
        if until <= now:
            raise InvalidRecord("The cover must end after now.")
        begins_at = max(from_at, now)
        theirs = [teams.team_at(f"person:{one.id}", begins_at, one.team_id) for one in (absent, covering)]
        if covering.role == Role.ADMINISTRATOR or theirs[0] != theirs[1]:
            raise InvalidRecord("The person who covers must be an officer or supervisor of the same team.")
        before = named_people.unnamed(begins_at, now)
        subject, value = f"person:{absent.id}", {"by": covering.id}
        entry = record_fact(subject, What.COVER, value, from_at, by, now, why=why, until=until, corrects=corrects)
        refuse_circle(absent, begins_at, until)
        named_people.refuse(by, named_people.unnamed(begins_at, now) - before, now)
        return entry


def refuse_circle(absent: Person, since: datetime, until: datetime | None) -> None:
    """Refuse cover by someone who is away then and covered for, at the end, by the absent one.

    Raises: InvalidRecord.
    """
    covers = reading.covers_of([absent.id])
    changes = {at for history in covers.values() for at in changes_of(history)}
    for at in sorted({since, *(at for at in changes if at > since and (until is None or at < until))}):
        chain = chain_at(absent.id, covers, at)
        if len(set(chain)) < len(chain):
            names = {row.id: row.name for row in Person.select().where(Person.id.in_(chain))}
            others = ", ".join(names[person_id] for person_id in chain[1:-1])
            raise InvalidRecord(
                f"From {day(at)} {others} and {names[chain[-1]]} would cover for each other, and no one "
                "would be responsible. Choose someone who is there."
            )


def covers_of(by: Person, absent_id: int, now: datetime) -> list[dict[str, Any]]:
    """Return every cover that was recorded for someone, the newest record first. Raises: NotFound."""
    absent = colleague_of(by, absent_id)
    names = {row.id: row.name for row in Person.select(Person.id, Person.name)}
    # What was only said again is shown once, as it was recorded first.
    rows = list(reading.readable(reading.facts_of(f"person:{absent.id}", What.COVER)))
    by_id = {row.id: row for row in rows}
    replaced = {row.replaces_id: row for row in rows}
    rows = [row for row in reversed(rows) if not (row.id in replaced and replaced[row.id].is_restated)]
    firsts = {row.id: first_recorded(row, by_id) for row in rows}
    return [
        {
            "id": row.id,
            "by": names.get(row.value["by"], "no one"),
            "covering_id": row.value["by"],
            "from_at": row.from_at,
            "until": row.until,
            "recorded_by": names.get(firsts[row.id].recorded_by_id, "Cordon"),
            "recorded_at": firsts[row.id].recorded_at,
            "why": row.why,
            "is_corrected": row.id in replaced,
            "corrects": firsts[row.id].replaces_id,
        }
        for row in rows
    ]
