"""Zones of a case: added, changed, drawn provisionally and approved."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from backend.bounds import Instant
from backend.cases import writing
from backend.cases.commands.base import Dated, Name, Reasoned
from backend.errors import InvalidTransition
from backend.models import Fact, Person, PlaceZone
from backend.zone_replay import ZoneNotUsable
from mobile_api.cases.shapes import CHANGED, bp, records
from mobile_api.schemas import Strict


class ZoneIn(Reasoned, Dated):
    """A zone around a place, from an instant on."""

    place_id: int
    zone: dict[str, Any] = Field(description="GeoJSON Feature")
    to_at: Instant | None = None
    order_id: int | None = None
    condition_id: int | None = None


class ZoneVersionIn(Reasoned, Dated):
    """A new version of a zone; what is not given stays. A correction says that the version at hand never held."""

    zone: dict[str, Any] | None = None
    is_removed: bool = False
    is_correction: bool = False
    order_id: int | None = None


class ProvisionalIn(Strict):
    """A circle around a new place, in force at once."""

    victim_id: int
    place: Name
    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    radius_m: float = Field(ge=50, le=10_000)
    is_confirmed: bool = False


class ApprovalIn(Reasoned):
    """What a supervisor decides on a provisional zone."""

    is_approved: bool


@bp.post("/v1/wearers/<int:wearer_id>/zones")
@records("Protect a place; judged at once against where the wearer was last.", ZoneIn, *CHANGED, ZoneNotUsable)
def add_zone(person: Person, body: ZoneIn, now: datetime, wearer_id: int) -> PlaceZone:
    more = body.model_dump(include={"why", "document", "to_at", "order_id", "condition_id", "is_confirmed"})
    return writing.add_zone(person, wearer_id, body.place_id, body.zone, body.from_at, now, **more)


@bp.post("/v1/zones/<int:zone_id>/versions")
@records(
    "Let a new version of a zone hold from an instant on.", ZoneVersionIn, *CHANGED, InvalidTransition, ZoneNotUsable
)
def change_zone(person: Person, body: ZoneVersionIn, now: datetime, zone_id: int) -> PlaceZone:
    more = body.model_dump(include={"why", "document", "order_id", "is_removed", "is_correction", "is_confirmed"})
    return writing.change_zone(person, zone_id, body.from_at, now, feature=body.zone, **more)


@bp.post("/v1/wearers/<int:wearer_id>/provisional-zones")
@records("Protect a new place at once with a circle, to be approved.", ProvisionalIn, *CHANGED)
def protect_new_place(person: Person, body: ProvisionalIn, now: datetime, wearer_id: int) -> PlaceZone:
    where = (body.lat, body.lon, body.radius_m)
    return writing.protect_tonight(
        person, wearer_id, body.victim_id, body.place, *where, now, is_confirmed=body.is_confirmed
    )


@bp.post("/v1/zones/<int:zone_id>/approval")
@records("Approve a provisional zone, or refuse and remove it.", ApprovalIn, *CHANGED)
def decide_on_zone(person: Person, body: ApprovalIn, now: datetime, zone_id: int) -> Fact:
    return writing.decide_on(person, zone_id, body.is_approved, now, why=body.why, is_confirmed=body.is_confirmed)
