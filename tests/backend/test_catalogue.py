"""What protected people read, in two languages: English, and Welsh once a translator signed it off."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from backend import text_parts
from backend.own_pages import catalogue, words
from backend.own_pages.catalogue import Catalogue
from backend.people.wordings import QUESTIONS
from notifier import messages

PLACES = [text for text in words.sources() if "{" in text]


def po(*, signed_by: str, but: str = "", fuzzy: str = "") -> bytes:
    """Return a whole Welsh file, with one line missing or fuzzy where that is asked for."""
    lines = [
        'msgid ""',
        'msgstr ""',
        '"Content-Type: text/plain; charset=utf-8\\n"',
        f'"X-Signed-Off-By: {signed_by}\\n"',
        "",
    ]
    for one in words.sources():
        quoted = one.replace("\\", "\\\\").replace('"', '\\"')
        if one == fuzzy:
            lines.append("#, fuzzy")
        lines += [f'msgid "{quoted}"', f'msgstr "{"" if one == but else "cy " + quoted}"', ""]
    return "\n".join(lines).encode()


@pytest.fixture
def welsh(monkeypatch: pytest.MonkeyPatch) -> None:
    """A release in which a translator has signed Welsh off."""
    monkeypatch.setitem(words.CATALOGUES, "cy", catalogue.parse(po(signed_by="A. Translator, 1 December 2026")))


def test_welsh_is_not_shown_in_this_release_for_no_one_has_signed_it_off() -> None:
    assert words.CATALOGUES["cy"].signed_off_by == ""
    assert words.CATALOGUES["cy"].lines
    assert words.offered() == {"en": "English"}
    assert words.text("cy", "open") == "Open"
    assert (
        messages.code("123456", is_for_victim=True, language="cy") == "Your code is 123456. It is good for 10 minutes."
    )


@pytest.mark.usefixtures("welsh")
def test_once_it_is_signed_off_pages_and_texts_are_in_welsh_from_the_same_file() -> None:
    assert words.offered() == {"en": "English", "cy": "Cymraeg"}
    assert words.text("cy", "sent", at="14:05") == "cy Sent at 14:05."
    assert words.said("cy", QUESTIONS[0].ask) == f"cy {QUESTIONS[0].ask}"
    assert messages.code("123456", is_for_victim=True, language="cy").startswith("cy Your code is 123456.")
    assert words.text("en", "open") == "Open"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(po(signed_by=""), id="no name"),
        pytest.param(po(signed_by="A. Translator", but="Open"), id="a line is missing"),
        pytest.param(po(signed_by="A. Translator", fuzzy="Open"), id="a line is marked as fuzzy"),
    ],
)
def test_what_is_not_whole_or_not_signed_is_not_shown(content: bytes) -> None:
    assert not catalogue.parse(content).is_signed_off(words.sources())


def test_a_sentence_that_is_new_in_english_takes_the_signature_away_until_it_is_translated() -> None:
    whole = catalogue.parse(po(signed_by="A. Translator"))
    assert whole.is_signed_off(words.sources())
    assert not whole.is_signed_off([*words.sources(), "A new sentence."])


def test_the_file_for_translators_has_each_sentence_and_names_nothing_that_english_does_not() -> None:
    content = (catalogue.FOLDER / "cy.po").read_text()
    for one in words.sources():
        assert one.replace('"', '\\"') in content, one

    def names(text: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    held: Catalogue = words.CATALOGUES["cy"]
    for english, translated in held.lines.items():
        assert names(english) == names(translated), english


def test_each_text_of_ours_is_one_part_in_each_language() -> None:
    for language in words.LANGUAGES:
        assert text_parts.parts(messages.code("123456", is_for_victim=True, language=language)) == 1


def syllables(word: str) -> int:
    found = len(re.findall(r"[aeiouy]+", re.sub(r"e$", "", word.lower())))
    return max(1, found)


def test_a_child_of_nine_can_read_it() -> None:
    # Source: the grade of Kincaid and others, 1975; its fourth grade are children of nine and ten.
    text = " ".join(one if one[-1] in ".?!:" else f"{one}." for one in words.sources())
    text = re.sub(r"[{}“”]", "", text)
    sentences = [one for one in re.split(r"[.?!:]+\s", text) if one.strip()]
    found = re.findall(r"[A-Za-z']+", text)
    grade = 0.39 * len(found) / len(sentences) + 11.8 * sum(map(syllables, found)) / len(found) - 15.59
    assert grade < 5.0, grade
    assert max(len(one.split()) for one in sentences) <= 25
