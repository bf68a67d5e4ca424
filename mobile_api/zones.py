"""Previews a zone before it is saved."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, Field

from backend import clock, zone_replay
from backend.errors import InvalidRequest, NotAllowed, NotFound, NotSignedIn
from backend.web.openapi import describes
from backend.web.signed_in import current_person, no_store
from backend.zone_replay import ZoneNotUsable
from mobile_api.request_bodies import read
from mobile_api.schemas import Strict

bp = Blueprint("zones", __name__)


class ZoneReplayIn(Strict):
    """A zone as a GeoJSON Feature, and how far back to look."""

    zone: dict[str, Any]
    days: int = Field(30, ge=1, le=zone_replay.MOST_DAYS)


class ReplayedAlertOut(BaseModel):
    """One alert that the zone would have raised."""

    level: str
    certainty: str
    began_at: str
    ended_at: str | None
    nearest_m: float
    is_pass_through: bool
    reasons: list[str]


class ZoneReplayOut(BaseModel):
    """What the zone would have raised: counts, local hours of breaches from 0 to 23, and each alert."""

    from_at: str = Field(alias="from")
    to: str
    fixes: int
    breaches: dict[str, int]
    buffers: int
    pass_throughs: int
    breaches_by_hour: list[int]
    alerts: list[ReplayedAlertOut]


@bp.post("/v1/wearers/<int:wearer_id>/zone-replay")
@describes(
    "Say what a zone would have raised over a wearer's last days, before it is saved.",
    tag="zones",
    body=ZoneReplayIn,
    answer=ZoneReplayOut,
    errors=[NotSignedIn, NotAllowed, NotFound, InvalidRequest, ZoneNotUsable],
)
def replay_zone(wearer_id: int) -> Response:
    person = current_person()
    body = read(ZoneReplayIn)
    told = zone_replay.replay_for(person, wearer_id, body.zone, body.days, clock.now())
    return no_store(jsonify(zone_replay.as_dict(told)))
