"""What administrators manage: accounts, teams and tags."""

from __future__ import annotations

from flask import Response, jsonify

from backend import accounts, audit, clock
from backend.cases import teams
from backend.cases.commands.administration import (
    AddPerson,
    AddTag,
    AddTeam,
    CallOffTeamChange,
    MergeTeam,
    MoveToTeam,
    RenameTeam,
    SplitTeam,
)
from backend.errors import InvalidRecord
from backend.web.openapi import describes
from backend.web.signed_in import current_person, no_store, settings
from mobile_api.cases.answers import CasesMovedOut, LinkOut, MergedOut, TagKeyOut, TeamChangesOut
from mobile_api.cases.shapes import CHANGED, SEEN, bp, carry_out, created
from mobile_api.request_bodies import read


@bp.post("/v1/people")
@describes(
    "Make an account; the link by which its owner sets a password is shown once.",
    tag="people",
    answer=LinkOut,
    body=AddPerson,
    status=201,
    errors=[*SEEN, InvalidRecord],
)
def add_person() -> Response:
    person = current_person()
    link = read(AddPerson).carry_out(person, clock.now())
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


carry_out("add_team", "/v1/teams", "Make a team.", AddTeam, InvalidRecord, tag="people")
carry_out(
    "rename_team",
    "/v1/teams/<int:team_id>/names",
    "Give a team another name from an instant on.",
    RenameTeam,
    InvalidRecord,
    tag="people",
)
carry_out(
    "move_to_team",
    "/v1/teams/<int:team_id>/members",
    "Let people and cases belong to a team from an instant on.",
    MoveToTeam,
    *CHANGED,
    tag="people",
    answer=None,
)
carry_out(
    "call_off_team_change",
    "/v1/teams/changes/<int:change_id>",
    "Call off a change of teams that is still to come.",
    CallOffTeamChange,
    InvalidRecord,
    method="DELETE",
    tag="people",
    answer=None,
)


@bp.post("/v1/teams/<int:team_id>/splits")
@describes(
    "Let some people of a team go to another one from an instant on, each with their cases.",
    tag="people",
    answer=CasesMovedOut,
    body=SplitTeam,
    errors=[*SEEN, *CHANGED],
)
def split_team(team_id: int) -> Response:
    person = current_person()
    moved = read(SplitTeam).carry_out(person, clock.now(), team_id)
    return no_store(jsonify(cases=moved))


@bp.post("/v1/teams/<int:team_id>/mergers")
@describes(
    "Let all of a team become part of another one from an instant on; people who join it before then go too.",
    tag="people",
    answer=MergedOut,
    body=MergeTeam,
    errors=[*SEEN, *CHANGED],
)
def merge_team(team_id: int) -> Response:
    person = current_person()
    people, cases = read(MergeTeam).carry_out(person, clock.now(), team_id)
    return no_store(jsonify(people=people, cases=cases))


@bp.get("/v1/teams/changes")
@describes("Changes of teams whose day is still to come.", tag="people", answer=TeamChangesOut, errors=SEEN)
def list_team_changes() -> Response:
    version = audit.newest()
    changes = teams.planned(current_person())
    rows = [{"id": one.id, "from_at": one.from_at.isoformat(), "text": one.text} for one in changes]
    return no_store(jsonify(version=version, changes=rows))


@bp.post("/v1/tags")
@describes(
    "Register a tag; its key is what the vendor's platform signs with.",
    tag="people",
    answer=TagKeyOut,
    body=AddTag,
    status=201,
    errors=[*SEEN, InvalidRecord],
)
def add_tag() -> Response:
    person = current_person()
    tag = read(AddTag).carry_out(person, clock.now())
    return created(id=tag.id, serial=tag.serial, key=tag.key)
