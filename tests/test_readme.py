"""The README says what the product does: its numbers are those of the code, and its commands are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from backend.canary import walks
from backend.channels import Channel
from backend.cli import create_administrator
from backend.escalation.climbing import REPEATS_PER_HOUR
from backend.escalation.default_policy import DEFAULT
from backend.escalation.steps import Who
from backend.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
README = " ".join((ROOT / "README.md").read_text().split())
SETTINGS = Settings(database_url="", secret_key="a key for tests only")


def after_s(who: Who, channel: Channel) -> float:
    """Return when these people are first notified on this channel."""
    return next(step.after_s for step in DEFAULT.steps if who in step.who and channel in step.channels)


SAID = {
    "how soon a text goes": f"SMS after {after_s(Who.OFFICER, Channel.SMS):.0f} s unless the phone has confirmed",
    "how soon the phone rings": f"a call after {after_s(Who.OFFICER, Channel.VOICE):.0f} s",
    "how soon colleagues": f"colleagues after {after_s(Who.COLLEAGUES, Channel.SMS):.0f} s",
    "how soon supervisors": f"supervisors after {after_s(Who.SUPERVISORS, Channel.SMS) / 60:.0f} min",
    "how often everyone again": {120.0: "everyone again every two minutes"}[DEFAULT.repeat.after_s],
    "how often at most": f"at most {REPEATS_PER_HOUR} texts and {REPEATS_PER_HOUR} calls an hour to each person",
    "how often a tag reports": f"every {SETTINGS.fast_report_interval_s} s while it moves and every "
    f"{SETTINGS.report_interval_s} s at rest, or every {SETTINGS.high_risk_report_interval_s} s at night",
    "how often the canary walks": {300.0: "walks the whole chain every five minutes"}[float(SETTINGS.canary_every_s)],
}


@pytest.mark.parametrize("what", SAID)
def test_the_readme_says_the_numbers_of_the_code(what: str) -> None:
    assert SAID[what] in README


def test_the_text_waits_for_a_phone_that_confirms_the_warning_and_no_other_step_does() -> None:
    waiting = [step for step in DEFAULT.steps if step.unless_received]
    assert [step.channels for step in waiting] == [(Channel.SMS,)]


def test_a_grave_silence_is_a_push_within_three_minutes() -> None:
    assert SETTINGS.silence_grave_s <= 180
    assert "by push within three minutes and by call within four" in README


def test_every_command_of_the_readme_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text()
    asked = set(re.findall(r"(?:`|^)make ([a-z]+)(?:`|$)", (ROOT / "README.md").read_text(), re.MULTILINE))
    assert asked >= {"run", "test", "quick", "browser", "serve", "help"}
    assert [one for one in asked if not re.search(rf"^{one}:", makefile, re.MULTILINE)] == []
    assert f"flask --app wsgi {create_administrator.name} EMAIL" in README
    assert SETTINGS.canary_every_s >= walks.SHORTEST_EVERY_S


def sentences() -> list[str]:
    """Return what the README says of what Cordon does, sentence by sentence, without marks of emphasis and links."""
    part = (ROOT / "README.md").read_text().split("## The life of a fix")[1].split("\n## ")[0]
    said = []
    for block in re.split(r"\n(?=- \*\*)", part)[1:]:
        words = " ".join(block.split("\n\n")[0].split()).removeprefix("- ").replace("**", "")
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", words)
        said += re.split(r"(?<=[.:;]) ", words)
    return said


def test_each_sentence_of_the_readme_on_what_cordon_does_names_tests_that_there_are() -> None:
    rows = re.findall(r"^\| (.+?) \| (`test_.+) \|$", (ROOT / "docs" / "promises.md").read_text(), re.MULTILINE)
    said = sentences()
    assert len(said) > 40
    assert [sentence for sentence, _ in rows] == said
    written = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    named = [name for _, tests in rows for name in re.findall(r"`(test_\w+)`", tests)]
    assert [name for name in named if f"def {name}(" not in written] == []
