"""Accounts: creates and changes them, and the links with which people set their own password.

A password is known to its owner alone. Where a person is invited, or cannot sign in any more, an administrator is given
a link and hands it over; it is good once, for a short time, and its secret is kept nowhere. A link is a way into an
account for the person who has it, and so others are notified of it: in the audit, and for accounts that exist by an
alarm.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from peewee import IntegrityError

from backend import alarms, audit, authentication, case_folding
from backend.access import require
from backend.db import atomic, lock_rows
from backend.errors import InvalidRecord, LinkOver, NotAllowed, NotFound, WeakPassword
from backend.models import Alarm, AlarmKind, PasswordLink, Person, Role, Session, Team

# Handed over within a few working days, or the same day where a person stands at the door.
INVITED_FOR = timedelta(days=3)
RESET_FOR = timedelta(hours=24)
# Source: NIST SP 800-63B, OWASP: length counts, and rules about kinds of characters do not.
SHORTEST, LONGEST = 12, 1_000
FEWEST_CHARACTERS = 5
LONGEST_NAME = 200
HOST_TEAM = "Administration"


@dataclass(frozen=True, slots=True)
class Link:
    """A link as it is shown, once, to the person who made it."""

    id: int
    person: Person
    secret: str
    expires_at: datetime

    def url(self, public_url: str) -> str:
        """Return the address that the person opens."""
        return f"{public_url.rstrip('/')}/set-password/{self.secret}"


def address_of(email: str) -> str:
    """Return the one spelling of an email address. Raises: InvalidRecord for what is none."""
    address = case_folding.folded(email)
    if len(address) > 254 or not re.fullmatch(r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+\.[^@\s\x00-\x1f]+", address):
        raise InvalidRecord("Enter an email address in the correct format, like name@example.gov.uk.")
    return address


def require_good(password: str, person: Person, name: str = "") -> None:
    """Raises: WeakPassword for a password that is short, or that is the person's own address or name."""
    if len(password) < SHORTEST:
        raise WeakPassword(f"Use {SHORTEST} characters or more: three or four words are easy to remember.")
    if len(password) > LONGEST or any(unicodedata.category(one) in ("Cc", "Cs") for one in password):
        raise WeakPassword(f"Use at most {LONGEST:,} characters, and none that cannot be typed.")
    given = case_folding.folded(password)
    theirs = {person.email, person.email.partition("@")[0], case_folding.folded(person.name), case_folding.folded(name)}
    if given in theirs or case_folding.folded(person.email) in given:
        raise WeakPassword("Use a password that is neither your name nor your email address.")
    if len(set(given)) < FEWEST_CHARACTERS:
        raise WeakPassword("Use a password with more different characters.")


def has_joined(person: Person) -> bool:
    """Tell whether the person has ever had a password: invited people have none before they open their link."""
    return person.id in joined([person])


def joined(people: Iterable[Person]) -> set[int]:
    """Return the numbers of those who have had a password, in one query."""
    ids = {person.id for person in people}
    first = PasswordLink.select(PasswordLink.person, PasswordLink.used_at).where(
        PasswordLink.person.in_(ids), PasswordLink.is_first
    )
    invited = {row.person_id for row in first}
    return ids - invited | {row.person_id for row in first if row.used_at is not None}


def invite(by: Person | None, person: Person, now: datetime) -> Link:
    """Return the link by which a person who is new sets their name and password; an earlier one is good no more."""
    with atomic():
        link = _make(by, person, now, is_first=True, good_for=INVITED_FOR)
        audit.record(audit.actor_of(by), "person_invited", f"person:{person.id}", now)
        if by is None or person.role == Role.ADMINISTRATOR:
            made_by = f"Administrator {by.id}" if by else "A command on the host"
            _tell(link, None, f"{made_by} made an administrator's account: staff member {person.id}", now)
    return link


