"""The tags of a wearer: fitted, swapped, removed, and the history of each."""

from __future__ import annotations

from datetime import datetime

from flask import Response, jsonify

from backend import clock
from backend.bounds import Instant
from backend.cases import viewing, writing
from backend.cases.commands.base import Because, Dated, Name
from backend.errors import InvalidTransition
from backend.models import Activation, Person
from backend.web.openapi import describes
from backend.web.signed_in import current_person, no_store
from mobile_api.cases.answers import ActivationsOut
from mobile_api.cases.shapes import CHANGED, SEEN, bp, plain, records
from mobile_api.cases.viewing import AtQuery
from mobile_api.request_bodies import read_query


class TagIn(Dated):
    """A tag that the wearer wears from an instant on; ``corrects`` names an activation recorded in error."""

    serial: Name
    to_at: Instant | None = None
    corrects: int | None = None
    is_confirmed: bool = False


class SwapIn(Because):
    """The tag that is worn instead from an instant on."""

    serial: Name
    at: Instant
    is_confirmed: bool = False


class TakenOffIn(Because):
    """When the tag came off, whether that corrects what was said before, and that what it takes away was confirmed."""

    to_at: Instant
    is_correction: bool = False
    is_confirmed: bool = False


@bp.post("/v1/wearers/<int:wearer_id>/tags")
@records(
    "Record which tag the wearer wears; stored fixes of that time become theirs.",
    TagIn,
    *CHANGED,
)
def fit_tag(person: Person, body: TagIn, now: datetime, wearer_id: int) -> Activation:
    more = body.model_dump(include={"to_at", "why", "corrects", "is_confirmed"})
    return writing.fit_tag(person, wearer_id, body.serial, body.from_at, now, **more)


@bp.post("/v1/activations/<int:activation_id>/swap")
@records("Take the tag off and fit another at one instant, or neither.", SwapIn, *CHANGED, InvalidTransition)
def swap_tag(person: Person, body: SwapIn, now: datetime, activation_id: int) -> Activation:
    more = body.model_dump(include={"why", "is_confirmed"})
    return writing.swap_tag(person, activation_id, body.serial, body.at, now, **more)


@bp.post("/v1/activations/<int:activation_id>/end")
@records("Record when the tag came off; fixes after that belong to no wearer.", TakenOffIn, *CHANGED, InvalidTransition)
def take_tag_off(person: Person, body: TakenOffIn, now: datetime, activation_id: int) -> Activation:
    more = body.model_dump(include={"why", "is_correction", "is_confirmed"})
    return writing.take_tag_off(person, activation_id, body.to_at, now, **more)


@bp.get("/v1/wearers/<int:wearer_id>/tags")
@describes(
    "The tags worn until an instant, newest first, and why.",
    tag="cases",
    answer=ActivationsOut,
    query=AtQuery,
    errors=SEEN,
)
def list_tags(wearer_id: int) -> Response:
    now = clock.now()
    at = read_query(AtQuery).at or now
    rows = viewing.activations(current_person(), wearer_id, at, now)
    return no_store(jsonify(tags=[plain(row) for row in rows]))
