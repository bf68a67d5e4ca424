"""A protected person who moves, passages that repeat, and replays."""

from __future__ import annotations

import pytest
from zone_makers import LAT, LON, START, at, circle, feature, judge

from zones import Certainty, Level, Mover, MovingState, Whereabouts, Zone, are_repeated, decide_moving, replay
from zones.passages import REPEATED_WITHIN_S
from zones.words import metres, span


def near(wearer, protected, after_s=0.0, state=None, radius_m=200.0):
    return decide_moving(wearer, protected, START + after_s, state, radius_m, 300)


@pytest.mark.parametrize(
    ("wearer", "protected", "mover"),
    [
        pytest.param(
            Whereabouts(at(500, after_s=60), at(600)), Whereabouts(at(0, after_s=60), at(0)), "wearer", id="he came"
        ),
        pytest.param(
            Whereabouts(at(500, after_s=60), at(500)), Whereabouts(at(0, after_s=60), at(-90)), "protected", id="she"
        ),
        pytest.param(
            Whereabouts(at(500, after_s=60), at(600)), Whereabouts(at(0, after_s=60), at(-90)), "both", id="both"
        ),
        pytest.param(
            Whereabouts(at(600, after_s=60), at(500)), Whereabouts(at(0, after_s=60)), "neither", id="he went away"
        ),
        pytest.param(Whereabouts(at(500, after_s=60), at(510)), Whereabouts(at(0, after_s=60)), "neither", id="drift"),
        pytest.param(Whereabouts(at(500), at(500)), Whereabouts(at(0)), "neither", id="one instant is no movement"),
    ],
)
def test_who_moved_towards_whom(wearer, protected, mover):
    found = near(wearer, protected, 60)
    assert found.mover is Mover(mover)
    assert not any(str(part) in reason for part in (LAT, LON) for reason in found.reasons)


def test_two_near_positions_are_told_and_then_confirmed_and_then_over():
    first = near(Whereabouts(at(50)), Whereabouts(at(0)))
    assert (first.level, first.certainty) == (Level.BREACH, Certainty.UNCONFIRMED)
    state = MovingState.from_json(first.state.to_json())
    assert state == first.state
    second = near(Whereabouts(at(50, after_s=60), at(50)), Whereabouts(at(0, after_s=60)), 60, state)
    assert (second.level, second.certainty) == (Level.BREACH, Certainty.CONFIRMED)
    away = Whereabouts(at(5000, after_s=120), at(50, after_s=60))
    third = near(away, Whereabouts(at(0, after_s=120)), 120, second.state)
    fourth = near(Whereabouts(at(5050, after_s=180)), Whereabouts(at(0, after_s=180)), 180, third.state)
    assert (fourth.level, fourth.certainty) == (Level.CLEAR, Certainty.CONFIRMED)


def test_one_chance_reading_is_taken_back():
    first = near(Whereabouts(at(50)), Whereabouts(at(0)))
    second = near(Whereabouts(at(3000, after_s=60)), Whereabouts(at(0, after_s=60)), 60, first.state)
    assert (second.level, second.certainty) == (Level.CLEAR, Certainty.WITHDRAWN)


def test_an_old_position_is_less_sure():
    fresh, old = near(Whereabouts(at(150)), Whereabouts(at(0))), near(Whereabouts(at(150)), Whereabouts(at(0)), 1800)
    assert fresh.level is Level.BREACH
    assert old.level is Level.BUFFER
    assert old.certainty is Certainty.UNCONFIRMED
    assert old.doubt_m > 10 * fresh.doubt_m
    assert "the wearer's position is 30 min old, the other 30 min" in old.reasons
    walker, rider = Whereabouts(at(150, speed_mps=1.0)), Whereabouts(at(150, speed_mps=9.0))
    assert near(rider, Whereabouts(at(0)), 60).doubt_m > near(walker, Whereabouts(at(0)), 60).doubt_m


