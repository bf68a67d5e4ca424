"""The rota and the escalation policies of one's own team."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

from flask import Blueprint, Response
from pydantic import BaseModel, Field

from backend import clock
from backend.access import require
from backend.bounds import Instant
from backend.errors import InvalidRequest, NotAllowed, NotFound, NotSignedIn
from backend.escalation import policies
from backend.escalation.default_policy import DEFAULT
from backend.escalation.policies import PolicyNotUsable
from backend.escalation.steps import Who
from backend.models import AlertKind, Channel, EscalationPolicy, Role, Shift
from backend.people import rota
from backend.people.rota import ShiftRefused
from backend.web.openapi import describes
from backend.web.signed_in import current_person
from mobile_api.request_bodies import read, read_query, write
from mobile_api.schemas import NamedOut, Strict

bp = Blueprint("duty", __name__)


class ShiftsQuery(Strict):
    """From when to when; the next two weeks unless told."""

    from_at: Instant | None = Field(None, alias="from")
    to_at: Instant | None = Field(None, alias="to")


class ShiftIn(Strict):
    """Who is on duty from when to when."""

    person: int
    from_at: Instant
    to_at: Instant


class ShiftOut(BaseModel):
    """One shift."""

    id: int
    person: NamedOut
    from_at: datetime
    to_at: datetime


class GapOut(BaseModel):
    """A time in which no officer is on duty."""

    from_at: datetime
    to_at: datetime


class RotaOut(BaseModel):
    """The shifts, and the holes of the next 72 hours."""

    keeps_rota: bool = Field(description="False: the team has no rota, and everyone counts as on duty")
    shifts: list[ShiftOut]
    gaps: list[GapOut]


class StepIn(Strict):
    """Who is notified on which channels, after how many seconds of silence."""

    after_s: float = Field(ge=0, le=3_600)
    who: list[Who] = Field(min_length=1)
    channels: list[Channel] = Field(min_length=1)
    unless_received: bool = Field(False, description="Passed over when their phone has said that it has the warning")


class PolicyIn(Strict):
    """An escalation policy for one kind of alert, or for all."""

    kind: AlertKind | None = None
    rungs: list[StepIn] = Field(min_length=1, max_length=20)
    repeat: StepIn
    duty_person: int | None = Field(None, description="The account of the duty desk, told last and repeatedly")


class PolicyOut(BaseModel):
    """An escalation policy that a team has set, or the default."""

    kind: AlertKind | None
    origin: Literal["default", "team"]
    content: dict[str, Any]
    duty_person: int | None
    from_at: datetime | None


class PoliciesOut(BaseModel):
    """Newest first; for each kind the first one counts."""

    ladders: list[PolicyOut]


@bp.get("/v1/shifts")
@describes(
    "Your team's rota, and its holes.",
    tag="duty",
    query=ShiftsQuery,
    answer=RotaOut,
    errors=[NotSignedIn, NotAllowed, InvalidRequest],
)
def list_shifts() -> Response:
    person = current_person()
    query = read_query(ShiftsQuery)
    now = clock.now()
    from_at, to_at = query.from_at or now, query.to_at or now + timedelta(days=14)
    return write(
        RotaOut(
            keeps_rota=rota.keeps_rota(person.team_id, now),
            shifts=[_shift(shift) for shift in rota.shifts_of(person, from_at, to_at)],
            gaps=[GapOut(from_at=begin, to_at=end) for begin, end in rota.gaps(person.team_id, now)],
        )
    )


@bp.post("/v1/shifts")
@describes(
    "Put a colleague on duty.",
    tag="duty",
    body=ShiftIn,
    answer=ShiftOut,
    status=201,
    errors=[NotSignedIn, NotAllowed, NotFound, ShiftRefused, InvalidRequest],
)
def add_shift() -> Response:
    person = current_person()
    body = read(ShiftIn)
    return write(_shift(rota.add(person, body.person, body.from_at, body.to_at, clock.now())), 201)


@bp.delete("/v1/shifts/<int:shift_id>")
@describes(
    "Take a shift off the rota; one that has begun ends now.",
    tag="duty",
    status=204,
    errors=[NotSignedIn, NotAllowed, NotFound],
)
def remove_shift(shift_id: int) -> tuple[str, int]:
    rota.remove(current_person(), shift_id, clock.now())
    return "", 204


@bp.get("/v1/ladder")
@describes(
    "In which order people are notified of an alert.", tag="duty", answer=PoliciesOut, errors=[NotSignedIn, NotAllowed]
)
def get_escalation_policies() -> Response:
    person = current_person()
    require(person, Role.OFFICER, Role.SUPERVISOR)
    default = PolicyOut(kind=None, origin="default", content=DEFAULT.to_json(), duty_person=None, from_at=None)
    found = [_policy_out(policy) for policy in policies.standing(person.team_id, clock.now())]
    return write(PoliciesOut(ladders=[*found, default]))


@bp.put("/v1/ladder")
@describes(
    "Set your team's escalation policy for alerts that are raised from now on.",
    tag="duty",
    body=PolicyIn,
    answer=PolicyOut,
    errors=[NotSignedIn, NotAllowed, NotFound, PolicyNotUsable, InvalidRequest],
)
def put_policy() -> Response:
    person = current_person()
    body = read(PolicyIn)
    content = {"rungs": [step.model_dump() for step in body.rungs], "repeat": body.repeat.model_dump()}
    return write(_policy_out(policies.put(person, content, body.kind, body.duty_person, clock.now())))


def _shift(shift: Shift) -> ShiftOut:
    return ShiftOut(
        id=shift.id,
        person=NamedOut(id=shift.person.id, name=shift.person.name),
        from_at=shift.from_at,
        to_at=shift.to_at,
    )


def _policy_out(policy: EscalationPolicy) -> PolicyOut:
    return PolicyOut(
        kind=AlertKind(policy.kind) if policy.kind in set(AlertKind) else None,
        origin="team",
        content=policy.content,
        duty_person=policy.duty_person_id,
        from_at=policy.from_at,
    )
