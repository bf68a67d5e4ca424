"""Verification of phone numbers: a code is sent, and its recipient enters it.

A proof is bound to the text of the number: another number, or the same one entered anew, has to be proved again.
"""

from __future__ import annotations

import hmac
import logging
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from peewee import ModelSelect, fn

from backend import audit, channels, typed_text, wakeups
from backend.db import atomic, lock_rows
from backend.errors import DomainError, InvalidRecord
from backend.models import Channel, Person, ProvedHow, Role, RouteDown, Verification, Victim
from backend.people.numbers.sending import code_of
from backend.people.numbers.validation import TooManyCodes, WrongCode, e164

log = logging.getLogger(__name__)

LONDON = ZoneInfo("Europe/London")
# Six digits in five tries, three codes an hour: a guess comes true once in more than sixty thousand hours.
GOOD_FOR = timedelta(minutes=10)
MOST_TRIES = 5
CODES_AN_HOUR = 3
# Numbers are given up and given to others: after this time the one who has it is asked again.
DUE_AFTER = timedelta(days=90)
ASKED_AGAIN_AFTER = timedelta(days=7)
DIGITS = "0123456789"
# No one is woken by a code.
DAY = (time(9), time(18))

Owner = Person | Victim


class Standing(StrEnum):
    """How it stands with someone's number."""

    NONE = "none"
    UNPROVED = "unproved"
    PROVED = "proved"
    # Proved long ago: still used, since its owner did have it, and asked for again.
    DUE = "due"


def is_proved(owner: Owner) -> bool:
    """Tell whether warnings may go to the number that this person has now."""
    return bool(owner.phone) and Verification.select().where(_standing_proof(owner)).exists()


def verification_of(owner: Owner) -> Verification | None:
    """Return the newest proof of the number that this person has now, or None."""
    if not owner.phone:
        return None
    return Verification.select().where(_standing_proof(owner)).order_by(Verification.proved_at.desc()).first()


def standing(owner: Owner, now: datetime) -> Standing:
    """Return how it stands with the number that this person has now."""
    if not owner.phone:
        return Standing.NONE
    proof = verification_of(owner)
    return _standing_since(proof.proved_at if proof else None, now)


def standing_among(verifications: Iterable[Verification], number: str | None, at: datetime) -> Standing:
    """Return how it stood at ``at`` with a number, by the verifications of the person who had it then."""
    if not number:
        return Standing.NONE
    good = [
        one.proved_at
        for one in verifications
        if one.number == number
        and one.proved_at is not None
        and one.proved_at <= at
        and (one.voided_at is None or one.voided_at > at)
    ]
    return _standing_since(max(good, default=None), at)


def of_everybody(people: Iterable[Person], now: datetime) -> dict[int, Standing]:
    """Return how it stands with each of these people's numbers, read in one query."""
    return _standings(list(people), Verification.person, Person, now)


def _standings(owners: Sequence[Owner], column: Any, table: Any, now: datetime) -> dict[int, Standing]:
    proved_at = _newest_proofs(column, table, [owner.id for owner in owners])
    return {
        owner.id: _standing_since(proved_at.get(owner.id), now) if owner.phone else Standing.NONE for owner in owners
    }


def proved_people() -> ModelSelect[Verification]:
    """Return a query of the ids of members of staff whose present number is verified."""
    return (
        Verification.select(Verification.person)
        .join(Person, on=(Verification.person == Person.id))
        .where(Verification.number == Person.phone, _is_good())
    )


def proved_among(person_ids: Sequence[int]) -> set[int]:
    """Return which of these members of staff have a number that warnings may go to."""
    return {row.person_id for row in proved_people().where(Person.id.in_(person_ids))}


