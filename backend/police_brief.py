"""Ten lines about an alert to read to a police control room: who, how grave, since when, where, and what was agreed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from backend import alert_kinds, lifecycle
from backend.case_summary import CaseSummary, summary_of
from backend.lifecycle import Danger
from backend.location_words import Whereabouts
from backend.models import Alert, Handling
from backend.record.zone_geojson import keeps_in

LONDON = ZoneInfo("Europe/London")
DRILL = "This is a drill. Do not call the police."
# A direction that is shorter than the error of the position points anywhere.
LEAST_ERROR_M = 10.0
# Slower than this, a position that moves is the noise of a receiver.
STILL_MPS = 0.3
SITUATIONS = {
    Danger.BREACH: "{where}, confirmed by several positions",
    Danger.BREACH_UNCONFIRMED: "{where}, not confirmed yet: one position error could look like this",
    Danger.BUFFER: "Near the zone, confirmed by several positions",
    Danger.BUFFER_UNCONFIRMED: "Near the zone, not confirmed yet",
    Danger.NONE: "Not in the zone now",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what it is about, and what to say."""

    about: str
    text: str


def brief_of(alert: Alert, where: Whereabouts | None, caller: str, now: datetime) -> list[Line]:
    """Return the brief as it is now; ``caller`` is who reads it out, with their team."""
    known = summary_of(alert, now)
    lines = [
        Line("Who calls", f"{caller}. Cordon alert {alert.code}."),
        Line("Person on probation", f"{alert.wearer.name}{_born(known)}, who wears a GPS tag. {_risk(known)}"),
        Line("What happened", _situation(alert)),
        Line("Since", _since(alert)),
        Line("The order says", _order(known, alert)),
        Line("Where they are", _position(where)),
        Line("From the protected place", _way(where)),
        Line("Movement", movement(alert)),
        Line("Protected", _protected(known, alert)),
        Line("Safety plan", known.safety_plan or "No safety plan is recorded."),
    ]
    return [Line("Drill", DRILL), *lines] if alert.wearer.is_training else lines


def _born(known: CaseSummary) -> str:
    return f", born {known.date_of_birth:%-d %B %Y}" if known.date_of_birth else ""


def _risk(known: CaseSummary) -> str:
    if not known.risk or known.risk_from is None:
        return "Risk of serious harm: no assessment is recorded."
    return f"Risk of serious harm: {known.risk.lower()}, assessed {_day(known.risk_from)}."


def _situation(alert: Alert) -> str:
    said = alert_kinds.title_of(alert.kind, alert.event)
    if said:
        return f"{said}. {_last(alert.reasons)}".strip()
    held = lifecycle.danger_held(alert.kind, alert.level, alert.certainty)
    if alert.is_over:
        at = alert.over_at or alert.last_fix_time
        return f"The person was {_where(alert).lower()}. It ended at {_time(at)}."
    return f"{SITUATIONS[held].format(where=_where(alert))}."


def _where(alert: Alert) -> str:
    if alert.zone is not None and alert.zone.moves:
        return "Within the forbidden distance of the protected person"
    if alert.zone is not None and keeps_in(alert.zone.feature):
        return "Outside the zone that they must stay in"
    if alert.peak_danger < Danger.BREACH_UNCONFIRMED:
        return "Near the exclusion zone"
    return "In the exclusion zone"


def _last(reasons: Iterable[str]) -> str:
    rows = list(reasons)
    return f"{rows[-1].rstrip('.')}." if rows else ""


def _since(alert: Alert) -> str:
    began = alert.worst_from or alert.fix_time
    return f"{_time(began)} on {_day(began)}. Cordon raised the alert at {_time(alert.raised_at)}. {_acts(alert)}"


def _acts(alert: Alert) -> str:
    if alert.handling == Handling.ACKNOWLEDGED and alert.acknowledged_by is not None:
        return f"{alert.acknowledged_by.name} acts for probation."
    return "No officer has acknowledged it yet." if alert.handling == Handling.OPEN else "The alert is closed."


def _order(known: CaseSummary, alert: Alert) -> str:
    if alert.zone is None:
        # A cut strap or a call for help: the conditions of the case stand where they are recorded.
        return "This alert is about no single zone. The orders’ wording is in the case, in Cordon."
    if not known.wording:
        return "The order’s wording is not recorded here."
    return f"“{known.wording}”{f' ({known.wording_from})' if known.wording_from else ''}"


def _position(where: Whereabouts | None) -> str:
    if where is None:
        return "Not known: the tag has sent no position."
    error = "error not known" if where.accuracy_m is None else f"within about {metres(where.accuracy_m)}"
    degrees = f"latitude {where.lat:.5f}, longitude {where.lon:.5f}"
    grid = f"OS grid reference {where.grid_reference}, " if where.grid_reference else ""
    near = ""
    if where.nearest is not None:
        near = f" {metres(where.nearest.distance_m)} {where.nearest.direction} of {where.nearest.name}."
    return f"At {_time(where.fix_time)}: {grid}{degrees}, {error}.{near} They may have moved since."


def _way(where: Whereabouts | None) -> str:
    way = where.from_place if where else None
    if where is None or way is None:
        return "Not known."
    if way.distance_m < max(where.accuracy_m or 0.0, LEAST_ERROR_M):
        return f"At the middle of the zone around {way.place}, as far as the position can tell."
    return f"{metres(way.distance_m)} {way.direction} of the middle of the zone around {way.place}, in a straight line."


def movement(alert: Alert) -> str:
    """Return which way the wearer moves and how fast, as it is read to a control room."""
    speed = alert.closing_mps
    if speed is None or alert.is_over:
        return "Not known."
    if abs(speed) < STILL_MPS:
        return "Hardly moving towards or away from the zone."
    said = f"{_heading(alert, is_nearing=speed > 0)} at {abs(speed) * 2.23694:.0f} mph"
    if speed > 0 and alert.time_to_edge_s:
        said += f", there in about {max(1, round(alert.time_to_edge_s / 60))} min"
    return f"{said}."


def _heading(alert: Alert, *, is_nearing: bool) -> str:
    """Return which way the wearer goes: what counts as nearer lies beyond the zone's edge once they have crossed it."""
    is_past = alert.distance_m is not None and alert.distance_m <= 0
    if alert.zone is not None and alert.zone.moves:
        return "Coming nearer to the protected person" if is_nearing else "Moving away from the protected person"
    if not is_past:
        return "Towards the zone’s edge" if is_nearing else "Away from the zone’s edge"
    if alert.zone is not None and keeps_in(alert.zone.feature):
        return "Further away from the zone" if is_nearing else "Back towards the zone"
    return "Further into the zone" if is_nearing else "In the zone, towards its edge"


def _protected(known: CaseSummary, alert: Alert) -> str:
    names = ", ".join(known.protected) or "No protected person is recorded"
    return f"{names}. Protected place: {alert.place.label}." if alert.place else f"{names}."


def metres(size: float) -> str:
    """Return a distance for people."""
    return f"{size:.0f} m" if size < 1_000 else f"{size / 1_000:.1f} km"


def _time(at: datetime) -> str:
    return f"{at.astimezone(LONDON):%H:%M}"


def _day(at: datetime) -> str:
    return f"{at.astimezone(LONDON):%-d %B %Y}"
