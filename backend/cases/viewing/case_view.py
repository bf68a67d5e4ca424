"""A case as it was at an instant; every view is written to the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from backend import audit
from backend.access import access_file
from backend.cases import eligibility, monitoring_status, protected_people, writing
from backend.cases.viewing.activations import names_of_staff
from backend.cases.viewing.begun import places_by, protected_by
from backend.cases.viewing.history import number_ending
from backend.db import atomic
from backend.models import (
    Alert,
    AlertKind,
    Condition,
    Handling,
    LocationConsent,
    Order,
    Person,
    Victim,
)
from backend.people import numbers
from backend.people.contacts import Contacts
from backend.record import zone_geojson
from backend.record.case_file import CaseFile, DrawnZone
from backend.record.facts import MonitoringStatus, What, true_at
from zones import Zone

ONE_LOOK_S = 60.0


def open_file(person: Person, wearer_id: int, now: datetime) -> CaseFile:
    """Return all that is recorded of the case, and record that it was looked at. Raises: NotFound, NotAllowed."""
    actor = audit.actor_of(person)
    version, has_looked = audit.newest_of_case(wearer_id, actor, now - timedelta(seconds=ONE_LOOK_S))
    file = access_file(person, wearer_id, now)
    file.version = version
    if not has_looked:
        with atomic():
            audit.record(actor, "location_viewed", f"wearer:{wearer_id}", now, reason="case")
    return file


def look(
    person: Person, wearer_id: int, at: datetime, now: datetime, known_at: datetime | None = None
) -> dict[str, Any]:
    """Return the case as it was at ``at``, by what was recorded by ``known_at``, and record that it was looked at.

    Raises: NotFound, NotAllowed.
    """
    file = open_file(person, wearer_id, now)
    if known_at is not None:
        file = file.as_known(known_at)
    return as_it_was(file, Contacts.read(file.victims.values(), [wearer_id]), names_of_staff(), person, at, now)


def as_it_was(
    file: CaseFile, contacts: Contacts, names: Mapping[int, str], person: Person, at: datetime, now: datetime
) -> dict[str, Any]:
    """Return the case as it was at ``at``, for one who has opened its file; ``names`` are those of the staff."""
    wearer, case = file.wearer, file.case
    entry = case.status_fact(at)
    officer_id = file.officer_at(at)
    held = case.timeline.at(at).ids
    worn = file.tag_at(at)
    assessed = file.value_at(f"wearer:{wearer.id}", What.RISK, at)
    risk = monitoring_status.Risk(assessed["risk"]) if assessed else None
    known = file.value_at(f"wearer:{wearer.id}", What.IDENTITY, at) or {}
    places = protected_people.places_by_victim(person, file.victims, now)
    # What people agreed to is recorded as it happens: of what came after it, no one knew.
    agreed_at = at if file.known_at is None else min(at, file.known_at)
    moving = _who_is_near_known(file, agreed_at)
    placed = {zone.protects for zone in file.zones if not zone.row.moves}
    # What began later is no part of the case as it was; of the case as it is, what is to come is one.
    shown = set(file.victims) if at >= now else protected_by(file, at)
    drawn = None if at >= now and file.known_at is None else places_by(file, at)
    orders = [order for order in file.orders if at >= now or case.terms_at(order.id, at) is not None]
    return {
        "id": wearer.id,
        "name": wearer.name,
        "crn": known.get("crn"),
        "date_of_birth": known.get("date_of_birth"),
        "is_drill": wearer.is_training,
        "at": at.isoformat(),
        "version": file.version,
        "life": case.status_at(at).value,
        "life_version": file.version,
        "life_reason": entry.value.get("reason") if entry else None,
        "expected_end_at": entry.value.get("expected_end_at") if entry else None,
        "risk": risk.value if risk else None,
        "officer": {"id": officer_id, "name": names[officer_id]}
        if officer_id is not None and officer_id in names
        else None,
        "tag": {"serial": worn.tag.serial, "activation_id": worn.id} if worn else None,
        "orders": [_order(file, order, at, risk) for order in orders],
        "zones": [_zone(file, zone, zone.row.id in held) for zone in _zones_at(file, at)],
        "victims": [
            {
                **_victim(file, contacts, victim, victim.id in moving, agreed_at),
                "is_held": contacts.is_held(victim, wearer.id),
                "is_placed": victim.id in placed,
                "places": [
                    {"id": place.id, "label": place.label}
                    for place in places.get(victim.id, [])
                    if drawn is None or place.id in drawn
                ],
            }
            for victim in file.victims.values()
            if victim.id in shown
        ],
        "places_to_stay": [
            {"id": place_id, "label": label}
            for place_id, label in sorted(file.places_to_stay.items())
            if drawn is None or place_id in drawn
        ],
        "is_judged": bool(held),
    }


def _who_is_near_known(file: CaseFile, at: datetime) -> set[int]:
    """Return whose phone says where they are: for the wearers whom a place that moves with them keeps away, only."""
    followed = {
        zone.row.place.victim_id
        for zone in file.zones
        if zone.row.moves and (zone.row.to_at is None or zone.row.to_at > at)
    }
    if not followed:
        return set()
    agreed = LocationConsent.select(LocationConsent.victim).where(
        LocationConsent.victim.in_(followed),
        LocationConsent.given_at <= at,
        LocationConsent.withdrawn_at.is_null() | (LocationConsent.withdrawn_at > at),
    )
    return {row.victim_id for row in agreed}


def _drawn(feature: Any) -> dict[str, Any]:
    """Return a zone's shape, its words and its radius; one that cannot be read says so, and the case is shown."""
    try:
        drawn = {"feature": feature, "said": zone_geojson.in_words(feature), "radius_m": zone_geojson.radius_m(feature)}
        Zone.from_geojson(feature)
    except Exception:
        nothing: dict[str, Any] = {"type": "Feature", "geometry": None, "properties": {}}
        return {"feature": nothing, "said": zone_geojson.UNREADABLE, "radius_m": None}
    return drawn


