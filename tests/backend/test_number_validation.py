"""Phone numbers: one form for every spelling, and none is taken that cannot exist."""

from __future__ import annotations

import pytest

from backend.errors import InvalidRecord
from backend.people.numbers import e164
from backend.people.numbers.validation import one_form


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("07700 900201", "+447700900201"),
        ("0044 7700 900201", "+447700900201"),
        ("+44 (0)7700 900201", "+447700900201"),
        ("\uff10\uff17\uff17\uff10\uff10 900201", "+447700900201"),
        ("07400 123456", "+447400123456"),
        ("020 7946 0999", "+442079460999"),
        ("+353 86 123 4567", "+353861234567"),
        ("+1 (202) 456-1111", "+12024561111"),
    ],
)
def test_every_spelling_of_a_number_has_one_form(typed: str, number: str) -> None:
    assert e164(typed) == number


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("+44770090020", id="a digit is missing"),
        pytest.param("+4477009002011", id="a digit too many"),
        pytest.param("07700 90020", id="a digit is missing, without its country"),
        pytest.param("+99912345678", id="no such country"),
        pytest.param("+441234", id="too short for its country"),
        pytest.param("+12025550123456", id="too long for its country"),
        pytest.param("Laura", id="no digits"),
        pytest.param("", id="empty"),
    ],
)
def test_a_number_that_cannot_exist_is_refused_in_words(typed: str) -> None:
    with pytest.raises(InvalidRecord, match="phone number"):
        e164(typed)


def test_what_is_on_record_is_compared_even_where_it_could_not_be_entered_now() -> None:
    assert one_form("07700 90020") == "+44770090020"
    assert one_form("Laura") == ""
