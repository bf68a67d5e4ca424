"""Provisional zones: in force at once, then approved or rejected by a supervisor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from backend import alerts, audit
from backend.access import access_wearer, closed_cases, known_victims, require
from backend.cases.writing.locked_case import lock_cases, record_fact
from backend.cases.writing.zones import add_zone, change_zone
from backend.db import atomic
from backend.errors import InvalidRecord, NotAllowed, NotFound
from backend.escalation.steps import Who
from backend.models import Fact, Person, PlaceZone, ProtectedPlace, Role, Victim, Wearer, ZoneVersion
from backend.record import reading, zone_geojson
from backend.record.facts import What

SENT_AGAIN = timedelta(minutes=2)
MOVED = "The protected person has moved: protected at once, to be approved."
TO_APPROVE = "A provisional zone is in force: a supervisor must approve or reject it."


def protect_tonight(
    person: Person,
    wearer_id: int,
    victim_id: int,
    label: str,
    lat: float,
    lon: float,
    radius_m: float,
    now: datetime,
    *,
    from_at: datetime | None = None,
    to_at: datetime | None = None,
    hours: Sequence[zone_geojson.Hours] = (),
    why: str = MOVED,
    is_confirmed: bool = False,
) -> PlaceZone:
    """Protect a new place of a protected person at once, with a circle that a supervisor approves afterwards.

    It applies from ``from_at`` until ``to_at`` where these are given, and at ``hours`` only where there are some.
    Judged in the same unit of work against where the wearer was last known to be. The zones that there are stay. The
    same circle of the same person within ``SENT_AGAIN`` is the one that there is: another would ring everyone twice.

    Raises: NotFound, NotAllowed, InvalidRecord, ZoneNotUsable; NeedsConfirmation where the case is not judged.
    """
    access_wearer(person, wearer_id, now)
    victim = next((one for one in victims_for(person, wearer_id, now) if one.id == victim_id), None)
    if victim is None:
        raise NotFound("The protected person was not found.")
    if not label.strip():
        raise InvalidRecord("Enter a name for the place that colleagues will know.")
    if not 50 <= radius_m <= 10_000:
        raise InvalidRecord("The radius must be between 50 and 10,000 metres.")
    feature: dict[str, Any] = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [lon, lat]},
        "properties": {"id": "provisional", "kind": "exclusion", "radius_m": radius_m, "buffer_m": radius_m},
    }
    feature["properties"] |= zone_geojson.schedule_of(feature, hours)
    with atomic():
        lock_cases(wearer_id)
        drawn = _drawn_just_now(person, wearer_id, victim, label.strip(), feature, now)
        if drawn is not None:
            return drawn
        place = ProtectedPlace.create(victim=victim, label=label.strip())
        audit.record(audit.actor_of(person), "place_added", f"victim:{victim.id}", now, place=place.id)
        zone = add_zone(
            person,
            wearer_id,
            place.id,
            feature,
            from_at or now,
            now,
            to_at=to_at,
            why=why,
            is_provisional=True,
            is_confirmed=is_confirmed,
        )
        alerts.raise_notice(Wearer.get_by_id(wearer_id), zone, [TO_APPROVE], now, (Who.SUPERVISORS,))
        return zone


def _drawn_just_now(
    person: Person, wearer_id: int, victim: Victim, label: str, feature: dict[str, Any], now: datetime
) -> PlaceZone | None:
    """Return the zone that a request drew which is sent again: by a second tap, or on a line that lost the answer."""
    query = (
        ZoneVersion.select(ZoneVersion, PlaceZone)
        .join(PlaceZone, on=ZoneVersion.zone)
        .join(ProtectedPlace)
        .where(
            PlaceZone.wearer == wearer_id,
            ProtectedPlace.victim == victim,
            ProtectedPlace.label == label,
            ZoneVersion.is_provisional,
            ZoneVersion.recorded_by == person,
            ZoneVersion.recorded_at > now - SENT_AGAIN,
        )
    )
    standing = {zone.zone_id for zone in reading.case(wearer_id).zones_meant(now)}
    return next((row.zone for row in query if row.zone_id in standing and row.zone.feature == feature), None)


def victims_for(person: Person, wearer_id: int, now: datetime) -> list[Victim]:
    """Return the protected persons of a case, and where it has none yet those of whom the person may know."""
    return reading.victims_of(wearer_id) or known_victims(person, now)


def to_approve(person: Person, now: datetime) -> list[ZoneVersion]:
    """Return the provisional zones of the team that no supervisor has decided on, oldest first."""
    decided = {row.of_zone_id for row in Fact.select(Fact.of_zone).where(Fact.what == What.APPROVAL)}
    closed = closed_cases([person.id], now).get(person.id, set())
    query = (
        ZoneVersion.select(ZoneVersion, PlaceZone, Wearer)
        .join(PlaceZone, on=ZoneVersion.zone)
        .join(Wearer)
        .where(ZoneVersion.is_provisional, Wearer.team == person.team_id)
        .order_by(ZoneVersion.recorded_at)
    )
    return [row for row in query if row.zone_id not in decided and row.zone.wearer_id not in closed]


def decide_on(
    person: Person, zone_id: int, is_approved: bool, now: datetime, *, why: str, is_confirmed: bool = False
) -> Fact:
    """Approve a provisional zone, or refuse it, which removes it from now on.

    Raises: NotAllowed for anyone but a supervisor, or for one's own zone; NotFound, NeedsConfirmation.
    """
    require(person, Role.SUPERVISOR)
    row = next((one for one in to_approve(person, now) if one.zone_id == zone_id), None)
    if row is None:
        raise NotFound("The zone to approve was not found.")
    if row.recorded_by_id == person.id:
        raise NotAllowed("Another person must approve what you drew.")
    with atomic():
        lock_cases(row.zone.wearer_id)
        entry = record_fact(
            f"zone:{zone_id}",
            What.APPROVAL,
            {"is_approved": is_approved},
            now,
            person,
            now,
            why=why,
            wearer_id=row.zone.wearer_id,
        )
        if not is_approved:
            change_zone(person, zone_id, now, now, why=why, is_removed=True, is_confirmed=is_confirmed)
        return entry
