"""How many parts a text is sent in, as networks count."""

from __future__ import annotations

import pytest

from backend import text_parts
from backend.people.wordings import QUESTIONS


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        pytest.param("", 1, id="nothing"),
        pytest.param("a" * 160, 1, id="160 plain letters"),
        pytest.param("a" * 161, 2, id="161 plain letters"),
        pytest.param("a" * 306, 2, id="two full parts"),
        pytest.param("a" * 307, 3, id="one more"),
        pytest.param("€" * 80, 1, id="signs of the extension count twice"),
        pytest.param("€" * 81, 2, id="81 of them"),
        pytest.param("ŵ" + "a" * 69, 1, id="70 with a Welsh letter"),
        pytest.param("ŵ" + "a" * 70, 2, id="71 with a Welsh letter"),
        pytest.param("👍" * 35, 1, id="a picture counts twice"),
        pytest.param("👍" * 36, 2, id="36 pictures"),
        pytest.param("’" + "a" * 70, 2, id="a curly apostrophe is no plain letter"),
    ],
)
def test_parts_are_counted_as_networks_do(text: str, parts: int) -> None:
    assert text_parts.parts(text) == parts


def test_every_example_is_one_part() -> None:
    assert all(text_parts.parts(example) == 1 for one in QUESTIONS for example in one.examples)
