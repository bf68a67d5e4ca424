"""The only writer of push tokens and of browsers' push subscriptions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from backend import alarms, audit
from backend.db import atomic
from backend.errors import NotFound
from backend.models import AlarmKind, Device, Person, Session

# The platform whose token is the endpoint of a browser's subscription; all others have a token of Firebase's.
WEB_PUSH = "webpush"
READ_AHEAD = "phones_read_ahead"


def register(
    person: Person,
    token: str,
    platform: str,
    now: datetime,
    keys: Mapping[str, str] | None = None,
    session: Session | None = None,
) -> Device:
    """Let this phone take pushes for ``person``, and for nobody else, until it is signed out of ``session``."""
    kept_keys = dict(keys) if keys else None
    with atomic():
        device = Device.get_or_none(Device.token == token)
        if device is None:
            device = Device(token=token)
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
        audit.record(audit.actor_of(person), "device_registered", f"device:{device.id}", now)
        return device


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


def read_ahead(people: Iterable[Person]) -> None:
    """Read the phones of these people at once, for whoever is about to ask for them one by one."""
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
