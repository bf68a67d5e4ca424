"""Cases of one tag at one zone, each a sentence an officer would agree or disagree with."""

from __future__ import annotations

import math
import re

import pytest
from zone_makers import START, at, circle, judge, last, square, told

from zones import Certainty, Fix, Level, Source, decide, judge_instant
from zones.evidence import MODEL, T_RADIUS_95, Model, accuracy_m, probability_inside, t_below

WALK_IN = [at(300 - 1.4 * s, after_s=s) for s in range(0, 240, 15)]
WALK_OUT = [at(-36 + 2.0 * (s - 240), after_s=s) for s in range(240, 480, 15)]


@pytest.mark.parametrize(
    ("fixes", "expected"),
    [
        pytest.param(
            [at(0)], ("breach", "unconfirmed"), id="the first fix ever, deep inside, raises but cannot confirm"
        ),
        pytest.param(
            [at(0), at(3, after_s=60)], ("breach", "confirmed"), id="a second fix inside a minute later confirms"
        ),
        pytest.param(
            [at(0), at(0, after_s=2)], ("breach", "unconfirmed"), id="the same place again is a small witness"
        ),
        pytest.param(
            [at(0), at(0, after_s=60)], ("breach", "confirmed"), id="a receiver that holds still inside is believed"
        ),
        pytest.param(
            [at(0), at(3, after_s=60), *(at(2500, after_s=120 + 60 * n) for n in range(4))],
            ("clear", "confirmed"),
            id="a tag at rest far away lets the alert end",
        ),
        pytest.param(
            [at(0), at(0, after_s=60, accuracy_m=40)],
            ("breach", "unconfirmed"),
            id="nor is a stale one, less sure each time",
        ),
        pytest.param(
            [at(105)], ("buffer", "unconfirmed"), id="5 m outside within ±8 m may be inside: not told as clear"
        ),
        pytest.param([at(95)], ("breach", "unconfirmed"), id="just inside is a breach at once"),
        pytest.param([at(250)], ("buffer", "confirmed"), id="in the ring around the zone is the buffer"),
        pytest.param([at(2000)], ("clear", "confirmed"), id="far away is clear"),
        pytest.param(
            [at(0, accuracy_m=5000)], ("buffer", "unconfirmed"), id="±5,000 m at the very middle is no breach"
        ),
        pytest.param([at(900, accuracy_m=5000)], ("clear", "unconfirmed"), id="and nowhere is it a sure all-clear"),
        pytest.param(
            [at(0, accuracy_m=900, source=Source.CELL)], ("buffer", "unconfirmed"), id="a cell tower is no breach"
        ),
        pytest.param(
            [at(0, accuracy_m=0)], ("breach", "unconfirmed"), id="accuracy 0 means unknown and is judged by default"
        ),
        pytest.param(
            [at(0, accuracy_m=None, source=Source.CELL)], ("buffer", "unconfirmed"), id="a tower of unknown size"
        ),
        pytest.param(WALK_IN, ("breach", "confirmed"), id="walking in is confirmed"),
        pytest.param([*WALK_IN, *WALK_OUT], ("clear", "confirmed"), id="walking out and away ends it"),
        pytest.param(
            [at(2000), at(2000.5, after_s=60), at(0, after_s=120)],
            ("breach", "unconfirmed"),
            id="a tag at rest that jumps into the zone raises and does not confirm",
        ),
        pytest.param(
            [at(2000), at(2000.5, after_s=60), at(0, after_s=120), at(2000, 1, after_s=180)],
            ("clear", "withdrawn"),
            id="and when it is back where it was, the breach is taken back",
        ),
        pytest.param(
            [at(900_000), at(0, after_s=60)],
            ("breach", "unconfirmed"),
            id="an impossible jump inside is told, not believed",
        ),
        pytest.param(
            [at(0), at(3, after_s=60), at(600, after_s=120)],
            ("breach", "confirmed"),
            id="one far fix from rest does not end a confirmed breach",
        ),
        pytest.param(
            [at(0), at(3, after_s=60), at(600, after_s=120), at(604, after_s=180)],
            ("clear", "confirmed"),
            id="two do",
        ),
        pytest.param(
            [at(0), at(3, after_s=60), at(150, accuracy_m=900, after_s=120)],
            ("breach", "confirmed"),
            id="a cell tower does not end a breach",
        ),
        pytest.param(
            [at(-400), at(400, after_s=60)], ("breach", "unconfirmed"), id="on both sides a minute apart is a crossing"
        ),
        pytest.param(
            [at(-400), at(400, after_s=60), at(900, after_s=120)],
            ("clear", "confirmed"),
            id="which is over once he is away",
        ),
        pytest.param(
            [at(-400, 300), at(400, 300, after_s=60)], ("clear", "confirmed"), id="past the zone is no crossing"
        ),
        pytest.param(
            [at(-400), at(400, after_s=1900)],
            ("clear", "confirmed"),
            id="after half an hour of silence no way is assumed",
        ),
        pytest.param(
            [at(-400, accuracy_m=600), at(400, accuracy_m=600, after_s=60)],
            ("clear", "unconfirmed"),
            id="two coarse fixes on both sides are no crossing, nor a sure all-clear",
        ),
        pytest.param([at(301), at(305, after_s=60)], ("clear", "confirmed"), id="just beyond the buffer is clear"),
        pytest.param(
            [at(299), at(305, after_s=60)],
            ("buffer", "confirmed"),
            id="having been in it, so near its edge is not yet out",
        ),
        pytest.param(
            [at(299), at(400, accuracy_m=300, after_s=60)],
            ("buffer", "unconfirmed"),
            id="nor is a coarse fix outside it",
        ),
    ],
)
def test_what_is_told(fixes, expected):
    assert told(last(circle(), *fixes)) == expected


