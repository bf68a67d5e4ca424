"""Monitoring status of a case: suspended, resumed, ended, recalled; its risk, and alerts handed to the police."""

from __future__ import annotations

from typing import Any

from backend.cases.commands.monitoring import (
    AssessRisk,
    EndCase,
    HandAlertToPolice,
    RecallWearer,
    ResumeCase,
    SuspendCase,
)
from backend.cases.monitoring_status import Ended
from backend.web.case_pages.case import change
from backend.web.case_pages.layout import STAFF, bp, refusable
from backend.web.forms import build, pressed
from backend.web.signed_in import page_for

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


@bp.post("/cases/<int:wearer_id>/life")
@page_for(*STAFF)
@refusable
def change_life(wearer_id: int) -> Any:
    command = status_command(pressed("life"))
    return change(wearer_id, lambda person, now: build(command).carry_out(person, now, wearer_id), said=SAID[command])


@bp.post("/cases/<int:wearer_id>/risk")
@page_for(*STAFF)
@refusable
def assess_risk(wearer_id: int) -> Any:
    return change(
        wearer_id,
        lambda person, now: build(AssessRisk).carry_out(person, now, wearer_id),
        said="The risk of serious harm is recorded.",
    )


@bp.post("/cases/<int:wearer_id>/alerts/<int:alert_id>")
@page_for(*STAFF)
@refusable
def act_on_alert(wearer_id: int, alert_id: int) -> Any:
    """Recall because of an alert, or record that the police have it."""
    is_recall = pressed() == "recall"
    command = RecallWearer if is_recall else HandAlertToPolice
    said = "The recall is recorded." if is_recall else "The handover to the police is recorded."
    return change(wearer_id, lambda person, now: build(command).carry_out(person, now, alert_id), said=said)
