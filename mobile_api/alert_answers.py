"""How an alert, and all that is known around it, becomes what phones and pages are answered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from backend import lifecycle, silence
from backend.alert_kinds import title_of
from backend.alerts import Outcome, danger_now
from backend.alerts.summary import standing_of, worst_of
from backend.calling import Contact
from backend.case_summary import CaseSummary
from backend.location_words import Whereabouts
from backend.models import Alert, Fix, Handling, Person, PoliceHandover
from backend.notification_log import Told
from backend.queries import Happened
from backend.zone_properties import properties_of
from mobile_api.schemas import (
    AcknowledgementOut,
    AlertDetailOut,
    AlertOut,
    CaseSummaryOut,
    ContactOut,
    HistoryOut,
    NamedOut,
    OutcomeOut,
    PersonOut,
    PoliceHandoverOut,
    PossibleOut,
    ReachOut,
    StandingOut,
    ToldOut,
    TrackFixOut,
    WhereaboutsOut,
    WorstOut,
)
from zones import Certainty, Level, Mover


def person_out(person: Person) -> PersonOut:
    return PersonOut(id=person.id, name=person.name)


def alert_values(alert: Alert) -> dict[str, Any]:
    """Return the fields of an ``AlertOut``."""
    acknowledgement = None
    if alert.acknowledged_by is not None and alert.handling != Handling.OPEN:
        acknowledgement = AcknowledgementOut(by=person_out(alert.acknowledged_by), at=alert.acknowledged_at)
    outcome = None
    if alert.outcome_at is not None and alert.outcome_by is not None:
        outcome = OutcomeOut(
            code=Outcome(alert.outcome_code) if alert.outcome_code in set(Outcome) else Outcome.OTHER,
            note=alert.outcome_note or "",
            by=person_out(alert.outcome_by),
            at=alert.outcome_at,
        )
    return {
        "id": alert.id,
        "code": alert.code,
        "kind": lifecycle.kind_held(alert.kind),
        "level": lifecycle.level_held(alert.level).name.lower(),
        "certainty": lifecycle.certainty_held(alert.certainty),
        "is_over": alert.is_over,
        "danger": danger_now(alert),
        "is_drill": alert.wearer.is_training,
        "is_late": alert.is_late,
        "is_after_order": alert.is_after_order,
        "handling": lifecycle.handling_held(alert.handling),
        "needs_answer": lifecycle.needs_answer(alert.kind, alert.certainty, alert.handling),
        "wearer": NamedOut(id=alert.wearer.id, name=alert.wearer.name),
        "place": NamedOut(id=alert.place.id, name=alert.place.label) if alert.place else None,
        "zone_kind": _zone_kind(alert.zone.feature) if alert.zone else None,
        "title": title_of(alert.kind, alert.event) or None,
        "event": alert.event,
        "tag": alert.tag.serial if alert.tag else None,
        "protected_person": NamedOut(id=alert.victim.id, name=alert.victim.name) if alert.victim else None,
        "episode": alert.episode,
        "reasons": alert.reasons,
        "possible_from": alert.possible_from,
        "distance_m": alert.distance_m,
        "closing_mps": alert.closing_mps,
        "time_to_edge_s": alert.time_to_edge_s,
        "probability_inside": alert.probability_inside,
        "could_be_inside": alert.could_be_inside,
        "is_pass_through": alert.is_pass_through,
        "mover": alert.mover if alert.mover in set(Mover) - {Mover.NEITHER} else None,
        "fix_time": alert.fix_time,
        "last_fix_time": alert.last_fix_time,
        "received_at": alert.received_at,
        "decided_at": alert.decided_at,
        "raised_at": alert.raised_at,
        "over_at": alert.over_at,
        "worst": _worst_out(alert),
        "standing": _standing_out(alert),
        "acknowledgement": acknowledgement,
        "outcome": outcome,
        "cursor": alert.cursor,
    }


def _worst_out(alert: Alert) -> WorstOut | None:
    worst = worst_of(alert)
    if worst is None:
        return None
    return WorstOut(
        level="breach" if worst.level is Level.BREACH else "buffer",
        certainty="confirmed" if worst.certainty is Certainty.CONFIRMED else "unconfirmed",
        from_at=worst.from_at,
        until_at=worst.until_at,
        has_left=alert.is_over_by_fix if alert.is_over else None,
        distance_m=worst.distance_m,
    )


def _standing_out(alert: Alert) -> StandingOut | None:
    standing = standing_of(alert)
    return None if standing is None else StandingOut(words=standing.words, where=standing.where)


def _zone_kind(feature: dict[str, Any]) -> str:
    """Return the kind of a zone; one whose feature is not sound is taken for what most are."""
    kind = properties_of(feature).get("kind")
    return kind if kind in ("inclusion", "restriction", "moving") else "exclusion"


def _handover_out(row: PoliceHandover | None) -> PoliceHandoverOut | None:
    return None if row is None else PoliceHandoverOut(force=row.force, reference=row.reference, at=row.at)


def _fields_of(step: Happened) -> dict[str, Any]:
    return {one.name: getattr(step, one.name) for one in fields(step)}


def _reach_out(found: silence.Whereabouts, now: datetime) -> ReachOut:
    reach = found.reach
    return ReachOut(
        lat=found.lat,
        lon=found.lon,
        since=reach.since,
        radius_m=reach.radius_m(now),
        doubt_m=reach.doubt_m,
        speed_mps=reach.speed_mps,
        places=[PossibleOut(label=one.label, from_at=one.from_at) for one in found.places],
    )


def alert_out(alert: Alert) -> AlertOut:
    return AlertOut(**alert_values(alert))


def detail_out(
    alert: Alert,
    feature: dict[str, Any] | None,
    track: Iterable[Fix],
    history: Iterable[Happened],
    *,
    looked_because: str,
    where: Whereabouts | None,
    their_place: Whereabouts | None,
    contacts: Iterable[Contact],
    told: Iterable[Told],
    reach: silence.Whereabouts | None,
    now: datetime,
    case: CaseSummary,
) -> AlertDetailOut:
    return AlertDetailOut(
        **alert_values(alert),
        zone=feature if isinstance(feature, dict) and isinstance(feature.get("properties"), dict) else None,
        track=[
            TrackFixOut(
                fix_time=fix.fix_time,
                lat=fix.lat,
                lon=fix.lon,
                accuracy_m=fix.accuracy_m,
                level=None if fix.level not in set(Level) else Level(fix.level).name.lower(),
                certainty=fix.certainty,
            )
            for fix in track
        ],
        history=[HistoryOut(**{**_fields_of(step), "handover": _handover_out(step.handover)}) for step in history],
        looked_because=looked_because,
        whereabouts=None if where is None else WhereaboutsOut.model_validate(asdict(where)),
        protected_person_place=None if their_place is None else WhereaboutsOut.model_validate(asdict(their_place)),
        contacts=[ContactOut.model_validate(asdict(one)) for one in contacts],
        case=CaseSummaryOut.model_validate(asdict(case)),
        told=[ToldOut.model_validate(asdict(one)) for one in told],
        reach=None if reach is None else _reach_out(reach, now),
    )
