"""What must hold for every fix and every order of arrival."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from zone_makers import START, at, circle, judge, square

from zones import Certainty, Fix, Level, PlaceState, decide, judge_instant, redecide, survey
from zones.evidence import MODEL
from zones.late import judge_late, order
from zones.path import End, crossing
from zones.state import LATENESS_S

settings.register_profile("zones", deadline=None, derandomize=True)
settings.load_profile("zones")

METRES = st.floats(-1500, 1500)
ACCURACY = st.one_of(st.none(), st.floats(1, 1500))
GAP_S = st.one_of(st.floats(1, 30), st.floats(30, 300), st.floats(300, 4000))
STEPS = st.lists(st.tuples(METRES, METRES, GAP_S, ACCURACY), min_size=1, max_size=40)
RANK = {Certainty.WITHDRAWN: 0, Certainty.UNCONFIRMED: 1, Certainty.CONFIRMED: 2}


def walk(steps) -> list[Fix]:
    fixes, now = [], 0.0
    for east, north, gap, accuracy in steps:
        now += round(gap, 1)
        fixes.append(at(east, north, after_s=now, accuracy_m=accuracy))
    return fixes


@given(STEPS, st.floats(0.05, 0.99), st.floats(0, 2 * math.pi), ACCURACY, GAP_S)
def test_a_fix_well_inside_is_never_clear(before, depth_share, bearing, accuracy, gap):
    zone = circle(radius_m=3500)
    accuracy_used = 15 if accuracy is None else max(7, accuracy)
    depth = max(30, 2 * accuracy_used) + depth_share * 400
    assume(depth < 3400)
    fixes = walk([(east + 4500, north, *more) for east, north, *more in before])
    state = judge(zone, fixes)[-1].state
    out = 3500 - depth
    fix = at(out * math.cos(bearing), out * math.sin(bearing), state.fix_time - START + gap, accuracy)
    assert decide(zone, fix, state).level is Level.BREACH


@given(STEPS, METRES, METRES, st.floats(1, 1000), st.floats(0.05, 1), GAP_S)
def test_better_accuracy_inside_never_lowers_certainty(before, east, north, accuracy, share, gap):
    zone = circle(radius_m=800)
    assume(math.hypot(east, north) < 790)
    state = judge(zone, walk(before))[-1].state
    assume((round(east, 3), round(north, 3)) != (state.now.east, state.now.north))
    worse, better = (
        decide(zone, at(east, north, state.fix_time - START + gap, radius), state)
        for radius in (accuracy, share * accuracy)
    )
    assert better.level >= worse.level
    if worse.level is Level.BREACH:
        assert RANK[better.certainty] >= RANK[worse.certainty]


@given(STEPS, st.randoms(use_true_random=False))
def test_order_of_arrival_within_ten_minutes_does_not_matter(steps, rng: random.Random):
    zone = circle()
    fixes = walk(steps)
    expected = judge(zone, fixes)[-1].state
    arriving = sorted(fixes, key=lambda fix: fix.fix_time + rng.uniform(0, LATENESS_S))
    known: list[Fix] = []
    state = None
    for fix in arriving:
        known.append(fix)
        if state is None or fix.fix_time > state.fix_time:
            state = decide(zone, fix, state).state
        else:
            state = redecide(zone, sorted(known, key=order), state)[-1].state
    assert repr(state) == repr(expected)


@given(STEPS, STEPS)
def test_state_survives_being_written_down(first, second):
    zone = square(300)
    state = judge(zone, walk(first))[-1].state
    text = state.to_json()
    assert len(text) <= 1600
    read = PlaceState.from_json(text)
    assert repr(read) == repr(state)
    later = [Fix(f.fix_time + state.fix_time - START, f.lat, f.lon, f.accuracy_m) for f in walk(second)]
    assert repr(judge(zone, later, read)[-1]) == repr(judge(zone, later, state)[-1])


@given(STEPS)
def test_every_number_told_is_a_number(steps):
    for zone in (circle(), circle(kind="inclusion"), square(300, 50)):
        for decision in judge(zone, walk(steps)):
            assert math.isfinite(decision.distance_m)
            assert 0 <= decision.probability_inside <= 1
            for value in (decision.closing_mps, decision.time_to_edge_s, decision.crossing_at, decision.gap_s):
                assert value is None or math.isfinite(value)
            assert decision.time_to_edge_s is None or decision.time_to_edge_s >= 0
            assert decision.level is not Level.BREACH or decision.could_be_inside
            assert decision.reasons
            assert not any(str(part) in reason for part in (51.5, -0.12) for reason in decision.reasons)
            later = judge_instant(zone, decision.state, decision.fix_time + 5000)
            assert later.level >= min(decision.level, Level.BUFFER)


@given(STEPS)
def test_late_judging_of_all_fixes_is_judging_them_in_order(steps):
    zone = circle()
    fixes = walk(steps)
    late = judge_late(zone, list(reversed(fixes)))
    assert repr([d.state for d in late]) == repr([d.state for d in judge(zone, fixes)])


@pytest.mark.parametrize("place", [(math.nan, 0.0), (0.0, math.inf), (91.0, 0.0), (0.0, 181.0)])
def test_a_survey_refuses_what_is_no_place(place):
    with pytest.raises(ValueError, match="out of range"):
        survey(circle(), [place[0]], [place[1]])
    assert survey(circle(), [51.5], [-0.12]).probability_inside[0] > 0.9


@given(st.lists(st.tuples(METRES, METRES, ACCURACY), min_size=1, max_size=20))
def test_a_survey_agrees_with_single_judgements(places):
    for zone in (circle(), square(400, 100), circle(kind="inclusion")):
        fixes = [at(east, north, accuracy_m=accuracy) for east, north, accuracy in places]
        found = survey(zone, [f.lat for f in fixes], [f.lon for f in fixes], [f.accuracy_m or math.nan for f in fixes])
        for n, fix in enumerate(fixes):
            alone = decide(zone, fix, None)
            assert abs(found.distance_m[n] - alone.distance_m) < 0.01
            if alone.level is not Level.BREACH:
                assert abs(found.probability_inside[n] - alone.probability_inside) < 0.001


PLACES = st.tuples(METRES, METRES, st.floats(4, 60), st.floats(-20, 20), st.floats(-20, 20))


@given(PLACES, PLACES, st.floats(10, 1500), st.integers(50, 600))
def test_what_is_left_out_of_a_way_for_being_too_far_could_not_have_been_reported(first, second, duration, radius_m):
    """Leaving out the places of a way that lie too far from the zone changes no crossing that is probable enough."""
    zone = circle(radius_m=radius_m)
    start, finish = (
        End(at_s, east, north, scale, east_mps, north_mps, 1.0, True)
        for at_s, (east, north, scale, east_mps, north_mps) in ((0.0, first), (duration, second))
    )
    quick, whole = (
        crossing(zone, start, finish, replace(MODEL, crossing_spreads=spreads))
        for spreads in (MODEL.crossing_spreads, math.inf)
    )
    assert quick == whole or max(quick.probability, whole.probability) < MODEL.crossing_long
