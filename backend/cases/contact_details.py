"""A protected person's phone number, message texts and consent, changed only through their case."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from backend import alerts, audit
from backend.access import access_wearer
from backend.alerts.protected_person_replies import cases_of
from backend.cases import completeness, protected_people, schedule
from backend.channels import CODES, OWN_NOTICES, OWN_TEXTS
from backend.db import atomic
from backend.errors import InvalidRecord
from backend.models import Consent, Fact, Person, SafeCall, Victim
from backend.people import consent, numbers
from backend.people.wordings import ON_THEIR_PHONE, choices_of
from backend.record import reading
from backend.record.facts import What
from backend.record.recording import lock_cases, record_fact

LONGEST_CALL_NOTE = 300


def agree(
    person: Person,
    wearer_id: int,
    victim_id: int,
    phone: str,
    chosen: Mapping[str, str],
    now: datetime,
    *,
    senders: Collection[str] = (),
) -> Consent:
    """Record that they agree to texts to this number, in the words that they chose; an earlier consent ends.

    ``chosen`` are the answers to the questions of ``backend.people.wordings``, ``senders`` those that can be chosen.

    Another number than before has to be verified before anything is sent there.

    Raises: NotFound, NotAllowed; InvalidRecord for a missing or too long wording, or a number that cannot be;
    NumberRefused for the wearer's own number.
    """
    access_wearer(person, wearer_id, now)
    victim = protected_people.of_case(wearer_id, victim_id)
    if victim.is_child:
        raise InvalidRecord("A child has no number here: an adult of the case is notified, or no one.")
    if not phone:
        raise InvalidRecord("Enter the number that is safe for them.")
    number = numbers.usable(phone, wearer_id)
    choices = choices_of(chosen, senders)
    with atomic():
        lock_cases(*_cases(victim))
        if number != victim.phone:
            _enter_number(person, wearer_id, victim, number, now)
            numbers.void(victim, "the number was changed", now)
            Victim.update(phone=number).where(Victim.id == victim.id).execute()
        audit.record(audit.actor_of(person), "victim_number_changed", f"victim:{victim.id}", now)
        completeness.ask_for([wearer_id], now)
        if has_declined(victim, now):
            _enter_declined(person, wearer_id, victim, False, now, "They agreed to texts.")
        made = consent.choose(victim, choices, person, now)
        _plan_texts(victim, now)
        return made


def choose_themselves(
    victim: Victim, chosen: Mapping[str, str], now: datetime, *, senders: Collection[str] = ()
) -> Consent:
    """Record what they chose on their own page, to the number that is on record. Raises: InvalidRecord."""
    if not victim.phone:
        raise InvalidRecord("Tell your officer which number is safe for you. Then choose here.")
    choices = choices_of(chosen, senders)
    with atomic():
        lock_cases(*_cases(victim))
        if has_declined(victim, now):
            _decline_themselves(victim, False, "They agreed to texts on their own page.", now)
        made = consent.choose(victim, choices, None, now)
        _plan_texts(victim, now)
        return made


def choose_notices(victim: Victim, chosen: Mapping[str, str], now: datetime, *, guises: Collection[str]) -> Consent:
    """Record which notices their phone shows, in their words and under one of these guises. Raises: InvalidRecord."""
    choices = choices_of(chosen, guises, ON_THEIR_PHONE)
    if not choices.sender:
        raise InvalidRecord("Choose what a notice is called.")
    with atomic():
        lock_cases(*_cases(victim))
        if has_declined(victim, now):
            _decline_themselves(victim, False, "They turned notices on, on their own page.", now)
        return consent.choose(victim, choices, None, now, OWN_NOTICES)


def stop_notices(victim: Victim, now: datetime) -> None:
    """End notices on their phone at once, as they asked for on their own page, and tell their officer."""
    with atomic():
        if consent.withdraw(victim, OWN_NOTICES, f"victim:{victim.id}", now):
            alerts.tell_that_victim_wrote(victim, "They turned notices off on their own page.", now)


def stop_themselves(victim: Victim, now: datetime) -> None:
    """End their texts and notices at once, as they asked for on their own page, and tell their officer.

    Alerts to officers go on as ever.
    """
    with atomic():
        had = bool(consent.standing(victim, OWN_NOTICES))
        if consent.withdraw(victim, OWN_TEXTS, f"victim:{victim.id}", now) or had:
            alerts.tell_that_victim_wrote(victim, "They stopped their texts on their own page.", now)


def decline_themselves(victim: Victim, why: str, now: datetime) -> None:
    """Record that they want no texts at all, with a reason only if they give one; it is never held against them."""
    with atomic():
        stop_themselves(victim, now)
        _decline_themselves(victim, True, why.strip()[:LONGEST_CALL_NOTE] or "No reason given.", now)


def _decline_themselves(victim: Victim, is_declined: bool, why: str, now: datetime) -> None:
    cases = [wearer.id for wearer in cases_of(victim)]
    for wearer_id in cases[:1]:
        value = {"is_declined": is_declined}
        record_fact(f"victim:{victim.id}", What.DECLINED, value, now, None, now, why=why, wearer_id=wearer_id)
        action = "warnings_declined" if is_declined else "warnings_wanted"
        audit.record(f"victim:{victim.id}", action, f"victim:{victim.id}", now)
    completeness.ask_for(cases, now)


def decline(person: Person, wearer_id: int, victim_id: int, now: datetime, *, why: str) -> Fact:
    """Record that they want no warnings, by their own decision; a consent to texts ends, officers go on as ever.

    Raises: NotFound, NotAllowed; InvalidRecord without a word of how they said so.
    """
    access_wearer(person, wearer_id, now)
    victim = protected_people.of_case(wearer_id, victim_id)
    if not why.strip():
        raise InvalidRecord("Enter how and when they said so.")
    with atomic():
        entry = _enter_declined(person, wearer_id, victim, True, now, why)
        consent.withdraw(victim, OWN_TEXTS, audit.actor_of(person), now)
        audit.record(audit.actor_of(person), "warnings_declined", f"victim:{victim.id}", now)
        completeness.ask_for([wearer_id], now)
        return entry


def withdraw(person: Person, wearer_id: int, victim_id: int, now: datetime) -> None:
    """Record that they withdraw their consent to texts, and to calls with it. Raises: NotFound, NotAllowed."""
    access_wearer(person, wearer_id, now)
    victim = protected_people.of_case(wearer_id, victim_id)
    with atomic():
        consent.withdraw(victim, OWN_TEXTS, audit.actor_of(person), now)
        completeness.ask_for([wearer_id], now)


def allow_calls(person: Person, wearer_id: int, victim_id: int, note: str, now: datetime) -> SafeCall:
    """Record that they said that a call to their number is safe; ``note`` is what to heed, such as hours or a name.

    Raises: NotFound, NotAllowed; InvalidRecord without a number, or for a note that is too long; NumberRefused for the
    wearer's own number.
    """
    access_wearer(person, wearer_id, now)
    victim = protected_people.of_case(wearer_id, victim_id)
    if victim.is_child or not victim.phone:
        raise InvalidRecord("Record their number first: a call is safe to one number and to no other.")
    if len(note.strip()) > LONGEST_CALL_NOTE:
        raise InvalidRecord(f"The note may have {LONGEST_CALL_NOTE} characters.")
    numbers.usable(victim.phone, wearer_id)
    return consent.allow_calls(victim, note.strip(), person, now)


def stop_calls(person: Person, wearer_id: int, victim_id: int, now: datetime) -> None:
    """Record that a call to them is not safe, or not known to be. Raises: NotFound, NotAllowed."""
    access_wearer(person, wearer_id, now)
    victim = protected_people.of_case(wearer_id, victim_id)
    consent.end_calls(victim, audit.actor_of(person), now)


def has_declined(victim: Victim, at: datetime) -> bool:
    """Tell whether it was their recorded decision at ``at`` to have no warnings."""
    held = reading.value_at(f"victim:{victim.id}", What.DECLINED, at)
    return bool(held and held["is_declined"])


def _enter_declined(person: Person, wearer_id: int, victim: Victim, is_declined: bool, now: datetime, why: str) -> Fact:
    value = {"is_declined": is_declined}
    return record_fact(f"victim:{victim.id}", What.DECLINED, value, now, person, now, why=why, wearer_id=wearer_id)


def _enter_number(person: Person, wearer_id: int, victim: Victim, number: str, now: datetime) -> None:
    """Keep which number was theirs until now, who changed it, and when."""
    subject = f"victim:{victim.id}"
    if victim.phone and not reading.history(subject, What.NUMBER):
        began = "As it was recorded."
        record_fact(subject, What.NUMBER, victim.phone, victim.created_at, None, now, why=began, wearer_id=wearer_id)
    why = "They agreed to texts to this number."
    record_fact(subject, What.NUMBER, number, now, person, now, why=why, wearer_id=wearer_id)


def keep_least_gap(victim: Victim, least_gap_min: int) -> None:
    """Keep from how many minutes on they hear that no one can watch; 0 for every gap of which texts tell."""
    Victim.update(least_gap_min=least_gap_min).where(Victim.id == victim.id).execute()


def send_code(person: Person, wearer_id: int, victim_id: int, now: datetime) -> None:
    """Text them a code now, while the officer speaks with them; the words say nothing of what it is for.

    Raises: NotFound, NotAllowed; InvalidRecord without their consent to texts; NumberRefused, TooManyCodes.
    """
    wearer = access_wearer(person, wearer_id, now)
    victim = protected_people.of_case(wearer_id, victim_id)
    if wearer.is_training or consent.sms_consent(victim) is None:
        raise InvalidRecord("Record first that they agree to texts.")
    numbers.usable(victim.phone or "", wearer_id)
    numbers.ask(victim, person, CODES, now)


def take_code(person: Person, wearer_id: int, victim_id: int, code: str, key: str, now: datetime) -> None:
    """Verify their number by the code that they read out. Raises: NotFound, NotAllowed, WrongCode, NumberRefused."""
    access_wearer(person, wearer_id, now)
    victim = protected_people.of_case(wearer_id, victim_id)
    numbers.usable(victim.phone or "", wearer_id)
    numbers.take_code(victim, person, code, key, now)
    with atomic():
        lock_cases(*_cases(victim))
        _plan_texts(victim, now)


def _cases(victim: Victim) -> list[int]:
    return sorted(wearer.id for wearer in cases_of(victim))


def _plan_texts(victim: Victim, now: datetime) -> None:
    """Let them read of an end to come of which their officer was asked to tell them, since texts are safe now."""
    for case in reading.cases(_cases(victim), faults={}).values():
        schedule.plan_dates(case, now)
