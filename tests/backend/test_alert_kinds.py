"""Every kind of alert has all that is made of a kind; what no release knew yet is shown as something else."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from backend import alert_kinds, lifecycle
from backend.alert_kinds import DANGER, KINDS, NEWS, Kind
from backend.alerts import Outcome
from backend.vocabulary import AlertKind, Purpose
from backend.web import duty_pages, outcome_texts
from notifier import messages
from notifier.messages import Subject
from zones import Certainty, Level

MAY_BE_FALSE = ("escalates", "has_level")
PARTS = [one.name for one in fields(Kind) if one.name not in MAY_BE_FALSE]
LOOKS = ("breach", "cannot", "notice", "tag", "help")


def lacking(kind: AlertKind, words: Kind) -> list[str]:
    """Return which of the parts that are made of a kind it does not have, or has in a way that no one can use."""
    found = [name for name in PARTS if getattr(words, name) in ("", (), None)]
    known = {code.value for code in Outcome}
    is_wrong = {
        "has_level": words.has_level is not (kind not in lifecycle.DANGER_OF_KIND),
        "sound": words.sound not in (DANGER, NEWS),
        "look": words.look not in LOOKS,
        "escalates": words.escalates is not (kind != AlertKind.NOTICE),
        "outcomes": not set(words.outcomes) <= known or not {"other", "raised_in_error"} <= set(words.outcomes),
    }
    return sorted({*found, *(name for name, wrong in is_wrong.items() if wrong)})


@pytest.mark.parametrize("kind", list(AlertKind))
def test_a_kind_lacks_nothing_that_is_made_of_it(kind: AlertKind) -> None:
    assert lacking(kind, KINDS[kind]) == []


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("kind", list(AlertKind))
def test_a_kind_without_one_of_its_parts_would_be_noticed(kind: AlertKind, part: str) -> None:
    empty: Any = () if part == "outcomes" else None if part == "order" else ""
    assert lacking(kind, replace(KINDS[kind], **{part: empty})) == [part]


@pytest.mark.parametrize("kind", list(AlertKind))
def test_each_part_is_where_people_meet_it(kind: AlertKind) -> None:
    words = KINDS[kind]
    assert alert_kinds.title_of(kind) == ("" if words.has_level else words.title)
    assert duty_pages.KIND_TEXTS[kind] == words.policy
    assert (kind in duty_pages.KINDS) is words.escalates
    assert outcome_texts.KIND_TEXTS.get(kind) == (words.figures if words.escalates else None)
    assert {code.value for code in Outcome if kind in alert_kinds.offered_for(code)} == set(words.outcomes)
    page = alert_kinds.on_phones(lifecycle.LATCHED)[kind]
    parts = ("order", "sound", "began", "newest", "timeline", "has_level")
    assert {name: page[name] for name in parts} == {name: getattr(words, name) for name in parts}
    assert page["look"] or words.has_level
    # Read out by screen readers, and shown, under the distance or the first reason.
    assert page["sure"] or words.has_level


@pytest.mark.parametrize("kind", list(AlertKind))
def test_a_kind_has_a_push_a_text_and_a_call(kind: AlertKind) -> None:
    at = datetime(2026, 11, 24, 20, tzinfo=UTC)
    subject = Subject("K7P3X", kind, Level.BREACH, Certainty.CONFIRMED, is_over=False, since=at, last_fix=at, others=2)
    said = "breach" if KINDS[kind].has_level else KINDS[kind].said
    assert f"{KINDS[kind].called} K7P3X: {said}" in messages.push(subject, Purpose.ALERT, 1, 2)["body"]
    text = messages.sms(subject, Purpose.ALERT, "https://cordon.example/officer/alerts/1")
    assert "and 2 more of this person" in text
    assert len(text) <= messages.GSM_SEGMENT
    assert said in text
    assert said in messages.spoken(subject, 0)
    assert "Press 1 to acknowledge" in messages.spoken(subject, 0)


@pytest.mark.parametrize("event", ["no_contact", "blind", "after_tamper"])
def test_the_silences_are_never_mixed_in_words(event: str) -> None:
    at = datetime(2026, 11, 24, 20, tzinfo=UTC)
    others = {"no_contact", "blind", "after_tamper"} - {event}
    for of in (alert_kinds.title_of, alert_kinds.said_of):
        assert of(AlertKind.SILENCE, event) not in {of(AlertKind.SILENCE, other) for other in others}
    subject = Subject(
        "K7P3X", AlertKind.SILENCE, Level.BREACH, Certainty.CONFIRMED, is_over=True, since=at, last_fix=at, event=event
    )
    text = messages.sms(subject, Purpose.ESCALATION, "https://cordon.example/officer/alerts/1")
    assert f"{alert_kinds.said_of(AlertKind.SILENCE, event)}, now over" in text
    assert len(text) <= messages.GSM_SEGMENT


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_is_offered_for_some_kind(outcome: Outcome) -> None:
    assert alert_kinds.offered_for(outcome)


def test_an_event_of_a_newer_release_is_shown_as_other() -> None:
    assert alert_kinds.title_of(AlertKind.TAMPER, "laser_cut") == "Tag event: other"
    assert alert_kinds.said_of(AlertKind.TAMPER, "laser_cut") == "another event of the tag"
    assert alert_kinds.title_of(AlertKind.NOTICE, "laser_cut") == "Notice"


def test_a_kind_that_cannot_be_read_says_that_it_cannot_be_judged() -> None:
    assert alert_kinds.of("of a newer release") is KINDS[AlertKind.CANNOT_JUDGE]
