"""Sends the codes that verify numbers by text or call, one attempt a provider, and records what became of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from twilio.twiml.voice_response import VoiceResponse

from backend import channels
from backend.models import Verification
from backend.own_pages import invitations
from backend.own_pages.words import SOURCE
from backend.people import numbers
from backend.people.consent import sms_consent
from notifier import messages, retries
from notifier.circuit_breaker import Breaker
from notifier.retries import Outcome, Result
from notifier.voice_menu import SPOKEN

LOST = ("undelivered", "failed", "canceled")

# Sends to a number: the words of a text (none for a call, which fetches its own), and the number of the proof.
CodeSender = Callable[[str, str, int], Outcome]


def send(
    row: Verification,
    ways: Sequence[tuple[str, Breaker | None, CodeSender]],
    key: str,
    now: datetime,
    jitter: float,
) -> None:
    """Send one claimed code, by the first way that takes it, and settle it."""
    digits = numbers.code_of(row, key)
    words = "" if channels.is_call(row.channel) else _words(row, digits)
    outcome = retries.failed("nothing to send with")
    for name, breaker, tell in ways:
        outcome = _ask(name, breaker, tell, row, words)
        if outcome.result in (Result.SENT, Result.DEAD_ROUTE):
            break
    if outcome.result is Result.SENT:
        numbers.sent(row, now)
        return
    pause = retries.pause_s(row.attempts, jitter, outcome.retry_after_s) if outcome.result is Result.RETRY else None
    if pause is None or now > row.asked_at + numbers.GOOD_FOR:
        numbers.failed(row, outcome.detail)
    else:
        numbers.retry(row, now + timedelta(seconds=pause), outcome.detail)


def _words(row: Verification, digits: str) -> str:
    victim = row.victim
    page = invitations.in_use(victim) if victim is not None else None
    agreed = sms_consent(victim) if victim is not None else None
    language = (agreed.language if agreed is not None else None) or (page.language if page is not None else SOURCE)
    return messages.code(digits, is_for_victim=row.victim_id is not None, language=language)


def _ask(name: str, breaker: Breaker | None, tell: CodeSender, row: Verification, words: str) -> Outcome:
    if breaker is None:
        return tell(row.number, words, row.id)
    return breaker.ask(name, lambda: tell(row.number, words, row.id))


def take_state(proof_id: int, state: str, error_code: str) -> None:
    """Keep that a code did not arrive, for the person who waits for it."""
    if state in LOST:
        numbers.bounced(proof_id, f"The network did not deliver it ({error_code or state})")


def say(proof_id: int, key: str, now: datetime) -> str:
    """Return the TwiML of a call with a code; it hangs up where the code is good no more."""
    response = VoiceResponse()
    row = numbers.readable(proof_id, now, numbers.GOOD_FOR)
    if row is not None and channels.is_call(row.channel):
        response.say(messages.spoken_code(numbers.code_of(row, key)), **SPOKEN)
    response.hangup()
    return str(response)
