"""Cases from nothing, and their orders with terms and conditions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from backend.bounds import Instant
from backend.cases import opening
from backend.cases.commands.base import Command, Name, Text
from backend.cases.commands.orders import AddCondition, Kind, OpenOrder, StateEligibility, VaryOrder
from backend.cases.commands.versions import Stale
from backend.cases.protected_people import KnownPerson
from backend.errors import InvalidRecord
from backend.models import Person, Wearer
from backend.zone_replay import ZoneNotUsable
from mobile_api.cases.shapes import CHANGED, bp, carry_out, records


class CaseIn(Command):
    """Everything that the first judged fix needs."""

    wearer: Name
    victim: Name | None = None
    victim_id: int | None = Field(None, description="A person who is recorded already, instead of a new name")
    is_another: bool = Field(False, description="A person of this name is recorded, and this is another person")
    victim_phone: str | None = None
    place: Name
    kind: Kind
    reference: Name
    starts_at: Instant
    ends_at: Instant | None = None
    condition: Text
    zone: dict[str, Any] = Field(description="GeoJSON Feature")
    serial: Name
    document: str = Field("", max_length=400)
    is_confirmed: bool = False


@bp.post("/v1/wearers")
@records(
    "Open a case: wearer, protected person, place, order, zone and tag.",
    CaseIn,
    *CHANGED,
    KnownPerson,
    ZoneNotUsable,
)
def open_case(person: Person, body: CaseIn, now: datetime) -> Wearer:
    values = body.model_dump()
    values["feature"] = values.pop("zone")
    values["victim"] = body.victim or ""
    return opening.open_case(person, opening.NewCase(**values), now)


carry_out("open_order", "/v1/wearers/<int:wearer_id>/orders", "Record a further order.", OpenOrder, *CHANGED)
carry_out(
    "vary_order",
    "/v1/orders/<int:order_id>/variations",
    "Change terms of an order from an instant on, and no other; stored fixes since then are judged again.",
    VaryOrder,
    *CHANGED,
    Stale,
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