def test_on_the_line_is_inside():
    zone = circle()
    decision = decide(zone, at(100), None)
    assert abs(decision.distance_m) < 0.01
    assert decide(zone, at(99.9), None).level is Level.BREACH


def test_a_hole_is_outside_and_its_rim_is_not():
    zone = square(300, 100)
    assert decide(zone, at(0), None).distance_m == pytest.approx(100, abs=0.1)
    assert decide(zone, at(0), None).level is Level.BUFFER
    assert decide(zone, at(200), None).level is Level.BREACH


def test_two_zones_at_once_are_judged_apart():
    near, far = circle(), square(5000)
    assert decide(near, at(1000), None).level is Level.CLEAR
    assert decide(far, at(1000), None).level is Level.BREACH


@pytest.mark.parametrize("kind", ["inclusion", "restriction"])
def test_outside_a_zone_to_stay_in_is_the_breach(kind):
    home = circle(kind=kind, buffer_m=20)
    inside, out = judge(home, [at(0), at(150, after_s=60)])
    assert told(inside) == ("clear", "confirmed")
    assert inside.distance_m == pytest.approx(100, abs=0.1)
    assert told(out) == ("breach", "unconfirmed")
    assert out.distance_m == pytest.approx(-50, abs=0.1)
    assert "50 m outside the edge of a zone to stay in, ±8 m" in out.reasons
    assert decide(home, at(85), None).level is Level.BUFFER
    assert judge_instant(home, inside.state, START + 60).probability_inside < 0.5


def test_a_silent_tag_beside_a_zone_could_be_there():
    zone = circle()
    state = decide(zone, at(320), None).state
    soon, later = judge_instant(zone, state, START + 60), judge_instant(zone, state, START + 3600)
    assert (told(soon), soon.could_be_inside) == (("clear", "confirmed"), False)
    assert (told(later), later.could_be_inside) == (("buffer", "unconfirmed"), True)
    assert later.reasons[-1] == "could be past the line by now"
    assert "no fix for 60 min" in later.reasons
    assert later.state is state


def test_a_confirmed_breach_is_less_sure_after_ten_minutes_of_silence():
    zone = circle()
    state = last(zone, at(0), at(3, after_s=60)).state
    assert told(judge_instant(zone, state, START + 660)) == ("breach", "confirmed")
    assert told(judge_instant(zone, state, START + 661)) == ("breach", "unconfirmed")
    with pytest.raises(ValueError, match="before the last fix"):
        judge_instant(zone, state, START)


def test_a_silence_long_enough_to_have_been_inside_says_so():
    decision = last(circle(), at(500), at(510, after_s=1800))
    assert decision.could_be_inside
    assert "could have been there in the 30 min without a fix" in decision.reasons


def test_a_crossing_says_when_and_how_sure():
    decision = last(circle(), at(-400), at(400, after_s=60))
    assert decision.crossing_at == pytest.approx(START + 30, abs=6)
    assert decision.breach_since == decision.crossing_at
    percent = round(100 * decision.path_probability)
    assert f"the way between two fixes 60 s apart led through the zone ({percent} %)" in decision.reasons
    assert decision.certainty is Certainty.UNCONFIRMED


def test_a_way_is_looked_at_again_with_the_direction_that_the_next_fix_shows():
    bend = [at(-500, -200), at(-130, -160, after_s=60), at(130, -160, after_s=120)]
    onwards, back = at(500, -160, after_s=150), at(150, 200, after_s=150)
    assert last(circle(), *bend, onwards).path_probability <= last(circle(), *bend, back).path_probability


def test_entering_between_two_fixes_gives_the_time_of_the_edge():
    decision = last(circle(), at(200), at(0, after_s=60))
    assert decision.crossing_at == pytest.approx(START + 30, abs=0.1)
    assert decision.fixes_inside == 1


def test_approach_gives_speed_and_time_to_the_edge():
    decision = last(circle(), at(300), at(258, after_s=30), at(216, after_s=60))
    assert decision.closing_mps == pytest.approx(1.4, abs=0.01)
    assert decision.time_to_edge_s == pytest.approx(116 / 1.4, rel=0.01)
    assert "closing at 3.1 mph, 83 s to the edge" in decision.reasons


