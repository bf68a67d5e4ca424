"""The only writer of police control rooms: which one a team calls, set by a supervisor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from backend import audit, typed_text
from backend.access import require
from backend.db import atomic
from backend.errors import InvalidRecord
from backend.models import Person, PoliceRoom, Role
from backend.people import numbers

# Short numbers of the United Kingdom and Europe for the police.
SHORT = frozenset({"999", "112", "101"})
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Room:
    """A control room as officers call it."""

    name: str
    number: str


DEFAULT = Room("Police", "999")


def of_team(team_id: int) -> Room:
    """Return the control room of a team: the one that was set last, else 999."""
    row = PoliceRoom.select().where(PoliceRoom.team == team_id).order_by(PoliceRoom.id.desc()).first()
    return DEFAULT if row is None else Room(row.name, row.number)


def put(by: Person, name: str, number: str, now: datetime) -> Room:
    """Let the alerts of the supervisor's team show this control room from now on.

    Raises: NotAllowed unless a supervisor asks; InvalidRecord without a name, or for what cannot be a number.
    """
    require(by, Role.SUPERVISOR)
    room = Room(checked_name(name), checked_number(number))
    with atomic():
        row = PoliceRoom.create(team=by.team_id, name=room.name, number=room.number, set_by=by, set_at=now)
        audit.record(audit.actor_of(by), "police_room_set", f"team:{by.team_id}", now, room=row.id)
    return room


def checked_name(name: str) -> str:
    """Return a name that a control room may have. Raises: InvalidRecord."""
    name = name.strip()
    if not name or len(name) > LONGEST_NAME:
        raise InvalidRecord(f"Enter the name of the police control room, in at most {LONGEST_NAME} characters.")
    return name


def checked_number(number: str) -> str:
    """Return a number as phones call it: one of the short ones as it is. Raises: InvalidRecord."""
    short = typed_text.fold(number).strip()
    if not short:
        raise InvalidRecord("Enter the phone number of the police control room.")
    return short if short in SHORT else numbers.e164(number)
