"""Monitoring status of a case: active, suspended, resumed, ended, recalled; and its risk of serious harm."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from backend import audit
from backend.access import access_alert, access_wearer
from backend.cases import completeness
from backend.cases.change_warnings import day
from backend.cases.writing import lock_cases, record_fact, settle
from backend.db import atomic
from backend.errors import InvalidRecord, InvalidTransition
from backend.models import Fact, Person
from backend.record import protection_ends, reading
from backend.record.facts import MonitoringStatus, What, standing
from backend.record.recalls import at_large_since
from backend.record.timeline import Case

IN_WORDS = {
    MonitoringStatus.ACTIVE: "monitored again",
    MonitoringStatus.SUSPENDED: "suspended",
    MonitoringStatus.ENDED: "ended",
}


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
    until: datetime | None = None,
    corrects: int | None = None,
    is_confirmed: bool = False,
) -> Fact:
    """Store the wearer's fixes without judging them from ``from_at`` on, until the case is resumed.

    With ``until`` it is known when it ended, or will end: custody from 15:00 to 17:00 that is reported at 18:30 changes
    what is held of those two hours and nothing of now.

    Raises: NotFound, NotAllowed; InvalidRecord where the expected end is not after the start; InvalidTransition for a
    case that has ended by then, which a suspension would open again; NeedsConfirmation.
    """
    access_wearer(person, wearer_id, now)
    if reading.case(wearer_id).status_at(from_at) is MonitoringStatus.ENDED:
        raise InvalidTransition("This case has ended by then: resume it first, if the person is monitored again.")
    if min(expected_end_at, until or expected_end_at) <= from_at:
        raise InvalidRecord("The end that is expected must be after the start.")
    value = {"state": MonitoringStatus.SUSPENDED, "reason": reason, "expected_end_at": expected_end_at.isoformat()}
    more: Any = {"until": until, "is_confirmed": is_confirmed}
    return _live(person, wearer_id, value, from_at, now, why, document, corrects, **more)


def resume(
    person: Person,
    wearer_id: int,
    from_at: datetime,
    now: datetime,
    *,
    why: str,
    document: str = "",
    corrects: int | None = None,
) -> Fact:
    """Judge the wearer's fixes again from ``from_at`` on. Raises: NotFound, NotAllowed, InvalidTransition."""
    access_wearer(person, wearer_id, now)
    # An entry that never held is no state to resume from: with it corrected the case was active all along.
    if corrects is None and reading.case(wearer_id).status_at(from_at) is MonitoringStatus.ACTIVE:
        raise InvalidTransition("The case is not suspended at that time.")
    return _live(
        person, wearer_id, {"state": MonitoringStatus.ACTIVE}, from_at, now, why, document, corrects, is_confirmed=True
    )


def end(
    person: Person,
    wearer_id: int,
    reason: Ended,
    at: datetime,
    now: datetime,
    *,
    why: str,
    document: str = "",
    corrects: int | None = None,
    is_confirmed: bool = False,
) -> Fact:
    """End the case at ``at``: then open alerts are closed with the reason and warnings stop.

    A person who loses protection gets a notice first, so the earliest end is ``ends.NOTICE`` from now. Another reason
    for an end that has passed, or another instant for it, takes no protection away that there is: it holds as entered.

    Raises: NotFound, NotAllowed; InvalidTransition for a case that has ended; NeedsConfirmation.
    """
    access_wearer(person, wearer_id, now)
    case = reading.case(wearer_id)
    # In custody too: what is suspended was to be lifted, and now it will not be.
    effective_at = max(at, now + protection_ends.NOTICE) if protection_ends.guards(case, now) else max(at, now)
    wrong = next((one for one in case.statuses if one.id == corrects), None)
    if wrong is not None and wrong.value["state"] == MonitoringStatus.ENDED and wrong.from_at <= now:
        effective_at = at
    if wrong is None and case.status_at(effective_at) is MonitoringStatus.ENDED:
        raise InvalidTransition("This case has ended, or ends before that.")
    value: dict[str, Any] = {"state": MonitoringStatus.ENDED, "reason": reason}
    return _live(person, wearer_id, value, effective_at, now, why, document, corrects, is_confirmed=is_confirmed)