def reset(by: Person | None, person_id: int, now: datetime) -> Link:
    """End what a person can sign in with, everywhere, and return the link by which they set another password.

    The person, the other administrators and the supervisors are notified. Who never joined is invited again.

    Raises: NotAllowed for others than administrators, and for their own account; NotFound.
    """
    if by is not None:
        require(by, Role.ADMINISTRATOR)
        if by.id == person_id:
            raise NotAllowed("Change your own password under My password.")
    person = Person.get_or_none(Person.id == person_id, Person.is_active, ~Person.is_canary)
    if person is None:
        raise NotFound("The person was not found.")
    if not has_joined(person):
        return invite(by, person, now)
    # Before any row is held: hashing takes its time on purpose.
    unknown = authentication.hash_password(secrets.token_urlsafe(32))
    with atomic():
        link = _make(by, person, now, is_first=False, good_for=RESET_FOR)
        Person.update(password_hash=unknown).where(Person.id == person.id).execute()
        authentication.end_every_session(person, now)
        audit.record(audit.actor_of(by), "password_reset", f"person:{person.id}", now)
        made_by = f"Administrator {by.id}" if by else "A command on the host"
        team_id = None if person.role == Role.ADMINISTRATOR else person.team_id
        _tell(link, team_id, f"{made_by} reset the password of staff member {person.id}", now)
    return link


def _make(by: Person | None, person: Person, now: datetime, *, is_first: bool, good_for: timedelta) -> Link:
    _void(person, now)
    secret = secrets.token_urlsafe(32)
    row = PasswordLink.create(
        person=person,
        digest=authentication.digest(secret),
        is_first=is_first,
        made_at=now,
        made_by=by,
        expires_at=now + good_for,
    )
    return Link(row.id, person, secret, now + good_for)


def _void(person: Person, now: datetime) -> None:
    is_open = PasswordLink.used_at.is_null() & PasswordLink.voided_at.is_null()
    PasswordLink.update(voided_at=now).where(PasswordLink.person == person, is_open).execute()


def _tell(link: Link, team_id: int | None, detail: str, now: datetime) -> None:
    subject = f"person:{link.person.id}/link:{link.id}"
    alarms.raise_alarm(AlarmKind.ACCOUNT_ACCESS, subject, detail, now, team_id)


def opened(secret: str, now: datetime) -> PasswordLink:
    """Return the link that has this secret and can still be used. Raises: LinkOver."""
    row = (
        PasswordLink.select(PasswordLink, Person)
        .join(Person, on=PasswordLink.person)
        .where(PasswordLink.digest == authentication.digest(secret))
        .first()
    )
    if row is None or row.used_at or row.voided_at or row.expires_at <= now or not row.person.is_active:
        raise LinkOver("This link was used already, is too old, or was replaced. Ask an administrator for another one.")
    return row


def set_by_link(secret: str, name: str, password: str, now: datetime) -> Person:
    """Give the link's person this password, and a new person their name; the link is used up.

    Raises: LinkOver; InvalidRecord for a name that is none; WeakPassword.
    """
    link = opened(secret, now)
    person = link.person
    if link.is_first:
        person.name = name_of(name)
    require_good(password, person, name)
    password_hash = authentication.hash_password(password)
    with atomic():
        lock_rows(Person, [person.id])
        # Asked again: of two who open it at once one is first.
        opened(secret, now)
        PasswordLink.update(used_at=now).where(PasswordLink.id == link.id).execute()
        Person.update(name=person.name, password_hash=password_hash).where(Person.id == person.id).execute()
        authentication.end_every_session(person, now)
        audit.record(audit.actor_of(person), "password_set", f"person:{person.id}", now, link=link.id)
    return person


def name_of(text: str) -> str:
    """Return a name as it is kept. Raises: InvalidRecord."""
    name = text.strip()
    if not name:
        raise InvalidRecord("Enter the name of the person.")
    if len(name) > LONGEST_NAME or any(unicodedata.category(one) in ("Cc", "Cs") for one in name):
        raise InvalidRecord(f"A name has at most {LONGEST_NAME} letters, and no control characters.")
    return name


