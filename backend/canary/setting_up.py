"""Creates what the canary needs: a team, a training wearer, a place at sea, a zone, a tag and an account."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from backend import audit, authentication, channels, tag_signatures
from backend.cases.opening import circle
from backend.cases.writing import add_zone
from backend.db import atomic
from backend.errors import InvalidRecord, NotFound
from backend.escalation.steps import Policy, Step, Who
from backend.models import (
    Activation,
    EscalationPolicy,
    Person,
    ProtectedPlace,
    Role,
    Tag,
    Team,
    Victim,
    Wearer,
)
from backend.people import contact_routes, numbers

NAME = "CANARY (no person)"
# ``.invalid`` is no one's mail (RFC 2606).
EMAIL = "canary@canary.invalid"
# In the North Sea, where no one lives.
WHERE = (53.5, 3.0)
RADIUS_M = 50.0
# Everything goes at once and nothing rings: a call proves nothing that a text does not.
POLICY = Policy(
    steps=(
        Step(0.0, (Who.OFFICER,), channels.QUIET_BY_PROVIDER),
        Step(300.0, (Who.SUPERVISORS,), channels.TEXTS),
    ),
    repeat=Step(600.0, (Who.OFFICER, Who.SUPERVISORS), channels.TEXTS),
)


@dataclass(frozen=True, slots=True)
class Canary:
    """What a walk needs: who walks, whose phone is warned, and the tag with its key."""

    wearer_id: int
    person_id: int
    tag_id: int
    serial: str
    key: str
    since: datetime


def find() -> Canary | None:
    """Return the canary, or None where it was not set up."""
    activation = (
        Activation.select(Activation, Wearer, Tag)
        .join(Wearer)
        .switch(Activation)
        .join(Tag)
        .where(Wearer.is_canary, Activation.to_at.is_null())
        .order_by(Activation.id.desc())
        .first()
    )
    if activation is None:
        return None
    wearer, tag = activation.wearer, activation.tag
    return Canary(wearer.id, wearer.responsible_officer_id, tag.id, tag.serial, tag.key, activation.from_at)


def set_up(phone: str | None, duty_line: str, now: datetime) -> tuple[Person, str | None]:
    """Make the canary, or give the one there is another number; return its account and, once, the password.

    A person who runs the service says that the number is for this: it is used without a code, and no person has it.

    Raises: InvalidRecord for a number that is someone's: a canary rings no one.
    """
    phone = numbers.e164(phone) if phone else None
    with atomic():
        known = Person.get_or_none(Person.is_canary)
        taken = Person.select().where(Person.phone == phone, ~Person.is_canary).exists()
        if phone and (taken or phone == duty_line or Victim.select().where(Victim.phone == phone).exists()):
            raise InvalidRecord("The canary needs a number that belongs to no one.")
        if known is not None:
            if phone:
                contact_routes.change_number(known, phone, now)
                numbers.carry_over(known, now)
                audit.record(audit.SYSTEM, "canary_number_changed", f"person:{known.id}", now)
            return known, None
        password = secrets.token_urlsafe(12)
        team = Team.create(name=NAME, created_at=now)
        person = Person.create(
            team=team,
            role=Role.OFFICER,
            name=NAME,
            email=EMAIL,
            phone=phone,
            is_canary=True,
            password_hash=authentication.hash_password(password),
            created_at=now,
        )
        if phone:
            numbers.carry_over(person, now)
        EscalationPolicy.create(team=team, content=POLICY.to_json(), from_at=now)
        wearer = Wearer.create(
            team=team, name=NAME, responsible_officer=person, is_training=True, is_canary=True, created_at=now
        )
        victim = Victim.create(team=team, name=NAME, created_at=now)
        place = ProtectedPlace.create(victim=victim, label="CANARY")
        tag = Tag.create(serial=f"CANARY-{secrets.token_hex(4)}", key=tag_signatures.new_key(), created_at=now)
        Activation.create(tag=tag, wearer=wearer, from_at=now)
        shape = circle(*WHERE, RADIUS_M, 0.0)
        # At sea on purpose, where no wearer is.
        add_zone(person, wearer.id, place.id, shape, now, now, why="The canary walks into it.", is_confirmed=True)
        audit.record(audit.SYSTEM, "canary_made", f"wearer:{wearer.id}", now)
        return person, password


def renew_password(now: datetime) -> tuple[Person, str]:
    """Give the canary's account another password, for one that was lost; its phone stays signed in and takes pushes.

    Raises: NotFound where no canary was set up.
    """
    person = Person.get_or_none(Person.is_canary)
    if person is None:
        raise NotFound("No canary is set up: run canary-setup first.")
    password = secrets.token_urlsafe(12)
    with atomic():
        Person.update(password_hash=authentication.hash_password(password)).where(Person.id == person.id).execute()
        audit.record(audit.SYSTEM, "canary_password_changed", f"person:{person.id}", now)
    return person, password
