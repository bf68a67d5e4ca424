"""Every text that can reach a protected person: whose words it says, when it goes and what it reveals."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from backend.cases import end_of_protection
from backend.channels import OWN_NOTICES
from backend.models import Consent, Notification, Purpose, UnwatchedTold
from backend.people import numbers, wordings
from backend.people.consent import is_safe_hour, sender_of, sms_consent, standing
from backend.record.facts import LONDON
from zones import Certainty


@dataclass(frozen=True, slots=True)
class Text:
    """One text: the column of the consent that holds its words, when it goes, and what it tells a stranger."""

    wording: str
    when: str
    reveals: str = "what their own words say, and the sender's number"


TEXTS: dict[Purpose, Text] = {
    Purpose.VICTIM_BREACH: Text("wording_breach", "a breach at a place of theirs stands, once a visit; never after it"),
    Purpose.VICTIM_OVER: Text(
        "wording_over",
        "a fix says that it is over at all their places, and they had the text before; never while one stands",
    ),
    Purpose.VICTIM_ENDING: Text("wording_ending", "before protection of a place ends; never after it"),
    Purpose.VICTIM_ACTS: Text(
        "wording_acts",
        "a person has acknowledged the alert that they know of, and still holds it; never of a secret call",
    ),
    Purpose.VICTIM_UNWATCHED: Text(
        "wording_unwatched",
        "no one could watch for ten minutes or more, or for longer where that was agreed; never once someone can again",
    ),
    Purpose.VICTIM_WATCHED: Text(
        "wording_watched", "someone can watch again, and they had the text before; never while no one can"
    ),
    Purpose.VICTIM_ASKED: Text("wording_asked", "by day, once, when what they chose is 90 days old"),
    Purpose.VICTIM_HELP: Text(
        "wording_help",
        "at once after their own message or call, once in ten minutes; never while a secret call is open",
    ),
}
NOTHING = Text("wording_nothing", "in place of “it is over” where better fixes show that nothing was there")


@dataclass(frozen=True, slots=True)
class Letter:
    """Where a text goes, what it says, and from which sender it comes; None from the usual one."""

    number: str | None = None
    words: str | None = None
    sender: str | None = None


def letter_of(notification: Notification, senders: Collection[str], now: datetime) -> Letter:
    """Return a text as they chose it; an empty one where it may not go now.

    It is asked at the last moment: they may have withdrawn since it was enqueued, or the hour is not safe any more.
    """
    victim = notification.victim
    assert victim is not None
    consent = sms_consent(victim)
    if consent is None or not numbers.is_proved(victim):
        return Letter()
    use = _use_of(notification, consent)
    sender = sender_of(consent, use)
    if not is_safe_hour(consent, now, use) or (sender and sender not in senders):
        # From a sender that they did not choose it could give them away.
        return Letter()
    return Letter(victim.phone, _words(notification, consent, now), sender or None)


def notice_of(notification: Notification, now: datetime) -> Letter:
    """Return a notice for their phone as they chose it, its sender being the guise; an empty one where none may go."""
    victim = notification.victim
    assert victim is not None
    consent = standing(victim, OWN_NOTICES)
    if consent is None or not is_safe_hour(consent, now, use := _use_of(notification, consent)):
        return Letter()
    return Letter(None, _words(notification, consent, now), sender_of(consent, use))


def _use_of(notification: Notification, consent: Consent) -> str:
    """Return for which use the words of a text were chosen; nothing for one that says none of theirs."""
    purpose = Purpose(notification.purpose)
    if purpose not in TEXTS:
        return ""
    is_withdrawn = purpose is Purpose.VICTIM_OVER and notification.alert.certainty == Certainty.WITHDRAWN
    return NOTHING.wording if is_withdrawn and consent.wording_nothing else TEXTS[purpose].wording


def _words(notification: Notification, consent: Consent, now: datetime) -> str | None:
    purpose = Purpose(notification.purpose)
    if purpose not in TEXTS:
        return None
    if purpose is Purpose.VICTIM_ENDING and end_of_protection.is_too_late(notification.alert_id, now):
        # What it announces may have come while nothing could be sent: they are notified before it or by a person.
        return None
    use = _use_of(notification, consent)
    words: str | None = getattr(consent, use)
    if words and use in wordings.WITH_TIME:
        told = UnwatchedTold.get_or_none(UnwatchedTold.victim == consent.victim_id)
        at = told.since_at if told is not None else notification.created_at
        words = wordings.with_time(words, f"{at.astimezone(LONDON):%H:%M}")
    return words