def _order(file: CaseFile, order: Order, at: datetime, risk: monitoring_status.Risk | None) -> dict[str, Any]:
    terms = writing.terms_shown(file.case, order.id, at)
    conditions = file.conditions.get(order.id, [])
    wrong = {condition.corrects_id for condition in conditions}
    facts = file.value_at(f"order:{order.id}", What.ELIGIBILITY, at)
    return {
        "id": order.id,
        "version": file.version,
        "kind": order.kind,
        "reference": order.reference,
        "starts_at": terms.starts_at.isoformat(),
        "ends_at": terms.ends_at.isoformat() if terms.ends_at else None,
        "protected_until": terms.protected_until.isoformat() if terms.protected_until else None,
        "is_suspended": terms.is_suspended,
        "is_in_force": file.case.is_order_in_force(order.id, at) and file.case.status_at(at) is MonitoringStatus.ACTIVE,
        "conditions": [
            {"id": c.id, "number": c.number, "wording": c.wording}
            for c in conditions
            if c.id not in wrong and c.from_at <= at
        ],
        "eligibility": facts,
        "eligibility_doubts": eligibility.doubts(facts, risk),
    }


def _zones_at(file: CaseFile, at: datetime) -> list[DrawnZone]:
    held = {version.value.zone_id for version in file.case.timeline.drawn_at(at) if not version.value.is_removed}
    return [zone for zone in file.zones if zone.row.id in held]


def _zone(file: CaseFile, zone: DrawnZone, is_in_force: bool) -> dict[str, Any]:
    row, made = zone.row, zone.made
    is_decided = any(one.what == What.APPROVAL and one.subject == f"zone:{row.id}" for one in file.facts)
    condition = _as_corrected(file, made.condition_id) if made and made.condition_id else None
    victim = file.victims[zone.protects] if zone.protects is not None else None
    return {
        "id": row.id,
        "place": row.place.label,
        "victim": victim.name if victim else None,
        **_drawn(row.feature),
        "from_at": row.from_at.isoformat(),
        "to_at": row.to_at.isoformat() if row.to_at else None,
        "order_id": made.order_id if made else None,
        "condition": condition.wording if condition else None,
        "is_in_force": is_in_force,
        "is_to_approve": bool(made and made.is_provisional and not is_decided),
    }


def _as_corrected(file: CaseFile, condition_id: int) -> Condition | None:
    """Return the condition as it reads after every correction of it: zones rest on it, whatever its words were."""
    known = [one for some in file.conditions.values() for one in some]
    newer = {one.corrects_id: one for one in known}
    found = next((one for one in known if one.id == condition_id), None)
    while found is not None and found.id in newer:
        found = newer[found.id]
    return found


def _victim(file: CaseFile, contacts: Contacts, victim: Victim, is_near_known: bool, at: datetime) -> dict[str, Any]:
    # An adult who is in another case alone may be one that no one here may know of.
    through = file.victims.get(victim.reached_through_id) if victim.reached_through_id else None
    held = file.of_victim(victim.id, What.NUMBER)
    entry = true_at(held, at)
    # From the first change on the record has every number; before it there is only the one now.
    then = (entry.value if entry else None) if held else victim.phone
    has_agreed = bool(then) and contacts.has_agreed(victim, at)
    number = contacts.standing_at(victim, then, at)
    code = contacts.newest_code(victim)
    safe = contacts.safe_call(victim)
    declined = true_at(file.of_victim(victim.id, What.DECLINED), at)
    return {
        "id": victim.id,
        "name": victim.name,
        "is_child": victim.is_child,
        "reached_through": {"id": through.id, "name": through.name} if through else None,
        "has_agreed": has_agreed,
        "has_declined": declined is not None and bool(declined.value["is_declined"]),
        "is_reachable": has_agreed and number in (numbers.Standing.PROVED, numbers.Standing.DUE),
        "number": number.value,
        "phone": number_ending(then) if then else None,
        "code_failed": code.failed_because if code else None,
        "shares_location": is_near_known,
        # As it is now: what was safe on another day says nothing to the person who would call today.
        "calls": {"note": safe.note, "since": safe.given_at.isoformat()} if safe else None,
    }


def open_alerts(wearer_id: int) -> list[Alert]:
    """Return the alerts of the case that are not closed, newest first; the one who asks has been let in already."""
    query = Alert.select().where(
        Alert.wearer == wearer_id, Alert.handling != Handling.CLOSED, Alert.kind != AlertKind.NOTICE
    )
    return list(query.order_by(Alert.id.desc()))
