"""Opens a case from nothing: wearer, protected person, place, order, zone and tag in one unit of work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backend import audit, numbers
from backend.access import require
from backend.case import writing
from backend.case.record import Terms
from backend.db import atomic, lock_rows
from backend.errors import InvalidRecord
from backend.models import (
    Activation,
    ActivationCorrection,
    Person,
    ProtectedPlace,
    Role,
    Tag,
    Victim,
    Wearer,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCase:
    """What has to be known to judge the first fix."""

    wearer: str
    victim: str
    victim_phone: str | None
    place: str
    kind: str
    reference: str
    starts_at: datetime
    ends_at: datetime | None
    condition: str
    feature: dict[str, Any]
    serial: str
    why: str = "The case was opened."
    document: str = ""
    is_confirmed: bool = False


def open_case(person: Person, new: NewCase, now: datetime, officer: Person | None = None) -> Wearer:
    """Record everything of a new case; the next fix is judged.

    ``person`` is who enters it, and responsible for it unless that is an ``officer`` of the same team.

    Raises: NotAllowed; InvalidRecord that says what is missing, or for an officer who has left; ZoneNotUsable; NotFound
    for an unknown tag; NumberRefused for a wearer's number; NeedsConfirmation where the order is over, so that nothing
    would be judged.
    """
    require(person, Role.OFFICER, Role.SUPERVISOR)
    for value, what in (
        (new.wearer, "the name of the person on probation"),
        (new.victim, "the name of the protected person"),
        (new.place, "a name for the place"),
        (new.reference, "the reference of the order"),
        (new.condition, "the condition in the words of the order"),
        (new.serial, "the serial of the tag"),
    ):
        if not value.strip():
            raise InvalidRecord(f"Enter {what}.")
    victim_phone = numbers.usable(new.victim_phone) if new.victim_phone else None
    responsible_id = (officer or person).id
    with atomic():
        # Nobody leaves while a case comes to them.
        lock_rows(Person, [responsible_id])
        if not Person.select().where(Person.id == responsible_id, Person.is_active).exists():
            raise InvalidRecord("The responsible officer has left.")
        wearer = Wearer.create(
            team=person.team_id, name=new.wearer.strip(), responsible_officer=responsible_id, created_at=now
        )
        audit.record(audit.actor_of(person), "case_opened", f"wearer:{wearer.id}", now, officer=responsible_id)
        victim = Victim.create(team=person.team_id, name=new.victim.strip(), phone=victim_phone, created_at=now)
        audit.record(audit.actor_of(person), "victim_added", f"victim:{victim.id}", now)
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
            new.feature,
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
    """Return the tags that nobody wears and no drill uses, by their serials."""
    in_error = ActivationCorrection.select(ActivationCorrection.activation)
    worn = Activation.select(Activation.tag).where(Activation.to_at.is_null(), Activation.id.not_in(in_error))
    return list(Tag.select().where(Tag.id.not_in(worn), ~Tag.serial.startswith("DRILL-")).order_by(Tag.serial))
