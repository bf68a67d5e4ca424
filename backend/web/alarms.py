"""The supervisors' page of faults in Cordon itself: open alarms, and outages with the people affected."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel

from backend import alarms, clock, outages
from backend.errors import NotAllowed, NotSignedIn
from backend.models import AlarmKind
from backend.web.openapi import describes
from backend.web.signed_in import current_person, no_store

bp = Blueprint("alarms", __name__)


class AlarmOut(BaseModel):
    """One alarm that stands; without a team it concerns all."""

    id: int
    kind: AlarmKind
    title: str
    subject: str
    detail: str
    team_id: int | None
    raised_at: str
    last_seen_at: str
    told_at: str | None


class WearerOut(BaseModel):
    """A wearer of the caller's own team."""

    id: int
    name: str


class OutageOut(BaseModel):
    """A time in which a part of the service did not work, and who of the caller's team was unprotected."""

    id: int
    what: str
    from_at: str
    to_at: str
    found_at: str
    is_settled: bool
    wearers: list[WearerOut]
    alert_ids: list[int]


class AlarmsOut(BaseModel):
    """Alarms that stand, gravest first, and the outages of the last seven days, newest first."""

    alarms: list[AlarmOut]
    outages: list[OutageOut]


@bp.get("/v1/alarms")
@describes(
    "What is wrong with the service itself, and whom its outages left unprotected.",
    tag="service",
    answer=AlarmsOut,
    errors=[NotSignedIn, NotAllowed],
)
def list_alarms() -> Response:
    person = current_person()
    told = AlarmsOut(
        alarms=[
            AlarmOut(
                id=alarm.id,
                kind=alarms.kind_of(alarm),
                title=alarms.TITLES[alarms.kind_of(alarm)],
                subject=alarm.subject,
                detail=alarm.detail,
                team_id=alarm.team_id,
                raised_at=alarm.raised_at.isoformat(),
                last_seen_at=alarm.last_seen_at.isoformat(),
                told_at=alarm.told_at.isoformat() if alarm.told_at else None,
            )
            for alarm in alarms.standing_for(person, clock.now())
        ],
        outages=[
            OutageOut(
                id=shown.outage.id,
                what=shown.outage.what,
                from_at=shown.outage.from_at.isoformat(),
                to_at=shown.outage.to_at.isoformat(),
                found_at=shown.outage.found_at.isoformat(),
                is_settled=shown.outage.settled_at is not None,
                wearers=[WearerOut(id=wearer.id, name=wearer.name) for wearer in shown.wearers],
                alert_ids=[alert_id for alert_id, _ in shown.alert_codes],
            )
            for shown in outages.shown_to(person, clock.now())
        ],
    )
    return no_store(jsonify(told.model_dump(mode="json")))
