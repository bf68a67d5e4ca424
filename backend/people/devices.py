"""The only writer of push tokens and of browsers' push subscriptions."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime

from peewee import IntegrityError

from backend import alarms, audit
from backend.db import atomic
from backend.errors import NotFound
from backend.models import AlarmKind, Device, Person, Session

log = logging.getLogger(__name__)

# The platform whose token is the endpoint of a browser's subscription; all others have a token of Firebase's.
WEB_PUSH = "webpush"
READ_AHEAD = "phones_read_ahead"
TAKEN_OVER = "registered by another account"
MOST_AT_ONCE = 8


def register(
    person: Person,
    token: str,
    platform: str,
    now: datetime,
    keys: Mapping[str, str] | None = None,
    session: Session | None = None,
) -> Device:
    """Let this phone take pushes for ``person``, and for no one else, until it is signed out of ``session``.

    Where another account has it, its pushes end and its supervisors are notified: that account may not know of it.
    """
    kept_keys = dict(keys) if keys else None
    for _ in range(MOST_AT_ONCE):
        try:
            return _register(person, token, platform, now, kept_keys, session)
        except IntegrityError:
            # Several accounts at once: each finds at the next try what one of the others made.
            log.info("a phone was registered twice at once: it is tried again")
    return _register(person, token, platform, now, kept_keys, session)


def _register(
    person: Person,
    token: str,
    platform: str,
    now: datetime,
    kept_keys: dict[str, str] | None,
    session: Session | None,
) -> Device:
    with atomic():
        live = Device.get_or_none(Device.token == token, Device.ended_at.is_null())
        if live is not None and live.person_id != person.id:
            _take_over(live, person, now)
        mine = Device.select().where(Device.token == token, Device.person == person).order_by(Device.id.desc())
        device = mine.first() or Device(token=token)
        is_same = (device.person_id, device.platform, device.keys) == (person.id, platform, kept_keys)
        if is_same and device.ended_at is None:
            # An app says so whenever it is opened, which is nothing new, or it was signed in anew.
            if session is not None and device.session_id != session.id:
                Device.update(session=session).where(Device.id == device.id).execute()
            return device
        device.person, device.platform, device.keys = person, platform, kept_keys
        device.session = session
        device.created_at, device.ended_at, device.ended_because = now, None, None
        device.save()
        alarms.end(AlarmKind.PUSH_LOST, f"person:{person.id}", now)
        alarms.end(AlarmKind.PUSH_TAKEN_OVER, f"person:{person.id}", now)
        audit.record(audit.actor_of(person), "device_registered", f"device:{device.id}", now)
        return device


def _take_over(device: Device, by: Person, now: datetime) -> None:
    """End the pushes of the person who had this phone, and raise an alarm until they have registered one again."""
    before = device.person
    end(device, TAKEN_OVER, now)
    audit.record(audit.actor_of(by), "device_taken_over", f"person:{before.id}", now, device=device.id)
    detail = f"Staff member {before.id} gets no pushes on a phone any more: staff member {by.id} has registered it"
    alarms.raise_alarm(AlarmKind.PUSH_TAKEN_OVER, f"person:{before.id}", detail, now, before.team_id)


def is_taken_over(person: Person) -> bool:
    """Tell whether a phone of this person went to another account, and they have registered none since."""
    return bool(alarms.standing(AlarmKind.PUSH_TAKEN_OVER, f"person:{person.id}"))


def remove(person: Person, device_id: int, now: datetime) -> None:
    """Stop pushes to a phone of ``person``. Raises: NotFound."""
    device = Device.get_or_none(Device.id == device_id, Device.person == person, Device.ended_at.is_null())
    if device is None:
        raise NotFound("You have no such phone.")
    end(device, "removed", now)


def end(device: Device, because: str, now: datetime) -> None:
    """Send nothing more to this token."""
    with atomic():
        Device.update(ended_at=now, ended_because=because).where(Device.id == device.id).execute()
        audit.record(audit.SYSTEM, "device_ended", f"device:{device.id}", now, because=because)


def end_all(person: Person, because: str, now: datetime, sessions: Iterable[int] | None = None) -> None:
    """Send nothing more to any phone of ``person``, or to those that are signed in by these ``sessions``."""
    query = Device.select().where(Device.person == person, Device.ended_at.is_null())
    if sessions is not None:
        query = query.where(Device.session.in_(list(sessions)))
    with atomic():
        for device in query.order_by(Device.id):
            end(device, because, now)
        if sessions is None:
            # They have signed out of all phones, or have left: nothing is missing that was theirs.
            alarms.end(AlarmKind.PUSH_TAKEN_OVER, f"person:{person.id}", now)


def read_ahead(people: Iterable[Person]) -> None:
    """Read the phones of these people at once, for the person who is about to ask for them one by one."""
    wanted = list(people)
    found: dict[int, list[Device]] = {person.id: [] for person in wanted}
    for device in Device.select().where(Device.person.in_(list(found)), Device.ended_at.is_null()).order_by(Device.id):
        found[device.person_id].append(device)
    for person in wanted:
        person.__dict__[READ_AHEAD] = found[person.id]


def tokens_of(person: Person) -> list[Device]:
    """Return the person's phones that take pushes, as they were read ahead or as they are."""
    known: list[Device] | None = person.__dict__.get(READ_AHEAD)
    if known is not None:
        return known
    return list(Device.select().where(Device.person == person, Device.ended_at.is_null()).order_by(Device.id))
