"""The rule "what does the protected person know?", and which text may go after it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from backend.escalation import protected_person_knowledge as knowledge
from backend.escalation.protected_person_knowledge import SentText
from backend.lifecycle import Danger

NOW = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)
MARSH, OTHER = 7, 8


def near(minutes_ago: float, alert_id: int = 1, wearer_id: int = MARSH, *, on_its_way: bool = False) -> SentText:
    return SentText(True, alert_id, wearer_id, NOW - timedelta(minutes=minutes_ago), is_on_its_way=on_its_way)


def over(minutes_ago: float, *, on_its_way: bool = False) -> SentText:
    return SentText(False, 1, MARSH, NOW - timedelta(minutes=minutes_ago), is_on_its_way=on_its_way)


@pytest.mark.parametrize(
    ("texts", "alert_id", "wearer_id", "is_news"),
    [
        pytest.param([], 1, MARSH, True, id="they were told nothing"),
        pytest.param([near(1)], 1, MARSH, False, id="they were told of this alert"),
        pytest.param([near(90)], 1, MARSH, False, id="they were told of this alert, long ago"),
        pytest.param([near(5)], 2, MARSH, False, id="they were told of this wearer 5 min ago, at another place"),
        pytest.param([near(15)], 2, MARSH, True, id="they were told of this wearer 15 min ago, at another place"),
        pytest.param([near(5)], 2, OTHER, True, id="they were told of another wearer"),
        pytest.param([near(5), over(2)], 2, MARSH, True, id="they were told since that it is over"),
        pytest.param([near(5), over(2, on_its_way=True)], 2, MARSH, True, id="that it is over is on its way to them"),
        pytest.param([near(5, on_its_way=True)], 2, MARSH, False, id="that the wearer is near is on its way to them"),
    ],
)
def test_near_is_news(texts: list[SentText], alert_id: int, wearer_id: int, is_news: bool) -> None:
    assert knowledge.is_near_news(texts, alert_id, wearer_id, NOW) is is_news


@pytest.mark.parametrize(
    ("texts", "is_news"),
    [
        pytest.param([], False, id="they were never warned"),
        pytest.param([near(5)], True, id="they were warned"),
        pytest.param([near(5), over(2)], False, id="they know it already"),
        pytest.param([near(5), over(2, on_its_way=True)], True, id="one that is on its way may never go"),
        pytest.param([near(9), over(5), near(2)], True, id="they were warned again since"),
    ],
)
def test_over_is_news(texts: list[SentText], is_news: bool) -> None:
    assert knowledge.is_over_news(texts) is is_news


@pytest.mark.parametrize(
    ("standing", "near_may_go", "over_may_go"),
    [
        pytest.param([], False, True, id="nothing stands"),
        pytest.param([Danger.BREACH], True, False, id="a breach stands"),
        pytest.param([Danger.BREACH_UNCONFIRMED], False, False, id="a breach is feared: neither may be said"),
        pytest.param([Danger.BREACH_UNCONFIRMED, Danger.BREACH], True, False, id="one is feared and one stands"),
    ],
)
def test_what_may_be_said_while_alerts_stand(standing: list[Danger], near_may_go: bool, over_may_go: bool) -> None:
    assert knowledge.is_near_true(standing) is near_may_go
    assert knowledge.is_over_true(standing, [near(5)]) is over_may_go


def test_that_it_is_over_never_goes_to_a_person_who_was_not_warned() -> None:
    assert not knowledge.is_over_true([], [])


@pytest.mark.parametrize(
    ("texts", "is_left"), [([near(5)], True), ([near(5, wearer_id=OTHER)], False), ([near(5), over(1)], False)]
)
def test_who_is_left_warned_of_a_wearer(texts: list[SentText], is_left: bool) -> None:
    assert knowledge.is_left_warned(texts, MARSH) is is_left


@pytest.mark.parametrize(("ago_s", "was_kept"), [(0.5, False), (2.0, True)])
def test_a_warning_that_came_and_went_in_one_breath_was_not_kept_from_them(ago_s: float, was_kept: bool) -> None:
    assert knowledge.was_kept_from_them(NOW - timedelta(seconds=ago_s), NOW) is was_kept
