"""What people answer by SMS: an officer acknowledges, cannot, or asks for more; anybody can say STOP."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from backend import alerts, audit, consent, numbers, outbox, routes
from backend.db import lock_rows
from backend.errors import InvalidTransition
from backend.models import Alert, AuditEntry, Channel, Handling, Notification, Person, Purpose, Victim

# "1", "1 K7P3X", "1K7P3X" and "1. k7p3x" are the same answer.
ANSWER = re.compile(r"^\W*([123])\W*((?:DRILL-)?[A-Z0-9]{5})?\W*$", re.IGNORECASE)
# Without a code an answer is about the one alert that this person was asked about lately, if it is only one.
ASKED_WITHIN = timedelta(hours=2)
# Whoever answers us by machine is not answered each time: two machines would talk for ever.
EXPLAINED_EVERY = timedelta(minutes=10)
NOT_UNDERSTOOD, NO_SUCH_ALERT = "not understood", "no such alert"


def take(number: str, body: str, now: datetime) -> str:
    """Do what an incoming text asks for and return what was made of it; one that nobody can be sure of does nothing."""
    people = list(Person.select().where(Person.phone == number, Person.is_active))
    victims = list(Victim.select().where(Victim.phone == number))
    if consent.is_stop(body):
        return _stop(people, victims, now)
    if len(people) + len(victims) > 1:
        return "shared number"
    if not people:
        return "from a protected person" if victims else "unknown number"
    person = people[0]
    if not numbers.is_proved(person):
        # Nobody knows who has it: it may be a stranger's, or the wearer's own.
        return "number not proved"
    if body.strip().upper() in ("START", "UNSTOP") and routes.opted_in(person, now):
        return "start"
    found = ANSWER.match(body)
    if found is None:
        return NOT_UNDERSTOOD
    asked, code = found.group(1), found.group(2)
    alert = _alert_of(person, code, now)
    if alert is None:
        return NO_SUCH_ALERT
    if asked == "3":
        _answer(alert, person, Purpose.REPLY_DETAILS, now)
        return "details"
    try:
        return _acknowledge(person, alert, now) if asked == "1" else _cannot(person, alert, now)
    except InvalidTransition as error:
        _answer(alert, person, Purpose.REPLY_TAKEN, now)
        return error.code


def explanation(number: str, made_of_it: str, now: datetime) -> bool:
    """Tell whether to say what can be sent: to a colleague whose text did nothing, and who was not told lately."""
    if made_of_it not in (NOT_UNDERSTOOD, NO_SUCH_ALERT):
        return False
    person = Person.get_or_none(Person.phone == number, Person.is_active)
    if person is None or not routes.has_route(person, Channel.SMS, now):
        return False
    # Two texts at once are answered once.
    lock_rows(Person, [person.id])
    told = AuditEntry.select().where(
        AuditEntry.subject == f"person:{person.id}",
        AuditEntry.action == "reply_explained",
        AuditEntry.at > now - EXPLAINED_EVERY,
    )
    if told.exists():
        return False
    audit.record(audit.SYSTEM, "reply_explained", f"person:{person.id}", now)
    return True


def _stop(people: list[Person], victims: list[Victim], now: datetime) -> str:
    """A number that several people share stops for each of them: silence is what it asks for."""
    for victim in victims:
        consent.withdraw(victim, Channel.SMS, f"victim:{victim.id}", now)
        audit.record(f"victim:{victim.id}", "stop_received", f"victim:{victim.id}", now)
    for person in people:
        routes.mark_down(person, Channel.SMS, routes.ANSWERED_STOP, now)
    return "stop" if people or victims else "unknown number"


def _alert_of(person: Person, code: str | None, now: datetime) -> Alert | None:
    """Return the alert that an answer is about: one of which this person was told by text."""
    told = (
        Alert.select()
        .join(Notification)
        .where(Notification.person == person, Notification.channel.in_([Channel.SMS, Channel.VOICE]))
        .distinct()
    )
    if code is not None:
        found: Alert | None = told.where(Alert.code == code.upper()).first()
        return found
    # Of whatever state: a "1" that is meant for an alert which a colleague has taken must not answer another one.
    # A text may be answered before its worker has written down that it was sent.
    is_out = (Notification.sent_at > now - ASKED_WITHIN) | Notification.lease_token.is_null(False)
    asked = list(told.where(is_out, Notification.purpose.in_(list(alerts.WARNINGS))).limit(2))
    return asked[0] if len(asked) == 1 else None


def _acknowledge(person: Person, alert: Alert, now: datetime) -> str:
    acknowledged = alerts.acknowledge(person, alert.id, now)
    is_mine = acknowledged.acknowledged_by_id == person.id
    _answer(acknowledged, person, Purpose.REPLY_ACKNOWLEDGED if is_mine else Purpose.REPLY_TAKEN, now)
    return "acknowledged" if is_mine else "a colleague acts"


def _cannot(person: Person, alert: Alert, now: datetime) -> str:
    changed = alerts.cannot(person, alert.id, now)
    is_open = changed.handling == Handling.OPEN
    _answer(changed, person, Purpose.REPLY_CANNOT if is_open else Purpose.REPLY_TAKEN, now)
    return "cannot" if is_open else "a colleague acts"


def _answer(alert: Alert, person: Person, purpose: Purpose, now: datetime) -> None:
    """Owe the answer to an answer; asked twice it is given twice."""
    earlier = Notification.select().where(
        Notification.alert == alert, Notification.person == person, Notification.purpose == purpose
    )
    outbox.owe(alert, person, Channel.SMS, purpose, now, rung=earlier.count())
