"""A visit that is over: confirmed, not confirmed, or withdrawn, by the fixes before and after it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zone_makers import at, circle, feature, judge, told

from zones import Certainty, Level, PlaceState, decide
from zones.__main__ import main
from zones.decision import Decision
from zones.geo import Frame

VISITS = {
    "one fix just inside, on a walk through the middle, is confirmed as soon as it is over": (
        [at(400), at(250, after_s=60), at(90, after_s=120), at(-150, 60, after_s=180), at(-300, 60, after_s=240)],
        Certainty.CONFIRMED,
    ),
    "one deep fix on the way of those beside it is confirmed as soon as it is over": (
        [at(300), at(200, after_s=60), at(73.8, after_s=120, accuracy_m=20), at(-160, after_s=180, accuracy_m=8)],
        Certainty.CONFIRMED,
    ),
    "a tag at rest that jumps and returns was never there": (
        [*(at(600 + n % 2, after_s=60 * n) for n in range(6)), at(50, after_s=360), at(601, after_s=420)],
        Certainty.WITHDRAWN,
    ),
    "who walked in and turned round within a minute was there": (
        [
            at(300),
            at(220, after_s=60),
            at(140, after_s=120),
            at(92, after_s=180),
            at(150, after_s=240),
            at(230, after_s=300),
        ],
        Certainty.UNCONFIRMED,
    ),
}


def ended(decisions: list[Decision]) -> Decision:
    return next(decision for decision in decisions if decision.visit is not None)


@pytest.mark.parametrize(("fixes", "expected"), VISITS.values(), ids=VISITS.keys())
def test_a_visit_that_is_over(fixes, expected):
    over = ended(judge(circle(), fixes))
    assert over.visit is expected
    assert over.level < Level.BREACH
    assert (over.certainty is Certainty.WITHDRAWN) is (expected is Certainty.WITHDRAWN)


def test_the_reasons_say_what_became_of_it():
    walk, _ = VISITS["who walked in and turned round within a minute was there"]
    assert "the visit is over: it could not be confirmed" in ended(judge(circle(), walk)).reasons
    rest, _ = VISITS["a tag at rest that jumps and returns was never there"]
    assert any("was not inside" in reason for reason in ended(judge(circle(), rest)).reasons)


def test_a_confirmed_breach_that_ends_stays_confirmed():
    stay = [at(300), at(10, after_s=60), at(12, after_s=120), at(500, after_s=240), at(900, after_s=300)]
    over = ended(judge(circle(), stay))
    assert (over.visit, over.certainty) == (Certainty.CONFIRMED, Certainty.CONFIRMED)


def test_to_leave_the_place_to_stay_in_is_a_visit_alike():
    outside = [at(0), at(60, after_s=60), at(108, after_s=120), at(60, after_s=180), at(10, after_s=240)]
    over = ended(judge(circle(kind="inclusion"), outside))
    assert over.visit is Certainty.UNCONFIRMED


def test_the_state_of_a_visit_reads_back_to_the_same_answer():
    fixes, _ = VISITS["who walked in and turned round within a minute was there"]
    zone, state = circle(), None
    for fix in fixes:
        decision = decide(zone, fix, state)
        again = PlaceState.from_json(decision.state.to_json())
        assert repr(again) == repr(decision.state)
        assert len(again.to_json()) < 2200
        state = again
    assert told(decision) != ("clear", "withdrawn")


def test_the_command_tells_the_confirmation_before_the_end(tmp_path, capsys):
    fixes, _ = VISITS["one deep fix on the way of those beside it is confirmed as soon as it is over"]
    zones, recorded = tmp_path / "zones.geojson", tmp_path / "fixes.jsonl"
    zones.write_text(json.dumps({"type": "FeatureCollection", "features": [feature()]}))
    rows = [{"tag": "a", "fix_time": f.fix_time, "lat": f.lat, "lon": f.lon, "accuracy_m": f.accuracy_m} for f in fixes]
    recorded.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert main(["judge", "--zones", str(zones), "--fixes", str(recorded)]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    said = [(line["level"], line["certainty"]) for line in lines]
    assert said[-3:-1] == [("breach", "unconfirmed"), ("breach", "confirmed")]
    assert said[-1][0] != "breach"


@given(
    st.lists(
        st.tuples(st.floats(-400, 400), st.floats(-400, 400), st.floats(4, 90)),
        min_size=2,
        max_size=12,
    )
)
def test_withdrawn_is_said_of_no_visit_whose_best_fix_the_others_do_not_contradict(places):
    """Whatever the way: a withdrawal names a smoothed place outside, and no confirmed breach is ever withdrawn."""
    zone, frame = circle(), Frame(51.5, -0.12)
    before = None
    decisions = judge(zone, [at(e, n, after_s=60 * i, accuracy_m=a) for i, (e, n, a) in enumerate(places)])
    assert frame.lat == zone.frame.lat
    for decision in decisions:
        if decision.certainty is Certainty.WITHDRAWN:
            assert decision.visit is Certainty.WITHDRAWN
            assert decision.visit_probability < 0.5
            assert before is not None
            assert told(before) == ("breach", "unconfirmed")
        before = decision
