"""Monitoring status of a case: suspended, resumed, ended, recalled; its risk, and alerts handed to the police."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backend.alert_kinds import title_of
from backend.cases import viewing
from backend.cases.commands.monitoring import (
    AssessRisk,
    EndCase,
    HandAlertToPolice,
    RecallWearer,
    ResumeCase,
    SuspendCase,
)
from backend.cases.monitoring_status import Ended, Risk, Suspended
from backend.errors import NotFound
from backend.web.case_pages.case import one_task
from backend.web.case_pages.layout import STAFF, bp, refusable
from backend.web.forms import build, pressed
from backend.web.signed_in import page_for

RISK_TEXTS = {Risk.LOW: "Low", Risk.MEDIUM: "Medium", Risk.HIGH: "High", Risk.VERY_HIGH: "Very high"}
RESUME = "resume"
SAID = {
    SuspendCase: "Monitoring is suspended. Fixes are stored and not judged.",
    ResumeCase: "Monitoring is resumed.",
    EndCase: "The end of the case is recorded.",
}


def status_command(chosen: str) -> type[SuspendCase | ResumeCase | EndCase]:
    """Return which command a form asks for that lists suspensions, endings and the way back."""
    if chosen == RESUME:
        return ResumeCase
    # A choice that is none of ours is refused by its field.
    return EndCase if chosen in set(Ended) else SuspendCase


@bp.route("/cases/<int:wearer_id>/life", methods=["GET", "POST"])
@page_for(*STAFF)
@refusable
def change_life(wearer_id: int) -> Any:
    command = status_command(pressed("life"))
    return one_task(
        wearer_id,
        "life",
        lambda person, now: build(command).carry_out(person, now, wearer_id),
        said=SAID[command],
        more=lambda shown: {"suspensions": list(Suspended), "endings": list(Ended)},
    )


@bp.route("/cases/<int:wearer_id>/risk", methods=["GET", "POST"])
@page_for(*STAFF)
@refusable
def assess_risk(wearer_id: int) -> Any:
    return one_task(
        wearer_id,
        "risk",
        lambda person, now: build(AssessRisk).carry_out(person, now, wearer_id),
        said="The risk of serious harm is recorded.",
        more=lambda shown: {"risks": RISK_TEXTS},
    )


@bp.route("/cases/<int:wearer_id>/alerts/<int:alert_id>/police", methods=["GET", "POST"])
@page_for(*STAFF)
@refusable
def hand_to_police(wearer_id: int, alert_id: int) -> Any:
    """Record that the police have an alert."""
    return one_task(
        wearer_id,
        "police",
        lambda person, now: build(HandAlertToPolice).carry_out(person, now, alert_id),
        said="The handover to the police is recorded.",
        more=_alert_of(wearer_id, alert_id),
    )


@bp.route("/cases/<int:wearer_id>/alerts/<int:alert_id>/recall", methods=["GET", "POST"])
@page_for(*STAFF)
@refusable
def recall(wearer_id: int, alert_id: int) -> Any:
    """Recall because of an alert."""
    return one_task(
        wearer_id,
        "recall",
        lambda person, now: build(RecallWearer).carry_out(person, now, alert_id),
        said="The recall is recorded. Monitoring goes on until custody is entered.",
        more=_alert_of(wearer_id, alert_id),
    )


def _alert_of(wearer_id: int, alert_id: int) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def more(_: dict[str, Any]) -> dict[str, Any]:
        alert = next((one for one in viewing.open_alerts(wearer_id) if one.id == alert_id), None)
        if alert is None:
            raise NotFound("The alert was not found among those of this case that are not closed.")
        return {"alert": alert, "alert_title": title_of(alert.kind, alert.event)}

    return more
