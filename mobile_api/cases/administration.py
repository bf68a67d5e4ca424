"""What administrators keep: accounts, teams and tags."""

from __future__ import annotations

from datetime import datetime

from flask import Response
from pydantic import Field

from backend import clock
from backend.case import administration, people
from backend.case.people import CaseloadLeft
from backend.errors import InvalidRecord
from backend.models import DatedEntry, Person, Role, Team
from backend.web.identity import current_person
from backend.web.openapi import describes
from mobile_api.bodies import read
from mobile_api.cases.shapes import SEEN, Because, Dated, Name, bp, created, records
from mobile_api.schemas import Strict


class PersonIn(Strict):
    """A new colleague."""

    team_id: int
    role: Role
    name: Name
    email: Name
    phone: str | None = None


class NamedIn(Strict):
    """A name."""

    name: Name


class RenameIn(NamedIn, Dated):
    """A name from an instant on."""


class MoveIn(Because):
    """People and cases that belong to the team from now on: all of another team to merge, some of it to split."""

    people: list[int] = Field(default_factory=list)
    wearers: list[int] = Field(default_factory=list)


class SerialIn(Strict):
    """The serial of a tag."""

    serial: Name


@bp.post("/v1/people")
@describes(
    "Make an account; the first password is shown once.",
    tag="people",
    body=PersonIn,
    status=201,
    errors=[*SEEN, InvalidRecord],
)
def add_person() -> Response:
    by, body = current_person(), read(PersonIn)
    made, password = administration.add_person(
        by, body.team_id, body.role, body.name, body.email, body.phone, clock.now()
    )
    return created(id=made.id, password=password)


@bp.post("/v1/teams")
@records("Make a team.", NamedIn, InvalidRecord, tag="people")
def add_team(by: Person, body: NamedIn, now: datetime) -> Team:
    return administration.add_team(by, body.name, now)


@bp.post("/v1/teams/<int:team_id>/names")
@records("Give a team another name from an instant on.", RenameIn, InvalidRecord, tag="people")
def rename_team(by: Person, body: RenameIn, now: datetime, team_id: int) -> DatedEntry:
    return people.rename_team(by, team_id, body.name, body.from_at, now, why=body.why)


@bp.post("/v1/teams/<int:team_id>/members")
@describes(
    "Let people and cases belong to a team from now on.",
    tag="people",
    body=MoveIn,
    status=204,
    errors=[*SEEN, CaseloadLeft],
)
def move_to_team(team_id: int) -> tuple[str, int]:
    by, body = current_person(), read(MoveIn)
    people.move_to_team(by, team_id, clock.now(), why=body.why, people=body.people, wearers=body.wearers)
    return "", 204


@bp.post("/v1/tags")
@describes(
    "Register a tag; its key is what the vendor's platform signs with.",
    tag="people",
    body=SerialIn,
    status=201,
    errors=[*SEEN, InvalidRecord],
)
def add_tag() -> Response:
    tag = administration.add_tag(current_person(), read(SerialIn).serial, clock.now())
    return created(id=tag.id, serial=tag.serial, key=tag.key)
