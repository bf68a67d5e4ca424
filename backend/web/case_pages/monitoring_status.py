"""Monitoring status of a case: suspended, resumed, ended, recalled; its risk, and alerts handed to the police."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from backend.cases import monitoring_status, police_handovers
from backend.cases.monitoring_status import Ended, Risk, Suspended
from backend.errors import InvalidRecord
from backend.models import Person
from backend.record.facts import ends_with
from backend.web.case_pages.case import change
from backend.web.case_pages.layout import STAFF, bp, refusable
from backend.web.forms import day_of, from_when, is_confirmed, text_of
from backend.web.signed_in import page_for


@bp.post("/cases/<int:wearer_id>/life")
@page_for(*STAFF)
@refusable
def change_life(wearer_id: int) -> Any:
    def act(person: Person, now: datetime) -> Any:
        why, document, at = text_of("why"), text_of("document"), from_when(now)
        asked = text_of("life")
        if asked == "resume":
            return monitoring_status.resume(person, wearer_id, at, now, why=why)
        if asked in set(Suspended):
            until = day_of("expected_end", "the day on which it is expected to end")
            assert until is not None
            return monitoring_status.suspend(
                person,
                wearer_id,
                Suspended(asked),
                at,
                ends_with(until),
                now,
                why=why,
                document=document,
                is_confirmed=is_confirmed(),
            )
        if asked in set(Ended):
            return monitoring_status.end(
                person, wearer_id, Ended(asked), at, now, why=why, document=document, is_confirmed=is_confirmed()
            )
        raise InvalidRecord("Choose what has changed.")

    return change(wearer_id, act)


@bp.post("/cases/<int:wearer_id>/risk")
@page_for(*STAFF)
@refusable
def assess_risk(wearer_id: int) -> Any:
    def act(person: Person, now: datetime) -> Any:
        if text_of("risk") not in set(Risk):
            raise InvalidRecord("Choose the risk.")
        return monitoring_status.assess_risk(
            person, wearer_id, Risk(text_of("risk")), from_when(now), now, why=text_of("why")
        )

    return change(wearer_id, act)


@bp.post("/cases/<int:wearer_id>/alerts/<int:alert_id>")
@page_for(*STAFF)
@refusable
def act_on_alert(wearer_id: int, alert_id: int) -> Any:
    """Recall because of an alert, or record that the police have it."""

    def act(person: Person, now: datetime) -> Any:
        if text_of("act") == "recall":
            return monitoring_status.recall(person, alert_id, now, why=text_of("why"))
        return police_handovers.hand_over(person, alert_id, text_of("force"), text_of("reference"), now, now)

    return change(wearer_id, act)
