"""The channels that reach a member of staff: which work, and the only writer of those that do not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from peewee import Value

from backend import alarms, audit, channels, outbox
from backend.db import atomic
from backend.models import AlarmKind, Channel, Device, Person, RouteDown
from backend.people import numbers

# What is said of a number whose owner wants no texts; any other word of a provider is about the number itself.
ANSWERED_STOP = "answered STOP"
OPTED_OUT = (ANSWERED_STOP, "21610")


# What a person has, beside the channels that are down.
PUSHED, PROVED, CONNECTED = "takes pushes", "has a proved number", "has an open socket"


def live(people: Iterable[Person], now: datetime) -> dict[int, frozenset[Channel]]:
    """Return by which channels each person can be told: a fresh socket, a phone that takes pushes, a verified number.

    A number that was never proved is no route: it may be a stranger's, or the wearer's own. Nor is one that is down.
    """
    numbered = {person.id: bool(person.phone) for person in people}
    ids = list(numbered)
    if not ids:
        return {}
    # In one statement: they are read while a warning waits.
    connecting: Any = outbox.with_sockets(ids, now).select_extend(Value(CONNECTED)).distinct()
    pushing: Any = Device.select(Device.person, Value(PUSHED)).where(_takes_push(ids)).distinct()
    proving: Any = numbers.proved_people().select_extend(Value(PROVED)).where(Person.id.in_(ids))
    marked = RouteDown.select(RouteDown.person, RouteDown.channel).where(
        RouteDown.person.in_(ids), RouteDown.up_at.is_null()
    )
    said = set(pushing.union_all(proving).union_all(marked).union_all(connecting).tuples())
    pushed = {person_id for person_id, what in said if what == PUSHED}
    proved = {person_id for person_id, what in said if what == PROVED}
    connected = {person_id for person_id, what in said if what == CONNECTED}
    down = said
    found: dict[int, frozenset[Channel]] = {}
    for person_id, has_number in numbered.items():
        ways = set(channels.TO_NUMBERS) if has_number and person_id in proved else set()
        ways -= {channel for channel in ways if (person_id, channel) in down}
        ways |= set(channels.HINTS) if person_id in connected else set()
        ways |= set(channels.TO_DEVICES) if person_id in pushed else set()
        found[person_id] = frozenset(ways)
    return found


def _takes_push(person_ids: Sequence[int]) -> Any:
    return Device.person.in_(person_ids) & Device.ended_at.is_null()


def has_route(person: Person, channel: Channel, now: datetime) -> bool:
    """Tell whether there is anything to send to on this channel."""
    return channel in live([person], now)[person.id]


def is_down(person: Person, channel: Channel) -> bool:
    """Tell whether this way to the person was marked down and not up again."""
    return RouteDown.select().where(_down(person, channel)).exists()


def mark_down(person: Person, channel: Channel, because: str, now: datetime) -> bool:
    """Send nothing more on this way; False when it was down already."""
    with atomic():
        if is_down(person, channel):
            return False
        RouteDown.create(person=person, channel=channel, because=because[:255], down_at=now)
        audit.record(audit.SYSTEM, "route_down", f"person:{person.id}", now, channel=channel, because=because[:255])
        _tell_of_down(person, now)
        return True


def mark_up(person: Person, channel: Channel, now: datetime) -> bool:
    """Use this way again: its owner said so, or the number is another one; False when it was not down."""
    with atomic():
        changed = RouteDown.update(up_at=now).where(_down(person, channel)).execute()
        if changed:
            audit.record(audit.SYSTEM, "route_up", f"person:{person.id}", now, channel=channel)
            _tell_of_down(person, now)
        return bool(changed)


def _tell_of_down(person: Person, now: datetime) -> None:
    """Whom no text or no call reaches is a matter for the supervisor, before the next night."""
    subject = f"person:{person.id}"
    rows = RouteDown.select().where(RouteDown.person == person, RouteDown.up_at.is_null()).order_by(RouteDown.id)
    said = [f"no {'calls' if channels.is_call(row.channel) else 'texts'} any more: {row.because[:50]}" for row in rows]
    if said:
        detail = f"Staff member {person.id} takes {'; '.join(said)}"
        alarms.raise_alarm(AlarmKind.OPTED_OUT, subject, detail, now, person.team_id)
    else:
        alarms.end(AlarmKind.OPTED_OUT, subject, now)


def opted_in(person: Person, now: datetime) -> bool:
    """Text again, since the owner of the number asked for it by START; False where that is not what stopped it.

    A number that bounced is verified by a code and by nothing else: it may be another person's by now.
    """
    row = RouteDown.select().where(_down(person, channels.TEXTS[0])).first()
    has_asked = row is not None and any(mark in row.because for mark in OPTED_OUT)
    return has_asked and mark_up(person, channels.TEXTS[0], now)


def change_number(person: Person, number: str | None, now: datetime) -> None:
    """Let this be the person's number from now on; nothing goes there before it is verified."""
    with atomic():
        numbers.void(person, "the number was changed", now)
        Person.update(phone=number).where(Person.id == person.id).execute()
        person.phone = number
        for channel in channels.TO_NUMBERS:
            mark_up(person, channel, now)


def prove(person: Person, code: str, key: str, now: datetime) -> None:
    """Take the code that came back from the person's number, and use what it proves: a text, or only a call.

    Raises: WrongCode.
    """
    proof = numbers.take_code(person, person, code, key, now)
    with atomic():
        proved = channels.CALLS if channels.is_call(proof.channel) else channels.TO_NUMBERS
        for channel in proved:
            mark_up(person, channel, now)


def _down(person: Person, channel: Channel) -> object:
    return (RouteDown.person == person) & (RouteDown.channel == channel) & RouteDown.up_at.is_null()
