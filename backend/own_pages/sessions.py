"""Opens a protected person's own page with their PIN, for minutes; the second phrase opens a harmless page and rings.

Whatever was entered, both hashes are checked, in the same order: neither the answer nor its time tells the PIN, a wrong
phrase and the second phrase apart, but for what the page then shows.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta
from enum import StrEnum

from backend import audit, db, password_hashing, typed_text
from backend.db import atomic, lock_rows
from backend.errors import InvalidRecord, InvalidTransition
from backend.models import OwnPage, OwnSession, Victim
from backend.own_pages import help_calls
from backend.own_pages.help_calls import How
from backend.own_pages.invitations import digest

MOST_TRIES = 5
LOCKED_FOR = timedelta(hours=1)
SHORTEST_PHRASE, LONGEST_PHRASE = 6, 64
IDLE_FOR, LASTS = timedelta(minutes=10), timedelta(minutes=30)


class Opened(StrEnum):
    """What came of a phrase that was entered."""

    HOME = "home"
    # The harmless page: the second phrase was entered, or that they are safe.
    DECOY = "decoy"
    WRONG = "wrong"
    LOCKED = "locked"


def choose_phrases(page: OwnPage, pin: str, again: str, second: str, now: datetime) -> None:
    """Keep the PIN or phrase that opens the page, and the second phrase, if they want one.

    Raises: InvalidRecord in words for the person who chooses; TooManyAttempts where too many wait to be hashed.
    """
    pin, again, second = plain(pin), plain(again), plain(second)
    if not SHORTEST_PHRASE <= len(pin) <= LONGEST_PHRASE or len(set(pin)) < 3:
        raise InvalidRecord(f"Choose {SHORTEST_PHRASE} or more numbers or letters, not all the same.")
    if pin != again:
        raise InvalidRecord("The two do not match. Type them again.")
    if second and (not SHORTEST_PHRASE <= len(second) <= LONGEST_PHRASE or len(set(second)) < 3):
        raise InvalidRecord(f"Choose {SHORTEST_PHRASE} or more numbers or letters for the second one too.")
    if hmac.compare_digest(pin.encode(), second.encode()):
        raise InvalidRecord("The second one has to be different from the first.")
    db.release_connection()
    pin_hash = password_hashing.hash_password(pin)
    # Someone who reads the database does not see who has a second phrase.
    second_hash = password_hashing.hash_password(second or secrets.token_urlsafe(32))
    with atomic():
        OwnPage.update(pin_hash=pin_hash, duress_hash=second_hash, wrong_tries=0, locked_until=None).where(
            OwnPage.id == page.id
        ).execute()
        audit.record(f"victim:{page.victim_id}", "own_page_pin_chosen", f"victim:{page.victim_id}", now)


def plain(phrase: str) -> str:
    """Return a phrase however it was typed: case, width and spaces around it do not count."""
    return " ".join(typed_text.fold(phrase).split()).casefold()


def enter(page: OwnPage, phrase: str, now: datetime) -> tuple[Opened, str]:
    """Take what was entered on the neutral page; return what it opened, with the secret of the session.

    While it is locked the second phrase rings all the same, and nothing shows that.
    """
    return _open(page, _weigh(page, phrase, now), now)


def say_safe(page: OwnPage, phrase: str, now: datetime) -> tuple[Opened, str]:
    """Take that they are safe, which their phrase confirms; the second phrase rings and looks the same."""
    return _open(page, _weigh(page, phrase, now, is_safe=True), now)


def _open(page: OwnPage, opened: Opened, now: datetime) -> tuple[Opened, str]:
    if opened in (Opened.WRONG, Opened.LOCKED):
        return opened, ""
    return opened, _begin(page, now, is_decoy=opened is Opened.DECOY)


def _weigh(page: OwnPage, phrase: str, now: datetime, *, is_safe: bool = False) -> Opened:
    said = plain(phrase)[:LONGEST_PHRASE]
    db.release_connection()
    is_pin = password_hashing.is_right(page.pin_hash or password_hashing.OF_NO_ONE, said)
    is_second = password_hashing.is_right(page.duress_hash or password_hashing.OF_NO_ONE, said)
    with atomic():
        lock_rows(Victim, [page.victim_id])
        held = OwnPage.get_by_id(page.id)
        is_locked = held.locked_until is not None and held.locked_until > now
        is_pin = is_pin and held.pin_hash == page.pin_hash
        is_second = is_second and held.duress_hash == page.duress_hash
        if is_locked:
            help_calls.enqueue(page.victim, How.SECOND_PHRASE if is_second else How.NOTHING, now)
            return Opened.LOCKED
        if not (is_pin or is_second):
            return _count_wrong(held, now)
        OwnPage.update(wrong_tries=0, locked_until=None).where(OwnPage.id == page.id).execute()
        if is_second or is_safe:
            help_calls.enqueue(page.victim, How.SECOND_PHRASE if is_second else How.SAFE, now)
            return Opened.DECOY
        return Opened.HOME


def _count_wrong(held: OwnPage, now: datetime) -> Opened:
    tries = held.wrong_tries + 1
    is_full = tries >= MOST_TRIES
    until = now + LOCKED_FOR if is_full else None
    OwnPage.update(wrong_tries=tries, locked_until=until).where(OwnPage.id == held.id).execute()
    if is_full:
        audit.record(audit.SYSTEM, "own_page_locked", f"victim:{held.victim_id}", now, own_page=held.id)
        if tries == MOST_TRIES:
            help_calls.tell_of_guesses(held.victim, now)
    return Opened.LOCKED if is_full else Opened.WRONG


def begin_first(page: OwnPage, now: datetime) -> str:
    """Open the page once without a PIN, so that one can be chosen: the code has just been entered."""
    if page.pin_hash is not None:
        raise InvalidTransition("A PIN was chosen already.")
    return _begin(page, now, is_decoy=False)


def _begin(page: OwnPage, now: datetime, *, is_decoy: bool) -> str:
    token = secrets.token_urlsafe(32)
    with atomic():
        # One opening at a time: an opening elsewhere, or of the harmless page, closes this one.
        OwnSession.update(ended_at=now).where(OwnSession.page == page, OwnSession.ended_at.is_null()).execute()
        OwnSession.create(page=page, token_digest=digest(token), is_decoy=is_decoy, began_at=now, seen_at=now)
    return token


def resume(page: OwnPage, token: str, now: datetime) -> OwnSession | None:
    """Return the session of this secret while it lasts, and let it last from now on."""
    if not token:
        return None
    session = OwnSession.get_or_none(
        OwnSession.token_digest == digest(token),
        OwnSession.page == page,
        OwnSession.ended_at.is_null(),
        OwnSession.seen_at > now - IDLE_FOR,
        OwnSession.began_at > now - LASTS,
    )
    if session is not None:
        OwnSession.update(seen_at=now).where(OwnSession.id == session.id).execute()
    return session


def close(page: OwnPage, now: datetime) -> None:
    """Close the page: the PIN is asked for again."""
    OwnSession.update(ended_at=now).where(OwnSession.page == page, OwnSession.ended_at.is_null()).execute()
