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
