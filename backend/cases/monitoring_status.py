"""Monitoring status of a case: active, suspended, resumed, ended, recalled; and its risk of serious harm."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from backend import audit
from backend.access import access_alert, access_wearer
from backend.cases.writing import enter, hold, settle
from backend.db import atomic
from backend.errors import InvalidRecord, InvalidTransition
from backend.models import DatedEntry, Person
from backend.record import protection_ends, reading
from backend.record.facts import Life, What


class Suspended(StrEnum):
    """Why a wearer's fixes are stored and not judged for a while."""

    CUSTODY = "custody"
    HOSPITAL = "hospital"
    ABROAD = "abroad"


class Ended(StrEnum):
    """Why a case is over."""

    EXPIRY = "expiry"
    RECALL = "recall"
    REVOCATION = "revocation"
    DEATH = "death"


class Risk(StrEnum):
    """The risk of serious harm that the wearer is assessed at."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    VERY_HIGH = "very_high"


def suspend(
    person: Person,
    wearer_id: int,
    reason: Suspended,
    from_at: datetime,
    expected_end_at: datetime,
    now: datetime,
    *,
    why: str,
    document: str = "",
    corrects: int | None = None,
    is_confirmed: bool = False,
) -> DatedEntry:
    """Store the wearer's fixes without judging them from ``from_at`` on, until the case is resumed.

    Raises: NotFound, NotAllowed; InvalidRecord where the expected end is not after the start; InvalidTransition for a
    case that has ended by then, which a suspension would open again; NeedsConfirmation.
    """
    access_wearer(person, wearer_id, now)
    if reading.case(wearer_id).life_at(from_at) is Life.ENDED:
        raise InvalidTransition("This case has ended by then: resume it first, if the wearer is monitored again.")
    if expected_end_at <= from_at:
        raise InvalidRecord("The end that is expected must be after the start.")
    value = {"state": Life.SUSPENDED, "reason": reason, "expected_end_at": expected_end_at.isoformat()}
    return _live(person, wearer_id, value, from_at, now, why, document, corrects, is_confirmed=is_confirmed)


def resume(
    person: Person,
    wearer_id: int,
    from_at: datetime,
    now: datetime,
    *,
    why: str,
    document: str = "",
    corrects: int | None = None,
) -> DatedEntry:
    """Judge the wearer's fixes again from ``from_at`` on. Raises: NotFound, NotAllowed, InvalidTransition."""
    access_wearer(person, wearer_id, now)
    # An entry that never held is no state to resume from: with it corrected the case was active all along.
    if corrects is None and reading.case(wearer_id).life_at(from_at) is Life.ACTIVE:
        raise InvalidTransition("The case is not suspended at that time.")
    return _live(person, wearer_id, {"state": Life.ACTIVE}, from_at, now, why, document, corrects, is_confirmed=True)


def end(
    person: Person,
    wearer_id: int,
    reason: Ended,
    at: datetime,
    now: datetime,
    *,
    why: str,
    document: str = "",
    alert_id: int | None = None,
    corrects: int | None = None,
    is_confirmed: bool = False,
) -> DatedEntry:
    """End the case at ``at``: then open alerts are closed with the reason and warnings stop.

    A person who loses protection gets a notice first, so the earliest end is ``ends.NOTICE`` from now. Another reason
    for an end that has passed, or another instant for it, takes no protection away that there is: it holds as entered.

    Raises: NotFound, NotAllowed; InvalidTransition for a case that has ended; NeedsConfirmation.
    """
    access_wearer(person, wearer_id, now)
    case = reading.case(wearer_id)
    # In custody too: what is suspended was to be lifted, and now it will not be.
    effective_at = max(at, now + protection_ends.NOTICE) if protection_ends.guards(case, now) else max(at, now)
    wrong = next((one for one in case.life if one.id == corrects), None)
    if wrong is not None and wrong.value["state"] == Life.ENDED and wrong.from_at <= now:
        effective_at = at
    if wrong is None and case.life_at(effective_at) is Life.ENDED:
        raise InvalidTransition("This case has ended, or ends before that.")
    value: dict[str, Any] = {"state": Life.ENDED, "reason": reason}
    with atomic():
        if alert_id is not None:
            alert = access_alert(person, alert_id)
            if alert.wearer_id != wearer_id:
                raise InvalidRecord("The alert is of another case.")
            value["alert_id"] = alert.id
            audit.record(audit.actor_of(person), f"led_to_{reason}", f"alert:{alert.id}", now, alert=alert)
        return _live(person, wearer_id, value, effective_at, now, why, document, corrects, is_confirmed=is_confirmed)


def recall(person: Person, alert_id: int, now: datetime, *, why: str, document: str = "") -> DatedEntry:
    """Recall the wearer to prison because of an alert: one action, from which the case ends after the notice."""
    alert = access_alert(person, alert_id)
    return end(
        person,
        alert.wearer_id,
        Ended.RECALL,
        now,
        now,
        why=why,
        document=document,
        alert_id=alert.id,
        is_confirmed=True,
    )


def _live(
    person: Person,
    wearer_id: int,
    value: dict[str, Any],
    from_at: datetime,
    now: datetime,
    why: str,
    document: str,
    corrects: int | None,
    *,
    is_confirmed: bool,
) -> DatedEntry:
    access_wearer(person, wearer_id, now)
    with atomic():
        hold(wearer_id)
        before = reading.case(wearer_id)
        entry = enter(
            f"wearer:{wearer_id}",
            What.LIFE,
            value,
            from_at,
            person,
            now,
            why=why,
            document=document,
            wearer_id=wearer_id,
            corrects=corrects,
        )
        since = min([from_at, *(one.from_at for one in before.life if one.id == corrects)])
        settle(before, since, now, is_confirmed=is_confirmed)
        return entry


def assess_risk(
    person: Person,
    wearer_id: int,
    risk: Risk,
    from_at: datetime,
    now: datetime,
    *,
    why: str,
    document: str = "",
    corrects: int | None = None,
) -> DatedEntry:
    """Record the risk that the wearer is assessed at from ``from_at`` on. Raises: NotFound, NotAllowed."""
    access_wearer(person, wearer_id, now)
    subject = f"wearer:{wearer_id}"
    return enter(
        subject,
        What.RISK,
        {"risk": risk},
        from_at,
        person,
        now,
        why=why,
        document=document,
        wearer_id=wearer_id,
        corrects=corrects,
    )


def risk_at(wearer_id: int, at: datetime) -> Risk | None:
    """Return the assessed risk of serious harm at ``at``, or None where none is recorded."""
    value = reading.value_at(f"wearer:{wearer_id}", What.RISK, at)
    return Risk(value["risk"]) if value else None
