"""Replies by SMS: an officer acknowledges, cannot act, or asks for details; a protected person can reply STOP."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from peewee import fn

from backend import alerts, audit, channels, outbox, reply_words, typed_text
from backend.channels import OWN_TEXTS, REPLIES
from backend.db import lock_rows
from backend.errors import InvalidTransition
from backend.lifecycle import Danger
from backend.models import (
    Alert,
    AlertKind,
    Attempt,
    AuditEntry,
    Handling,
    Notification,
    NotificationState,
    Person,
    Purpose,
    Victim,
)
from backend.people import consent, contact_routes, numbers, wordings

# "1", "1 K7P3X", "1K7P3X" and "1. k7p3x" are the same answer.
ANSWER = re.compile(r"^\W*([123])\W*((?:DRILL-)?[A-Z0-9]{5})?\W*$", re.IGNORECASE)
# How often within this time a person is reminded what to send. A person who answers us by machine is not answered each
# time: two machines would talk for ever. A bare 1 is no machine's, and its sender may believe that they have
# acknowledged.
EXPLAINED_WITHIN = timedelta(minutes=10)
EXPLAINED_AT_MOST = 1
EXPLAINED_WITHOUT_CODE_AT_MOST = 6
MOST_TEXT = 1_600
# What a provider takes for a STOP is one word of some language, or two.
MOST_OF_A_STOP = 2
NOT_UNDERSTOOD, NO_SUCH_ALERT, WITHOUT_CODE = "not understood", "no such alert", "without a code"


def take(number: str, body: str, now: datetime, *, is_opt_out: bool = False) -> str:
    """Do what an incoming text asks for and return what was made of it; one that no one can be sure of does nothing.

    ``is_opt_out`` says that the provider took it for a STOP, and lets nothing more through.
    """
    holders = numbers.holders(number)
    people = [one for one in holders if isinstance(one, Person)]
    victims = [one for one in holders if isinstance(one, Victim)]
    is_stop = reply_words.is_withdrawal(body) if victims else reply_words.is_one_word(body)
    if is_stop or is_opt_out:
        return _stop(people, victims, number, body, now)
    if victims:
        return _from_protected(people, victims, number, body, now)
    if len(people) > 1:
        return "shared number"
    if not people:
        return "unknown number"
    person = people[0]
    if not numbers.is_proved(person):
        # No one knows who has it: it may be a stranger's, or the wearer's own.
        return "number not verified"
    typed = typed_text.fold(body).strip()
    if typed.upper() in ("START", "UNSTOP") and contact_routes.opted_in(person, now):
        return "start"
    found = ANSWER.match(typed)
    if found is None:
        return NOT_UNDERSTOOD
    asked, code = found.group(1), found.group(2)
    if code is None:
        # The sender of a text can be forged, and even of one alert alone a stale "1" may be about another one.
        return WITHOUT_CODE
    alert = _alert_of(person, code)
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
    """Tell whether to say what can be sent: to a colleague whose text did nothing and who was not told often lately."""
    if made_of_it not in (NOT_UNDERSTOOD, NO_SUCH_ALERT, WITHOUT_CODE):
        return False
    at_most = EXPLAINED_WITHOUT_CODE_AT_MOST if made_of_it == WITHOUT_CODE else EXPLAINED_AT_MOST
    person = Person.get_or_none(Person.phone == number, Person.is_active)
    if person is None or not contact_routes.has_route(person, REPLIES, now):
        return False
    # Two texts at once are answered once.
    lock_rows(Person, [person.id])
    told = AuditEntry.select().where(
        AuditEntry.subject == f"person:{person.id}",
        AuditEntry.action == "reply_explained",
        AuditEntry.at > now - EXPLAINED_WITHIN,
    )
    if told.count() >= at_most:
        return False
    audit.record(audit.SYSTEM, "reply_explained", f"person:{person.id}", now)
    return True


def _from_protected(people: list[Person], victims: list[Victim], number: str, body: str, now: datetime) -> str:
    """Ring for whatever a protected person wrote; a known short answer is for a person to read, and rings no one.

    Of a shared number no one knows who wrote: an alert is raised for each of them, and none is answered.
    """
    is_shared = len(people) + len(victims) > 1
    is_own_word = any(_is_their_word(victim, body) for victim in victims)
    if not is_own_word and reply_words.is_wrong_person(body):
        for victim in victims:
            _end_for_wrong_person(victim, body, now)
        return "wrong person"
    if (_is_for_later(body) and not is_own_word) or (people and ANSWER.match(body)):
        for victim in victims:
            alerts.tell_that_victim_wrote(victim, _said(victim, body, is_shared=is_shared), now)
        return "shared number" if is_shared else "from a protected person"
    for victim in victims:
        _ring_for(victim, number, body, now, is_shared=is_shared)
    return "rang for a protected person"


def _is_for_later(body: str) -> bool:
    """Tell whether a text is one that a person may read later: thanks, that they are safe, or a call at a safe time."""
    return reply_words.is_short_answer(body) or reply_words.is_safe_word(body) or reply_words.asks_for_safe_call(body)


def _end_for_wrong_person(victim: Victim, body: str, now: datetime) -> None:
    """Let nothing more go to a number that someone else answered from, until it is verified again.

    What they chose stands: it is the number that is wrong. It alerts no one at once.
    """
    numbers.void(victim, "someone answered that it is the wrong person", now)
    consent.end_calls(victim, f"victim:{victim.id}", now)
    outbox.cancel_all_texts_to(victim, now)
    audit.record(f"victim:{victim.id}", "wrong_person_received", f"victim:{victim.id}", now)
    said = f"Someone answered by text that it is the wrong person: “{_kept(body)}” "
    said += "No more texts go to this number. Speak with them in another way, and verify their number again."
    alerts.tell_that_victim_wrote(victim, said, now)


def _is_their_word(victim: Victim, body: str) -> bool:
    """Tell whether a text is the word of their own that calls for help."""
    agreed = consent.sms_consent(victim)
    return bool(agreed and agreed.help_word and wordings.folded(agreed.help_word) == wordings.folded(body))


def _said(victim: Victim, body: str, *, is_shared: bool) -> str:
    if is_shared:
        return "A text came from a number that they share with others."
    whose = "They replied" if numbers.is_proved(victim) else "A number that is not verified as theirs replied"
    meant = " It says that they are safe; no alert ends by it." if reply_words.is_safe_word(body) else ""
    if reply_words.asks_for_safe_call(body):
        meant = " It asks for a call at a time that is safe."
    return f"{whose} by text: “{_kept(body)}”{meant}"


def _ring_for(victim: Victim, number: str, body: str, now: datetime, *, is_shared: bool, is_over: bool = False) -> None:
    doubts = []
    if is_shared:
        doubts.append("from a number that they share with others")
    if numbers.is_declared(number):
        doubts.append("from a number known as that of a person on probation: another person may have written")
    elif not numbers.is_proved(victim):
        doubts.append("from a number that is not verified as theirs")
    if is_over:
        doubts.append("it ends their texts")
    is_help = reply_words.is_help_word(body) or _is_their_word(victim, body)
    alerts.ring_for_message(victim, _kept(body), now, is_answered=not doubts, note="; ".join(doubts), is_help=is_help)


def _kept(body: str) -> str:
    return body.strip()[:MOST_TEXT]


def _stop(people: list[Person], victims: list[Victim], number: str, body: str, now: datetime) -> str:
    """A number that several people share stops for each of them: silence is what it asks for.

    What is written beside the request is read by a person, now unless it is part of the request.
    """
    is_shared = len(people) + len(victims) > 1
    is_more = reply_words.says_more(body) and (reply_words.is_withdrawal(body) or len(body.split()) > MOST_OF_A_STOP)
    for victim in victims:
        if is_more:
            _ring_for(victim, number, body, now, is_shared=is_shared, is_over=True)
        elif not reply_words.is_one_word(body) and numbers.is_proved(victim):
            alerts.tell_that_victim_wrote(victim, f"They replied by text: “{_kept(body)}” This stops their texts.", now)
        consent.withdraw(victim, OWN_TEXTS, f"victim:{victim.id}", now)
        audit.record(f"victim:{victim.id}", "stop_received", f"victim:{victim.id}", now)
    for person in people:
        contact_routes.mark_down(person, REPLIES, contact_routes.ANSWERED_STOP, now)
    return "stop" if people or victims else "unknown number"


def _alert_of(person: Person, code: str) -> Alert | None:
    """Return the alert of this code, if this person was told of it by text or by a call."""
    found: Alert | None = (
        Alert.select()
        .join(Notification)
        .where(
            Notification.person == person,
            Notification.channel.in_(channels.TO_NUMBERS),
            Alert.code == code.upper(),
        )
        .first()
    )
    return found


def _told(person: Person, alert: Alert) -> tuple[Danger | None, dict[str, int]]:
    """Return the danger that the newest message which this person can have read or heard spoke of, and all it showed.

    One that a worker holds may have arrived, or hang at its provider: it is what was read where nothing else was. Where
    no text and no call can have said anything, whatever else went out did: a push, or a text that was called lost.
    """
    mine = Notification.select().where(
        Notification.alert == alert,
        Notification.person == person,
        Notification.purpose.in_([*alerts.WARNINGS, Purpose.REPLY_RISEN, Purpose.REPLY_DETAILS]),
    )
    is_out = Notification.sent_at.is_null(False)
    # A call that ended without a key has said what it had to say, to someone or to a voicemail.
    was_heard = Attempt.select().where(
        Attempt.notification == Notification.id,
        Attempt.provider_state == "completed",
        Notification.channel.in_(channels.CALLS),
    )
    can_be_read = Notification.channel.in_(channels.TO_NUMBERS) & (
        (Notification.state != NotificationState.FAILED) | fn.EXISTS(was_heard)
    )
    is_held = can_be_read & Notification.lease_token.is_null(False)
    for which in (can_be_read & is_out, is_held, is_out):
        newest = mine.where(which).order_by(Notification.id.desc()).first()
        if newest is not None:
            # Each further message of a protected person is news: an answer to the text before does not cover it.
            is_older = alert.kind == AlertKind.HELP and newest.episode < alert.episode
            return Danger.NONE if is_older else outbox.danger_told(newest), newest.shown
    return None, {}


def _acknowledge(person: Person, alert: Alert, now: datetime) -> str:
    told, shown = _told(person, alert)
    acknowledged = alerts.acknowledge(person, alert.id, now, told, shown)
    if acknowledged.handling == Handling.OPEN:
        _answer(acknowledged, person, Purpose.REPLY_RISEN, now)
        return "danger had risen"
    is_mine = acknowledged.acknowledged_by_id == person.id
    _answer(acknowledged, person, Purpose.REPLY_ACKNOWLEDGED if is_mine else Purpose.REPLY_TAKEN, now)
    return "acknowledged" if is_mine else "a colleague acts"


def _cannot(person: Person, alert: Alert, now: datetime) -> str:
    changed = alerts.cannot(person, alert.id, now)
    is_open = changed.handling == Handling.OPEN
    _answer(changed, person, Purpose.REPLY_CANNOT if is_open else Purpose.REPLY_TAKEN, now)
    return "cannot" if is_open else "a colleague acts"


def _answer(alert: Alert, person: Person, purpose: Purpose, now: datetime) -> None:
    """Enqueue the answer to an answer; asked twice it is given twice."""
    earlier = Notification.select().where(
        Notification.alert == alert, Notification.person == person, Notification.purpose == purpose
    )
    outbox.enqueue(alert, person, REPLIES, purpose, now, step=earlier.count())