def counts(now: datetime) -> dict[int, tuple[int, int]]:
    """Return for each team how many numbers of active staff were never proved, and how many are due again."""
    people = list(
        Person.select(Person.id, Person.team, Person.phone).where(
            Person.is_active, Person.role != Role.ADMINISTRATOR, Person.phone.is_null(False), Person.phone != ""
        )
    )
    found: dict[int, tuple[int, int]] = {}
    stands = of_everybody(people, now)
    for person in people:
        unproved, due = found.get(person.team_id, (0, 0))
        standing_now = stands[person.id]
        found[person.team_id] = (
            unproved + (standing_now is Standing.UNPROVED),
            due + (standing_now is Standing.DUE),
        )
    return {team_id: both for team_id, both in found.items() if any(both)}


def newest_code(owner: Owner) -> Verification | None:
    """Return the newest code that was asked for and is neither taken nor void, whether or not it is still good."""
    return (
        Verification.select()
        .where(
            _whose(owner),
            Verification.number == owner.phone,
            Verification.salt.is_null(False),
            Verification.proved_at.is_null(),
            Verification.voided_at.is_null(),
        )
        .order_by(Verification.id.desc())
        .first()
    )


def ask(owner: Owner, by: Person | None, channel: Channel, now: datetime) -> Verification:
    """Enqueue a code to this person's number; a code that was asked for before is good no more.

    Raises: InvalidRecord where there is no number, or none that can be; TooManyCodes.
    """
    if not owner.phone:
        raise InvalidRecord("No number is recorded that can be verified. Record it first.")
    e164(owner.phone)
    with atomic():
        lock_rows(type(owner), [owner.id])
        lately = Verification.select().where(
            _whose(owner),
            Verification.salt.is_null(False),
            Verification.asked_at > now - timedelta(hours=1),
        )
        if lately.count() >= CODES_AN_HOUR:
            raise TooManyCodes(f"{CODES_AN_HOUR} codes an hour are sent. Wait, then ask for another one.")
        _void(_whose(owner) & Verification.proved_at.is_null(), "a newer code was asked for", now)
        row = Verification.create(
            person=owner if isinstance(owner, Person) else None,
            victim=owner if isinstance(owner, Victim) else None,
            number=owner.phone,
            channel=channel,
            salt=secrets.token_hex(16),
            asked_at=now,
            asked_by=by,
            due_at=now,
        )
        audit.record(audit.actor_of(by), "number_code_asked", _subject(owner), now, channel=channel)
        wakeups.announce()
        return row


def take_code(owner: Owner, by: Person, code: str, key: str, now: datetime) -> Verification:
    """Take the code that came back: the number is verified from now on.

    Each call counts as a try, whatever comes of it, and so it must not run inside another unit of work.

    Raises: WrongCode.
    """
    row = newest_code(owner)
    if row is None or not is_good_at(row, now):
        raise WrongCode("There is no code that is still good. Ask for a new one.")
    with atomic():
        counted = (
            Verification.update(tries=Verification.tries + 1)
            .where(Verification.id == row.id, Verification.tries < MOST_TRIES)
            .execute()
        )
    if not counted:
        raise WrongCode(f"A wrong code was entered {MOST_TRIES} times. Ask for a new one.")
    typed = "".join(one for one in typed_text.fold(code) if one in DIGITS)
    if not hmac.compare_digest(typed, code_of(row, key)):
        raise WrongCode("This is not the code that was sent. Look at the newest message, and try again.")
    how = ProvedHow.BY_CALL if channels.is_call(row.channel) else ProvedHow.BY_TEXT
    with atomic():
        taken = (
            Verification.update(proved_at=now, how=how, due_at=None)
            .where(
                Verification.id == row.id,
                Verification.proved_at.is_null(),
                Verification.voided_at.is_null(),
            )
            .execute()
        )
        if not taken:
            raise WrongCode("There is no code that is still good. Ask for a new one.")
        audit.record(audit.actor_of(by), "number_proved", _subject(owner), now, how=how)
    return Verification.get_by_id(row.id)


def is_good_at(row: Verification, now: datetime) -> bool:
    """Tell whether a code may still come back; its time begins when it left."""
    return now <= (row.sent_at or row.asked_at) + GOOD_FOR


