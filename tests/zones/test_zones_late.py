"""Fixes that arrive late, states that are read back, and many tags in order of arrival."""

from __future__ import annotations

import json

import pytest
from zone_makers import START, at, circle, judge, last, told

from zones import Level, PlaceState, decide, judge_late, redecide
from zones.judging import Judging


def test_a_late_fix_inside_shows_the_visit():
    zone = circle()
    fixes = [at(1000 + s, after_s=s) for s in range(0, 400, 60)]
    state = judge(zone, fixes)[-1].state
    decisions = redecide(zone, [*fixes, at(0, after_s=200)], state)
    assert [d.level for d in decisions].count(Level.BREACH) == 1
    assert told(decisions[-1]) == ("clear", "confirmed")


def test_the_checkpoints_move_on_and_are_always_ten_minutes_old():
    zone = circle()
    fixes = [at(1000 + s / 10, after_s=s) for s in range(0, 4000, 60)]
    for n, decision in enumerate(judge(zone, fixes)):
        state = decision.state
        assert state.anchor_time <= state.fix_time - 600
        assert state.anchor_time >= state.fix_time - 1320 or n < 20
    assert state.rewound().fix_time == state.anchor_time


def test_a_fix_older_than_the_anchor_is_refused():
    state = last(circle(), *[at(1000, s, after_s=s) for s in range(0, 4000, 60)]).state
    with pytest.raises(ValueError, match="use judge_late"):
        redecide(circle(), [at(0, after_s=1)], state)


def test_two_fixes_of_one_instant_are_one_judgement():
    one, other = at(0, after_s=60), at(900, after_s=60)
    assert repr(judge_late(circle(), [one, other])) == repr(judge_late(circle(), [other, one]))
    assert len(judge_late(circle(), [one, other])) == 2
    state = decide(circle(), one, None).state
    assert redecide(circle(), [one, other], state)[-1].state.fix_time == one.fix_time


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        '{"v":1}',
        '{"v":0,"b":0,"n":[],"m":null,"o":null}',
        '{"v":1,"b":0,"n":[1,2],"m":null,"o":null}',
        '{"v":1,"b":0,"n":3,"m":null,"o":null}',
    ],
)
def test_what_is_not_a_state_is_refused(text):
    with pytest.raises(ValueError):
        PlaceState.from_json(text)


def test_a_state_with_words_for_numbers_is_refused():
    parts = json.loads(decide(circle(), at(0), None).state.to_json())
    parts["n"][0] = "soon"
    with pytest.raises(ValueError, match="not a number"):
        PlaceState.from_json(json.dumps(parts))


def _changes(judging, tag, fixes):
    return [(*told(c.decision), c.is_late) for fix in fixes for c in judging.accept(tag, fix)]


def test_several_tags_and_zones_in_one_run():
    judging = Judging([circle(id="all"), circle(id="his", tag="A", radius_m=1000)])
    assert [c.zone.zone_id for c in judging.accept("A", at(0))] == ["his", "all"]
    assert [c.zone.zone_id for c in judging.accept("B", at(0))] == ["all"]
    assert _changes(judging, "C", [at(5000), at(5005, after_s=60)]) == [("clear", "confirmed", False)]


def test_a_visit_in_late_data_is_told_and_then_over():
    judging = Judging([circle()])
    away = [at(1000 + s / 100, after_s=s) for s in range(0, 300, 60)]
    assert _changes(judging, "A", away) == [("clear", "confirmed", False)]
    assert _changes(judging, "A", [at(0, after_s=200)]) == [("breach", "unconfirmed", True)]
    assert _changes(judging, "A", [at(1400, after_s=300)]) == [("clear", "confirmed", False)]


def test_a_visit_in_data_hours_late_is_told_too():
    judging = Judging([circle()])
    _changes(judging, "A", [at(1000 + s / 10, after_s=s) for s in range(20_000, 30_000, 60)])
    backlog = [at(500, after_s=1000), at(0, after_s=1060), at(2, after_s=1120), at(600, after_s=1200)]
    assert _changes(judging, "A", backlog) == [("breach", "unconfirmed", True)]
    assert _changes(judging, "A", [at(2000, after_s=30_060)]) == [("clear", "confirmed", False)]


def test_late_data_without_a_visit_tells_nothing():
    judging = Judging([circle()])
    _changes(judging, "A", [at(1000 + s / 10, after_s=s) for s in range(20_000, 24_000, 60)])
    assert _changes(judging, "A", [at(3000, after_s=1000), at(1500, after_s=23_000)]) == []


def test_a_late_fix_inside_a_standing_breach_changes_nothing():
    judging = Judging([circle()])
    inside = [at(s / 100, after_s=s) for s in (0, 60, 180)]
    assert _changes(judging, "A", inside) == [("breach", "unconfirmed", False), ("breach", "confirmed", False)]
    assert _changes(judging, "A", [at(1.2, after_s=120)]) == []


def test_old_fixes_are_forgotten():
    judging = Judging([circle()])
    _changes(judging, "A", [at(1000 + s / 10, after_s=s) for s in range(0, 60_000, 60)])
    assert len(judging._tags["A"][1].fixes) < 100


def test_without_zones_nothing_is_told():
    judging = Judging([])
    assert _changes(judging, "A", [at(s, after_s=s) for s in range(200)]) == []
    assert START > 0
