"""Finds the cases of a team by what people know of them: a name, a reference, a tag, a place."""

from __future__ import annotations

from datetime import datetime

from backend.access import closed_cases, require
from backend.models import (
    Order,
    Person,
    PlaceZone,
    ProtectedPlace,
    Role,
    Victim,
    Wearer,
)


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
