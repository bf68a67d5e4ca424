"""Who comes over the line within seconds, a fix in a small zone, and how far a direction leads a way."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zone_makers import at, circle, judge, last, told

from zones import Level, Source
from zones.evidence import MODEL
from zones.path import End, crossing


def test_who_is_over_the_line_within_two_seconds_is_told_at_once():
    decision = last(circle(), at(400), at(250, after_s=60), at(102, after_s=120))
    assert told(decision) == ("breach", "unconfirmed")
    assert decision.reasons[0].startswith("on the way over the line, there within seconds")


@pytest.mark.parametrize(
    "fixes",
    [
        pytest.param([at(102), at(0, 102, after_s=60), at(-102, after_s=120)], id="who walks around it"),
        pytest.param([at(102), at(102.1, after_s=60), at(102, after_s=120)], id="who rests beside it"),
        pytest.param([at(-50), at(60, after_s=60), at(130, after_s=120), at(102.5, after_s=180)], id="a slow return"),
        pytest.param([at(400), at(250, after_s=60), at(130, after_s=120)], id="who is further off than two seconds"),
    ],
)
def test_others_beside_the_edge_are_not(fixes):
    assert not any("within seconds" in reason for decision in judge(circle(), fixes) for reason in decision.reasons)


def test_entering_is_over_with_the_next_fix_outside():
    decisions = judge(circle(), [at(400), at(250, after_s=60), at(102, after_s=120), at(150, after_s=135)])
    assert [decision.level for decision in decisions[2:]] == [Level.BREACH, Level.BUFFER]


@pytest.mark.parametrize(("accuracy_m", "level"), [(150, "breach"), (200, "breach"), (201, "buffer"), (700, "buffer")])
def test_a_place_in_a_small_zone_raises_and_confirms_nothing_up_to_an_honest_claim(accuracy_m, level):
    inside = [at(80, after_s=60 * n, accuracy_m=accuracy_m) for n in range(1, 4)]
    decisions = judge(circle(), [at(900), *inside])
    assert told(decisions[1]) == (level, "unconfirmed")
    assert {str(decision.certainty) for decision in decisions[1:]} == {"unconfirmed"}


def test_a_cell_tower_in_it_does_not():
    tower = at(80, after_s=60, accuracy_m=150, source=Source.CELL)
    assert told(last(circle(), at(900), tower))[0] != "breach"


PLACES = st.tuples(st.floats(-900, 900), st.floats(-900, 900), st.floats(4, 60))


@given(PLACES, PLACES, st.floats(10, 900), st.tuples(st.floats(-90, 90), st.floats(-90, 90)))
def test_a_direction_that_errors_alone_made_leads_no_way(first, second, duration, velocity):
    """The less is known of a direction the nearer the way is to the straight one; at no knowledge it is that way."""
    mean = (second[0] - first[0]) / duration, (second[1] - first[1]) / duration
    straight, led = (
        crossing(
            circle(),
            End(0.0, *first, *start, 1e9, True),
            End(duration, *second, *mean, 0.0, True),
            replace(MODEL, heading_share=share),
        )
        for start, share in ((mean, 0.0), (velocity, MODEL.heading_share))
    )
    assert led.probability == pytest.approx(straight.probability, abs=1e-3)


def test_a_way_through_the_zone_is_a_breach_while_a_doubtful_one_stands():
    ways = [at(0, 178, after_s=13, accuracy_m=None), at(0, -89, after_s=16, accuracy_m=None)]
    for first in (at(0, 33, after_s=1, accuracy_m=201), at(0, 33, after_s=1, accuracy_m=201, claim_share=0.5)):
        assert last(circle(radius_m=75), first, *ways).level is Level.BREACH
