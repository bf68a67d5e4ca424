"""What administrators manage: accounts, teams and tags; never a location or a case."""

from __future__ import annotations

import re
import secrets
from datetime import datetime

from peewee import IntegrityError

from backend import accounts, audit, authentication, case_folding, tag_signatures
from backend.access import require
from backend.cases import teams
from backend.channels import CODES
from backend.db import atomic
from backend.errors import InvalidRecord, NotFound
from backend.models import Person, Role, Tag, Team
from backend.people import contact_routes, numbers

ADDRESS_TAKEN = "This email address is already used by another account."
SERIAL_TAKEN = "This serial is already used by another tag, perhaps in other capitals."


def add_person(
    by: Person, team_id: int, role: Role, name: str, email: str, phone: str | None, now: datetime
) -> accounts.Link:
    """Make an account and return the link by which its owner joins, which is shown once and kept nowhere.

    A number is sent a code at once, and takes no warning before its owner has given that back.

    Raises: NotAllowed, NotFound, InvalidRecord.
    """
    require(by, Role.ADMINISTRATOR)
    name, address = accounts.name_of(name), accounts.address_of(email)
    if Person.select().where(case_folding.is_same(Person.email, address)).exists():
        raise InvalidRecord(ADDRESS_TAKEN)
    number = numbers.e164(phone) if phone else None
    if not Team.select().where(Team.id == team_id).exists():
        raise NotFound("The team was not found.")
    # No one knows it: the person sets their own.
    unknown = authentication.hash_password(secrets.token_urlsafe(32))
    try:
        with atomic():
            person = Person.create(
                team=team_id,
                role=role,
                name=name,
                email=address,
                phone=number,
                password_hash=unknown,
                created_at=now,
            )
            audit.record(audit.actor_of(by), "person_added", f"person:{person.id}", now, role=role)
            if number:
                numbers.ask(person, by, CODES, now)
            return accounts.invite(by, person, now)
    except IntegrityError:
        raise InvalidRecord(ADDRESS_TAKEN) from None


def change_number(by: Person, person_id: int, phone: str | None, now: datetime) -> Person:
    """Give a member of staff another number, or none; a code goes to it at once, and no warning before it came back.

    Raises: NotAllowed, NotFound, InvalidRecord; TooManyCodes.
    """
    require(by, Role.ADMINISTRATOR)
    person = Person.get_or_none(Person.id == person_id, Person.is_active)
    if person is None:
        raise NotFound("The person was not found.")
    number = numbers.e164(phone) if phone else None
    with atomic():
        contact_routes.change_number(person, number, now)
        audit.record(audit.actor_of(by), "person_number_changed", f"person:{person.id}", now)
        if number:
            numbers.ask(person, by, CODES, now)
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
        raise InvalidRecord("A serial must only include letters, digits, - and _.")
    if Tag.select().where(case_folding.is_same(Tag.serial, serial)).exists():
        raise InvalidRecord(SERIAL_TAKEN)
    try:
        with atomic():
            tag = Tag.create(serial=serial.strip(), key=tag_signatures.new_key(), created_at=now)
            audit.record(audit.actor_of(by), "tag_added", f"tag:{tag.id}", now)
            return tag
    except IntegrityError:
        raise InvalidRecord(SERIAL_TAKEN) from None


def people_of(by: Person, text: str = "") -> list[Person]:
    """Return colleagues by name: an administrator sees everyone, others their own team."""
    query = Person.select(Person, Team).join(Team).order_by(Team.name, Person.name)
    if by.role != Role.ADMINISTRATOR:
        query = query.where(Person.team == by.team_id)
    if text.strip():
        query = query.where(Person.name.contains(text.strip()) | Person.email.contains(text.strip()))
    return list(query)
