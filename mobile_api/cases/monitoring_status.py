"""Monitoring status of a case: suspended, resumed, ended, recalled; its risk, and alerts handed to the police."""

from __future__ import annotations

from datetime import datetime

from backend.cases import monitoring_status, police_handovers
from backend.cases.monitoring_status import Ended, Risk, Suspended
from backend.errors import InvalidRecord, InvalidTransition
from backend.models import DatedEntry, Person, PoliceHandover
from backend.web.request_checks import Instant
from mobile_api.cases.shapes import CHANGED, Correcting, Dated, Documented, Name, Reasoned, bp, records
from mobile_api.schemas import Strict


class SuspensionIn(Reasoned, Correcting, Dated):
    """Fixes are stored and not judged from an instant on."""

    reason: Suspended
    expected_end_at: Instant


class ResumptionIn(Correcting, Dated):
    """Fixes are judged again from an instant on."""


class EndIn(Reasoned, Correcting):
    """The case ends, after the protected persons were told."""

    reason: Ended
    at: Instant


class RecallIn(Documented):
    """Why the wearer is recalled."""


class RiskIn(Correcting, Dated):
    """The assessed risk of serious harm from an instant on."""

    risk: Risk


class HandoverIn(Strict):
    """To which police force the alert was handed, under which reference, and when."""

    force: Name
    reference: Name
    at: Instant


@bp.post("/v1/wearers/<int:wearer_id>/suspension")
@records("Store fixes without judging them.", SuspensionIn, *CHANGED, InvalidTransition)
def suspend(person: Person, body: SuspensionIn, now: datetime, wearer_id: int) -> DatedEntry:
    more = body.model_dump(include={"why", "document", "corrects", "is_confirmed"})
    return monitoring_status.suspend(person, wearer_id, body.reason, body.from_at, body.expected_end_at, now, **more)


@bp.post("/v1/wearers/<int:wearer_id>/resumption")
@records("Judge fixes again.", ResumptionIn, InvalidRecord, InvalidTransition)
def resume(person: Person, body: ResumptionIn, now: datetime, wearer_id: int) -> DatedEntry:
    more = body.model_dump(include={"why", "document", "corrects"})
    return monitoring_status.resume(person, wearer_id, body.from_at, now, **more)


@bp.post("/v1/wearers/<int:wearer_id>/end")
@records("End the case; protected people are notified first.", EndIn, *CHANGED, InvalidTransition)
def end(person: Person, body: EndIn, now: datetime, wearer_id: int) -> DatedEntry:
    more = body.model_dump(include={"why", "document", "corrects", "is_confirmed"})
    return monitoring_status.end(person, wearer_id, body.reason, body.at, now, **more)


@bp.post("/v1/alerts/<int:alert_id>/recall")
@records("Recall the wearer because of this alert, in one action.", RecallIn, InvalidTransition)
def recall(person: Person, body: RecallIn, now: datetime, alert_id: int) -> DatedEntry:
    return monitoring_status.recall(person, alert_id, now, why=body.why, document=body.document)


@bp.post("/v1/alerts/<int:alert_id>/police-handovers")
@records("Record that the alert was handed to a police control room.", HandoverIn, InvalidRecord)
def hand_to_police(person: Person, body: HandoverIn, now: datetime, alert_id: int) -> PoliceHandover:
    return police_handovers.hand_over(person, alert_id, body.force, body.reference, body.at, now)


@bp.post("/v1/wearers/<int:wearer_id>/risk")
@records("Record the assessed risk.", RiskIn, InvalidRecord)
def assess_risk(person: Person, body: RiskIn, now: datetime, wearer_id: int) -> DatedEntry:
    more = body.model_dump(include={"why", "document", "corrects"})
    return monitoring_status.assess_risk(person, wearer_id, body.risk, body.from_at, now, **more)
