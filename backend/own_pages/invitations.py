"""The only writer of own pages: invited by an officer, taken up by one phone, unlocked, ended."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend import alerts, audit, typed_text, wakeups
from backend.access import access_victim
from backend.alerts.codes import CODE_ALPHABET
from backend.channels import OWN_NOTICES
from backend.db import atomic, lock_rows, skip_locked
from backend.errors import DomainError, InvalidRecord, NotFound
from backend.models import OwnPage, OwnSession, Person, Victim
from backend.own_pages.looks import HELP_LABELS, LOOKS, STATUS_WORDS
from backend.own_pages.words import offered
from backend.people import consent, numbers
from backend.people.consent import is_safe_hour, sms_consent

LINK_LENGTH, CODE_LENGTH = 10, 6
GOOD_FOR = timedelta(hours=24)
MOST_TRIES = 5
LONGEST_NOTE = 300
# What a new phone takes over from the one before it; passcodes are chosen anew.
GUISE = ("look", "help_label", "status_words", "language")
NOT_THEIRS = "Someone opened the link to their own page and answered that it is not for them. The link is void."


class InvitationOver(DomainError):
    """The link, or the code with it, cannot be used: unknown, used, too old, or tried too often."""

    code, status, title = "invitation_over", 410, "This cannot be used any more"


@dataclass(frozen=True, slots=True)
class Invitation:
    """What an officer hands over: the end of the address and the code, neither of which is kept or shown again."""

    link: str
    code: str
    expires_at: datetime


def digest(secret: str) -> str:
    """Return what is kept of a secret of ours that is long enough not to be searched."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def invite(person: Person, victim_id: int, asked_how: str, now: datetime, *, text_to: str = "") -> Invitation:
    """Make a link and a code for someone who asked for it; an earlier one that no one used is void.

    A page in use goes on until the new one is taken up: the phone may be lost, or only new. With ``text_to``, the
    address before the link, the link goes to them by text as well, and the code never does.

    Raises: NotAllowed, NotFound; InvalidRecord for a child, without a word of how they asked, or where no text may go.
    """
    victim = access_victim(person, victim_id, now)
    if victim.is_child:
        raise InvalidRecord("A child has no page here: invite the adult who is named for the child.")
    if not asked_how.strip():
        raise InvalidRecord("Say how and when they asked for it.")
    if len(asked_how) > LONGEST_NOTE:
        raise InvalidRecord(f"Say it in {LONGEST_NOTE} characters.")
    if text_to:
        _require_safe_text(victim, now)
    link = "".join(secrets.choice(CODE_ALPHABET) for _ in range(LINK_LENGTH))
    code = "".join(secrets.choice("0123456789") for _ in range(CODE_LENGTH))
    with atomic():
        lock_rows(Victim, [victim.id])
        OwnPage.update(ended_at=now, ended_by=audit.actor_of(person)).where(
            OwnPage.victim == victim, OwnPage.accepted_at.is_null(), OwnPage.ended_at.is_null()
        ).execute()
        page = OwnPage.create(
            victim=victim,
            asked_how=asked_how.strip(),
            invited_by=person,
            invited_at=now,
            link_digest=digest(link),
            code_digest=digest(f"{link} {code}"),
            expires_at=now + GOOD_FOR,
            link_text=f"{text_to}{link}" if text_to else None,
            link_due_at=now if text_to else None,
        )
        if text_to:
            audit.record(audit.actor_of(person), "own_page_link_texted", f"victim:{victim.id}", now, own_page=page.id)
            wakeups.announce()
        audit.record(audit.actor_of(person), "own_page_invited", f"victim:{victim.id}", now, own_page=page.id)
    return Invitation(link, code, page.expires_at)


def _require_safe_text(victim: Victim, now: datetime) -> None:
    agreed = sms_consent(victim)
    if agreed is None or not victim.phone or not numbers.is_proved(victim):
        raise InvalidRecord("A link goes by text only where they agreed to texts and their number is verified.")
    if not is_safe_hour(agreed, now) or numbers.is_declared(victim.phone):
        raise InvalidRecord("A text to them is not safe now. Read the link out.")


