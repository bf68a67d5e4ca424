"""Adds a condition with its zone: the court's words, the place and the shape in one unit of work."""

from __future__ import annotations

from datetime import datetime

from backend import audit
from backend.access import access_wearer
from backend.cases.commands.opening import NewCondition
from backend.cases.writing.orders import access_order, add_condition
from backend.cases.writing.provisional_zones import victims_for
from backend.cases.writing.zones import access_place, add_zone, place_to_stay
from backend.db import atomic
from backend.errors import InvalidRecord, NotFound
from backend.models import Order, Person, PlaceZone, ProtectedPlace, Victim
from backend.record.zone_geojson import keeps_in
from backend.zone_replay import read_zone


def check_condition(person: Person, wearer_id: int, new: NewCondition, now: datetime) -> tuple[Order, Victim | None]:
    """Return the order and whom the zone protects, no one where the wearer has to stay; nothing is saved.

    Raises: NotFound, NotAllowed; InvalidRecord that says what is missing; ZoneNotUsable.
    """
    access_wearer(person, wearer_id, now)
    order = access_order(person, new.order_id, now)
    if order.wearer_id != wearer_id:
        raise NotFound("The order was not found.")
    read_zone(new.zone)
    place = access_place(person, wearer_id, new.place_id, now) if new.place_id is not None else None
    if keeps_in(new.zone) if place is None else place.wearer_id is not None:
        return order, None
    victims = victims_for(person, wearer_id, now)
    victim: Victim | None
    if place is not None:
        victim = place.victim
    else:
        victim = next((one for one in victims if one.id == new.victim_id), None)
        if victim is None:
            raise InvalidRecord("Choose whom the place protects.")
    if victim not in victims:
        raise NotFound("The place was not found.")
    return order, victim


def protect_by_condition(person: Person, wearer_id: int, new: NewCondition, now: datetime) -> PlaceZone:
    """Record the condition in the court's words and let its zone hold from its instant on; judged at once.

    Raises: NotFound, NotAllowed; InvalidRecord that says what is missing; ZoneNotUsable; NeedsConfirmation.
    """
    order, victim = check_condition(person, wearer_id, new, now)
    with atomic():
        place_id = new.place_id
        if place_id is None:
            if victim is None:
                place = place_to_stay(person, wearer_id, new.place, now)
            else:
                place = ProtectedPlace.create(victim=victim, label=new.place.strip())
                audit.record(audit.actor_of(person), "place_added", f"victim:{victim.id}", now, place=place.id)
            place_id = place.id
        condition = add_condition(person, order.id, new.number, new.wording, new.from_at, now)
        return add_zone(
            person,
            wearer_id,
            place_id,
            new.zone,
            new.from_at,
            now,
            why=new.why,
            document=new.document,
            order_id=order.id,
            condition_id=condition.id,
            is_confirmed=new.is_confirmed,
        )
