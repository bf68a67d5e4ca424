"""How each wearer of a team is doing, and where one of them is when someone asks."""

from __future__ import annotations

from datetime import datetime

from flask import Response
from pydantic import BaseModel, Field

from backend import clock
from backend.cases import caseload_health
from backend.cases.caseload_health import Health
from backend.cases.commands.whereabouts import AskWhere
from backend.silence.reporting_state import WORDS, ReportingState
from backend.web.openapi import describes
from backend.web.signed_in import current_person, no_store, settings
from mobile_api.cases.shapes import SEEN, bp
from mobile_api.request_bodies import read, write
from mobile_api.schemas import NamedOut


class CaseloadAlertOut(BaseModel):
    """An alert that stands of this wearer."""

    id: int
    code: str
    words: str
    handling: str


class CaseloadRowOut(BaseModel):
    """How one wearer is doing now."""

    wearer: NamedOut
    is_drill: bool
    state: ReportingState
    state_words: str
    state_since: datetime | None
    evidence_at: datetime | None = Field(description="The time of the newest usable position")
    where: str = Field(description="Where that was, in words")
    battery_pct: float | None
    battery_empty_at: datetime | None = Field(description="At the present use; null where no rate is known")
    next_at: datetime | None = Field(description="When a curfew, hours of a zone or a permission next begin or end")
    next_words: str
    alerts: list[CaseloadAlertOut] = Field(description="Gravest first")


class CaseloadOut(BaseModel):
    """The caseload, those who need a person most first."""

    wearers: list[CaseloadRowOut]


class WhereaboutsAnswerOut(BaseModel):
    """The newest fix, and when the next one is due."""

    lat: float | None
    lon: float | None
    accuracy_m: float | None
    fix_time: datetime | None
    grid_reference: str | None
    where: str
    next_due_at: datetime | None = Field(description="Null while the tag is not in contact")


@bp.get("/v1/wearers")
@describes(
    "How each wearer of your team is doing, by need; that you looked is recorded.",
    tag="cases",
    answer=CaseloadOut,
    errors=SEEN,
)
def list_caseload() -> Response:
    now = clock.now()
    lines = caseload_health.caseload_of(current_person(), settings(), now)
    return no_store(write(CaseloadOut(wearers=[_row(line) for line in lines])))


@bp.post("/v1/wearers/<int:wearer_id>/whereabouts")
@describes(
    "Ask where a wearer is now: answered from the newest fix and the next one that is due. Who asked is recorded.",
    tag="cases",
    body=AskWhere,
    answer=WhereaboutsAnswerOut,
    errors=SEEN,
)
def ask_whereabouts(wearer_id: int) -> Response:
    answer = read(AskWhere).carry_out(current_person(), clock.now(), wearer_id, settings())
    return no_store(
        write(
            WhereaboutsAnswerOut(
                lat=answer.lat,
                lon=answer.lon,
                accuracy_m=answer.accuracy_m,
                fix_time=answer.fix_time,
                grid_reference=answer.grid_reference,
                where=answer.where,
                next_due_at=answer.next_due_at,
            )
        )
    )


def _row(line: Health) -> CaseloadRowOut:
    battery = line.battery
    return CaseloadRowOut(
        wearer=NamedOut(id=line.wearer.id, name=line.wearer.name),
        is_drill=line.wearer.is_training,
        state=line.reporting.state,
        state_words=WORDS[line.reporting.state],
        state_since=line.reporting.since,
        evidence_at=line.evidence_at,
        where=line.where,
        battery_pct=battery.pct if battery else None,
        battery_empty_at=battery.empty_at if battery else None,
        next_at=line.next_at,
        next_words=line.next_words,
        alerts=[
            CaseloadAlertOut(
                id=alert.id, code=alert.code, words=caseload_health.alert_words(alert), handling=str(alert.handling)
            )
            for alert in line.alerts
        ],
    )
