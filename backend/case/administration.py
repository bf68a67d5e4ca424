"""What administrators keep: people, teams and tags; never a location, never a case."""

from __future__ import annotations

import re
import secrets
from datetime import datetime

from backend import audit, auth, db, numbers, routes, tags
from backend.access import require
from backend.case import teams
from backend.db import atomic
from backend.errors import InvalidRecord, NotFound
from backend.models import Channel, Person, Role, Tag, Team


def add_person(
    by: Person, team_id: int, role: Role, name: str, email: str, phone: str | None, now: datetime
) -> tuple[Person, str]:
    """Make an account and return it with its first password, which is shown once and kept nowhere.

    A number is sent a code at once, and takes no warning before its owner has given that back.

    Raises: NotAllowed, NotFound, InvalidRecord; NumberRefused for a wearer's number.
    """
    require(by, Role.ADMINISTRATOR)
    address = email.strip().lower()
    if not name.strip():
        raise InvalidRecord("Enter the name of the person.")
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", address):
        raise InvalidRecord("Enter an e-mail address such as name@example.gov.uk.")
    if Person.select().where(Person.email == address).exists():
        raise InvalidRecord("Somebody has this e-mail address already.")
    number = numbers.usable(phone) if phone else None
    if not Team.select().where(Team.id == team_id).exists():
        raise NotFound("There is no such team.")
    password = secrets.token_urlsafe(12)
    db.release_connection()
    password_hash = auth.hash_password(password)
    with atomic():
        person = Person.create(
            team=team_id,
            role=role,
            name=name.strip(),
            email=address,
            phone=number,
            password_hash=password_hash,
            created_at=now,
        )
        audit.record(audit.actor_of(by), "person_added", f"person:{person.id}", now, role=role)
        if number:
            numbers.ask(person, by, Channel.SMS, now)
    return person, password


def change_number(by: Person, person_id: int, phone: str | None, now: datetime) -> Person:
    """Give a member of staff another number, or none; a code goes to it at once, and no warning before it came back.

    Raises: NotAllowed, NotFound, InvalidRecord; NumberRefused for a wearer's number; TooManyCodes.
    """
    require(by, Role.ADMINISTRATOR)
    person = Person.get_or_none(Person.id == person_id, Person.is_active)
    if person is None:
        raise NotFound("There is no such person.")
    number = numbers.usable(phone) if phone else None
    with atomic():
        routes.change_number(person, number, now)
        audit.record(audit.actor_of(by), "person_number_changed", f"person:{person.id}", now)
        if number:
            numbers.ask(person, by, Channel.SMS, now)
    return person


def add_team(by: Person, name: str, now: datetime) -> Team:
    """Make a team. Raises: NotAllowed; InvalidRecord for a name that is empty, taken, or entered for a team already."""
    require(by, Role.ADMINISTRATOR)
    teams.refuse_taken(name, now)
    with atomic():
        team = Team.create(name=name.strip(), created_at=now)
        audit.record(audit.actor_of(by), "team_added", f"team:{team.id}", now)
        return team


def add_tag(by: Person, serial: str, now: datetime) -> Tag:
    """Register a tag and return it with its key, which the vendor's platform has to be given.

    Raises: NotAllowed; InvalidRecord for a serial that is empty or known.
    """
    require(by, Role.ADMINISTRATOR)
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", serial.strip()):
        raise InvalidRecord("A serial has letters, digits, - and _ only.")
    if Tag.select().where(Tag.serial == serial.strip()).exists():
        raise InvalidRecord("A tag has this serial already.")
    with atomic():
        tag = Tag.create(serial=serial.strip(), key=tags.new_key(), created_at=now)
        audit.record(audit.actor_of(by), "tag_added", f"tag:{tag.id}", now)
        return tag


def people_of(by: Person, text: str = "") -> list[Person]:
    """Return colleagues by name: an administrator sees everybody, others their own team."""
    query = Person.select(Person, Team).join(Team).order_by(Team.name, Person.name)
    if by.role != Role.ADMINISTRATOR:
        query = query.where(Person.team == by.team_id)
    if text.strip():
        query = query.where(Person.name.contains(text.strip()) | Person.email.contains(text.strip()))
    return list(query)
