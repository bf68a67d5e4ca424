"""Every kind of alert has all that is made of a kind; what no release knew yet is shown as something else."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime

import pytest

from backend import alert_kinds, lifecycle
from backend.alert_kinds import DANGER, KINDS, NEWS, Kind
from backend.alerts import Outcome
from backend.vocabulary import AlertKind, Purpose
from notifier import messages
from notifier.messages import Subject
from zones import Certainty, Level

MAY_BE_FALSE = ("escalates", "has_level")


@pytest.mark.parametrize("kind", list(AlertKind))
def test_a_kind_lacks_nothing_that_is_made_of_it(kind: AlertKind) -> None:
    words = KINDS[kind]
    lacking = [
        one.name for one in fields(Kind) if one.name not in MAY_BE_FALSE and getattr(words, one.name) in ("", (), None)
    ]
    assert lacking == []
    assert words.has_level is (kind not in lifecycle.DANGER_OF_KIND)
    assert words.sound in (DANGER, NEWS)
    assert words.look in ("breach", "cannot", "notice", "tag", "help")
    assert words.escalates is (kind != AlertKind.NOTICE)


@pytest.mark.parametrize("kind", list(AlertKind))
def test_a_kind_has_a_push_a_text_and_a_call(kind: AlertKind) -> None:
    at = datetime(2026, 11, 24, 20, tzinfo=UTC)
    subject = Subject("K7P3X", kind, Level.BREACH, Certainty.CONFIRMED, is_over=False, since=at, last_fix=at, others=2)
    assert "K7P3X" in messages.push(subject, Purpose.ALERT, 1, 2)["body"]
    text = messages.sms(subject, Purpose.ALERT, "https://cordon.example/officer/alerts/1")
    assert "and 2 more of this person" in text
    assert len(text) <= messages.GSM_SEGMENT
    assert "Press 1 to acknowledge" in messages.spoken(subject, 0)


@pytest.mark.parametrize("kind", list(AlertKind))
def test_the_outcomes_of_a_kind_are_known_and_some_fit_every_kind(kind: AlertKind) -> None:
    known = {code.value for code in Outcome}
    assert set(KINDS[kind].outcomes) <= known
    assert {"other", "raised_in_error"} <= set(KINDS[kind].outcomes)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_is_offered_for_some_kind(outcome: Outcome) -> None:
    assert alert_kinds.offered_for(outcome)


def test_an_event_of_a_newer_release_is_shown_as_other() -> None:
    assert alert_kinds.title_of(AlertKind.TAMPER, "laser_cut") == "Tag event: other"
    assert alert_kinds.said_of(AlertKind.TAMPER, "laser_cut") == "another event of the tag"
    assert alert_kinds.title_of(AlertKind.NOTICE, "laser_cut") == "Notice"


def test_a_kind_that_cannot_be_read_says_that_it_cannot_be_judged() -> None:
    assert alert_kinds.of("of a newer release") is KINDS[AlertKind.CANNOT_JUDGE]