def claim_link_texts(now: datetime, limit: int) -> list[OwnPage]:
    """Take up to ``limit`` links that are to be texted, each once: one that did not go is asked for anew."""
    if not OwnPage.select().where(OwnPage.link_due_at <= now).exists():
        return []
    with atomic():
        due = OwnPage.select(OwnPage.id).where(OwnPage.link_due_at <= now).order_by(OwnPage.id).limit(limit)
        ids = [row.id for row in skip_locked(due)]
        OwnPage.update(link_due_at=None).where(OwnPage.id.in_(ids)).execute()
        return list(OwnPage.select(OwnPage, Victim).join(Victim).where(OwnPage.id.in_(ids)))


def link_text_of(page: OwnPage, now: datetime) -> tuple[str, str] | None:
    """Return where a link goes and its text, asked at the last moment; None where it may not go any more."""
    agreed = sms_consent(page.victim)
    is_void = page.ended_at is not None or page.accepted_at is not None or page.expires_at <= now
    if is_void or agreed is None or not numbers.is_proved(page.victim) or not is_safe_hour(agreed, now):
        return None
    return (page.victim.phone, page.link_text) if page.victim.phone and page.link_text else None


def settle_link_text(page: OwnPage, failed_because: str, now: datetime) -> None:
    """Forget the text, and keep whether it went, for the officer who speaks with them."""
    with atomic():
        OwnPage.update(
            link_text=None,
            link_sent_at=None if failed_because else now,
            link_failed_because=failed_because[:255] or None,
        ).where(OwnPage.id == page.id).execute()


def refuse_as_not_theirs(link: str, now: datetime) -> None:
    """End an invitation that reached someone else, and tell the officer; whether there was one is not told."""
    page = open_invitation(link, now)
    if page is None:
        return
    with atomic():
        lock_rows(Victim, [page.victim_id])
        by = f"victim:{page.victim_id}"
        if OwnPage.update(ended_at=now, ended_by=by).where(OwnPage.id == page.id, OwnPage.ended_at.is_null()).execute():
            alerts.tell_that_victim_wrote(page.victim, NOT_THEIRS, now)


def open_invitation(link: str, now: datetime) -> OwnPage | None:
    """Return the invitation of this link while it can be taken up."""
    return OwnPage.get_or_none(
        OwnPage.link_digest == digest(_folded(link).upper()),
        OwnPage.accepted_at.is_null(),
        OwnPage.ended_at.is_null(),
        OwnPage.expires_at > now,
        OwnPage.code_tries < MOST_TRIES,
    )


def accept(link: str, code: str, now: datetime) -> tuple[OwnPage, str]:
    """Let this phone open the page from now on; return the page and the secret that the phone keeps.

    Each call counts as a try, and so it must not run inside another unit of work. The phone that had the page before
    opens it no more.

    Raises: InvitationOver, whatever is wrong.
    """
    page = open_invitation(link, now)
    if page is None:
        raise InvitationOver("Ask for a new link.")
    with atomic():
        OwnPage.update(code_tries=OwnPage.code_tries + 1).where(OwnPage.id == page.id).execute()
    given = digest(f"{_folded(link).upper()} {_folded(code)}")
    if not hmac.compare_digest(given, page.code_digest):
        raise InvitationOver("Ask for a new link.")
    secret = secrets.token_urlsafe(32)
    by = f"victim:{page.victim_id}"
    with atomic():
        lock_rows(Victim, [page.victim_id])
        guise = _guise_of(page.victim_id)
        _end_in_use(page.victim_id, by, now)
        taken = (
            OwnPage.update(accepted_at=now, phone_digest=digest(secret), **guise)
            .where(OwnPage.id == page.id, OwnPage.accepted_at.is_null(), OwnPage.ended_at.is_null())
            .execute()
        )
        if not taken:
            raise InvitationOver("Ask for a new link.")
        audit.record(by, "own_page_taken_up", f"victim:{page.victim_id}", now, own_page=page.id)
    return OwnPage.get_by_id(page.id), secret