def test_what_cannot_be_judged_is_refused():
    one, other = Whereabouts(at(50, after_s=60)), Whereabouts(at(0))
    with pytest.raises(ValueError, match="before a fix"):
        near(one, other, 30)
    with pytest.raises(ValueError, match="before a fix"):
        near(other, other, 30, MovingState(START + 60, False, False, 0))
    with pytest.raises(ValueError, match="radius"):
        near(one, other, 60, radius_m=0)
    for text in ("{}", "[1,2,3]", '[1,2,3,"x"]', "x"):
        with pytest.raises(ValueError):
            MovingState.from_json(text)


def test_the_third_passage_within_an_hour_is_an_alert_of_its_own():
    there_and_back = [START, START + 600]
    assert not are_repeated(there_and_back, START + 600)
    assert are_repeated([*there_and_back, START + 1200], START + 1200)
    assert not are_repeated([*there_and_back, START + REPEATED_WITHIN_S + 1], START + REPEATED_WITHIN_S + 1)


def _day():
    """Two bus rides through the zone at 08:15 and 17:00, and a visit of five minutes at 12:00."""
    minutes = []
    for minute in range(0, 24 * 60):
        east = 9000.0
        for start in (15, 540):
            if start - 15 <= minute < start + 15:
                east = (minute - start) * 600.0 + 300
        if 240 <= minute < 245:
            east = (minute - 240) * 5.0
        minutes.append(at(east, minute % 7, after_s=minute * 60))
    return minutes


def test_a_replay_says_what_the_zone_would_have_raised():
    zone = circle()
    found = replay(zone, list(reversed(_day())))
    assert found.fixes == 1440
    breaches = [alert for alert in found.alerts if alert.level is Level.BREACH]
    assert len(breaches) == 3
    assert found.pass_throughs == 2
    assert found.breaches_confirmed + found.breaches_unconfirmed + found.breaches_withdrawn == 3
    assert [hour for hour, count in enumerate(found.by_hour) if count] == [8, 12, 17]
    assert found.buffers == len(found.alerts) - 3
    visit = breaches[1]
    assert visit.certainty is Certainty.CONFIRMED
    assert not visit.is_pass_through
    assert visit.nearest_m == pytest.approx(-100, abs=6)
    assert visit.ended_at - visit.began_at <= 480


def test_a_replay_equals_judging_every_fix():
    zone, fixes = circle(), _day()
    alerts = [alert for alert in replay(zone, fixes).alerts if alert.level is Level.BREACH]
    levels = [d.level is Level.BREACH for d in judge(zone, fixes)]
    begins = [fixes[n].fix_time for n, now in enumerate(levels) if now and not (n and levels[n - 1])]
    assert [alert.began_at for alert in alerts] == begins


def test_a_replay_of_few_or_no_fixes_and_of_a_standing_alert():
    assert replay(circle(), []).alerts == ()
    assert replay(circle(), [at(90_000), at(90_001, after_s=60)]).alerts == ()
    standing = replay(circle(), [at(0), at(0), at(1, after_s=60)])
    assert standing.alerts[0].ended_at is None
    assert standing.fixes == 3
    home = Zone.from_geojson(feature(kind="inclusion", radius_m=100, buffer_m=0))
    out = replay(home, [at(0), at(900, after_s=60), at(905, after_s=120), at(0, after_s=180), at(1, after_s=240)])
    assert out.breaches_confirmed == 1


def test_a_withdrawn_alert_is_counted_as_one():
    fixes = [at(2000), at(2000.5, after_s=60), at(0, after_s=120), at(2000, 1, after_s=180)]
    found = replay(circle(), fixes)
    assert (found.breaches_withdrawn, found.breaches_unconfirmed, found.breaches_confirmed) == (1, 0, 0)


def test_words_for_lengths_and_times():
    assert [span(s) for s in (59.6, 119, 600, 7200)] == ["60 s", "119 s", "10 min", "2 h"]
    assert [metres(m) for m in (0.4, 9999, 10_000, 123_456)] == ["0 m", "9999 m", "10 km", "123 km"]
