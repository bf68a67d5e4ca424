"""New cases, and their orders with terms and conditions."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from backend.cases import eligibility, opening, writing
from backend.cases.protected_people import KnownPerson
from backend.errors import InvalidRecord
from backend.models import Condition, DatedEntry, Order, Person, Wearer
from backend.record.facts import Terms
from backend.web.request_checks import Instant
from backend.zone_replay import ZoneNotUsable
from mobile_api.cases.shapes import CHANGED, Correcting, Dated, Name, Period, Reasoned, Text, bp, records
from mobile_api.schemas import Strict

Kind = Literal["dapol", "dapo", "bail", "other"]


class CaseIn(Period):
    """Everything that the first judged fix needs."""

    wearer: Name
    victim: Name | None = None
    victim_id: int | None = Field(None, description="A person on record already, instead of a new name")
    is_another: bool = Field(False, description="A person with this name is on record, and this is another person")
    victim_phone: str | None = None
    place: Name
    kind: Kind
    reference: Name
    condition: Text
    zone: dict[str, Any] = Field(description="GeoJSON Feature")
    serial: Name
    document: str = Field("", max_length=400)
    is_confirmed: bool = False


class OrderIn(Reasoned, Period):
    """A further order of a wearer."""

    kind: Kind
    reference: Name


class VariationIn(Reasoned, Dated, Period):
    """Other terms of an order from an instant on; ``corrects`` names an entry that was wrong all along."""

    is_suspended: bool = False
    corrects: int | None = None


class ConditionIn(Strict):
    """A condition in the words of the order."""

    number: Name
    wording: Text
    from_at: Instant
    corrects: int | None = Field(None, description="The condition that was recorded in error; then say why")
    why: str = Field("", max_length=4_000)
    document: str = Field("", max_length=400)


class FactsIn(Strict):
    """What has to be so before the order may ask for a tag; null where no one knows."""

    is_adult: bool | None
    is_high_risk: bool | None
    is_domestic_abuse: bool | None
    has_accommodation: bool | None


class EligibilityIn(Correcting, Dated):
    """Whether the wearer may be tagged by an order, from an instant on."""

    facts: FactsIn


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


@bp.post("/v1/wearers/<int:wearer_id>/orders")
@records("Record a further order.", OrderIn, *CHANGED)
def open_order(person: Person, body: OrderIn, now: datetime, wearer_id: int) -> Order:
    terms = Terms(body.starts_at, body.ends_at)
    return writing.open_order(
        person, wearer_id, body.kind, body.reference, terms, now, why=body.why, document=body.document
    )


@bp.post("/v1/orders/<int:order_id>/variations")
@records("Let other terms hold from an instant on; stored fixes since then are judged again.", VariationIn, *CHANGED)
def vary_order(person: Person, body: VariationIn, now: datetime, order_id: int) -> DatedEntry:
    terms = Terms(body.starts_at, body.ends_at, body.is_suspended)
    more = body.model_dump(include={"why", "document", "corrects", "is_confirmed"})
    return writing.vary_order(person, order_id, terms, body.from_at, now, **more)


@bp.post("/v1/orders/<int:order_id>/conditions")
@records("Record a condition in the words of the order.", ConditionIn, InvalidRecord)
def add_condition(person: Person, body: ConditionIn, now: datetime, order_id: int) -> Condition:
    more = body.model_dump(include={"corrects", "why", "document"})
    return writing.add_condition(person, order_id, body.number, body.wording, body.from_at, now, **more)


@bp.post("/v1/orders/<int:order_id>/eligibility")
@records("State whether the wearer may be tagged by this order.", EligibilityIn, InvalidRecord)
def state_eligibility(person: Person, body: EligibilityIn, now: datetime, order_id: int) -> DatedEntry:
    more = body.model_dump(include={"why", "document", "corrects"})
    return eligibility.state(person, order_id, body.facts.model_dump(), body.from_at, now, **more)
