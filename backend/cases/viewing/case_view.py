"""A case as it was at an instant; every view is written to the audit trail."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from backend import audit
from backend.access import access_wearer
from backend.cases import consequences, contact_details, eligibility, monitoring_status, protected_people, writing
from backend.cases.viewing.history import number_ending
from backend.db import atomic
from backend.models import (
    Alert,
    AlertKind,
    AuditEntry,
    Condition,
    DatedEntry,
    Handling,
    LocationConsent,
    Order,
    Person,
    PlaceZone,
    ProtectedPlace,
    Victim,
    Wearer,
    ZoneVersion,
)
from backend.people import numbers
from backend.people.consent import had_agreed_to_texts, safe_call
from backend.record import reading, zone_geojson
from backend.record.facts import Life, What, true_at
from zones import Zone

ONE_LOOK_S = 60.0


def look(person: Person, wearer_id: int, at: datetime, now: datetime) -> dict[str, Any]:
    """Return the case as it was at ``at``, and record that it was looked at.

    Raises: NotFound, NotAllowed.
    """
    wearer = access_wearer(person, wearer_id, now)
    _record_look(person, wearer, now)
    case = reading.case(wearer.id)
    entry = case.life_entry(at)
    officer_id = reading.responsible_officer_id(wearer, at)
    officer = Person.get_or_none(Person.id == officer_id) if officer_id else None
    held = {zone.zone_id for zone in case.zones_in_force(at)}
    worn = consequences.present_tag(wearer.id, at)
    risk = monitoring_status.risk_at(wearer.id, at)
    theirs = {victim.id: victim for victim in reading.victims_of(wearer.id)}
    drawn = ProtectedPlace.select(ProtectedPlace.victim).join(PlaceZone)
    places = protected_people.places_by_victim(person, theirs, now)
    # Their phone says where they are for the wearers whom a place that moves with them keeps away, and for no other.
    still = PlaceZone.moves & (PlaceZone.to_at.is_null() | (PlaceZone.to_at > at))
    agreed = LocationConsent.select(LocationConsent.victim).where(
        LocationConsent.given_at <= at,
        LocationConsent.withdrawn_at.is_null() | (LocationConsent.withdrawn_at > at),
    )
    near_victim = drawn.where(PlaceZone.wearer == wearer, still, ProtectedPlace.victim.in_(agreed))
    moving = {row.victim_id for row in near_victim}
    held_numbers = numbers.held_people([wearer.id])
    placed = {row.victim_id for row in drawn.where(PlaceZone.wearer == wearer, ~PlaceZone.moves)}
    return {
        "id": wearer.id,
        "name": wearer.name,
        "is_drill": wearer.is_training,
        "at": at.isoformat(),
        "life": case.life_at(at).value,
        "life_version": max((one.id for one in case.life), default=0),
        "life_reason": entry.value.get("reason") if entry else None,
        "expected_end_at": entry.value.get("expected_end_at") if entry else None,
        "risk": risk.value if risk else None,
        "officer": {"id": officer.id, "name": officer.name} if officer else None,
        "tag": {"serial": worn.tag.serial, "activation_id": worn.id} if worn else None,
        "orders": [
            _order(order, case, at, risk) for order in Order.select().where(Order.wearer == wearer).order_by(Order.id)
        ],
        "zones": [_zone(zone, made, zone.id in held) for zone, made in _zones_at(case, wearer.id, at)],
        "victims": [
            {
                **_victim(victim, theirs, victim.id in moving, at),
                "is_held": (victim.id, wearer.id) in held_numbers,
                "is_placed": victim.id in placed,
                "places": [{"id": place.id, "label": place.label} for place in places.get(victim.id, [])],
            }
            for victim in theirs.values()
        ],
        "is_judged": bool(held),
    }


def _drawn(feature: Any) -> dict[str, Any]:
    """Return a zone's shape, its words and its radius; one that cannot be read says so, and the case is shown."""
    try:
        drawn = {"feature": feature, "said": zone_geojson.in_words(feature), "radius_m": zone_geojson.radius_m(feature)}
        Zone.from_geojson(feature)
    except Exception:
        nothing: dict[str, Any] = {"type": "Feature", "geometry": None, "properties": {}}
        return {"feature": nothing, "said": zone_geojson.UNREADABLE, "radius_m": None}
    return drawn


