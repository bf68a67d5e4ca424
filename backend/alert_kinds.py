"""The table of alert kinds: card, words, order, sound, messages, timeline, outcomes, figures, escalation. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from backend.tag_events import RINGING
from backend.vocabulary import AlertKind

# What may come of any alert; the rest fits some kinds only. What is recorded by another client is not refused.
ANY_OUTCOME = (
    "police_informed",
    "contacted_wearer",
    "contacted_victim",
    "reasonable_excuse",
    "no_action_needed",
    "raised_in_error",
    "other",
)
OF_PLACES = (*ANY_OUTCOME, "pass_through", "equipment_fault", "false_alarm")
OF_TAGS = (*ANY_OUTCOME, "equipment_fault", "false_alarm", "tag_checked", "tag_replaced")


@dataclass(frozen=True, slots=True)
class Kind:
    """All that is made of one kind of alert. A kind without an entry, or an entry without a part, fails a test."""

    # The heading of its card; where the level is the heading, what stands for both levels.
    title: str
    # How messages call it, before its code.
    called: str
    # The situation in pushes, texts and calls; where level and certainty say it, an example of that.
    said: str
    # On the page where supervisors set who is notified.
    policy: str
    # What is sure about it, for sighted readers and screen readers; where a certainty says it, that it does.
    sure: str
    # How its card is drawn: a class of the style sheet.
    look: str
    # Its place among alerts of one level, the first one first.
    order: int
    # Whether a phone sounds for it as for danger, or once as for news.
    sound: str
    # On its page: what the first and the newest instant of it are.
    began: str
    newest: str
    # In the figures of supervisors.
    figures: str
    # What may come of it, by the codes of outcomes.
    outcomes: tuple[str, ...]
    # In its timeline.
    timeline: str = "Raised"
    # Whether people are notified by the steps of a policy until one acknowledges.
    escalates: bool = True
    # Level and certainty say how grave it is.
    has_level: bool = False


DANGER, NEWS = "danger", "news"

KINDS: dict[AlertKind, Kind] = {
    AlertKind.ZONE: Kind(
        "Breach, or near a zone",
        "Zone alert",
        "breach, confirmed",
        "In or near a zone",
        "Its certainty says it: unconfirmed, confirmed or withdrawn.",
        "breach",
        2,
        DANGER,
        "First fix",
        "Last fix",
        "In or near a zone",
        OF_PLACES,
        has_level=True,
    ),
    AlertKind.CANNOT_JUDGE: Kind(
        "Cannot judge",
        "Zone alert",
        "cannot judge",
        "A zone that cannot be judged",
        "Fixes arrive but could not be judged. Treat the place as not watched.",
        "cannot",
        2,
        DANGER,
        "First fix",
        "Last fix",
        "Cannot judge a zone",
        OF_PLACES,
    ),
    AlertKind.REPEATED_PASSES: Kind(
        "Repeated passages",
        "Zone alert",
        "repeated passages",
        "Repeated passes",
        "Each passage was counted by itself; together they are a person who comes back.",
        "breach",
        2,
        DANGER,
        "First fix",
        "Since",
        "Repeated passages",
        OF_PLACES,
    ),
    AlertKind.TAMPER: Kind(
        "Tag tampered with",
        "Tag alert",
        "tag tampered with",
        "A tag that is tampered with, switched off or sends an SOS",
        "The tag reported this itself. It is a fault of the tag or tampering: check it. "
        "It stands until a person clears it with a note.",
        "tag",
        1,
        DANGER,
        "Reported for",
        "Newest report",
        "Tag tampered with, switched off or SOS",
        OF_TAGS,
    ),
    AlertKind.HELP: Kind(
        "Message from a protected person",
        "Urgent alert",
        "a message needs an answer now",
        "A protected person's message that is no known short answer",
        "They wrote, and what they wrote may be a cry for help. It stands until a person clears it with a note. "
        "Another person may have their phone: be careful what you say.",
        "help",
        0,
        DANGER,
        "First message",
        "Newest message",
        "Message from a protected person",
        (*ANY_OUTCOME, "they_are_safe"),
    ),
    AlertKind.SILENCE: Kind(
        "Tag silent",
        "Tag alert",
        "tag silent",
        "A tag that is silent",
        "Where the person is now is not known. The tag may be switched off, flat, shielded or without a network: "
        "call them, and look at where they were last seen.",
        "tag",
        3,
        DANGER,
        "Last position",
        "Last position",
        "Tag silent",
        OF_TAGS,
    ),
    AlertKind.NOTICE: Kind(
        "Notice",
        "Notice",
        "notice of a case",
        "Notices are sent once and follow no policy",
        "Nothing was judged: this is about the case, not about anyone’s location.",
        "notice",
        4,
        NEWS,
        "Written",
        "Since",
        "Notices of cases",
        ANY_OUTCOME,
        timeline="Written",
        escalates=False,
    ),
}
# Notices and silences that have a heading of their own, and what messages say of the silences.
TITLES: dict[tuple[str, str], str] = {
    (AlertKind.NOTICE, "battery_low"): "Tag battery low",
    (AlertKind.NOTICE, "battery_tonight"): "Tag battery empty tonight",
    (AlertKind.SILENCE, "blind"): "Tag sends no position",
    (AlertKind.SILENCE, "after_tamper"): "Tag silent after tampering",
}
SAID: dict[tuple[str, str], str] = {
    (AlertKind.SILENCE, "blind"): "tag sends no position",
    (AlertKind.SILENCE, "after_tamper"): "tag silent after tampering",
}
# An event that this release does not know, as of a newer one.
OTHER_EVENT = ("Tag event: other", "another event of the tag")


def of(kind: str) -> Kind:
    """Return the words for a kind as stored; one that cannot be read says that no one knows how near."""
    return KINDS[AlertKind(kind) if kind in set(AlertKind) else AlertKind.CANNOT_JUDGE]


def title_of(kind: str, event: str | None = None) -> str:
    """Return the heading of an alert of this kind; empty where its level is the heading."""
    if kind == AlertKind.TAMPER and event is not None:
        return RINGING[event].title if event in RINGING else OTHER_EVENT[0]
    return "" if of(kind).has_level else TITLES.get((kind, event or ""), of(kind).title)


def said_of(kind: str, event: str | None = None) -> str:
    """Return the situation as messages say it; empty where level and certainty say it."""
    if kind == AlertKind.TAMPER and event is not None:
        return RINGING[event].said if event in RINGING else OTHER_EVENT[1]
    return "" if of(kind).has_level else SAID.get((kind, event or ""), of(kind).said)


def on_phones(latched: Collection[AlertKind]) -> dict[str, dict[str, object]]:
    """Return what the officers' app makes of each kind; where level and certainty say how grave it is, they do there.

    ``latched`` are the kinds that only a person clears.
    """
    return {
        kind: {
            "has_level": words.has_level,
            "sure": "" if words.has_level else words.sure,
            "is_latched": kind in latched,
            "look": "" if words.has_level else words.look,
            "order": words.order,
            "sound": words.sound,
            "began": words.began,
            "newest": words.newest,
            "timeline": words.timeline,
        }
        for kind, words in KINDS.items()
    }


def offered_for(outcome: str) -> list[AlertKind]:
    """Return the kinds of alerts for which an outcome is offered."""
    return [kind for kind, words in KINDS.items() if outcome in words.outcomes]


# Why an alert was withdrawn for which there was no reason by what the record says now.
NEVER_THERE = "Fixes that arrived later show that the person on probation was not there then."
RECORD_CORRECTED = "The record was corrected: by what held at that time there was no breach."
