"""A protected person's phone that shares its location with consent: pairing, positions, withdrawal."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Response, request
from pydantic import BaseModel, Field

from backend import clock, shared_location
from backend.bounds import Instant
from backend.cases.commands.numbers import ShareLocation
from backend.errors import InvalidRequest, NotAllowed, NotFound, NotSignedIn, StorageUnavailable, TooManyAttempts
from backend.models import VictimPhone
from backend.shared_location import MovingPlaceAlone
from backend.web.openapi import ANYBODY, PHONE, describes
from backend.web.sign_in_limits import guess
from backend.web.signed_in import current_person, settings
from mobile_api.request_bodies import read, write
from mobile_api.schemas import Strict
from zones import Fix

bp = Blueprint("phones", __name__)


class PairingOut(BaseModel):
    """The code that is read to them, good for one phone."""

    code: str
    expires_at: datetime


class PairingIn(Strict):
    """The code that was read to them."""

    code: str = Field(min_length=4, max_length=40)


class PhoneTokenOut(BaseModel):
    """With what their phone speaks from now on."""

    token: str


class PositionIn(Strict):
    """Where the phone is."""

    at: Instant
    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    accuracy_m: float | None = Field(None, ge=0, le=100_000, description="Radius of 68 %")
    speed_mps: float | None = Field(None, ge=0, le=200)


class PositionsIn(Strict):
    """One or several positions, in any order."""

    positions: list[PositionIn] = Field(min_length=1, max_length=100)


class IntervalOut(BaseModel):
    """When to report again."""

    report_interval_s: int


@bp.post("/v1/victims/<int:victim_id>/shared-location")
@describes(
    "Record that a protected person agrees to a place that moves with their phone; returns the code for the phone.",
    tag="victims",
    body=ShareLocation,
    answer=PairingOut,
    status=201,
    errors=[NotSignedIn, NotAllowed, NotFound, MovingPlaceAlone, InvalidRequest],
)
def agree_to_share_location(victim_id: int) -> Response:
    person = current_person()
    pairing = read(ShareLocation).carry_out(person, clock.now(), victim_id)
    return write(PairingOut(code=pairing.code, expires_at=pairing.expires_at), 201)


@bp.delete("/v1/victims/<int:victim_id>/shared-location")
@describes(
    "Record that they have withdrawn: their positions are deleted at once.",
    tag="victims",
    status=204,
    errors=[NotSignedIn, NotAllowed, NotFound],
)
def stop_sharing_location(victim_id: int) -> tuple[str, int]:
    shared_location.withdraw_for(current_person(), victim_id, clock.now())
    return "", 204


@bp.post("/v1/phones")
@describes(
    "Pair this phone with the code that was read to its owner.",
    tag="phones",
    body=PairingIn,
    answer=PhoneTokenOut,
    status=201,
    errors=[NotSignedIn, TooManyAttempts, InvalidRequest],
    by=ANYBODY,
)
def pair_phone() -> Response:
    body = read(PairingIn)
    with guess("pairing"):
        token = shared_location.pair(body.code, clock.now())
    return write(PhoneTokenOut(token=token), 201)


@bp.post("/v1/phones/current/positions")
@describes(
    "Say where this phone is. Only the newest two positions are kept.",
    tag="phones",
    body=PositionsIn,
    answer=IntervalOut,
    errors=[NotSignedIn, InvalidRequest, StorageUnavailable],
    by=PHONE,
)
def report_positions() -> Response:
    phone = _phone()
    fixes = [
        Fix(position.at.timestamp(), position.lat, position.lon, position.accuracy_m, position.speed_mps)
        for position in read(PositionsIn).positions
    ]
    return write(IntervalOut(report_interval_s=shared_location.accept(phone, fixes, settings(), clock.now())))


@bp.delete("/v1/phones/current")
@describes(
    "Take it back: positions are gone at once, and this phone is unknown.",
    tag="phones",
    status=204,
    errors=[NotSignedIn],
    by=PHONE,
)
def withdraw_phone() -> tuple[str, int]:
    victim = _phone().consent.victim
    shared_location.withdraw(victim, f"victim:{victim.id}", clock.now())
    return "", 204


def _phone() -> VictimPhone:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise NotSignedIn("Send the phone's token as: Authorization: Bearer TOKEN.")
    return shared_location.identify(token.strip())