def change_password(person: Person, session: Session, old: str, new: str, now: datetime) -> None:
    """Give a person who is signed in another password; every other session of theirs ends, this one goes on.

    Raises: WrongCredentials where ``old`` is not the present password; WeakPassword.
    """
    authentication.check_password(person.email, old)
    if old == new:
        raise WeakPassword("Use a password that you do not have already.")
    require_good(new, person)
    password_hash = authentication.hash_password(new)
    with atomic():
        Person.update(password_hash=password_hash).where(Person.id == person.id).execute()
        _void(person, now)
        authentication.end_other_sessions(person, session, now)
        audit.record(audit.actor_of(person), "password_changed", f"person:{person.id}", now)


def last_link(person: Person) -> PasswordLink | None:
    """Return the link by which the person last set their password, with who made it."""
    query = PasswordLink.select().where(PasswordLink.person == person, PasswordLink.used_at.is_null(False))
    return query.order_by(PasswordLink.used_at.desc()).first()


def appoint_administrator(email: str, now: datetime, *, team_name: str = HOST_TEAM, is_forced: bool = False) -> Link:
    """Make an administrator from the host's command line, and return the link by which they join.

    An administrator who never joined, or with ``is_forced`` one who has, is given another link.

    Raises: InvalidRecord where an administrator can invite another one, unless ``is_forced``; and for an address that
    is none, or of an account that is no administrator's.
    """
    address = address_of(email)
    known = Person.get_or_none(case_folding.is_same(Person.email, address))
    if known is not None and (known.role != Role.ADMINISTRATOR or not known.is_active):
        raise InvalidRecord("This address belongs to an account that is no administrator's, or that was closed.")
    active = Person.select().where(Person.role == Role.ADMINISTRATOR, Person.is_active, ~Person.is_canary)
    if not is_forced and joined(active):
        raise InvalidRecord(
            "An administrator is there already and can invite another one. Where none of them can sign in any more, "
            "use --force: every administrator and supervisor is notified."
        )
    if known is not None:
        return reset(None, known.id, now)
    unknown = authentication.hash_password(secrets.token_urlsafe(32))
    try:
        with atomic():
            team = Team.get_or_none(Team.name == team_name) or Team.create(name=team_name, created_at=now)
            person = Person.create(
                team=team,
                role=Role.ADMINISTRATOR,
                name=address,
                email=address,
                password_hash=unknown,
                created_at=now,
            )
            audit.record(audit.SYSTEM, "person_added", f"person:{person.id}", now, role=Role.ADMINISTRATOR)
            return invite(None, person, now)
    except IntegrityError:
        raise InvalidRecord("The account was made by another command just now: look first.") from None


def news_for(by: Person) -> list[tuple[Alarm, bool]]:
    """Return what administrators have to know of ways into accounts, and whether ``by`` may say that it is right.

    Raises: NotAllowed for others than administrators.
    """
    require(by, Role.ADMINISTRATOR)
    return [(alarm, _may_settle(by, alarm)) for alarm in alarms.standing(AlarmKind.ACCOUNT_ACCESS)]


def settle(by: Person, alarm_id: int, now: datetime) -> None:
    """Say that a way into an account was made rightly: its alarm ends.

    Raises: NotFound; NotAllowed for the person who made it and for whom it lets in, as long as another administrator
    can.
    """
    alarm = next((one for one, _ in news_for(by) if one.id == alarm_id), None)
    if alarm is None:
        raise NotFound("The alarm was not found.")
    if not _may_settle(by, alarm):
        raise NotAllowed("Another administrator has to check this: it was made by you, or lets you in.")
    with atomic():
        alarms.end(AlarmKind.ACCOUNT_ACCESS, alarm.subject, now)
        audit.record(audit.actor_of(by), "account_access_checked", alarm.subject, now)


def _may_settle(by: Person, alarm: Alarm) -> bool:
    link_id = int(alarm.subject.rpartition(":")[2])
    link = PasswordLink.get_by_id(link_id)
    concerned = {link.made_by_id, link.person_id}
    others = Person.select().where(
        Person.role == Role.ADMINISTRATOR, Person.is_active, ~Person.is_canary, Person.id.not_in(concerned - {None})
    )
    return by.id not in concerned or not joined(others)
