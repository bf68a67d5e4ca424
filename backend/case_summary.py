"""What an officer has to know of the case beside an alert: risk, the order's wording, safety plan, who is protected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from backend import calling
from backend.models import Alert, Order, PlaceZone, ZoneVersion
from backend.record import reading
from backend.record.facts import Version, What, true_at
from backend.zone_properties import properties_of

RISKS = {"low": "Low", "medium": "Medium", "high": "High", "very_high": "Very high"}


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """The facts of the case now, in words; empty and None where none are recorded."""

    # Who the wearer is in other systems.
    crn: str
    date_of_birth: date | None
    # The assessed risk of serious harm.
    risk: str
    risk_from: datetime | None
    # What was agreed with the protected person and the services around them.
    safety_plan: str
    safety_plan_from: datetime | None
    # The order's own words for the zone of the alert, and where they stand in it.
    wording: str
    wording_from: str
    protected: tuple[str, ...]


def summary_of(alert: Alert, now: datetime) -> CaseSummary:
    """Return what is recorded now of the case of an alert that the caller may know of."""
    risk = _held(alert.wearer_id, What.RISK, now)
    plan = _held(alert.wearer_id, What.SAFETY_PLAN, now)
    wording, wording_from = _wording(alert.zone)
    return CaseSummary(
        crn=alert.wearer.crn or "",
        date_of_birth=alert.wearer.date_of_birth,
        risk=RISKS.get(risk.value["risk"], "") if risk else "",
        risk_from=risk.from_at if risk else None,
        safety_plan=plan.value["text"] if plan else "",
        safety_plan_from=plan.from_at if plan and plan.value["text"] else None,
        wording=wording,
        wording_from=wording_from,
        protected=tuple(victim.name for victim in calling.people_concerned(alert, now)),
    )


def _held(wearer_id: int, what: What, now: datetime) -> Version[Any] | None:
    return true_at(reading.history(f"wearer:{wearer_id}", what), now)


def _wording(zone: PlaceZone | None) -> tuple[str, str]:
    """Return the wording of the condition that the zone rests on, else what was written at the zone itself."""
    if zone is None:
        return "", ""
    version = ZoneVersion.get_or_none(ZoneVersion.zone == zone)
    condition = version.condition if version else None
    if condition is not None:
        order: Order = condition.order
        return condition.wording, f"condition {condition.number} of {order.reference}"
    return str(properties_of(zone.feature).get("wording") or ""), ""
