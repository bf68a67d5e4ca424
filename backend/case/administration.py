"""What administrators keep: people, teams and tags; never a location, never a case."""

from __future__ import annotations

import re
import secrets
from datetime import datetime

from backend import audit, auth, tags
from backend.access import require
from backend.case.opening import check_phone
from backend.db import atomic
from backend.errors import InvalidRecord, NotFound
from backend.models import Person, Role, Tag, Team


def add_person(
    by: Person, team_id: int, role: Role, name: str, email: str, phone: str | None, now: datetime
) -> tuple[Person, str]:
    """Make an account and return it with its first password, which is shown once and kept nowhere.

    Raises: NotAllowed, NotFound, InvalidRecord.
    """
    require(by, Role.ADMINISTRATOR)
    address = email.strip().lower()
    if not name.strip():
        raise InvalidRecord("Enter the name of the person.")
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", address):
        raise InvalidRecord("Enter an e-mail address such as name@example.gov.uk.")
    if Person.select().where(Person.email == address).exists():
        raise InvalidRecord("Somebody has this e-mail address already.")
    check_phone(phone)
    if not Team.select().where(Team.id == team_id).exists():
        raise NotFound("There is no such team.")
    password = secrets.token_urlsafe(12)
    with atomic():
        person = Person.create(
            team=team_id,
            role=role,
            name=name.strip(),
            email=address,
            phone=phone or None,
            password_hash=auth.hash_password(password),
            created_at=now,
        )
        audit.record(audit.actor_of(by), "person_added", f"person:{person.id}", now, role=role)
    return person, password


def add_team(by: Person, name: str, now: datetime) -> Team:
    """Make a team. Raises: NotAllowed; InvalidRecord for a name that is empty or taken."""
    require(by, Role.ADMINISTRATOR)
    if not name.strip():
        raise InvalidRecord("Enter the name of the team.")
    if Team.select().where(Team.name == name.strip()).exists():
        raise InvalidRecord("Another team has this name.")
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