@pytest.mark.parametrize(
    ("speed", "turn", "expected"),
    [
        pytest.param(12, 0, True, id="a bus straight through"),
        pytest.param(1.4, 0, False, id="a walker is no passage"),
        pytest.param(12, 90, False, id="nor is a car that turns"),
    ],
)
def test_pass_through(speed, turn, expected):
    fixes = [at(-speed * 45 + speed * s, turn if s >= 45 else 0, after_s=s) for s in range(0, 61, 15)]
    breaches = [d for d in judge(circle(), fixes) if d.level is Level.BREACH]
    assert breaches
    assert breaches[-1].is_pass_through is expected
    if expected:
        assert "steady vehicle speed on a straight line: looks like a passage" in breaches[-1].reasons


def test_a_bus_that_stops_in_the_zone_is_no_longer_a_passage():
    fixes = [at(-540 + 12 * s, after_s=s) for s in range(0, 46, 15)]
    stopped = [at(s, after_s=45 + 15 * s) for s in range(1, 4)]
    assert [d.is_pass_through for d in judge(circle(), [*fixes, *stopped])][-4:] == [True, False, False, False]


def test_a_slow_reading_of_its_own_speed_makes_a_moving_tag():
    assert told(decide(circle(), at(0, speed_mps=2.0), None)) == ("breach", "confirmed")


def test_a_fix_that_is_not_newer_is_refused():
    zone = circle()
    state = decide(zone, at(0), None).state
    for after in (0, -1):
        with pytest.raises(ValueError, match="use redecide"):
            decide(zone, at(0, after_s=after), state)


@pytest.mark.parametrize(
    ("fix", "expected"),
    [
        (at(0, accuracy_m=3), MODEL.floor_m),
        (at(0, accuracy_m=30), 30),
        (at(0, accuracy_m=None), MODEL.unclaimed_gnss_m),
        (at(0, accuracy_m=None, source=Source.GNSS), MODEL.unclaimed_gnss_m),
        (at(0, accuracy_m=None, source=Source.WIFI), MODEL.unclaimed_wifi_m),
        (at(0, accuracy_m=None, source=Source.RF), MODEL.unclaimed_rf_m),
        (at(0, accuracy_m=None, source=Source.CELL), MODEL.unclaimed_cell_m),
    ],
)
def test_accuracy_by_claim_and_source(fix, expected):
    assert accuracy_m(fix) == expected


def test_the_error_law_holds_its_radii():
    # Along one axis the law is Student's t with 3 degrees of freedom: 95 % two-sided at 3.182.
    assert t_below(3.182) == pytest.approx(0.975, abs=1e-4)
    assert t_below(0) == 0.5
    assert pytest.approx(0.05, abs=1e-3) == (1 + T_RADIUS_95**2 / 3) ** -1.5
    assert probability_inside(0, 1, 1e6, 1e6) == pytest.approx(0.5, abs=1e-4)


def test_numbers_in_the_reasons_are_those_of_the_fix():
    zone = circle()
    for east in (0, 40, 95, 130, 333, 5000, 20_000):
        fix = at(east, accuracy_m=17)
        decision = decide(zone, fix, None)
        gap = zone.distance_m(fix.lat, fix.lon)
        text = next(reason for reason in decision.reasons if "the edge" in reason)
        number, unit, side = re.match(r"(\d+) (m|km) (inside|outside) the edge, ±17 m$", text).groups()
        assert float(number) * (1000 if unit == "km" else 1) == pytest.approx(
            abs(gap), abs=500 if unit == "km" else 0.51
        )
        assert (side == "inside") == (gap <= 0)


def test_other_reasons():
    zone = circle()
    first, again = judge(zone, [at(0), at(0, after_s=60)])
    assert first.reasons[0] == "1 fix past the line"
    assert "the same position again: little new" in again.reasons
    assert last(zone, at(0), at(3, after_s=240)).reasons[0] == "2 fixes past the line in 4 min"
    assert (
        decide(zone, at(0, accuracy_m=None), None).reasons[1] == "100 m inside the edge, ±15 m assumed, none reported"
    )
    jumped = last(zone, at(900_000), at(0, after_s=60))
    assert "too far from the last fix to have travelled: the position may be wrong" in jumped.reasons
    near = decide(zone, at(105), None)
    assert f"could be past the line ({round(100 * near.probability_inside)} %)" in near.reasons
    back = last(zone, at(2000), at(2000.5, after_s=60), at(0, after_s=120), at(2000, 1, after_s=180))
    assert "the fixes before and after say that the wearer was not inside: the breach is taken back" in back.reasons


def test_a_model_can_be_given():
    shy = Model(believe=0.99999)
    assert decide(circle(), at(0), None, shy).level is Level.BUFFER


def test_a_coarse_fix_does_not_break_the_way_between_two_good_ones():
    fixes = [at(-400), at(-300, 200, after_s=20, accuracy_m=400), at(400, after_s=60)]
    assert last(circle(), *fixes).level is Level.BREACH
    assert not math.isnan(last(circle(), *fixes).distance_m)


def test_a_fix_carries_its_time_unchanged():
    assert decide(circle(), Fix(START + 0.25, 51.5, -0.12), None).fix_time == START + 0.25
