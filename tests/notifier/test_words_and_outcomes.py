"""The words of messages, and what a try can come to."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from backend.models import AlertKind, Purpose
from notifier import messages, retries
from notifier.messages import Subject
from zones import Certainty, Level

# Source: 3GPP TS 23.038, the basic character set; one character outside it halves a segment.
GSM_7 = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
URL = "https://cordon.justice.example/officer/alerts/1234567"

# A stay over midnight has the longest words.
SINCE, LAST = datetime(2026, 11, 28, 23, 50, tzinfo=UTC), datetime(2026, 11, 29, 0, 10, tzinfo=UTC)
EVERY_SUBJECT = [
    Subject("K7QFA", kind, level, certainty, is_over, is_late, since=SINCE, last_fix=LAST, is_past=is_past)
    for kind, level, certainty, is_over, is_late, is_past in itertools.product(
        AlertKind, Level, Certainty, (False, True), (False, True), (False, True)
    )
]


@pytest.mark.parametrize(
    "purpose",
    [
        Purpose.ALERT,
        Purpose.ESCALATION,
        Purpose.WITHDRAWN,
        Purpose.ANSWERED,
        Purpose.VICTIM_NOT_TOLD,
        Purpose.NEWS_UNDELIVERED,
        Purpose.REPLY_RISEN,
    ],
)
def test_every_text_is_one_segment_carries_the_code_and_promises_nothing(purpose: Purpose) -> None:
    for subject in EVERY_SUBJECT:
        text = messages.sms(subject, purpose, URL)
        assert len(text) <= 160
        assert set(text) <= GSM_7
        assert "K7QFA" in text
        assert "police" not in text.lower()


def test_a_link_that_would_need_a_second_segment_is_left_out() -> None:
    subject = Subject("K7QFA", AlertKind.ZONE, Level.BREACH, Certainty.CONFIRMED, False)
    assert URL in messages.sms(subject, Purpose.ALERT, URL)
    assert "http" not in messages.sms(subject, Purpose.ALERT, URL + "/x" * 50)


SITUATIONS = {
    "breach": (Level.BREACH, Certainty.CONFIRMED, False, False, AlertKind.ZONE),
    "breach, unconfirmed": (Level.BREACH, Certainty.UNCONFIRMED, False, False, AlertKind.ZONE),
    "near zone": (Level.BUFFER, Certainty.CONFIRMED, False, False, AlertKind.ZONE),
    "breach, now over": (Level.BREACH, Certainty.CONFIRMED, True, False, AlertKind.ZONE),
    "breach, 28 Nov 23:50, found late": (
        Level.BREACH,
        Certainty.CONFIRMED,
        True,
        True,
        AlertKind.ZONE,
    ),
    "withdrawn": (Level.BREACH, Certainty.WITHDRAWN, True, False, AlertKind.ZONE),
    "cannot judge": (Level.BREACH, Certainty.UNCONFIRMED, False, False, AlertKind.CANNOT_JUDGE),
}


@pytest.mark.parametrize("words", SITUATIONS)
def test_situation_in_words(words: str) -> None:
    level, certainty, is_over, is_late, kind = SITUATIONS[words]
    subject = Subject("K7QFA", kind, level, certainty, is_over, is_late, since=SINCE, last_fix=LAST)
    assert messages.situation(subject) == words


def test_what_is_not_now_is_told_with_its_time() -> None:
    today = Subject("K7QFA", AlertKind.ZONE, Level.BREACH, Certainty.CONFIRMED, True, True, since=LAST)
    assert messages.situation(replace(today, last_fix=LAST)) == "breach, 29 Nov 00:10, found late"
    until = LAST + timedelta(minutes=12)
    assert messages.situation(replace(today, last_fix=until)) == "breach, 29 Nov 00:10 to 00:22, found late"
    of_now = Subject("K7QFA", AlertKind.ZONE, Level.BREACH, Certainty.UNCONFIRMED, False, since=SINCE, last_fix=LAST)
    assert messages.situation(replace(of_now, is_past=True)) == "breach, unconfirmed, last seen 29 Nov 00:10"
    assert messages.situation(replace(of_now, is_past=True, is_over=True)) == "breach, unconfirmed, ended 29 Nov 00:10"


def test_a_push_carries_ids_a_code_and_a_neutral_sentence() -> None:
    subject = Subject("K7QFA", AlertKind.ZONE, Level.BREACH, Certainty.CONFIRMED, False)
    assert messages.push(subject, Purpose.ALERT, 7, 9) == {
        "alert_id": "7",
        "notification_id": "9",
        "code": "K7QFA",
        "purpose": "alert",
        "title": "Cordon",
        "body": "Zone alert K7QFA: breach. Please acknowledge.",
    }


def test_pauses_grow_are_spread_and_end() -> None:
    assert retries.pause_s(1, jitter=0.0) == 0.75
    assert retries.pause_s(1, jitter=1.0) == 1.25
    assert retries.pause_s(3, jitter=0.5) == 4.0
    assert retries.pause_s(4, jitter=0.5) is None


def test_a_provider_that_names_its_pause_is_given_it() -> None:
    assert retries.pause_s(1, jitter=0.0, retry_after_s=7.0) == 7.0
    assert retries.pause_s(3, jitter=0.0, retry_after_s=0.5) == 3.0


def test_outcomes_say_what_they_are() -> None:
    assert retries.sent("SM1") == retries.Outcome(retries.Result.SENT, provider_id="SM1")
    assert retries.retry("busy", 3.0).retry_after_s == 3.0
    assert retries.failed("no").result is retries.Result.FAILED
    assert retries.dead_route("gone").result is retries.Result.DEAD_ROUTE
