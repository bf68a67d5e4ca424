"""What a protected person's text is read as: a no, or something for a person to read."""

from __future__ import annotations

import pytest

from backend import reply_words


@pytest.mark.parametrize(
    "text",
    [
        "STOP",
        "stop.",
        "\uff33\uff34\uff2f\uff30",
        "Stop stop stop",
        "stop all",
        "Stop now please",
        "unsubscribe me",
        "no more texts",
        "I no longer want these messages",
        "I don\u2019t want to receive these texts anymore",
        "please stop messaging this number",
        "take me off this list",
        "I withdraw my consent",
        "Wrong number. Stop.",
        "On Tue, Cordon wrote:\nSTOP",
        "STOP\n--\nLaura",
    ],
)
def test_is_a_no(text: str) -> None:
    assert reply_words.is_withdrawal(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "no",
        "Help! He won't stop",
        "please stop, he is here",
        "make it stop",
        "don't stop texting me",
        "please do not stop",
        "I don't want him to contact me",
        "can you cancel my appointment",
        "The end of my shift is 5",
        "> STOP",
        "he got my number",
    ],
)
def test_is_for_a_person_to_read(text: str) -> None:
    assert not reply_words.is_withdrawal(text)


def test_a_bare_word_leaves_nothing_to_read() -> None:
    assert reply_words.is_one_word("\u201cStop\u201d.")
    assert not reply_words.is_one_word("Stop please")
    assert not reply_words.is_one_word("1 K7P3X")


@pytest.mark.parametrize(
    "text",
    [
        "ok",
        "OK.",
        "Ok, thanks!",
        "thank you",
        "Thanks for that",
        "Got it, ok",
        "Diolch yn fawr",
        "Loved \u201cYour book\u201d",
        "Thanks\nSent from my iPhone",
        "Ok\nOn 30 Nov 2026 at 14:02, Cordon wrote:",
    ],
)
def test_is_a_known_short_answer(text: str) -> None:
    assert reply_words.is_short_answer(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "help",
        "ok help",
        "thanks, he is here",
        "yes",
        "no",
        "you",
        "all",
        "ok ok ok ok ok ok",
        "Questioned \u201cYour book\u201d",
        "He liked \u201cme\u201d being scared",
        "\U0001f44d",
        "Ok\nSent from outside my door, he is here",
        "Thanks\nOn the stairs he wrote: I kill you",
    ],
)
def test_is_no_known_short_answer(text: str) -> None:
    assert not reply_words.is_short_answer(text)


@pytest.mark.parametrize("text", ["STOP", "stop please", "Please stop texting me", "ok. stop", ""])
def test_a_request_to_stop_that_says_nothing_else(text: str) -> None:
    assert not reply_words.says_more(text)


@pytest.mark.parametrize("text", ["STOP. He reads my phone", "stop\nhelp", "He is here! STOP", "Stop? He will not"])
def test_a_request_to_stop_that_says_more(text: str) -> None:
    assert reply_words.says_more(text)


@pytest.mark.parametrize(
    "text",
    [
        "wrong person",
        "Wrong number.",
        "Sorry, wrong number",
        "You have the wrong number mate",
        "This isn't my number",
        "I'm not that person",
        "Rhif anghywir",
    ],
)
def test_says_that_it_reached_someone_else(text: str) -> None:
    assert reply_words.is_wrong_person(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "who is this",
        "I met the wrong person, help",
        "wrong number? he is here",
        "he has the wrong number \U0001f198",
        "the right number",
        "you have my number",
    ],
)
def test_does_not_say_that_it_reached_someone_else(text: str) -> None:
    assert not reply_words.is_wrong_person(text)


@pytest.mark.parametrize("text", ["safe", "I am safe", "I'm safe now, thanks", "We are all safe", "Rydw i'n ddiogel"])
def test_says_that_they_are_safe(text: str) -> None:
    assert reply_words.is_safe_word(text)


@pytest.mark.parametrize(
    "text", ["", "not safe", "I am not safe", "am I safe?", "safe until he comes", "safe \U0001f198", "ok"]
)
def test_does_not_say_that_they_are_safe(text: str) -> None:
    assert not reply_words.is_safe_word(text)


@pytest.mark.parametrize(
    "text", ["Call me at a safe time", "please ring me when it is safe", "CALL SAFE", "phone me back when I'm safe"]
)
def test_asks_for_a_call_at_a_safe_time(text: str) -> None:
    assert reply_words.asks_for_safe_call(text)


@pytest.mark.parametrize("text", ["call me", "call me now it is not safe", "call the police when it is safe", "ring"])
def test_asks_for_a_call_now_or_says_more(text: str) -> None:
    assert not reply_words.asks_for_safe_call(text)