def _record_look(person: Person, wearer: Wearer, now: datetime) -> None:
    actor, subject = audit.actor_of(person), f"wearer:{wearer.id}"
    seen = AuditEntry.select().where(
        AuditEntry.subject == subject,
        AuditEntry.actor == actor,
        AuditEntry.action == "location_viewed",
        AuditEntry.at > now - timedelta(seconds=ONE_LOOK_S),
    )
    if not seen.exists():
        with atomic():
            audit.record(actor, "location_viewed", subject, now, reason="case")


def _order(order: Order, case: Any, at: datetime, risk: monitoring_status.Risk | None) -> dict[str, Any]:
    terms = case.terms_at(order.id, at) or writing.current_terms(order.id, at)
    conditions = Condition.select().where(Condition.order == order).order_by(Condition.id)
    wrong = {condition.corrects_id for condition in conditions}
    facts = reading.value_at(f"order:{order.id}", What.ELIGIBILITY, at)
    return {
        "id": order.id,
        "version": max((one.id for one in case.orders.get(order.id, [])), default=0),
        "kind": order.kind,
        "reference": order.reference,
        "starts_at": terms.starts_at.isoformat(),
        "ends_at": terms.ends_at.isoformat() if terms.ends_at else None,
        "is_suspended": terms.is_suspended,
        "is_in_force": case.is_order_in_force(order.id, at) and case.life_at(at) is Life.ACTIVE,
        "conditions": [
            {"id": c.id, "number": c.number, "wording": c.wording}
            for c in conditions
            if c.id not in wrong and c.from_at <= at
        ],
        "eligibility": facts,
        "eligibility_doubts": eligibility.doubts(facts, risk),
    }


def _zones_at(case: Any, wearer_id: int, at: datetime) -> list[tuple[PlaceZone, ZoneVersion | None]]:
    rows = {zone.id: (zone, made) for zone, made in reading.versions_of_zones(wearer_id)}
    found = []
    for versions in case.lines.values():
        version = true_at(versions, at)
        if version is not None and not version.value.is_removed:
            found.append(rows[version.value.zone_id])
    return sorted(found, key=lambda pair: pair[0].id)


def _zone(zone: PlaceZone, made: ZoneVersion | None, is_in_force: bool) -> dict[str, Any]:
    decided = DatedEntry.select().where(DatedEntry.subject == f"zone:{zone.id}", DatedEntry.what == What.APPROVAL)
    return {
        "id": zone.id,
        "place": zone.place.label,
        "victim": zone.place.victim.name,
        **_drawn(zone.feature),
        "from_at": zone.from_at.isoformat(),
        "to_at": zone.to_at.isoformat() if zone.to_at else None,
        "order_id": made.order_id if made else None,
        "condition": _as_corrected(made.condition).wording if made and made.condition else None,
        "is_in_force": is_in_force,
        "is_to_approve": bool(made and made.is_provisional and not decided.exists()),
    }


def _as_corrected(condition: Condition) -> Condition:
    """Return the condition as it reads after every correction of it: zones rest on it, whatever its words were."""
    while newer := Condition.get_or_none(Condition.corrects == condition):
        condition = newer
    return condition


def _victim(victim: Victim, others: dict[int, Victim], is_near_known: bool, at: datetime) -> dict[str, Any]:
    # An adult who is in another case alone may be one that no one here may know of.
    through = others.get(victim.reached_through_id)
    held = reading.entries(f"victim:{victim.id}", What.NUMBER)
    entry = true_at(held, at)
    # From the first change on the record has every number; before it there is only the one now.
    then = (entry.value if entry else None) if held else victim.phone
    has_agreed = bool(then) and had_agreed_to_texts(victim, at)
    number = numbers.standing_at(victim, then, at)
    code = numbers.newest_code(victim)
    safe = safe_call(victim)
    return {
        "id": victim.id,
        "name": victim.name,
        "is_child": victim.is_child,
        "reached_through": {"id": through.id, "name": through.name} if through else None,
        "has_agreed": has_agreed,
        "has_declined": contact_details.has_declined(victim, at),
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
