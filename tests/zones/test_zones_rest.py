"""The place where a tag rests: a fix beside it is a move or an error, by how likely each is for this tag there."""

from __future__ import annotations

import math
import random

from hypothesis import given, settings
from hypothesis import strategies as st
from zone_makers import at, circle, judge, told

from zones import Certainty, Level, PlaceState
from zones.evidence import MODEL
from zones.path import End
from zones.rest import Says, follow

MINUTE = 60.0


def wandering(seed: int, scale_m: float, fixes: int, middle_m: float) -> list[tuple[float, float]]:
    """Places of a tag that never moves, with errors of heavy tails that last for minutes, as indoors."""
    chance = random.Random(seed)
    east = north = 0.0
    found = []
    for _ in range(fixes):
        heavy = scale_m * chance.gammavariate(1.5, 1 / 1.5) ** -0.5
        east = 0.6 * east + 0.8 * chance.gauss(0, 1) * heavy
        north = 0.6 * north + 0.8 * chance.gauss(0, 1) * heavy
        found.append((middle_m + east, north))
    return found


def at_home(minutes: int, east_m: float = 150.0) -> list:
    return [at(east_m + (n % 3) * 3, (n % 2) * 4, after_s=n * MINUTE) for n in range(minutes)]


def test_who_enters_from_a_home_50_m_off_is_told_at_the_first_fix_inside():
    decisions = judge(circle(), [*at_home(40), at(85, after_s=40 * MINUTE)])
    assert told(decisions[-1])[0] == "breach"


def test_a_tag_that_wanders_indoors_alarms_less_often_than_its_fixes_lie_inside():
    places = wandering(3, 25, 2_000, 150)
    decisions = judge(circle(), [at(e, n, after_s=i * MINUTE, accuracy_m=15) for i, (e, n) in enumerate(places)])
    levels = [decision.level is Level.BREACH for decision in decisions]
    began = sum(now and not before for before, now in zip([False, *levels], levels, strict=False))
    inside = [math.hypot(*place) < 100 for place in places]
    any_inside = sum(now and not before for before, now in zip([False, *inside], inside, strict=False))
    assert any_inside > 50
    assert began < 0.8 * any_inside


def test_what_it_does_not_raise_is_not_called_clear():
    places = wandering(3, 25, 2_000, 150)
    decisions = judge(circle(), [at(e, n, after_s=i * MINUTE, accuracy_m=15) for i, (e, n) in enumerate(places)])
    quiet = [d for d in decisions if d.distance_m < 0 and d.level < Level.BREACH]
    assert quiet
    assert {(d.level, d.certainty, d.could_be_inside) for d in quiet} == {(Level.BUFFER, Certainty.UNCONFIRMED, True)}


def test_an_unconfirmed_breach_ends_with_the_first_fix_back_at_the_place():
    jump = [*at_home(40), at(20, after_s=2_400.0), at(151, 2, after_s=2_402.0)]
    raised, back = judge(circle(), jump)[-2:]
    assert told(raised) == ("breach", "unconfirmed")
    assert back.level < Level.BREACH
    assert back.visit is Certainty.WITHDRAWN


def test_it_is_never_quiet_for_longer_than_four_minutes_beside_the_place():
    rest, says = None, Says.NOTHING
    for n, (east, north) in enumerate(wandering(5, 30, 300, 0)):
        rest, says = follow(rest, End(n * MINUTE, east, north, 8.0, 0.0, 0.0, 0.0, False), None, MODEL)
    assert rest is not None
    away = 3.0 * max(8.0, rest.mean_m / math.sqrt(3))
    start = rest.at
    for n in range(1, 8):
        end = End(start + n * MINUTE, rest.east + away, rest.north, 8.0, 0.0, 0.0, 0.0, False)
        rest, says = follow(rest, end, None, MODEL)
        if n * MINUTE > MODEL.away_most_s:
            assert says is Says.MOVED


def test_a_tag_seen_to_walk_has_moved_whatever_the_odds():
    rest = None
    for n, (east, north) in enumerate(wandering(5, 30, 300, 0)):
        rest, _ = follow(rest, End(n * MINUTE, east, north, 8.0, 0.0, 0.0, 0.0, False), None, MODEL)
    end = End(300 * MINUTE, rest.east + 3.5 * rest.mean_m, rest.north, 8.0, 0.0, 0.0, 0.0, False)
    assert follow(rest, end, 1.6, MODEL)[1] is Says.MOVED


def test_the_place_is_kept_with_the_state():
    state = judge(circle(), at_home(40))[-1].state
    assert state.now.rest is not None
    assert state.now.rest.is_settled(MODEL)
    assert repr(PlaceState.from_json(state.to_json())) == repr(state)
    assert len(state.to_json()) < 2600


NO_EVIDENCE = st.sampled_from(
    [{"is_valid": False}, {"satellites": 0, "accuracy_m": 5.0}, {"accuracy_m": 9_000.0}, {"nowhere": True}]
)


@settings(deadline=None)
@given(
    st.integers(0, 40),
    st.lists(st.tuples(NO_EVIDENCE, st.floats(-3_000, 3_000), st.floats(1, 300)), min_size=1, max_size=6),
)
def test_nothing_that_is_no_evidence_ever_lowers_the_danger(start, reports):
    stay = [at(150 - 4 * n, (n % 2) * 4, after_s=n * MINUTE) for n in range(start + 1)]
    decision = judge(circle(), stay)[-1]
    now = start * MINUTE
    for more, east, later in reports:
        now += later
        if "nowhere" in more:
            fix = at(0, after_s=now)
            fix = type(fix)(fix.fix_time, 0.0, 0.0, 8.0)
        else:
            fix = at(east, after_s=now, **{"accuracy_m": 8.0, **more})
        after = judge(circle(), [fix], decision.state)[-1]
        assert after.level >= decision.level
        assert after.certainty is not Certainty.WITHDRAWN
        if decision.level is Level.BREACH:
            assert after.state.now.certainty == decision.state.now.certainty
        decision = after
