"""The words of docs/glossary.md hold: what it lists as not used stands nowhere in code, pages, scripts and docs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GLOSSARY = ROOT / "docs" / "glossary.md"
PLACES = (
    "zones/*.py",
    "backend/**/*.py",
    "notifier/**/*.py",
    "mobile_api/**/*.py",
    "backend/web/templates/**/*.html",
    "wsgi.py",
)
SCRIPTS = ("backend/web/static/*.js", "backend/web/static/*/*.js", "backend/web/static/*.css")
DOCS = ("README.md", "CHANGELOG.md", "docs/**/*.md")
# An identifier is read word by word: ``tell_her`` and ``TellHer`` hold a pronoun.
BETWEEN_WORDS = re.compile(r"_|(?<=[a-z])(?=[A-Z])")
# Documents name tests, which are no place of these words.
TEST = re.compile(r"`test_\w+`")


def rows(title: str) -> list[list[str]]:
    """Return the cells of the table under a title of the glossary."""
    text = GLOSSARY.read_text().split(f"\n## {title}\n")[1].split("\n## ")[0]
    return [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| `")]


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


BANNED = {word: use for words, use in rows("Words that are not used") for word in quoted(words)}
EXCEPTIONS = {
    (word, place)
    for words, places, _ in rows("Where they stand all the same")
    for word in quoted(words)
    for place in quoted(places)
}
ANY = re.compile(rf"\b({'|'.join(re.escape(word) for word in BANNED)})\b", re.IGNORECASE)


def files(*patterns: str) -> list[Path]:
    found = {path for pattern in patterns for path in ROOT.glob(pattern)}
    return sorted(path for path in found - {GLOSSARY} if not {"vendor", "built", "__pycache__"} & set(path.parts))


def banned_in(path: Path) -> list[str]:
    """Return each banned word of a file with its line and what to write instead."""
    name = str(path.relative_to(ROOT))
    found = []
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        for word in ANY.findall(BETWEEN_WORDS.sub(" ", TEST.sub("", line))):
            if (word.lower(), name) not in EXCEPTIONS:
                found.append(f"{name}:{number}: {word} (write: {BANNED[word.lower()]})")
    return found


@pytest.mark.parametrize("patterns", [PLACES, SCRIPTS, DOCS], ids=["code and templates", "scripts", "docs"])
def test_no_word_stands_that_the_glossary_does_not_use(patterns: tuple[str, ...]) -> None:
    assert [said for path in files(*patterns) for said in banned_in(path)] == []


def test_each_exception_is_needed() -> None:
    for word, place in EXCEPTIONS:
        text = BETWEEN_WORDS.sub(" ", (ROOT / place).read_text())
        assert re.search(rf"\b{word}\b", text, re.IGNORECASE), (word, place)
