"""The tags of a wearer: fitted, swapped, removed, and the history of each."""

from __future__ import annotations

from flask import Response, jsonify

from backend import clock
from backend.cases import viewing
from backend.cases.commands.tags import FitTag, SwapTag, TakeTagOff
from backend.errors import InvalidTransition
from backend.web.openapi import describes
from backend.web.signed_in import current_person, no_store
from mobile_api.cases.answers import ActivationsOut
from mobile_api.cases.shapes import CHANGED, SEEN, bp, carry_out, plain
from mobile_api.cases.viewing import AtQuery
from mobile_api.request_bodies import read_query

carry_out(
    "fit_tag",
    "/v1/wearers/<int:wearer_id>/tags",
    "Record which tag the wearer wears; stored fixes of that time become theirs.",
    FitTag,
    *CHANGED,
)
carry_out(
    "swap_tag",
    "/v1/activations/<int:activation_id>/swap",
    "Take the tag off and fit another at one instant, or neither.",
    SwapTag,
    *CHANGED,
    InvalidTransition,
)
carry_out(
    "take_tag_off",
    "/v1/activations/<int:activation_id>/end",
    "Record when the tag came off; fixes after that are no one's.",
    TakeTagOff,
    *CHANGED,
    InvalidTransition,
)


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
    query = read_query(AtQuery)
    rows = viewing.activations(current_person(), wearer_id, query.at or now, now, query.known_at)
    return no_store(jsonify(tags=[plain(row) for row in rows]))
