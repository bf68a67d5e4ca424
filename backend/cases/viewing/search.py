"""Searches a team's cases by name, CRN, date of birth, reference, tag or place."""

from __future__ import annotations

import contextlib
from datetime import date, datetime

from backend.access import closed_cases, require
from backend.cases import protected_people
from backend.models import (
    Activation,
    Order,
    Person,
    PlaceZone,
    ProtectedPlace,
    Role,
    Tag,
    Victim,
    Wearer,
)

# No one is born on it.
NO_DAY = date.max


def cases_of(person: Person, now: datetime, text: str = "") -> list[Wearer]:
    """Return the cases of the person's team that they may know of, by name; with ``text``, those that match it.

    The text is looked for in the names of wearers and protected persons, in CRNs and dates of birth (as 3/5/1990), in
    the references of orders, in the serials of tags that are or were worn, and in what colleagues call the places. Only
    cases that are open to the person match.
    """
    require(person, Role.OFFICER, Role.SUPERVISOR)
    closed = closed_cases([person.id], now).get(person.id, set())
    query = Wearer.select().where(Wearer.team == person.team_id).order_by(Wearer.is_training, Wearer.name)
    if closed:
        query = query.where(Wearer.id.not_in(closed))
    if text.strip():
        sought = text.strip()
        by_order = Order.select(Order.wearer).where(Order.reference.contains(sought))
        of_victims = Victim.select(Victim.id).where(Victim.name.contains(sought))
        of_places = ProtectedPlace.select(ProtectedPlace.id).where(
            ProtectedPlace.victim.in_(of_victims) | ProtectedPlace.label.contains(sought)
        )
        by_zone = PlaceZone.select(PlaceZone.wearer).where(PlaceZone.place.in_(of_places))
        by_tag = (
            Activation.select(Activation.wearer).join(Tag).where(Tag.serial.contains(sought), ~Activation.is_in_error)
        )
        query = query.where(
            Wearer.name.contains(sought)
            | Wearer.crn.contains("".join(sought.split()))
            | (Wearer.date_of_birth == (_day(sought) or NO_DAY))
            | Wearer.id.in_(by_order)
            | Wearer.id.in_(by_zone)
            | Wearer.id.in_(by_tag)
            | Wearer.id.in_(protected_people.entered_in(list(of_victims)))
        )
    return list(query)


def _day(text: str) -> date | None:
    """Return the day that a text is, as British officers write it or as 1990-05-03; None for any other text."""
    for form in ("%d/%m/%Y", "%d %B %Y", "%Y-%m-%d"):
        with contextlib.suppress(ValueError):
            return datetime.strptime(f"{text} +0000", f"{form} %z").date()
    return None