def void(owner: Owner, because: str, now: datetime) -> bool:
    """Let no proof and no code of this person stand any more; False where none stood."""
    with atomic():
        changed = _void(_whose(owner), because, now)
        if changed:
            audit.record(audit.SYSTEM, "number_proof_void", _subject(owner), now, because=because[:255])
        return bool(changed)


def carry_over(owner: Owner, now: datetime) -> None:
    """Take the present number as proved without a code: for a demonstration's people, who have no phones."""
    Verification.create(
        person=owner if isinstance(owner, Person) else None,
        victim=owner if isinstance(owner, Victim) else None,
        number=owner.phone,
        channel=channels.TEXTS[0],
        asked_at=now,
        proved_at=now,
        how=ProvedHow.CARRIED_OVER,
    )


def ask_again_by_day(now: datetime) -> int:
    """Enqueue a code to each member of staff whose number is due again, by day and once a week; return how many.

    By the way on which it was proved before. A number that takes no texts is for its owner to prove, on their page; one
    that takes no calls is asked by a text, and called again once its owner has proved it.
    """
    begin, end = DAY
    if not begin <= now.astimezone(LONDON).time() < end:
        return 0
    asked_lately = Verification.select(Verification.person).where(
        Verification.asked_at > now - ASKED_AGAIN_AFTER, Verification.person.is_null(False)
    )
    down = RouteDown.select(RouteDown.person).where(RouteDown.up_at.is_null(), RouteDown.channel.in_(channels.TEXTS))
    uncalled = _uncalled(now)
    people = list(
        Person.select()
        .where(
            Person.is_active,
            Person.role != Role.ADMINISTRATOR,
            Person.id.in_(proved_people()),
            Person.id.not_in(asked_lately) | Person.id.in_(uncalled),
            Person.id.not_in(down),
        )
        .order_by(Person.id)
    )
    to_ask = [person for person in people if person.id in uncalled or standing(person, now) is Standing.DUE]
    for person in to_ask:
        proof = verification_of(person)
        try:
            by = channels.TEXTS[0] if proof is None or person.id in uncalled else Channel(proof.channel)
            ask(person, None, by, now)
        except DomainError as error:
            log.warning("person %s could not be asked again to verify a number: %s", person.id, error.code)
    return len(to_ask)


def _uncalled(now: datetime) -> set[int]:
    """Return who takes no calls any more and was not asked since, or not for a week."""
    rows = RouteDown.select().where(RouteDown.up_at.is_null(), RouteDown.channel.in_(channels.CALLS))
    return {
        row.person_id
        for row in rows
        if not Verification.select()
        .where(
            Verification.person == row.person_id,
            Verification.asked_at > max(row.down_at, now - ASKED_AGAIN_AFTER),
        )
        .exists()
    }


def _standing_since(proved_at: datetime | None, now: datetime) -> Standing:
    if proved_at is None:
        return Standing.UNPROVED
    return Standing.DUE if now - proved_at > DUE_AFTER else Standing.PROVED


def _newest_proofs(column: Any, table: Any, ids: list[int]) -> dict[int, datetime]:
    query: Any = (
        Verification.select(column, fn.MAX(Verification.proved_at))
        .join(table, on=(column == table.id))
        .where(table.id.in_(ids), Verification.number == table.phone, _is_good())
        .group_by(column)
        .tuples()
    )
    instant: Any = Verification.proved_at
    return {owner_id: instant.python_value(at) for owner_id, at in query}


def _whose(owner: Owner) -> Any:
    return (Verification.person if isinstance(owner, Person) else Verification.victim) == owner.id


def _is_good() -> Any:
    return Verification.proved_at.is_null(False) & Verification.voided_at.is_null()


def _standing_proof(owner: Owner) -> Any:
    return _whose(owner) & (Verification.number == owner.phone) & _is_good()


def _void(which: Any, because: str, now: datetime) -> int:
    return (
        Verification.update(voided_at=now, voided_because=because[:255], due_at=None)
        .where(which, Verification.voided_at.is_null())
        .execute()
    )


def _subject(owner: Owner) -> str:
    return f"{'person' if isinstance(owner, Person) else 'victim'}:{owner.id}"
