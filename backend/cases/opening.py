"""Opens a new case: wearer, protected person, place, order, zone and tag in one unit of work."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from backend import audit
from backend.access import access_wearer, require
from backend.cases import identity, protected_people, writing
from backend.cases.commands.opening import NewCondition, OpenCase
from backend.db import atomic, lock_rows
from backend.errors import InvalidRecord
from backend.models import (
    Activation,
    Condition,
    Order,
    Person,
    ProtectedPlace,
    Role,
    Tag,
    Victim,
    Wearer,
)
from backend.people import numbers
from backend.record import reading, zone_geojson
from backend.record.facts import Terms


def open_case(person: Person, new: OpenCase, now: datetime, officer: Person | None = None) -> Wearer:
    """Record everything of a new case; the next fix is judged.

    ``person`` is who enters it, and responsible for it unless that is an ``officer`` of the same team.

    Raises: NotAllowed; InvalidRecord that says what is missing, or for an officer who has left; ZoneNotUsable; NotFound
    for an unknown tag; NumberRefused for a wearer's number; KnownPerson where someone of their name is recorded;
    NeedsConfirmation where the order is over, so that nothing would be judged.
    """
    require(person, Role.OFFICER, Role.SUPERVISOR)
    victim_phone = numbers.e164(new.victim_phone) if new.victim_phone else None
    if new.victim_id is not None and victim_phone:
        raise InvalidRecord("A person on record keeps their number: change it on the page of the case.")
    if new.victim_id is None and not new.is_another:
        protected_people.require_new(person, new.victim_name, now)
    responsible_id = (officer or person).id
    with atomic():
        # No one leaves while a case comes to them.
        lock_rows(Person, [responsible_id])
        if not Person.select().where(Person.id == responsible_id, Person.is_active).exists():
            raise InvalidRecord("The responsible officer has left.")
        wearer = Wearer.create(
            team=person.team_id, name=new.wearer.strip(), responsible_officer=responsible_id, created_at=now
        )
        audit.record(audit.actor_of(person), "case_opened", f"wearer:{wearer.id}", now, officer=responsible_id)
        if new.crn or new.date_of_birth:
            identity.record(person, wearer.id, new.crn, new.date_of_birth, now, why=new.why, document=new.document)
        if new.victim_id is not None:
            victim = protected_people.add_known(
                person, wearer.id, new.victim_id, now, why=new.why, document=new.document
            )
        elif zone_geojson.keeps_in(new.zone):
            # No zone of theirs says that the case protects them.
            victim = _enter_new(person, wearer.id, new, victim_phone, now)
        else:
            victim = Victim.create(team=person.team_id, name=new.victim_name, phone=victim_phone, created_at=now)
            audit.record(audit.actor_of(person), "victim_added", f"victim:{victim.id}", now)
        if zone_geojson.keeps_in(new.zone):
            place = writing.place_to_stay(person, wearer.id, new.place, now)
        else:
            place = ProtectedPlace.create(victim=victim, label=new.place.strip())
        order = writing.open_order(
            person,
            wearer.id,
            new.kind,
            new.reference,
            Terms(new.starts_at, new.ends_at),
            now,
            why=new.why,
            document=new.document,
            conditions=(("1", new.condition),),
        )
        writing.add_zone(
            person,
            wearer.id,
            place.id,
            new.zone,
            new.starts_at,
            now,
            why=new.why,
            document=new.document,
            order_id=order.id,
            condition_id=order.conditions.get().id,
            is_confirmed=new.is_confirmed,
        )
        writing.fit_tag(person, wearer.id, new.serial, now, now)
        return wearer


def widen(person: Person, wearer_id: int, new: OpenCase, now: datetime) -> Wearer:
    """Let a case that was just opened protect someone more, or another place, by a further condition of its order.

    Raises: what ``open_case`` raises.
    """
    with atomic():
        wearer = access_wearer(person, wearer_id, now)
        theirs = {victim.id for victim in reading.victims_of(wearer_id)}
        if new.victim_id is None:
            phone = numbers.usable(new.victim_phone, wearer_id) if new.victim_phone else None
            victim = _enter_new(person, wearer_id, new, phone, now)
        elif new.victim_id in theirs:
            victim = protected_people.of_case(wearer_id, new.victim_id)
        else:
            victim = protected_people.add_known(person, wearer_id, new.victim_id, now, why=new.why)
        order = Order.get(Order.wearer == wearer, Order.reference == new.reference.strip())
        of_theirs: Any = ProtectedPlace.victim == victim
        if zone_geojson.keeps_in(new.zone):
            of_theirs = ProtectedPlace.wearer == wearer
        place = ProtectedPlace.get_or_none(of_theirs, ProtectedPlace.label == new.place.strip())
        condition = NewCondition(
            order_id=order.id,
            number=str(Condition.select().where(Condition.order == order).count() + 1),
            wording=new.condition,
            place_id=place.id if place else None,
            victim_id=victim.id,
            place=new.place,
            zone=new.zone,
            from_at=new.starts_at,
            why=new.why,
            document=new.document,
            is_confirmed=new.is_confirmed,
        )
        writing.protect_by_condition(person, wearer_id, condition, now)
        return wearer


def _enter_new(person: Person, wearer_id: int, new: OpenCase, phone: str | None, now: datetime) -> Victim:
    victim = protected_people.add_person(
        person, wearer_id, new.victim_name, now, why=new.why, is_another=new.is_another
    )
    if phone:
        victim.phone = phone
        Victim.update(phone=phone).where(Victim.id == victim.id).execute()
    return victim


def circle(lat: float, lon: float, radius_m: float, buffer_m: float) -> dict[str, Any]:
    """Return a circular exclusion zone as a GeoJSON Feature. Raises: InvalidRecord for measures out of range."""
    if not 10 <= radius_m <= 50_000:
        raise InvalidRecord("The radius must be between 10 and 50,000 metres.")
    if not 0 <= buffer_m <= 50_000:
        raise InvalidRecord("The buffer must be between 0 and 50,000 metres.")
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [lon, lat]},
        "properties": {"id": "circle", "kind": "exclusion", "radius_m": radius_m, "buffer_m": buffer_m},
    }


def free_tags() -> list[Tag]:
    """Return the tags that no one wears and no drill uses, by their serials."""
    worn = Activation.select(Activation.tag).where(Activation.to_at.is_null(), ~Activation.is_in_error)
    return list(Tag.select().where(Tag.id.not_in(worn), ~Tag.serial.startswith("DRILL-")).order_by(Tag.serial))
