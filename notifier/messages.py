"""The words of every message. Pure; a lock screen is public, so none holds a name, an address or a coordinate."""

from __future__ import annotations

from dataclasses import dataclass

from backend.models import AlertKind, Purpose
from zones import Certainty, Level

GSM_SEGMENT = 160
PUSH_TITLE = "Cordon"


@dataclass(frozen=True, slots=True)
class Subject:
    """What may be said of an alert outside the app: its code, and how grave it is."""

    code: str
    kind: AlertKind
    level: Level
    certainty: Certainty
    is_over: bool
    is_late: bool = False


def situation(subject: Subject) -> str:
    """Return the situation in two or three words."""
    if subject.kind is AlertKind.CANNOT_JUDGE:
        return "cannot judge"
    if subject.kind is AlertKind.REPEATED_PASSES:
        return "repeated passages"
    if subject.kind is AlertKind.NOTICE:
        return "notice of a case"
    if subject.certainty is Certainty.WITHDRAWN:
        return "withdrawn"
    name = {Level.BREACH: "breach", Level.BUFFER: "near zone", Level.CLEAR: "clear"}[subject.level]
    sure = "" if subject.certainty is Certainty.CONFIRMED else ", unconfirmed"
    over = ", found late" if subject.is_late else ", now over" if subject.is_over else ""
    return f"{name}{sure}{over}"


def sentence(subject: Subject, purpose: Purpose) -> str:
    """Return what is said to a member of staff."""
    code = subject.code
    if purpose is Purpose.ANSWERED:
        return f"Zone alert {code}: a colleague has acknowledged it."
    if purpose is Purpose.WITHDRAWN:
        return f"Zone alert {code}: withdrawn, better fixes show no breach."
    if purpose is Purpose.VICTIM_NOT_WARNED:
        return f"Zone alert {code}: the protected person could not be warned by text."
    if purpose is Purpose.NOTICE:
        return f"Notice {code}: a case of yours needs a look. Open Cordon."
    if purpose is Purpose.CORRECTION:
        return f"Zone alert {code}: it was raised in error. Disregard it."
    if purpose is Purpose.ESCALATION:
        return f"Zone alert {code}: {situation(subject)}. Nobody has acknowledged it."
    return f"Zone alert {code}: {situation(subject)}. Please acknowledge."


def sms(subject: Subject, purpose: Purpose, alert_url: str) -> str:
    """Return an SMS to a member of staff: one GSM-7 segment, or the sentence alone where the link makes it longer."""
    text = f"Cordon. {sentence(subject, purpose)}"
    linked = f"{text} {alert_url}"
    return linked if len(linked) <= GSM_SEGMENT else text


def push(subject: Subject, purpose: Purpose, alert_id: int, notification_id: int) -> dict[str, str]:
    """Return the data of a push: ids to fetch by, and a neutral sentence for the lock screen."""
    return {
        "alert_id": str(alert_id),
        "notification_id": str(notification_id),
        "code": subject.code,
        "purpose": purpose.value,
        "title": PUSH_TITLE,
        "body": sentence(subject, purpose),
    }
