"""What administrators manage: accounts, teams and tags."""

from __future__ import annotations

from datetime import datetime

from flask import Response, jsonify
from pydantic import Field

from backend import accounts, clock
from backend.bounds import Instant
from backend.cases import administration, teams
from backend.cases.commands.base import Because, Dated, Name
from backend.errors import InvalidRecord
from backend.models import Fact, Person, Role, Team
from backend.web.openapi import describes
from backend.web.signed_in import current_person, no_store, settings
from mobile_api.cases.answers import CasesMovedOut, LinkOut, MergedOut, TagKeyOut, TeamChangesOut
from mobile_api.cases.shapes import CHANGED, SEEN, bp, created, records
from mobile_api.request_bodies import read
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


class Confirmed(Because):
    """Why, and from when on, empty for now; and that what it leaves without an officer was read and confirmed."""

    from_at: Instant | None = None
    is_confirmed: bool = False


class MoveIn(Confirmed):
    """People and cases that belong to the team from an instant on."""

    people: list[int] = Field(default_factory=list)
    wearers: list[int] = Field(default_factory=list)


class SplitIn(Confirmed):
    """Who goes to which other team, each with the cases that they answer for then."""

    into: int
    people: list[int]


class MergeIn(Confirmed):
    """The team that all of this one becomes part of."""

    into: int


class SerialIn(Strict):
    """The serial of a tag."""

    serial: Name


@bp.post("/v1/people")
@describes(
    "Make an account; the link by which its owner sets a password is shown once.",
    tag="people",
    answer=LinkOut,
    body=PersonIn,
    status=201,
    errors=[*SEEN, InvalidRecord],
)
def add_person() -> Response:
    by, body = current_person(), read(PersonIn)
    link = administration.add_person(by, body.team_id, body.role, body.name, body.email, body.phone, clock.now())
    return _shown(link)


@bp.post("/v1/people/<int:person_id>/password-link")
@describes(
    "End every session of a person and make a link by which they set another password; it is shown once.",
    tag="people",
    answer=LinkOut,
    status=201,
    errors=SEEN,
)
def reset_password(person_id: int) -> Response:
    return _shown(accounts.reset(current_person(), person_id, clock.now()))


def _shown(link: accounts.Link) -> Response:
    url = link.url(settings().public_url)
    return created(id=link.person.id, link=url, expires_at=link.expires_at.isoformat())


@bp.post("/v1/teams")
@records("Make a team.", NamedIn, InvalidRecord, tag="people")
def add_team(by: Person, body: NamedIn, now: datetime) -> Team:
    return administration.add_team(by, body.name, now)


@bp.post("/v1/teams/<int:team_id>/names")
@records("Give a team another name from an instant on.", RenameIn, InvalidRecord, tag="people")
def rename_team(by: Person, body: RenameIn, now: datetime, team_id: int) -> Fact:
    return teams.rename_team(by, team_id, body.name, body.from_at, now, why=body.why)


@bp.post("/v1/teams/<int:team_id>/members")
@describes(
    "Let people and cases belong to a team from an instant on.",
    tag="people",
    body=MoveIn,
    status=204,
    errors=[*SEEN, *CHANGED],
)
def move_to_team(team_id: int) -> tuple[str, int]:
    by, body = current_person(), read(MoveIn)
    teams.move_to_team(
        by,
        team_id,
        clock.now(),
        why=body.why,
        people=body.people,
        wearers=body.wearers,
        from_at=body.from_at,
        is_confirmed=body.is_confirmed,
    )
    return "", 204


@bp.post("/v1/teams/<int:team_id>/splits")
@describes(
    "Let some people of a team go to another one from an instant on, each with their cases.",
    tag="people",
    answer=CasesMovedOut,
    body=SplitIn,
    errors=[*SEEN, *CHANGED],
)
def split_team(team_id: int) -> Response:
    by, body, now = current_person(), read(SplitIn), clock.now()
    moved = teams.split_team(
        by,
        team_id,
        body.into,
        body.people,
        body.from_at or now,
        now,
        why=body.why,
        is_confirmed=body.is_confirmed,
    )
    return no_store(jsonify(cases=moved))


@bp.post("/v1/teams/<int:team_id>/mergers")
@describes(
    "Let all of a team become part of another one from an instant on; people who join it before then go too.",
    tag="people",
    answer=MergedOut,
    body=MergeIn,
    errors=[*SEEN, *CHANGED],
)
def merge_team(team_id: int) -> Response:
    by, body, now = current_person(), read(MergeIn), clock.now()
    people, cases = teams.merge_team(
        by, team_id, body.into, body.from_at or now, now, why=body.why, is_confirmed=body.is_confirmed
    )
    return no_store(jsonify(people=people, cases=cases))


@bp.get("/v1/teams/changes")
@describes("Changes of teams whose day is still to come.", tag="people", answer=TeamChangesOut, errors=SEEN)
def list_team_changes() -> Response:
    changes = teams.planned(current_person())
    return no_store(
        jsonify(changes=[{"id": one.id, "from_at": one.from_at.isoformat(), "text": one.text} for one in changes])
    )


@bp.delete("/v1/teams/changes/<int:change_id>")
@describes(
    "Call off a change of teams that is still to come.",
    tag="people",
    body=Because,
    status=204,
    errors=[*SEEN, InvalidRecord],
)
def call_off_team_change(change_id: int) -> tuple[str, int]:
    by, body = current_person(), read(Because)
    teams.call_off(by, change_id, clock.now(), why=body.why)
    return "", 204


@bp.post("/v1/tags")
@describes(
    "Register a tag; its key is what the vendor's platform signs with.",
    tag="people",
    answer=TagKeyOut,
    body=SerialIn,
    status=201,
    errors=[*SEEN, InvalidRecord],
)
def add_tag() -> Response:
    tag = administration.add_tag(current_person(), read(SerialIn).serial, clock.now())
    return created(id=tag.id, serial=tag.serial, key=tag.key)
