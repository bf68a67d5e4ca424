"""A case as it was at an instant, for pages and the API; every look at it is recorded."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from peewee import JOIN

from backend import audit, numbers
from backend.access import access_wearer, closed_cases, require
from backend.case import drawing, eligibility, lives, reading, rejudging, victims, writing
from backend.case.record import LONDON, Life, What, true_at
from backend.consent import had_agreed_to_texts
from backend.db import atomic
from backend.models import (
    Activation,
    ActivationCorrection,
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
    Role,
    Tag,
    Victim,
    Wearer,
    ZoneVersion,
)

ONE_LOOK_S = 60.0


def cases_of(person: Person, now: datetime, text: str = "") -> list[Wearer]:
    """Return the cases of the person's team that they may know of, by name; with ``text``, those that match it.

    The text is looked for in the names of wearers and protected persons and in the references of orders.
    """
    require(person, Role.OFFICER, Role.SUPERVISOR)
    closed = closed_cases([person.id], now).get(person.id, set())
    query = Wearer.select().where(Wearer.team == person.team_id).order_by(Wearer.is_training, Wearer.name)
    if closed:
        query = query.where(Wearer.id.not_in(closed))
    if text.strip():
        sought = text.strip()
        by_order = Order.select(Order.wearer).where(Order.reference.contains(sought))
        by_victim = (
            PlaceZone.select(PlaceZone.wearer).join(ProtectedPlace).join(Victim).where(Victim.name.contains(sought))
        )
        query = query.where(Wearer.name.contains(sought) | Wearer.id.in_(by_order) | Wearer.id.in_(by_victim))
    return list(query)


def look(person: Person, wearer_id: int, at: datetime, now: datetime) -> dict[str, Any]:
    """Return the case as it was at ``at``, and record that it was looked at.

    Raises: NotFound, NotAllowed.
    """
    wearer = access_wearer(person, wearer_id, now)
    _record_look(person, wearer, now)
    case = reading.case(wearer.id)
    entry = true_at(case.life, at)
    officer_id = reading.responsible_officer_id(wearer, at)
    officer = Person.get_or_none(Person.id == officer_id) if officer_id else None
    held = {zone.zone_id for zone in case.zones_in_force(at)}
    worn = rejudging.present_tag(wearer.id, at)
    risk = lives.risk_at(wearer.id, at)
    return {
        "id": wearer.id,
        "name": wearer.name,
        "is_drill": wearer.is_training,
        "at": at.isoformat(),
        "life": case.life_at(at).value,
        "life_reason": entry.value.get("reason") if entry else None,
        "expected_end_at": entry.value.get("expected_end_at") if entry else None,
        "risk": risk.value if risk else None,
        "officer": {"id": officer.id, "name": officer.name} if officer else None,
        "tag": {"serial": worn.tag.serial, "activation_id": worn.id} if worn else None,
        "orders": [
            _order(order, case, at, risk) for order in Order.select().where(Order.wearer == wearer).order_by(Order.id)
        ],
        "zones": [_zone(zone, made, zone.id in held) for zone, made in _zones_at(case, wearer.id, at)],
        "victims": [_victim(victim, at) for victim in reading.victims_of(wearer.id)],
        "is_judged": bool(held),
    }


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


def _order(order: Order, case: Any, at: datetime, risk: lives.Risk | None) -> dict[str, Any]:
    terms = case.terms_at(order.id, at) or writing.current_terms(order.id, at)
    conditions = Condition.select().where(Condition.order == order).order_by(Condition.id)
    wrong = {condition.corrects_id for condition in conditions}
    facts = reading.value_at(f"order:{order.id}", What.ELIGIBILITY, at)
    return {
        "id": order.id,
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
        "feature": zone.feature,
        "said": drawing.in_words(zone.feature),
        "radius_m": drawing.radius_m(zone.feature),
        "from_at": zone.from_at.isoformat(),
        "to_at": zone.to_at.isoformat() if zone.to_at else None,
        "order_id": made.order_id if made else None,
        "condition": made.condition.wording if made and made.condition else None,
        "is_in_force": is_in_force,
        "is_to_approve": bool(made and made.is_provisional and not decided.exists()),
    }


def _victim(victim: Victim, at: datetime) -> dict[str, Any]:
    held = reading.entries(f"victim:{victim.id}", What.NUMBER)
    entry = true_at(held, at)
    # From the first change on the record has every number; before it there is only the one now.
    then = (entry.value if entry else None) if held else victim.phone
    has_agreed = bool(then) and had_agreed_to_texts(victim, at)
    number = numbers.standing_at(victim, then, at)
    code = numbers.newest_code(victim)
    places = ProtectedPlace.select().where(ProtectedPlace.victim == victim).order_by(ProtectedPlace.id)
    return {
        "id": victim.id,
        "name": victim.name,
        "has_agreed": has_agreed,
        "has_declined": victims.has_declined(victim, at),
        "is_reachable": has_agreed and number in (numbers.Standing.PROVED, numbers.Standing.DUE),
        "number": number.value,
        "phone": _ending(then) if then else None,
        "code_failed": code.failed_because if code else None,
        "shares_location": LocationConsent.select()
        .where(
            LocationConsent.victim == victim,
            LocationConsent.given_at <= at,
            LocationConsent.withdrawn_at.is_null() | (LocationConsent.withdrawn_at > at),
        )
        .exists(),
        "places": [{"id": place.id, "label": place.label} for place in places],
    }


def open_alerts(wearer_id: int) -> list[Alert]:
    """Return the alerts of the case that are not closed, newest first; whoever asks has been let in already."""
    query = Alert.select().where(
        Alert.wearer == wearer_id, Alert.handling != Handling.CLOSED, Alert.kind != AlertKind.NOTICE
    )
    return list(query.order_by(Alert.id.desc()))


ENTRY_TEXTS = {
    What.TERMS: "Order: terms",
    What.LIFE: "Case",
    What.OFFICER: "Responsible officer",
    What.TEAM: "Team",
    What.RISK: "Risk of serious harm",
    What.ELIGIBILITY: "Eligibility for a tag",
    What.RESTRICTED: "Restricted case",
    What.APPROVAL: "Provisional zone",
    What.WORN: "Tag",
    What.NUMBER: "Number of a protected person",
    What.DECLINED: "Warnings to a protected person",
}


def history(person: Person, wearer_id: int, now: datetime) -> list[dict[str, Any]]:
    """Return every entry and version of the case, newest record first: who, when, why, from which document."""
    wearer = access_wearer(person, wearer_id, now)
    names = {row.id: row.name for row in Person.select(Person.id, Person.name)}
    found = []
    rows = list(DatedEntry.select().where(DatedEntry.wearer == wearer).order_by(DatedEntry.id))
    corrected = {row.corrects_id for row in rows}
    # A tag that was recorded as worn in error was never worn, whatever was said of it.
    in_error = {
        f"activation:{row.activation_id}"
        for row in ActivationCorrection.select()
        .join(Activation, on=ActivationCorrection.activation)
        .where(Activation.wearer == wearer)
    }
    for row in rows:
        found.append(
            {
                "what": ENTRY_TEXTS.get(What(row.what), row.what),
                "value": _in_words(What(row.what), row.value, names),
                "from_at": row.from_at,
                "recorded_at": row.recorded_at,
                "by": names.get(row.recorded_by_id, "Cordon"),
                "why": row.why,
                "document": row.document,
                "is_corrected": row.id in corrected or row.subject in in_error,
                "corrects": row.corrects_id is not None,
            }
        )
    versions = (
        ZoneVersion.select(ZoneVersion, PlaceZone)
        .join(PlaceZone, JOIN.INNER, on=ZoneVersion.zone)
        .where(PlaceZone.wearer == wearer)
    )
    wrong = {version.corrects_id for version in versions}
    for version in versions:
        zone = version.zone
        state = "no zone" if version.is_removed else "provisional zone" if version.is_provisional else "zone"
        found.append(
            {
                "what": f"Zone at {zone.place.label}",
                "value": state,
                "from_at": zone.from_at,
                "recorded_at": version.recorded_at,
                "by": names.get(version.recorded_by_id, "Cordon"),
                "why": version.why,
                "document": version.document,
                "is_corrected": zone.id in wrong,
                "corrects": version.corrects_id is not None,
            }
        )
    said = {row.subject for row in rows if row.what == What.WORN}
    for worn in _activations(wearer.id):
        if f"activation:{worn['id']}" in said:
            continue
        until = f" until {_day(worn['to_at'])}" if worn["to_at"] else ""
        changes = [(f"{worn['serial']}{until}", worn["from_at"], worn["fitted"])]
        if worn["to_at"] and worn["taken_off"]:
            changes.append((f"{worn['serial']} taken off", worn["to_at"], worn["taken_off"]))
        for value, from_at, entry in changes:
            found.append(
                {
                    "what": "Tag",
                    "value": value,
                    "from_at": from_at,
                    "recorded_at": entry["at"] if entry else from_at,
                    "by": entry["by"] if entry else "",
                    "why": entry["why"] if entry else "",
                    "document": "",
                    "is_corrected": worn["is_in_error"],
                    "corrects": False,
                }
            )
    return sorted(found, key=lambda row: (row["recorded_at"], row["from_at"]), reverse=True)


def _ending(number: str) -> str:
    """Return as much of a number as tells it from another one, on a screen that others may see."""
    return f"ends in {number[-4:]}"


def activations(person: Person, wearer_id: int, at: datetime, now: datetime) -> list[dict[str, Any]]:
    """Return which tags the wearer had worn by ``at``, newest first, each with who fitted it and took it off, and why.

    Raises: NotFound, NotAllowed.
    """
    wearer = access_wearer(person, wearer_id, now)
    found = [row for row in _activations(wearer.id) if row["from_at"] <= at]
    for row in found:
        is_over = row["to_at"] is not None and row["to_at"] <= at
        row["is_worn"] = not is_over and not row["is_in_error"]
    return sorted(found, key=lambda row: (row["from_at"], row["id"]), reverse=True)


def _activations(wearer_id: int) -> list[dict[str, Any]]:
    fitted: dict[int | None, dict[str, Any]] = {}
    taken_off: dict[int | None, dict[str, Any]] = {}
    names = {f"person:{row.id}": row.name for row in Person.select(Person.id, Person.name)}
    entries = AuditEntry.select().where(
        AuditEntry.subject == f"wearer:{wearer_id}",
        AuditEntry.action.in_(["tag_fitted", "tag_taken_off", "tag_swapped"]),
    )
    for entry in entries.order_by(AuditEntry.id):
        detail = entry.detail or {}
        said = {"at": entry.at, "by": names.get(entry.actor, "Cordon"), "why": detail.get("why", "")}
        if entry.action != "tag_taken_off":
            fitted[detail.get("activation")] = said
        if entry.action != "tag_fitted":
            taken_off[detail.get("taken_off", detail.get("activation"))] = said
    rows = Activation.select(Activation, Tag).join(Tag).where(Activation.wearer == wearer_id).order_by(Activation.id)
    return [
        {
            "id": row.id,
            "serial": row.tag.serial,
            "from_at": row.from_at,
            "to_at": row.to_at,
            "fitted": fitted.get(row.id),
            "taken_off": taken_off.get(row.id),
            "is_in_error": row.corrections.exists(),
        }
        for row in rows
    ]


def _day(at: datetime) -> str:
    return f"{at.astimezone(LONDON):%-d %B %Y, %H:%M}"


def _in_words(what: What, value: Any, names: dict[int, str]) -> str:
    if what is What.TERMS:
        starts_at = datetime.fromisoformat(value["starts_at"])
        ends_at = datetime.fromisoformat(value["ends_at"]) if value.get("ends_at") else None
        text = f"from {_day(starts_at)}" + (f" until {_day(ends_at)}" if ends_at else ", no end")
        return text + (", suspended" if value.get("is_suspended") else "")
    if what is What.LIFE:
        return value["state"] + (f" ({value['reason']})" if value.get("reason") else "")
    if what is What.OFFICER:
        return names.get(value["person"], "nobody")
    if what is What.RISK:
        return str(value["risk"]).replace("_", " ")
    if what is What.RESTRICTED:
        people = value["people"]
        return "open to the team" if people is None else ", ".join(names.get(one, "?") for one in people)
    if what is What.APPROVAL:
        return "approved" if value["is_approved"] else "refused"
    if what is What.WORN:
        until = f" taken off {_day(datetime.fromisoformat(value['to_at']))}" if value["to_at"] else " fitted"
        return f"{value['serial']}{until}"
    if what is What.NUMBER:
        return _ending(value)
    if what is What.DECLINED:
        return "declined by her" if value["is_declined"] else "wanted"
    if what is What.ELIGIBILITY:
        return eligibility.in_words(value)
    return str(value)
