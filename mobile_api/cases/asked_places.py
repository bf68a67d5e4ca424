"""What protected people of a case ask for about their places: listed, agreed with a zone, or answered in words."""

from __future__ import annotations

from flask import Response, jsonify

from backend import clock
from backend.errors import InvalidRecord, InvalidTransition, NeedsConfirmation
from backend.own_pages import places
from backend.own_pages.places import AgreeToPlace, AnswerRequest
from backend.web.openapi import describes
from backend.web.signed_in import current_person, no_store
from mobile_api.cases.answers import PlaceRequestsOut
from mobile_api.cases.shapes import SEEN, bp, carry_out

REQUESTS = "/v1/wearers/<int:wearer_id>/place-requests"


@bp.get(REQUESTS)
@describes(
    "What protected people of a case ask for about their places, and no one has answered; the oldest first.",
    tag="victims",
    answer=PlaceRequestsOut,
    errors=SEEN,
)
def list_place_requests(wearer_id: int) -> Response:
    found = places.unanswered_of_case(current_person(), wearer_id, clock.now())
    return no_store(jsonify(requests=[places.as_dict(one, wearer_id) for one in found]))


carry_out(
    "agree_to_place",
    f"{REQUESTS}/<int:request_id>/zone",
    "Agree to a request with a circle, in force at once or on its days; a supervisor decides whether it stays.",
    AgreeToPlace,
    InvalidRecord,
    InvalidTransition,
    NeedsConfirmation,
    tag="victims",
)
carry_out(
    "answer_place_request",
    f"{REQUESTS}/<int:request_id>/answer",
    "Answer a request in words that they read on their own page: why not, or what was done instead.",
    AnswerRequest,
    InvalidRecord,
    InvalidTransition,
    tag="victims",
    answer=None,
)