def _guise_of(victim_id: int) -> dict[str, str]:
    """Return how their page looked so far: on a new phone it must not say plainly what they had put in code."""
    before = (
        OwnPage.select()
        .where(OwnPage.victim == victim_id, OwnPage.accepted_at.is_null(False))
        .order_by(OwnPage.accepted_at.desc(), OwnPage.id.desc())
        .first()
    )
    return {} if before is None else {name: getattr(before, name) for name in GUISE}


def page_of_phone(secret: str) -> OwnPage | None:
    """Return the page that the phone with this secret opens."""
    if not secret:
        return None
    return (
        OwnPage.select(OwnPage, Victim)
        .join(Victim)
        .where(OwnPage.phone_digest == digest(secret), OwnPage.ended_at.is_null())
        .first()
    )


def in_use(victim: Victim) -> OwnPage | None:
    """Return the page that a phone of theirs opens now."""
    return OwnPage.get_or_none(OwnPage.victim == victim, OwnPage.accepted_at.is_null(False), OwnPage.ended_at.is_null())


def invited(victim: Victim, now: datetime) -> OwnPage | None:
    """Return the invitation that no one has taken up yet."""
    return OwnPage.get_or_none(
        OwnPage.victim == victim, OwnPage.accepted_at.is_null(), OwnPage.ended_at.is_null(), OwnPage.expires_at > now
    )


def choose_look(
    page: OwnPage, look: str, help_label: str, status_words: str, now: datetime, *, language: str = ""
) -> None:
    """Let the page look like this. Raises: InvalidRecord for a choice that there is not."""
    if look not in LOOKS or help_label not in HELP_LABELS or status_words not in STATUS_WORDS:
        raise InvalidRecord("Choose one of these.")
    if language and language not in offered():
        raise InvalidRecord("Choose one of these languages.")
    with atomic():
        more = {"language": language} if language else {}
        OwnPage.update(look=look, help_label=help_label, status_words=status_words, **more).where(
            OwnPage.id == page.id
        ).execute()
        audit.record(f"victim:{page.victim_id}", "own_page_look_chosen", f"victim:{page.victim_id}", now)


def unlock(person: Person, victim_id: int, now: datetime) -> None:
    """Let the PIN be tried again, for someone who was spoken with. Raises: NotAllowed; NotFound."""
    page = _in_use_for(person, victim_id, now)
    with atomic():
        OwnPage.update(locked_until=None, wrong_tries=0).where(OwnPage.id == page.id).execute()
        audit.record(audit.actor_of(person), "own_page_unlocked", f"victim:{victim_id}", now, own_page=page.id)


def end(person: Person, victim_id: int, now: datetime) -> None:
    """Let no phone open the page any more: it is lost, or in someone else's hand. Raises: NotAllowed; NotFound."""
    page = _in_use_for(person, victim_id, now)
    with atomic():
        _end_in_use(page.victim_id, audit.actor_of(person), now)
        audit.record(audit.actor_of(person), "own_page_ended", f"victim:{victim_id}", now, own_page=page.id)


def _in_use_for(person: Person, victim_id: int, now: datetime) -> OwnPage:
    page = in_use(access_victim(person, victim_id, now))
    if page is None:
        raise NotFound("They have no page of their own.")
    return page


def _end_in_use(victim_id: int, by: str, now: datetime) -> None:
    pages = OwnPage.select(OwnPage.id).where(
        OwnPage.victim == victim_id, OwnPage.accepted_at.is_null(False), OwnPage.ended_at.is_null()
    )
    ids = [page.id for page in pages]
    if ids:
        # Notices belong to a phone, and end with its page: on a new one they are turned on anew.
        consent.withdraw(Victim.get_by_id(victim_id), OWN_NOTICES, by, now)
    OwnSession.update(ended_at=now).where(OwnSession.page.in_(ids), OwnSession.ended_at.is_null()).execute()
    OwnPage.update(ended_at=now, ended_by=by).where(OwnPage.id.in_(ids)).execute()


def _folded(text: str) -> str:
    return typed_text.fold(text).replace(" ", "").strip()
