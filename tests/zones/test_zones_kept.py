"""Answers that a tag keeps and tells again: their growing doubt tells their age."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zone_makers import START, at, circle, judge, last, told

from zones import Fix, Level, Source, judge_instant, redecide
from zones.late import order
from zones.state import LATENESS_S

AWAY = at(-3000)
# New at 52.3 s with ±100 m, then told at 100 and 160 s with 13 m/s more doubt.
FIRST, AGAIN = at(100, after_s=100, accuracy_m=720), at(100, after_s=160, accuracy_m=1500)


def test_a_kept_answer_inside_is_a_breach_at_the_time_it_was_new():
    before, decision = judge(circle(radius_m=500), [AWAY, FIRST, AGAIN])[1:]
    assert told(before) == ("buffer", "unconfirmed")
    assert told(decision) == ("breach", "unconfirmed")
    assert decision.breach_since == pytest.approx(START + 52.3, abs=0.1)
    assert decision.answer_age_s == pytest.approx(107.7, abs=0.1)
    assert "a position kept and told again: about 108 s old, by its growing doubt" in decision.reasons


@pytest.mark.parametrize(
    ("fixes", "expected"),
    [
        pytest.param([AWAY, FIRST, at(100, after_s=160, accuracy_m=720)], "buffer", id="the same doubt tells no age"),
        pytest.param([AWAY, FIRST, at(100, after_s=160, accuracy_m=730)], "buffer", id="nor does a slowly growing one"),
        pytest.param([AWAY, FIRST, at(100, after_s=160, accuracy_m=7000)], "buffer", id="nor one that leaps"),
        pytest.param([AWAY, at(-650, after_s=80), FIRST, AGAIN], "buffer", id="it is not older than the place before"),
        pytest.param(
            [AWAY, *(at(100, after_s=s, accuracy_m=13 * s - 580, source=Source.CELL) for s in (100, 160))],
            "buffer",
            id="a cell tower was never a plain fix",
        ),
        pytest.param([FIRST, AGAIN], "breach", id="with nothing known before it"),
        pytest.param(
            [AWAY, *(at(-900, after_s=s, accuracy_m=13 * s - 580) for s in (100, 160))], "buffer", id="in the buffer"
        ),
    ],
)
def test_what_a_kept_answer_tells(fixes, expected):
    assert last(circle(radius_m=500), *fixes).level.name.lower() == expected


def test_outside_a_zone_to_stay_in_too():
    home = circle(radius_m=100, kind="inclusion")
    assert told(last(home, at(0), *(at(900, after_s=s, accuracy_m=13 * s) for s in (60, 120)))) == (
        "breach",
        "unconfirmed",
    )


def test_told_many_times_it_stands_and_is_never_confirmed_by_itself():
    kept = [at(100, after_s=160 + 60 * n, accuracy_m=1500 + 780 * n) for n in range(5)]
    decisions = judge(circle(radius_m=500), [AWAY, FIRST, *kept])[2:]
    assert {told(decision) for decision in decisions} == {("breach", "unconfirmed")}
    assert [round(decision.answer_age_s) for decision in decisions] == [108, 168, 228, 288, 348]
    assert {decision.fixes_inside for decision in decisions} == {1}


def test_it_does_not_end_a_breach():
    fixes = [at(0), at(3, after_s=60), *(at(1500, after_s=s, accuracy_m=13 * s - 500) for s in (120, 180))]
    assert told(last(circle(), *fixes)) == ("breach", "confirmed")


def test_a_place_told_first_as_a_poor_end_of_a_way_is_dated_after_the_way_began():
    coarse = [at(600, 700, after_s=s, accuracy_m=13 * s - 650) for s in (60, 120)]
    assert last(circle(radius_m=300), at(-600, 700), *coarse).answer_age_s == pytest.approx(62.3, abs=0.1)


KEPT = st.lists(
    st.tuples(st.floats(-800, 800), st.floats(20, 800), st.integers(1, 3), st.floats(0.2, 20), st.floats(5, 200)),
    min_size=1,
    max_size=12,
)


@given(KEPT, st.randoms(use_true_random=False))
def test_order_of_arrival_does_not_matter_to_kept_answers(answers, rng: random.Random):
    zone, fixes, now = circle(radius_m=400), [], 0.0
    for east, accuracy, count, widening, gap in answers:
        for n in range(count):
            now += round(gap, 1)
            fixes.append(at(east, after_s=now, accuracy_m=accuracy + n * widening * gap))
    expected = judge(zone, fixes)[-1]
    assert judge_instant(zone, expected.state, expected.fix_time + 60).level >= min(expected.level, Level.BUFFER)
    known: list[Fix] = []
    state = None
    for fix in sorted(fixes, key=lambda fix: fix.fix_time + rng.uniform(0, LATENESS_S)):
        known.append(fix)
        if state is None or fix.fix_time > state.fix_time:
            state = judge(zone, [fix], state)[-1].state
        else:
            state = redecide(zone, sorted(known, key=order), state)[-1].state
    assert repr(state) == repr(expected.state)
