"""The protected people of a case: adults and children added to it, and people already recorded."""

from __future__ import annotations

from datetime import datetime

from flask import Response, jsonify
from pydantic import Field

from backend import clock
from backend.cases import protected_people
from backend.cases.protected_people import KnownPerson
from backend.errors import InvalidRecord, InvalidTransition
from backend.models import Person, Victim
from backend.web.openapi import describes
from backend.web.signed_in import current_person, no_store
from mobile_api.cases.shapes import SEEN, Because, Documented, Name, bp, records
from mobile_api.cases.viewing import SearchIn
from mobile_api.request_bodies import read


class VictimIn(Documented):
    """Someone new by name, or by ``victim_id`` someone who is recorded already."""

    name: Name | None = None
    victim_id: int | None = None
    is_child: bool = False
    reached_through: int | None = Field(None, description="For a child: an adult whom the case protects")
    is_another: bool = Field(False, description="A person with this name is on record, and this is another person")


class ThroughIn(Because):
    """The adult of the case through whom a child is reached; null for no one."""

    reached_through: int | None


@bp.post("/v1/victims/search")
@describes(
    "Protected persons of your team who match a part of a name, with the cases that are open to you.",
    tag="cases",
    body=SearchIn,
    errors=SEEN,
)
def search_victims() -> Response:
    found = protected_people.find(current_person(), read(SearchIn).text, clock.now())
    return no_store(jsonify(victims=[protected_people.as_dict(one) for one in found]))


@bp.post("/v1/wearers/<int:wearer_id>/victims")
@records("Enter a protected person in a case.", VictimIn, InvalidRecord, InvalidTransition, KnownPerson)
def add_victim(person: Person, body: VictimIn, now: datetime, wearer_id: int) -> Victim:
    more = body.model_dump(include={"why", "document"})
    if body.victim_id is not None:
        if body.name or body.is_child or body.reached_through is not None:
            raise InvalidRecord("A person on record is named by victim_id alone: the rest stays as it is.")
        return protected_people.add_known(person, wearer_id, body.victim_id, now, **more)
    return protected_people.add_person(
        person,
        wearer_id,
        body.name or "",
        now,
        is_child=body.is_child,
        through_id=body.reached_through,
        is_another=body.is_another,
        **more,
    )


@bp.delete("/v1/wearers/<int:wearer_id>/victims/<int:victim_id>")
@describes(
    "Say that a person was added to this case in error.",
    tag="cases",
    body=Because,
    status=204,
    errors=[*SEEN, InvalidRecord, InvalidTransition],
)
def take_victim_out(wearer_id: int, victim_id: int) -> tuple[str, int]:
    person, body = current_person(), read(Because)
    protected_people.take_out(person, wearer_id, victim_id, clock.now(), why=body.why)
    return "", 204


@bp.post("/v1/wearers/<int:wearer_id>/victims/<int:victim_id>/reached-through")
@records("Let a child be reached through an adult of the case, or through no one.", ThroughIn, InvalidRecord)
def reach_through(person: Person, body: ThroughIn, now: datetime, wearer_id: int, victim_id: int) -> Victim:
    return protected_people.reach_through(person, wearer_id, victim_id, body.reached_through, now, why=body.why)
