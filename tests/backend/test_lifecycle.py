"""How an alert changes, as a table of sentences."""

from __future__ import annotations

import pytest

from backend.lifecycle import (
    Danger,
    Standing,
    Transition,
    danger,
    is_news,
    transition,
)
from backend.models import Handling
from zones import Certainty, Level

CLEAR, BUFFER, BREACH = Level.CLEAR, Level.BUFFER, Level.BREACH
UNCONFIRMED, CONFIRMED, WITHDRAWN = Certainty.UNCONFIRMED, Certainty.CONFIRMED, Certainty.WITHDRAWN


def standing(held: Danger, handling: Handling = Handling.OPEN) -> Standing:
    return Standing(held, is_over=False, handling=handling)


def over(since_s: float, handling: Handling = Handling.OPEN) -> Standing:
    return Standing(Danger.BREACH, is_over=True, handling=handling, since_over_s=since_s)


STEPS: dict[str, tuple[Standing | None, Level, Certainty, Transition]] = {
    "a clear fix where nothing stands is nothing": (None, CLEAR, CONFIRMED, Transition.NOTHING),
    "a buffer that is unsure only makes the tag report faster": (None, BUFFER, UNCONFIRMED, Transition.NOTHING),
    "a sure buffer raises an alert": (None, BUFFER, CONFIRMED, Transition.RAISE),
    "an unsure breach raises an alert at once": (None, BREACH, UNCONFIRMED, Transition.RAISE),
    "a sure breach raises an alert": (None, BREACH, CONFIRMED, Transition.RAISE),
    "a withdrawal where nothing stands is nothing": (None, CLEAR, WITHDRAWN, Transition.NOTHING),
    "from buffer to breach danger rises": (standing(Danger.BUFFER), BREACH, UNCONFIRMED, Transition.RISE),
    "from unsure to sure danger rises": (standing(Danger.BREACH_UNCONFIRMED), BREACH, CONFIRMED, Transition.RISE),
    "the same again is the same": (standing(Danger.BREACH), BREACH, CONFIRMED, Transition.SAME),
    "from breach to buffer danger falls and the alert stands": (
        standing(Danger.BREACH),
        BUFFER,
        CONFIRMED,
        Transition.FALL,
    ),
    "a buffer that becomes unsure still stands": (standing(Danger.BUFFER), BUFFER, UNCONFIRMED, Transition.FALL),
    "clear ends it": (standing(Danger.BREACH), CLEAR, CONFIRMED, Transition.END),
    "clear that is unsure ends nothing: a coarse fix is no all-clear": (
        standing(Danger.BREACH),
        CLEAR,
        UNCONFIRMED,
        Transition.SAME,
    ),
    "a withdrawal withdraws": (standing(Danger.BREACH_UNCONFIRMED), CLEAR, WITHDRAWN, Transition.WITHDRAW),
    "re-entry soon after is the same alert, risen": (over(60.0), BREACH, UNCONFIRMED, Transition.RISE),
    "an unsure buffer soon after is nothing": (over(60.0), BUFFER, UNCONFIRMED, Transition.NOTHING),
    "clear after it was over is nothing": (over(60.0), CLEAR, CONFIRMED, Transition.NOTHING),
    "a breach that goes on a quarter of an hour after it was closed is an alert again": (
        Standing(Danger.BREACH, False, Handling.CLOSED, closed_for_s=901.0),
        BREACH,
        CONFIRMED,
        Transition.RISE,
    ),
    "a breach that goes on just after it was closed is the same": (
        Standing(Danger.BREACH, False, Handling.CLOSED, closed_for_s=60.0),
        BREACH,
        CONFIRMED,
        Transition.SAME,
    ),
    "a passage soon after a passage is an alert of its own": (
        Standing(Danger.BREACH_UNCONFIRMED, True, Handling.OPEN, 60.0, is_passage=True),
        BREACH,
        UNCONFIRMED,
        Transition.RAISE,
    ),
    "a breach long after is an alert of its own": (over(601.0), BREACH, UNCONFIRMED, Transition.RAISE),
    "a breach soon after a closed one is an alert of its own": (
        over(60.0, Handling.CLOSED),
        BREACH,
        UNCONFIRMED,
        Transition.RAISE,
    ),
}


@pytest.mark.parametrize("case", STEPS)
def test_step(case: str) -> None:
    held, level, certainty, expected = STEPS[case]
    assert transition(held, level, certainty) is expected


def test_danger_orders_level_and_certainty_and_a_withdrawn_one_is_none() -> None:
    ordered = [
        danger(CLEAR, CONFIRMED),
        danger(BUFFER, UNCONFIRMED),
        danger(BUFFER, CONFIRMED),
        danger(BREACH, UNCONFIRMED),
        danger(BREACH, CONFIRMED),
    ]
    assert ordered == sorted(set(ordered))
    assert danger(BREACH, WITHDRAWN) is Danger.NONE


def test_an_acknowledgement_covers_the_level_acknowledged_and_no_more() -> None:
    assert not is_news(Danger.BREACH, Danger.BREACH, None)
    assert is_news(Danger.BREACH_UNCONFIRMED, Danger.BUFFER, None)
    assert is_news(Danger.BREACH, Danger.BREACH, 181.0)
    assert not is_news(Danger.BREACH, Danger.BREACH, 179.0)
