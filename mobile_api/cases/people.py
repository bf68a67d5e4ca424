"""Who is responsible for a case, who may open it, who covers, and who leaves."""

from __future__ import annotations

from datetime import datetime

from flask import Response, jsonify
from pydantic import Field

from backend import clock
from backend.cases import administration, officers
from backend.cases.officers import CaseloadLeft
from backend.errors import InvalidRecord
from backend.models import DatedEntry, EmergencyOpening, Person
from backend.web.openapi import describes
from backend.web.request_checks import Instant
from backend.web.signed_in import current_person, no_store
from mobile_api.cases.shapes import SEEN, Because, Correcting, Dated, Text, bp, plain, records
from mobile_api.request_bodies import read
from mobile_api.schemas import Strict


class OfficerIn(Correcting, Dated):
    """Who answers for the case from an instant on."""

    person_id: int


class RestrictionIn(Because):
    """The people to whom the case is open; null opens it to the team again."""

    people: list[int] | None


class OpeningIn(Strict):
    """What the emergency is."""

    reason: Text


class CoverIn(Dated):
    """Who answers for an absent colleague's cases, from when until when."""

    covering_id: int
    until: Instant
    corrects: int | None = Field(None, description="The cover that was recorded in error")


class DepartureIn(Because):
    """Which colleague takes each case, by the number of the wearer, and one for those that are not named."""

    heirs: dict[int, int] = Field(default_factory=dict)
    everyone_else: int | None = None


@bp.post("/v1/wearers/<int:wearer_id>/officer")
@records("Let another officer answer for the case.", OfficerIn, InvalidRecord)
def hand_over(person: Person, body: OfficerIn, now: datetime, wearer_id: int) -> DatedEntry:
    more = body.model_dump(include={"why", "document", "corrects"})
    return officers.hand_over(person, wearer_id, body.person_id, body.from_at, now, **more)


@bp.post("/v1/wearers/<int:wearer_id>/restriction")
@records("Close a case to all but the people named.", RestrictionIn, InvalidRecord)
def restrict(person: Person, body: RestrictionIn, now: datetime, wearer_id: int) -> DatedEntry:
    return officers.restrict(person, wearer_id, body.people, now, why=body.why)


@bp.post("/v1/wearers/<int:wearer_id>/emergency-openings")
@records("Open a restricted case in an emergency; a supervisor reviews the reason.", OpeningIn, InvalidRecord)
def open_in_emergency(person: Person, body: OpeningIn, now: datetime, wearer_id: int) -> EmergencyOpening:
    return officers.open_in_emergency(person, wearer_id, body.reason, now)


@bp.post("/v1/people/<int:person_id>/cover")
@records("Let a colleague cover an officer's cases for some time.", CoverIn, InvalidRecord, tag="people")
def cover(person: Person, body: CoverIn, now: datetime, person_id: int) -> DatedEntry:
    more = body.model_dump(include={"why", "corrects"})
    return officers.cover(person, person_id, body.covering_id, body.from_at, body.until, now, **more)


@bp.get("/v1/people/<int:person_id>/cover")
@describes("Every cover that was recorded for a person, newest record first.", tag="people", errors=SEEN)
def list_covers(person_id: int) -> Response:
    rows = officers.covers_of(current_person(), person_id, clock.now())
    return no_store(jsonify(covers=[{name: plain(value) for name, value in row.items()} for row in rows]))


@bp.post("/v1/people/<int:person_id>/departure")
@describes(
    "Let an officer leave in one action; refused while a wearer would have no officer.",
    tag="people",
    body=DepartureIn,
    errors=[*SEEN, InvalidRecord, CaseloadLeft],
)
def leave(person_id: int) -> Response:
    person, body = current_person(), read(DepartureIn)
    moved = officers.leave(person, person_id, body.heirs, clock.now(), why=body.why, everyone_else=body.everyone_else)
    return no_store(jsonify(cases=moved))


@bp.get("/v1/people")
@describes("Your colleagues; an administrator sees everyone.", tag="people", errors=SEEN)
def list_people() -> Response:
    person = current_person()
    found = administration.people_of(person)
    return no_store(
        jsonify(
            people=[
                {
                    "id": one.id,
                    "name": one.name,
                    "role": one.role,
                    "team": {"id": one.team_id, "name": one.team.name},
                    "is_active": one.is_active,
                }
                for one in found
            ]
        )
    )