def recall(person: Person, alert_id: int, now: datetime, *, why: str, document: str = "") -> Fact:
    """Record that the wearer is recalled to prison because of an alert. Monitoring goes on until custody is entered.

    Between the decision and the arrest the danger is greatest: nothing stops, no alert closes, and no text says that
    protection ends. What is missing then is that custody is entered.

    Raises: NotFound, NotAllowed; InvalidTransition for a case that has ended, and for a wearer who is recalled already.
    """
    alert = access_alert(person, alert_id)
    wearer_id, subject = alert.wearer_id, f"wearer:{alert.wearer_id}"
    access_wearer(person, wearer_id, now)
    with atomic():
        lock_cases(wearer_id)
        case = reading.case(wearer_id)
        if case.status_at(now) is MonitoringStatus.ENDED:
            raise InvalidTransition("This case has ended: resume it first, if the person is monitored again.")
        if at_large_since(reading.history(subject, What.RECALL), case, now) is not None:
            raise InvalidTransition("The person is recalled already. Monitoring goes on until custody is entered.")
        value = {"alert_id": alert.id}
        entry = record_fact(
            subject, What.RECALL, value, now, person, now, why=why, document=document, wearer_id=wearer_id
        )
        audit.record(audit.actor_of(person), "led_to_recall", f"alert:{alert.id}", now, alert=alert)
        completeness.ask_for([wearer_id], now)
        return entry


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
    until: datetime | None = None,
    is_confirmed: bool,
) -> Fact:
    access_wearer(person, wearer_id, now)
    with atomic():
        lock_cases(wearer_id)
        before = reading.case(wearer_id)
        entry = record_fact(
            f"wearer:{wearer_id}",
            What.MONITORING_STATUS,
            value,
            from_at,
            person,
            now,
            why=why,
            document=document,
            wearer_id=wearer_id,
            until=until,
            corrects=corrects,
        )
        since = min([from_at, *(one.from_at for one in before.statuses if one.id == corrects)])
        said = [*_at_large(before, entry, now), *_overlaps(before, entry, now)]
        settle(before, since, now, is_confirmed=is_confirmed, and_said=said)
        return entry


def _at_large(before: Case, new: Fact, now: datetime) -> list[str]:
    """Say that a recalled wearer is not in prison by the end of their case, where custody was not entered."""
    is_recall = new.value["state"] == MonitoringStatus.ENDED and new.value.get("reason") == Ended.RECALL
    held = before.status_fact(now)
    is_in_custody = held is not None and held.value.get("reason") == Suspended.CUSTODY
    if not is_recall or is_in_custody or new.from_at <= now:
        return []
    return ["Custody is not entered: nothing is judged any more, and the person may be at large. Enter custody first."]


def _overlaps(before: Case, new: Fact, now: datetime) -> list[str]:
    """Say what a stretch, or the end of a case, does to what was entered for a time within it."""
    is_end = new.value["state"] == MonitoringStatus.ENDED
    if not is_end and new.until is None:
        # From when a suspension without an end gives way is said of the places that are protected again.
        return []
    said = []
    for version in standing(before.statuses):
        is_within = new.from_at < version.from_at and (new.until is None or version.from_at < new.until)
        if not is_within or version.id == new.replaces_id:
            continue
        state = IN_WORDS[MonitoringStatus(version.value["state"])]
        entered = f"That the case is {state} from {day(version.from_at)} was entered before"
        if not is_end:
            said.append(f"{entered}, and stays.")
        elif version.from_at > now and version.recorded_at < new.recorded_at:
            said.append(f"{entered}, and is undone by the end of the case.")
    return said


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
) -> Fact:
    """Record the risk that the wearer is assessed at from ``from_at`` on. Raises: NotFound, NotAllowed."""
    access_wearer(person, wearer_id, now)
    subject = f"wearer:{wearer_id}"
    return record_fact(
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
