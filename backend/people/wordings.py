"""What a protected person can choose to be told by text, in which words and when: one set of questions for all pages.

Pure. Each question says when the text goes and what it gives away, so that the choice is theirs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from backend import reply_words, text_parts, typed_text
from backend.errors import InvalidRecord

LONGEST_HELP_WORD = 30
LANGUAGES: dict[str, str] = {"en": "English", "cy": "Cymraeg"}


@dataclass(frozen=True, slots=True)
class Question:
    """One text: what is asked, when it goes, and examples that give nothing away."""

    name: str
    ask: str
    when: str
    examples: tuple[str, ...]
    is_needed: bool = False


QUESTIONS: tuple[Question, ...] = (
    Question(
        "wording_breach",
        "Your words for: danger is near",
        "Sent when it is so, and never later.",
        ("Your book has arrived.", "Reminder: dentist."),
        is_needed=True,
    ),
    Question(
        "wording_over",
        "Your words for: it is over",
        "Sent once it is over everywhere.",
        ("Your book was collected.", "Dentist: thank you."),
        is_needed=True,
    ),
    Question(
        "wording_ending",
        "Your words for: watching is about to end",
        "Sent before it ends.",
        ("The library is closing this branch.",),
        is_needed=True,
    ),
    Question(
        "wording_acts",
        "Your words for: a person has taken it",
        "Sent once a person has said that they act, and never before.",
        ("The library has your order.",),
    ),
    Question(
        "wording_nothing",
        "Your words for: it was nothing",
        "Sent in place of “it is over” when it turns out that nothing was there.",
        ("Your book was a mistake. Sorry.",),
    ),
    Question(
        "wording_unwatched",
        "Your words for: we cannot watch now",
        "Sent when the tag has not been seen for ten minutes. {time} becomes the time since when.",
        ("The library is shut since {time}.",),
    ),
    Question(
        "wording_watched",
        "Your words for: we can watch again",
        "Sent once we can, if you had the text before. {time} becomes the time.",
        ("The library is open again since {time}.",),
    ),
    Question(
        "wording_asked",
        "Your words for: please look at your choices",
        "Sent by day after 90 days, so that you can say whether all is still right. Your officer is asked too.",
        ("Your library card needs a look.",),
    ),
    Question(
        "wording_help",
        "Your words for: we have your message",
        "Sent within seconds when you call for help or write to us.",
        ("Thank you for your order.",),
    ),
)


@dataclass(frozen=True, slots=True)
class Choices:
    """What was chosen; an empty wording is a text that is not sent."""

    wording_breach: str
    wording_over: str
    wording_ending: str
    wording_acts: str = ""
    wording_nothing: str = ""
    wording_unwatched: str = ""
    wording_watched: str = ""
    wording_asked: str = ""
    wording_help: str = ""
    sender: str = ""
    help_word: str = ""
    hours_from: int | None = None
    hours_until: int | None = None
    # By the name of a question what it has of its own: hours_from, hours_until, sender.
    by_use: dict[str, dict[str, int | str]] = field(default_factory=dict)
    language: str = ""


# What a notice on their phone can be used for: what has to be read now.
ON_THEIR_PHONE = tuple(
    one
    for one in QUESTIONS
    if one.name
    in ("wording_breach", "wording_over", "wording_acts", "wording_nothing", "wording_unwatched", "wording_watched")
)


# What stands in their words for a time, and what it becomes.
TIME = "{time}"
WITH_TIME = ("wording_unwatched", "wording_watched")


def with_time(words: str, clock_time: str) -> str:
    """Return their words with the time of which they speak."""
    return words.replace(TIME, clock_time)


def choices_of(
    values: Mapping[str, str], senders: Collection[str], questions: Sequence[Question] = QUESTIONS
) -> Choices:
    """Read the answers to the questions; ``senders`` are those from which texts can come.

    Raises: InvalidRecord in words for the person who answers.
    """
    words = {one.name: "" for one in QUESTIONS} | {one.name: values.get(one.name, "").strip() for one in questions}
    for one in questions:
        if one.is_needed and not words[one.name]:
            raise InvalidRecord(f"Enter {one.ask[0].lower()}{one.ask[1:]}.")
        check_one_part(with_time(words[one.name], "00:00") if one.name in WITH_TIME else words[one.name])
    sender = values.get("sender", "").strip()
    if sender and sender not in senders:
        raise InvalidRecord("Choose one of the senders.")
    language = values.get("language", "").strip()
    if language and language not in LANGUAGES:
        raise InvalidRecord("Choose one of these languages.")
    hours = _hours(values, "hours")
    return Choices(
        **words,
        sender=sender,
        help_word=_help_word(values.get("help_word", "")),
        hours_from=hours[0] if hours else None,
        hours_until=hours[1] if hours else None,
        by_use=_by_use(values, senders, questions),
        language=language,
    )


def _by_use(
    values: Mapping[str, str], senders: Collection[str], questions: Sequence[Question]
) -> dict[str, dict[str, int | str]]:
    """Return what single texts have of their own; one that is not chosen has nothing."""
    found: dict[str, dict[str, int | str]] = {}
    for one in questions:
        terms: dict[str, int | str] = {}
        if hours := _hours(values, one.name):
            terms["hours_from"], terms["hours_until"] = hours
        if sender := values.get(f"{one.name}_sender", "").strip():
            if sender not in senders:
                raise InvalidRecord("Choose one of the senders.")
            terms["sender"] = sender
        if terms and values.get(one.name, "").strip():
            found[one.name] = terms
    return found


def _hours(values: Mapping[str, str], name: str) -> tuple[int, int] | None:
    """Return between which minutes of the day a text is safe; one end alone would be read as any hour.

    Raises: InvalidRecord.
    """
    begin, end = _minutes(values.get(f"{name}_from", "")), _minutes(values.get(f"{name}_until", ""))
    if begin is None and end is None:
        return None
    if begin is None or end is None:
        raise InvalidRecord("Enter both times, or none.")
    return begin, end


def check_one_part(text: str) -> None:
    """Raises: InvalidRecord for a text that would come in parts, of which one may come alone."""
    if text_parts.parts(text) > 1:
        with_signs = "" if text_parts.is_gsm(text) else " with these signs or letters"
        raise InvalidRecord(f"A text may have {text_parts.room(text)} characters{with_signs}.")


def folded(word: str) -> str:
    """Return a word of their own however it was typed."""
    return " ".join(typed_text.fold(word).split()).casefold().strip(".!")


def _help_word(text: str) -> str:
    word = " ".join(text.split())
    if len(word) > LONGEST_HELP_WORD:
        raise InvalidRecord(f"The word that calls for help may have {LONGEST_HELP_WORD} characters.")
    if word and (reply_words.is_withdrawal(word) or reply_words.is_short_answer(word)):
        raise InvalidRecord("This word means something else already. Choose another one to call for help.")
    return word


def _minutes(text: str) -> int | None:
    if not text.strip():
        return None
    # An hour alone is one of the 24 that the clock on their phone has.
    text = f"{text}:00" if typed_text.whole(text) is not None else text
    try:
        at = typed_text.time_of_day(text)
    except ValueError:
        raise InvalidRecord("Enter the hours as a time, for example 08:00.") from None
    return at.hour * 60 + at.minute
