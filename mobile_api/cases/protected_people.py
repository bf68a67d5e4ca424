"""The protected people of a case: adults and children added to it, and people already recorded."""

from __future__ import annotations

from flask import Response, jsonify

from backend import clock
from backend.cases import protected_people
from backend.cases.commands.numbers import AgreeToTexts, WithdrawTexts
from backend.cases.commands.people import AddPlace, AddProtectedPerson, ReachThrough, TakeOutProtectedPerson
from backend.cases.protected_people import KnownPerson
from backend.errors import InvalidRecord, InvalidTransition
from backend.people.numbers import NumberRefused
from backend.web.openapi import describes
from backend.web.signed_in import current_person, no_store, settings
from mobile_api.cases.answers import KnownVictimsOut
from mobile_api.cases.shapes import SEEN, bp, carry_out
from mobile_api.cases.viewing import SearchIn
from mobile_api.request_bodies import read


@bp.post("/v1/victims/search")
@describes(
    "Protected persons of your team who match a part of a name, with the cases that are open to you.",
    tag="cases",
    answer=KnownVictimsOut,
    body=SearchIn,
    errors=SEEN,
)
def search_protected_people() -> Response:
    found = protected_people.find(current_person(), read(SearchIn).text, clock.now())
    return no_store(jsonify(victims=[protected_people.as_dict(one) for one in found]))


VICTIMS = "/v1/wearers/<int:wearer_id>/victims"

carry_out(
    "add_protected_person",
    VICTIMS,
    "Enter a protected person in a case.",
    AddProtectedPerson,
    InvalidRecord,
    InvalidTransition,
    KnownPerson,
)
carry_out("add_place", f"{VICTIMS}/<int:victim_id>/places", "Add a place of a protected person.", AddPlace)
carry_out(
    "agree_to_texts",
    f"{VICTIMS}/<int:victim_id>/texts",
    "Record that a protected person agrees to texts, in their own words; an earlier consent ends.",
    AgreeToTexts,
    InvalidRecord,
    NumberRefused,
    method="PUT",
    tag="victims",
    more=lambda: {"senders": settings().senders_of_texts()},
)
carry_out(
    "withdraw_texts",
    f"{VICTIMS}/<int:victim_id>/texts",
    "Record that a protected person withdraws their consent to texts, and to calls with it.",
    WithdrawTexts,
    method="DELETE",
    tag="victims",
    answer=None,
)
carry_out(
    "take_protected_person_out",
    f"{VICTIMS}/<int:victim_id>",
    "Say that a person was entered in this case in error.",
    TakeOutProtectedPerson,
    InvalidRecord,
    InvalidTransition,
    method="DELETE",
    answer=None,
)
carry_out(
    "reach_child_through",
    f"{VICTIMS}/<int:victim_id>/reached-through",
    "Let a child be reached through an adult of the case, or through no one.",
    ReachThrough,
    InvalidRecord,
)
