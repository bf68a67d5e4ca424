"""Authentication: passwords, sessions and bearer tokens."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from itsdangerous import BadSignature, URLSafeSerializer

from backend import alerts, audit, case_folding, db, password_hashing
from backend.db import atomic, instant_text
from backend.errors import NotSignedIn, WrongCredentials
from backend.models import Person, Session, Socket
from backend.people import devices
from backend.settings import Settings

# A phone on a bad network gives up waiting for an answer after 10 to 20 s and asks once more.
REFRESH_GRACE_S = 30.0


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a client holds of its session: the access token opens requests, the refresh token gets the next pair."""

    access_token: str
    refresh_token: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person and the session in which they speak."""

    person: Person
    session: Session


def hash_password(password: str) -> str:
    """Return the hash of ``password``; no database connection is held meanwhile, outside a unit of work.

    Raises: TooManyAttempts.
    """
    if not db.is_in_unit():
        db.release_connection()
    return password_hashing.hash_password(password)


def digest(token: str) -> str:
    """Return what is kept of a secret that we made."""
    # Tokens are 256 random bits: a plain digest cannot be searched.
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def _access_tokens(settings: Settings) -> URLSafeSerializer:
    return URLSafeSerializer(settings.signing_key(), salt="access-token")


def _refresh_tokens(settings: Settings) -> URLSafeSerializer:
    return URLSafeSerializer(settings.signing_key(), salt="refresh-token")


def check_password(email: str, password: str) -> Person:
    """Return the active person. No database connection is held while the password is hashed.

    Raises: WrongCredentials, whatever was wrong; TooManyAttempts where too many wait to be checked.
    """
    person = Person.get_or_none(case_folding.is_same(Person.email, email))
    db.release_connection()
    checked = person.password_hash if person else password_hashing.OF_NO_ONE
    is_right = password_hashing.is_right(checked, password)
    # While it was hashed the account may have been closed, or its password changed.
    if is_right and person is not None:
        person = Person.get_or_none(Person.id == person.id, Person.password_hash == checked, Person.is_active)
    if not is_right or person is None:
        raise WrongCredentials("Your email address or password is incorrect.")
    if password_hashing.is_outdated(checked):
        db.release_connection()
        renewed = password_hashing.hash_password(password)
        Person.update(password_hash=renewed).where(Person.id == person.id, Person.password_hash == checked).execute()
    return person


def begin_session(person: Person, settings: Settings, now: datetime) -> tuple[Session, Tokens]:
    """Open a session and return it with its first tokens."""
    secret = secrets.token_urlsafe(32)
    with atomic():
        session = Session.create(
            person=person,
            refresh_hash=digest(secret),
            created_at=now,
            expires_at=now + timedelta(seconds=settings.refresh_token_s),
        )
        audit.record(audit.actor_of(person), "signed_in", f"session:{session.id}", now)
    return session, Tokens(
        access_token(session, settings, now),
        _refresh_tokens(settings).dumps([session.id, 0, secret]),
        settings.access_token_s,
    )


def began(session: Session) -> str:
    """Return what tells a session from another one that was given its number after a restore from backup."""
    return instant_text(session.created_at)


def access_token(session: Session, settings: Settings, now: datetime) -> str:
    """Return a fresh access token of the session."""
    expires = int(now.timestamp()) + settings.access_token_s
    return _access_tokens(settings).dumps([session.id, expires, began(session)])


def refresh(refresh_token: str, settings: Settings, now: datetime) -> Tokens:
    """Exchange a refresh token for the next pair.

    A token holds the generation in which it was made, and exchanging one begins the next generation. A token of an
    earlier generation is a copy that someone kept: the session ends, however late the token comes, with every token
    of it. Only for ``REFRESH_GRACE_S`` is the generation before still good, and gives another token of the present
    one: a phone may ask twice at once, or never get its answer and ask again. The window is just that long, since in it
    a stolen token works unnoticed, and it closes at once when a token of the present generation is used.

    Raises: NotSignedIn.
    """
    try:
        session_id, generation, secret = _refresh_tokens(settings).loads(refresh_token)
        of_family = (Session.id == session_id) & (Session.refresh_hash == digest(secret))
    except (BadSignature, ValueError, TypeError, AttributeError):
        raise NotSignedIn("The refresh token is not valid.") from None
    with atomic():
        is_open = of_family & Session.ended_at.is_null() & (Session.expires_at > now)
        until = now + timedelta(seconds=settings.refresh_token_s)
        exchanged = (
            Session.update(generation=generation + 1, refreshed_at=now, expires_at=until)
            .where(is_open, Session.generation == generation)
            .execute()
        )
        session = Session.get_or_none(of_family)
        if session is None:
            raise NotSignedIn("The session has ended.")
        is_good = bool(exchanged) or _is_in_grace(session, generation, now)
        is_reused = not is_good and generation < session.generation
        if is_reused and session.ended_at is None:
            audit.record(audit.SYSTEM, "refresh_token_reused", f"session:{session.id}", now)
            end_session(session, now)
    if is_reused:
        raise NotSignedIn("This refresh token was used before; the session has ended.")
    _active(session, now)
    if not is_good:
        # A backup was restored that does not know this generation.
        raise NotSignedIn("The session has ended.")
    following = _refresh_tokens(settings).dumps([session.id, generation + 1, secret])
    return Tokens(access_token(session, settings, now), following, settings.access_token_s)


def _is_in_grace(session: Session, generation: int, now: datetime) -> bool:
    if session.generation != generation + 1 or session.refreshed_at is None:
        return False
    return now - session.refreshed_at <= timedelta(seconds=REFRESH_GRACE_S)


def identify(token: str, settings: Settings, now: datetime) -> SignedIn:
    """Return who holds this access token. Raises: NotSignedIn when it is not ours, too old, or its session ended."""
    try:
        session_id, expires, began_at = _access_tokens(settings).loads(token)
    except (BadSignature, ValueError, TypeError):
        raise NotSignedIn("The access token is not valid.") from None
    if expires <= now.timestamp():
        raise NotSignedIn("The access token has expired; refresh the session.")
    return resume(session_id, began_at, now)


def resume(session_id: int, began_at: str, now: datetime) -> SignedIn:
    """Return the person of the session that ``began`` so and is still open. Raises: NotSignedIn."""
    session = Session.select(Session, Person).join(Person).where(Session.id == session_id).first()
    if session is None or began(session) != began_at:
        raise NotSignedIn("The session has ended.")
    return SignedIn(_active(session, now), session)


def _active(session: Session, now: datetime) -> Person:
    if session.ended_at is not None or session.expires_at <= now or not session.person.is_active:
        raise NotSignedIn("The session has ended.")
    return session.person


def end_session(session: Session, now: datetime) -> None:
    """Sign out of one phone or browser: nothing is pushed to it. When it was the last one, acknowledgements lapse."""
    _end(session.person, [session.id], now)


def end_every_session(person: Person, now: datetime) -> None:
    """Sign the person out everywhere: no phone takes pushes any more, and what they had acknowledged is open again."""
    open_ids = [
        row.id for row in Session.select(Session.id).where(Session.person == person, Session.ended_at.is_null())
    ]
    with atomic():
        # Those too of which it is not known who is signed in there.
        devices.end_all(person, "signed out everywhere", now)
        _end(person, open_ids, now)


def end_other_sessions(person: Person, session: Session, now: datetime) -> None:
    """Sign the person out everywhere but here."""
    others = Session.select(Session.id).where(
        Session.person == person, Session.ended_at.is_null(), Session.id != session.id
    )
    _end(person, [row.id for row in others], now)


def deactivate(person: Person, by: Person | None, now: datetime) -> None:
    """Close the account: no one signs in to it, no warning goes to it, what it had acknowledged is open again."""
    with atomic():
        Person.update(is_active=False).where(Person.id == person.id).execute()
        devices.end_all(person, "deactivated", now)
        audit.record(audit.actor_of(by), "person_deactivated", f"person:{person.id}", now)
        end_every_session(person, now)


def _end(person: Person, session_ids: list[int], now: datetime) -> None:
    with atomic():
        Session.update(ended_at=now).where(Session.id.in_(session_ids), Session.ended_at.is_null()).execute()
        Socket.delete().where(Socket.session.in_(session_ids)).execute()
        devices.end_all(person, "signed out", now, session_ids)
        audit.record(audit.actor_of(person), "signed_out", f"person:{person.id}", now, sessions=session_ids)
        still_open = Session.select().where(
            Session.person == person, Session.ended_at.is_null(), Session.expires_at > now
        )
        if not still_open.exists():
            alerts.lapse(person, now)
