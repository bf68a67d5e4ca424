"""What each kind of alert is called, and what an alert of it needs: for cards, messages, reports and policies. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from backend.tag_events import RINGING
from backend.vocabulary import AlertKind


@dataclass(frozen=True, slots=True)
class Kind:
    """The words for one kind of alert. A new kind needs an entry here; a test asks for it."""

    # The heading of its card, where no level says it.
    title: str
    # How messages call it, before its code.
    called: str
    # The situation in messages, where no level says it.
    said: str = ""
    # On the page where supervisors set who is notified; empty where no one is notified by steps.
    policy: str = ""
    # What is sure about it, where no certainty says it.
    sure: str = ""
    # Level and certainty say how grave it is.
    has_level: bool = False


KINDS: dict[AlertKind, Kind] = {
    AlertKind.ZONE: Kind("", "Zone alert", policy="In or near a zone", has_level=True),
    AlertKind.CANNOT_JUDGE: Kind(
        "Cannot judge",
        "Zone alert",
        "cannot judge",
        "A zone that cannot be judged",
        "Fixes arrive but could not be judged. Treat the place as not watched.",
    ),
    AlertKind.REPEATED_PASSES: Kind(
        "Repeated passages",
        "Zone alert",
        "repeated passages",
        "Repeated passes",
        "Each passage was counted by itself; together they are a person who comes back.",
    ),
    AlertKind.TAMPER: Kind(
        "Tag tampered with",
        "Tag alert",
        "tag tampered with",
        "A tag that is tampered with, switched off or sends an SOS",
        "The tag reported this itself. It is a fault of the tag or tampering: check it. "
        "It stands until a person clears it with a note.",
    ),
    AlertKind.HELP: Kind(
        "Message from a protected person",
        "Urgent alert",
        "a message needs an answer now",
        "A protected person's message that is no known short answer",
        "They wrote, and what they wrote may be a cry for help. It stands until a person clears it with a note. "
        "Another person may have their phone: be careful what you say.",
    ),
    AlertKind.SILENCE: Kind(
        "Tag silent",
        "Tag alert",
        "tag silent",
        "A tag that is silent",
        "Where the person is now is not known. The tag may be switched off, flat, shielded or without a network: "
        "call them, and look at where they were last seen.",
    ),
    AlertKind.NOTICE: Kind(
        "Notice",
        "Notice",
        "notice of a case",
        sure="Nothing was judged: this is about the case, not about anyone’s location.",
    ),
}


def of(kind: str) -> Kind:
    """Return the words for a kind as stored; one that cannot be read says that no one knows how near."""
    return KINDS[AlertKind(kind) if kind in set(AlertKind) else AlertKind.CANNOT_JUDGE]


def title_of(kind: str, event: str | None = None) -> str:
    """Return the heading of an alert of this kind; empty where its level is the heading."""
    if event in RINGING and kind == AlertKind.TAMPER:
        return RINGING[event].title
    return of(kind).title


def said_of(kind: str, event: str | None = None) -> str:
    """Return the situation as messages say it; empty where level and certainty say it."""
    if event in RINGING and kind == AlertKind.TAMPER:
        return RINGING[event].said
    return of(kind).said


# Why an alert was withdrawn for which there was no reason by what the record says now.
RECORD_CORRECTED = "The record was corrected: by what held at that time there was no breach."
