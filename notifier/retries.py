"""Retry policy: which delivery results are retried, and after which backoff. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

from backend.vocabulary import Purpose

# A message that could not be sent by now would come too late to be true; the escalation policy has gone on long before.
GIVE_UP_AFTER = 4
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
# What no escalation policy says again is tried for as long as it is useful, with pauses up to this one.
LONGEST_LASTING_PAUSE_S = 120.0
# A push that is older than this says something that is no longer true; its provider drops it then.
USEFUL_FOR_S = 120

_HOURS_S = 3_600.0
# A text that is held longer than this speaks of another day.
LONGEST_HELD_S = 24 * _HOURS_S
# News of what people were told, which nothing but its own message brings; an answer to a text is soon stale.
LASTS_FOR_S = {
    Purpose.WITHDRAWN: 6 * _HOURS_S,
    Purpose.CORRECTION: 24 * _HOURS_S,
    Purpose.NOTICE: 24 * _HOURS_S,
    Purpose.ANSWERED: 900.0,
    Purpose.TEST: 120.0,
    # An answer that comes much later answers nothing.
    Purpose.VICTIM_HELP: 300.0,
    Purpose.VICTIM_ACTS: 900.0,
    Purpose.VICTIM_UNWATCHED: 6 * _HOURS_S,
    Purpose.VICTIM_WATCHED: 6 * _HOURS_S,
    Purpose.VICTIM_ASKED: 6 * _HOURS_S,
    Purpose.VICTIM_OVER: 6 * _HOURS_S,
    Purpose.VICTIM_NOT_WARNED: 6 * _HOURS_S,
    Purpose.VICTIM_NOT_TOLD: 24 * _HOURS_S,
    Purpose.NEWS_UNDELIVERED: 24 * _HOURS_S,
    Purpose.REPLY_ACKNOWLEDGED: 900.0,
    Purpose.REPLY_TAKEN: 900.0,
    Purpose.REPLY_CANNOT: 900.0,
    Purpose.REPLY_DETAILS: 900.0,
    Purpose.REPLY_RISEN: 900.0,
}


class Result(StrEnum):
    """How a try ended, as far as we can know."""

    SENT = "sent"
    RETRY = "retry"
    FAILED = "failed"
    # The route itself is dead: the token or the number will never take a message again.
    DEAD_ROUTE = "dead_route"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a try ended, in the channel's words; a channel returns this and never raises."""

    result: Result
    detail: str = ""
    provider_id: str | None = None
    retry_after_s: float | None = None
    # False where no one was asked: it counts as no try.
    was_asked: bool = True
    # True where the provider was asked and gave no answer: the phone may have the message.
    is_unknown: bool = False
    # True where the provider is there and does not take us: a wrong key, a suspended account, a number not ours.
    refuses_us: bool = False
    # True where it would refuse every other message as well: it is left alone for a while.
    refuses_all: bool = False


def sent(provider_id: str | None = None) -> Outcome:
    """The provider took the message: a fact to record, no proof that anyone has it."""
    return Outcome(Result.SENT, provider_id=provider_id)


def retry(detail: str, retry_after_s: float | None = None) -> Outcome:
    """Not sent, or no one knows; trying again may help."""
    return Outcome(Result.RETRY, detail, retry_after_s=retry_after_s)


def unknown(detail: str) -> Outcome:
    """Asked, and no one answered: the message may be out, and is tried again."""
    return Outcome(Result.RETRY, detail, is_unknown=True)


def refused(detail: str, *, of_all: bool = False) -> Outcome:
    """Not sent, because the provider refuses our credentials: no fault of the message, which is tried again.

    ``of_all`` where any other message would be refused as well, and not one number or country alone.
    """
    return Outcome(Result.RETRY, detail, refuses_us=True, refuses_all=of_all)


def not_asked(detail: str, retry_after_s: float) -> Outcome:
    """Not sent, because the provider is taken to be down and was not asked."""
    return Outcome(Result.RETRY, detail, retry_after_s=retry_after_s, was_asked=False)


def failed(detail: str) -> Outcome:
    """Not sent, and trying again would not help."""
    return Outcome(Result.FAILED, detail)


def dead_route(detail: str) -> Outcome:
    """Not sent, and nothing will be on this route."""
    return Outcome(Result.DEAD_ROUTE, detail)


def pause_s(
    attempts: int, jitter: float, retry_after_s: float | None = None, *, left_s: float | None = None
) -> float | None:
    """Return the seconds until the next try after ``attempts`` tries, or None to give up.

    A message that no escalation policy says again has ``left_s``: the seconds for which it is useful yet, whatever its
    tries.

    ``jitter`` in [0, 1) spreads the tries of many workers over half the pause; a provider's own ``retry_after_s``
    is a lower bound, itself bounded: a warning that waits for an hour warns no one.
    """
    if attempts >= GIVE_UP_AFTER if left_s is None else left_s <= 0:
        return None
    longest = LONGEST_PAUSE_S if left_s is None else LONGEST_LASTING_PAUSE_S
    pause = min(FIRST_PAUSE_S * 2 ** (min(attempts, GIVE_UP_AFTER * 2) - 1), longest) * (0.75 + jitter / 2)
    return max(pause, min(retry_after_s or 0.0, LONGEST_PAUSE_S))


def retry_after_s(header: str, now: datetime) -> float | None:
    """Return the seconds that a provider asks us to wait, or None where it does not say so legibly.

    Source: RFC 9110, section 10.2.3: seconds, or a date.
    """
    if header.isascii() and header.isdigit():
        return float(header)
    try:
        at = parsedate_to_datetime(header)
    except ValueError:
        return None
    # A date in the old form without a zone is meant as UTC.
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - now).total_seconds())
