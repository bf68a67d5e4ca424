"""The text of every message. Pure; a lock screen is public, so none has a name, an address or a coordinate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from backend.alert_kinds import KINDS, said_of
from backend.own_pages.words import SOURCE, text
from backend.vocabulary import AlertKind, Purpose
from zones import Certainty, Level

GSM_SEGMENT = 160
PUSH_TITLE = "Cordon"
# What is about no level, and may end before a person has looked at it.
ENDS_BY_ITSELF = (AlertKind.SILENCE, AlertKind.CANNOT_JUDGE, AlertKind.REPEATED_PASSES)
NEVER = datetime.min.replace(tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")


@dataclass(frozen=True, slots=True)
class Subject:
    """What may be said of an alert outside the app: its code, and how grave it is."""

    code: str
    kind: AlertKind
    level: Level
    certainty: Certainty
    is_over: bool
    is_late: bool = False
    is_answered: bool = False
    since: datetime = NEVER
    last_fix: datetime = NEVER
    # Which event of a tag it is about.
    event: str | None = None
    # The newest fix about it is too old to say where the wearer is now.
    is_past: bool = False
    # How many other alerts of the same wearer the message speaks of.
    others: int = 0
    # It was withdrawn because the record was corrected, and no fix says anything else than before.
    is_by_record: bool = False

    @property
    def name(self) -> str:
        """What it is called, with its code."""
        return f"{KINDS[self.kind].called} {self.code}"


def when(at: datetime) -> str:
    """Return an instant with its day, as people in London write it."""
    local = at.astimezone(LONDON)
    return f"{local.day} {local:%b} {local:%H:%M}"


def _span(subject: Subject) -> str:
    """Return from when to when a stay lasted; of one over midnight only when it began, or the text is too long."""
    since, last = (at.astimezone(LONDON) for at in (subject.since, subject.last_fix))
    if since.date() != last.date():
        return when(since)
    return when(since) if f"{since:%H:%M}" == f"{last:%H:%M}" else f"{when(since)} to {last:%H:%M}"


def situation(subject: Subject) -> str:
    """Return the situation in two or three words, the gravest of those that belong together, and how many more."""
    more = f", and {subject.others} more of this person" if subject.others else ""
    return _situation(subject) + more


def _situation(subject: Subject) -> str:
    if said := said_of(subject.kind, subject.event):
        return f"{said}, now over" if subject.is_over and subject.kind in ENDS_BY_ITSELF else said
    if subject.certainty is Certainty.WITHDRAWN:
        return "withdrawn"
    name = {Level.BREACH: "breach", Level.BUFFER: "near zone", Level.CLEAR: "clear"}[subject.level]
    sure = "" if subject.certainty is Certainty.CONFIRMED else ", unconfirmed"
    return f"{name}{sure}{_time(subject)}"


def _time(subject: Subject) -> str:
    """Say when it was, of what is not now."""
    if subject.is_late:
        return f", {_span(subject)}, found late"
    if subject.is_past:
        return f", {'ended' if subject.is_over else 'last seen'} {when(subject.last_fix)}"
    return ", now over" if subject.is_over else ""


def sentence(subject: Subject, purpose: Purpose) -> str:
    """Return what is said to a member of staff."""
    name = subject.name
    if purpose is Purpose.ANSWERED:
        return f"{name}: a colleague has acknowledged it."
    if purpose is Purpose.WITHDRAWN:
        why = "the record was corrected" if subject.is_by_record else "better fixes show no breach"
        return f"{name}: withdrawn, {why}."
    if purpose is Purpose.VICTIM_NOT_WARNED:
        return f"{name}: the protected person could not be warned by text."
    if purpose is Purpose.VICTIM_NOT_TOLD:
        return f"{name}: the protected person could not be told that it is over."
    if purpose is Purpose.NEWS_UNDELIVERED:
        return f"{name}: a colleague could not be told news of it. Open Cordon."
    if purpose is Purpose.NOTICE:
        return f"Notice {subject.code}: a case of yours needs a look. Open Cordon."
    if purpose is Purpose.TEST:
        return "This is a test that you asked for. It arrived. There is nothing to do."
    if purpose is Purpose.CORRECTION:
        return f"{name}: it was raised in error. Disregard it."
    if purpose is Purpose.ESCALATION:
        return f"{name}: {situation(subject)}. No one has acknowledged it."
    if purpose is Purpose.REPLY_ACKNOWLEDGED:
        return f"{name}: you have acknowledged it. Record the outcome in the app."
    if purpose is Purpose.REPLY_TAKEN:
        return f"{name}: a colleague acts already, or it is closed. Nothing changed."
    if purpose is Purpose.REPLY_CANNOT:
        return f"{name}: noted that you cannot. Others are asked next."
    if purpose is Purpose.REPLY_DETAILS:
        since, last = (at.astimezone(LONDON).strftime("%H:%M") for at in (subject.since, subject.last_fix))
        answered = "acknowledged" if subject.is_answered else "not acknowledged"
        newest = "last fix" if KINDS[subject.kind].has_level else "last report"
        return f"{name}: {situation(subject)}, since {since}, {newest} {last}, {answered}."
    if purpose is Purpose.REPLY_RISEN and subject.kind is AlertKind.HELP:
        return f"{name}: a further message has come. Please acknowledge."
    if purpose is Purpose.REPLY_RISEN:
        return f"{name}: danger has risen, it is now {situation(subject)}. Please acknowledge."
    return f"{name}: {situation(subject)}. Please acknowledge."


def plain(code: str) -> str:
    """Return what is said when nothing better can be: the one who reads it opens the app."""
    return f"Cordon. Alert {code}. Please open the app."


# What a text asks of the person who reads it: the code is in it because several may have arrived.
HOW_TO_ANSWER = " Reply 1 {code} to acknowledge, 2 {code} if you cannot."
ASKS_FOR_ANSWER = (Purpose.ALERT, Purpose.ESCALATION, Purpose.REPLY_RISEN)


# What is said to a colleague whose text did nothing.
HOW_TO_REPLY = (
    "Cordon. Nothing was changed. Reply with the code of the warning: 1 CODE to acknowledge, 2 CODE if you cannot, "
    "3 CODE for details."
)


def code(digits: str, *, is_for_victim: bool, language: str = SOURCE) -> str:
    """Return the text that proves a number; what a protected person gets does not even say who sends it."""
    if is_for_victim:
        return text(language, "code_text", digits=digits)
    return f"Cordon. Your code is {digits}. Enter it under My number within 10 minutes, or ask there for another."


def spoken_code(digits: str) -> str:
    """Return what a call says that proves a number, digit by digit and twice."""
    slowly = ", ".join(digits)
    return f"This is Cordon. Your code is: {slowly}. Once more: {slowly}."


def spoken(subject: Subject, others: int, *, has_risen: bool = False) -> str:
    """Return what a call says: the code letter by letter, and how many other alerts wait for this person.

    ``has_risen`` since a key was pressed that therefore acknowledged nothing.
    """
    code = ", ".join(subject.code)
    more = "" if others == 0 else f" {others} more alert{'s' if others > 1 else ''} in the app."
    begins = "Danger has risen, and nothing is acknowledged yet." if has_risen else "This is Cordon."
    about = f"{KINDS[subject.kind].called}, code {code}: {situation(subject)}."
    return f"{begins} {about}{more} Press 1 to acknowledge. Press 2 if you cannot."


SPOKEN_TEST = "This is Cordon. This is a test that you asked for. It arrived. There is nothing to do. Goodbye."


def sms(subject: Subject, purpose: Purpose, alert_url: str) -> str:
    """Return an SMS to a member of staff: one GSM-7 segment, or the sentence alone where the link makes it longer."""
    text = f"Cordon. {sentence(subject, purpose)}"
    if purpose is Purpose.TEST:
        return text
    if purpose in ASKS_FOR_ANSWER:
        text = text.replace(" Please acknowledge.", "") + HOW_TO_ANSWER.format(code=subject.code)
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
