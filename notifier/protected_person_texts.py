"""Every text that can reach a protected person: whose words it says, when it goes and what it reveals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from backend.cases import end_of_protection
from backend.models import Consent, Notification, Purpose
from backend.people import numbers
from backend.people.consent import is_safe_hour, sms_consent
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
    Purpose.VICTIM_HELP: Text(
        "wording_help",
        "at once after their own message or call, once in ten minutes; never while a secret call is open",
    ),
}
NOTHING = Text("wording_nothing", "in place of “it is over” where better fixes show that nothing was there")


def number_and_words(notification: Notification, now: datetime) -> tuple[str | None, str | None]:
    """Return where a text goes and what it says, as they chose; nothing where it may not go now.

    It is asked at the last moment: they may have withdrawn since it was enqueued, or the hour is not safe any more.
    """
    victim = notification.victim
    assert victim is not None
    consent = sms_consent(victim)
    if consent is None or not numbers.is_proved(victim) or not is_safe_hour(consent, now):
        return None, None
    return victim.phone, _words(notification, consent, now)


def _words(notification: Notification, consent: Consent, now: datetime) -> str | None:
    purpose = Purpose(notification.purpose)
    if purpose not in TEXTS:
        return None
    if purpose is Purpose.VICTIM_ENDING and end_of_protection.is_too_late(notification.alert_id, now):
        # What it announces may have come while nothing could be sent: they are notified before it or by a person.
        return None
    if purpose is Purpose.VICTIM_OVER and notification.alert.certainty == Certainty.WITHDRAWN:
        return consent.wording_nothing or consent.wording_over
    words: str | None = getattr(consent, TEXTS[purpose].wording)
    return words
