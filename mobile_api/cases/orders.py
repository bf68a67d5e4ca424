"""Cases from nothing, and their orders with terms and conditions."""

from __future__ import annotations

from datetime import datetime

from backend.cases import opening
from backend.cases.commands.identity import RecordIdentity
from backend.cases.commands.opening import OpenCase
from backend.cases.commands.orders import AddCondition, OpenOrder, StateEligibility, VaryOrder
from backend.cases.protected_people import KnownPerson
from backend.errors import InvalidRecord
from backend.models import Person, Wearer
from backend.zone_replay import ZoneNotUsable
from mobile_api.cases.shapes import CHANGED, bp, carry_out, records


@bp.post("/v1/wearers")
@records(
    "Open a case: wearer, protected person, place, order, zone and tag.",
    OpenCase,
    *CHANGED,
    KnownPerson,
    ZoneNotUsable,
)
def open_case(person: Person, body: OpenCase, now: datetime) -> Wearer:
    return opening.open_case(person, body, now)


carry_out(
    "record_identity",
    "/v1/wearers/<int:wearer_id>/identity",
    "Record the wearer's case reference number (CRN) and date of birth, in place of what was recorded.",
    RecordIdentity,
    InvalidRecord,
)
carry_out("open_order", "/v1/wearers/<int:wearer_id>/orders", "Record a further order.", OpenOrder, *CHANGED)
carry_out(
    "vary_order",
    "/v1/orders/<int:order_id>/variations",
    "Change terms of an order from an instant on, and no other; stored fixes since then are judged again.",
    VaryOrder,
    *CHANGED,
)
carry_out(
    "add_condition",
    "/v1/orders/<int:order_id>/conditions",
    "Record a condition in the words of the order.",
    AddCondition,
    InvalidRecord,
)
carry_out(
    "state_eligibility",
    "/v1/orders/<int:order_id>/eligibility",
    "State whether the wearer may be tagged by this order.",
    StateEligibility,
    InvalidRecord,
)
