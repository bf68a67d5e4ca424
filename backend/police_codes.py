"""Codes that officers read out: the police open one alert with it, on one device, for an hour, without an account.

A code is shown once and kept only as a keyed digest. The first device that enters it is the only one from then on. It
ends before its hour where the alert is closed with an outcome that leaves the police nothing to act on.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend import audit
from backend.access import access_alert
from backend.alerts import Outcome
from backend.db import atomic, lock_rows
from backend.errors import InvalidTransition, NotFound, WrongCredentials
from backend.models import Alert, Handling, Person, PoliceCode

GOOD_FOR = timedelta(minutes=60)
DIGITS = 10
# Looking again within this time is the same look, and is recorded once.
ONE_LOOK = timedelta(seconds=60)
# Later the police are given what they need from the case, not by a page for an emergency.
AFTER_CLOSING = timedelta(hours=24)
# With these the person on probation is no one whom the police may follow any more.
NOTHING_TO_ACT_ON = frozenset(
    {
        Outcome.REASONABLE_EXCUSE,
        Outcome.PASS_THROUGH,
        Outcome.EQUIPMENT_FAULT,
        Outcome.FALSE_ALARM,
        Outcome.NO_ACTION_NEEDED,
        Outcome.RAISED_IN_ERROR,
    }
)
WRONG = "This code is not valid. Check each digit, or ask the officer for a new code."


@dataclass(frozen=True, slots=True)
class Made:
    """A new code, as it is read out, and until when it can be used."""

    code: str
    until_at: datetime


def make(person: Person, alert_id: int, key: str, now: datetime) -> Made:
    """Make a code for the alert; an earlier code of the same person for it ends.

    Raises: NotFound, NotAllowed; InvalidTransition for a drill, and for an alert that is closed for good.
    """
    alert = access_alert(person, alert_id)
    if alert.wearer.is_training:
        raise InvalidTransition("This is a drill: the police get no code for it.")
    if _is_over_for_police(alert, now):
        raise InvalidTransition("This alert is closed: the police get no code for it.")
    code = "".join(secrets.choice("0123456789") for _ in range(DIGITS))
    until_at = now + GOOD_FOR
    with atomic():
        PoliceCode.update(ended_at=now).where(
            PoliceCode.alert == alert, PoliceCode.made_by == person, PoliceCode.ended_at.is_null()
        ).execute()
        row = PoliceCode.create(alert=alert, digest=_digest(code, key), made_at=now, made_by=person, until_at=until_at)
        audit.record(audit.actor_of(person), "police_code_made", f"alert:{alert.id}", now, alert=alert, code=row.id)
    return Made(f"{code[:3]} {code[3:6]} {code[6:]}", until_at)


def end_all(person: Person, alert_id: int, now: datetime) -> int:
    """End every code for the alert at once, and return how many. Raises: NotFound, NotAllowed."""
    alert = access_alert(person, alert_id)
    with atomic():
        ended: int = (
            PoliceCode.update(ended_at=now)
            .where(PoliceCode.alert == alert, PoliceCode.ended_at.is_null(), PoliceCode.until_at > now)
            .execute()
        )
        if ended:
            audit.record(audit.actor_of(person), "police_codes_ended", f"alert:{alert.id}", now, alert=alert)
    return ended


def open_with(code: str, key: str, now: datetime) -> str:
    """Bind a code to the device that asks, and return the secret that the device keeps.

    Raises: WrongCredentials for a code that is wrong, over, or in use on another device: the three are
    answered alike.
    """
    plain = "".join(one for one in code if one.isascii() and one.isdigit())
    with atomic():
        row = PoliceCode.get_or_none(PoliceCode.digest == _digest(plain, key))
        if row is None:
            raise WrongCredentials(WRONG)
        lock_rows(PoliceCode, [row.id])
        row = PoliceCode.get_by_id(row.id)
        if not _is_good(row, now) or row.device_digest is not None:
            raise WrongCredentials(WRONG)
        secret = secrets.token_urlsafe(24)
        row.opened_at, row.device_digest = now, _digest(secret, key)
        row.save()
        audit.record(
            f"police:{row.id}", "police_page_opened", f"alert:{row.alert_id}", now, alert=row.alert, code=row.id
        )
        return f"{row.id}.{secret}"


def alert_of(token: str, key: str, now: datetime) -> tuple[Alert, PoliceCode]:
    """Return the alert that a device may see, and record the look. Raises: NotFound once it may not any more."""
    number, _, secret = token.partition(".")
    is_number = number.isascii() and number.isdigit() and len(number) < 18
    row = PoliceCode.get_or_none(PoliceCode.id == int(number)) if is_number else None
    if row is None or not _is_good(row, now) or not hmac.compare_digest(row.device_digest or "", _digest(secret, key)):
        raise NotFound("This code cannot be used any more. Ask the officer for a new one.")
    with atomic():
        audit.record_look(f"police:{row.id}", row.alert, now, reason="handed to the police", again_after=ONE_LOOK)
    return row.alert, row


def _is_good(row: PoliceCode, now: datetime) -> bool:
    return row.ended_at is None and now < row.until_at and not _is_over_for_police(row.alert, now)


def _is_over_for_police(alert: Alert, now: datetime) -> bool:
    if alert.handling != Handling.CLOSED:
        return False
    is_old = alert.outcome_at is not None and now - alert.outcome_at > AFTER_CLOSING
    return is_old or alert.outcome_code in NOTHING_TO_ACT_ON


def _digest(text: str, key: str) -> str:
    return hmac.new(key.encode(), f"police-code:{text}".encode(), hashlib.sha256).hexdigest()
