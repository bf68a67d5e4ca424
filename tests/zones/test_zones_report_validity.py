"""What a report may be used for: one that cannot be true, or says nothing, only ever raises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zone_makers import LAT, LON, START, at, circle, judge, last, told

from zones import Certainty, Doubt, Fix, Level, PlaceState, Source, decide, judge_late, read_validity
from zones.evidence import MODEL, accuracy_m
from zones.late import order
from zones.trail import Trail

INSIDE = [at(0), at(3, after_s=60), at(-2, after_s=120)]
SIX = range(180, 540, 60)


def place(lat: float, lon: float, after_s: float, **more) -> Fix:
    return Fix(START + after_s, lat, lon, 8.0, **more)


NOTHING = {
    "null island": lambda s: place(0.0, 0.0, s),
    "near null island": lambda s: place(0.01, -0.2, s),
    "a latitude of nought": lambda s: place(0.0, LON, s),
    "a pole": lambda s: place(90.0, LON, s),
    "the longitude's sign lost": lambda s: place(LAT, -LON, s),
    "the longitude lost": lambda s: place(LAT, 0.0, s),
    "the latitude's sign lost": lambda s: place(-LAT, LON, s),
    "both signs lost": lambda s: place(-LAT, -LON, s),
    "axes swapped": lambda s: place(LON, LAT, s),
    "axes swapped and a sign lost": lambda s: place(-LON, LAT, s),
    "300 km off": lambda s: at(300_000 + s, after_s=s),
    "marked invalid": lambda s: at(5_000 + s, after_s=s, is_valid=False),
    "marked invalid inside": lambda s: at(s / 10, after_s=s, is_valid=False),
    "no satellite": lambda s: at(5_000 + s, after_s=s, satellites=0),
    "no satellite of a satellite fix": lambda s: at(5_000 + s, after_s=s, satellites=0, source=Source.GNSS),
    "a tower in the zone": lambda s: at(s / 10, after_s=s, accuracy_m=900, source=Source.CELL),
    "a tower beside the zone": lambda s: at(700 + s, after_s=s, accuracy_m=700, source=Source.CELL),
    "a tower that claims 30 m": lambda s: at(600 + s, after_s=s, accuracy_m=30, source=Source.CELL),
    "a tower of unknown doubt": lambda s: at(1500 + s, after_s=s, accuracy_m=None, source=Source.CELL),
    "a source that nobody knows": lambda s: at(1500 + s, after_s=s, accuracy_m=None, source=Source.UNKNOWN),
    "a coarse receiver around the zone": lambda s: at(s / 2, after_s=s, accuracy_m=600),
    "a wide claim around a small zone": lambda s: at(s / 10, after_s=s, accuracy_m=95),
}


@pytest.mark.parametrize("radius_m", [20, 100, 500])
@pytest.mark.parametrize("name", NOTHING)
def test_six_reports_that_say_nothing_end_no_breach(name, radius_m):
    decisions = judge(circle(radius_m=radius_m), [*INSIDE, *(NOTHING[name](s) for s in SIX)])[2:]
    assert {told(decision) for decision in decisions} == {("breach", "confirmed")}


@pytest.mark.parametrize("name", sorted(NOTHING.keys() - {"a wide claim around a small zone"}))
def test_nor_take_an_unconfirmed_one_back_nor_confirm_it(name):
    first = [at(2000), at(2000.5, after_s=60), at(0, after_s=120)]
    decisions = judge(circle(radius_m=100), [*first, *(NOTHING[name](s) for s in SIX)])[2:]
    assert {told(decision) for decision in decisions} == {("breach", "unconfirmed")}


def test_a_crossing_is_not_over_because_of_them_either():
    crossed = [at(-400), at(400, after_s=60)]
    assert told(last(circle(), *crossed, place(0.0, 0.0, 120))) == ("breach", "unconfirmed")


@pytest.mark.parametrize(
    "more",
    [
        {"is_valid": False},
        {"satellites": 0},
        {"source": Source.UNKNOWN},
        {"source": Source.UNKNOWN, "accuracy_m": None},
    ],
)
def test_inside_they_raise_and_no_number_of_them_confirms(more):
    fixes = [at(2000), *(at(s / 10, after_s=s, **more) for s in SIX)]
    decisions = judge(circle(), fixes)[1:]
    assert {told(decision) for decision in decisions} == {("breach", "unconfirmed")}
    back = judge(circle(), [*fixes, at(2000, after_s=600), at(2003, after_s=660)])[-2:]
    assert back[-1].level is Level.CLEAR
    # A claim of 8 m by an unknown source may have been right, and that visit is over; the others speak for no visit.
    ended_as = Certainty.UNCONFIRMED if more == {"source": Source.UNKNOWN} else Certainty.WITHDRAWN
    assert ended_as in {decision.visit for decision in back}


def test_one_that_nobody_can_weigh_is_no_all_clear_even_as_the_first():
    for make in (NOTHING["null island"], NOTHING["marked invalid"]):
        assert told(last(circle(), make(0))) == ("clear", "unconfirmed")
        assert told(last(circle(), make(0), at(0, after_s=60))) == ("breach", "unconfirmed")
        assert told(last(circle(), make(0), at(2000, after_s=60))) == ("clear", "confirmed")


def test_what_stood_is_told_with_the_reason():
    decision = last(circle(), *INSIDE, place(0.0, 0.0, 180))
    assert decision.doubt is Doubt.NOWHERE
    assert "a position at which no tag can be" in decision.reasons
    assert "such a report ends, clears and confirms nothing" in decision.reasons
    assert decision.distance_m == pytest.approx(-98, abs=1)


def test_a_wild_place_pins_nobody():
    away = [at(800 + 100 * n, after_s=240 + 60 * n) for n in range(4)]
    assert told(last(circle(), *INSIDE, at(50_000, after_s=180), *away)) == ("clear", "confirmed")


def test_a_first_place_that_was_wild_gives_way_to_those_that_follow():
    fixes = [at(0), *(at(900_000 + 20 * n, after_s=60 * n + 60) for n in range(6))]
    assert last(circle(), *fixes).level is Level.CLEAR
    assert told(last(circle(), at(900_000), at(0, after_s=60), at(3, after_s=120))) == ("breach", "confirmed")


def test_after_an_impossible_step_places_that_could_have_been_reached_by_now_decide():
    far = [at(20_000 + n, after_s=180 + 60 * n) for n in range(10)]
    decisions = judge(circle(), [*INSIDE, *far])
    assert {told(decision) for decision in decisions[2:8]} == {("breach", "confirmed")}
    assert told(decisions[-1]) == ("clear", "confirmed")


def test_far_towers_say_again_and_again_that_the_wearer_has_left_and_one_does_not():
    tower = [at(5_000 + 200 * n, after_s=420 + 300 * n, accuracy_m=700, source=Source.CELL) for n in range(4)]
    decisions = judge(circle(), [*INSIDE, *tower])[2:]
    assert told(decisions[1]) == ("breach", "confirmed")
    assert told(decisions[-1]) == ("clear", "confirmed")


@pytest.mark.parametrize("name", ["the longitude's sign lost", "the longitude lost"])
@pytest.mark.parametrize("every_s", [300, 900, 3600])
def test_the_last_place_with_a_sign_lost_is_no_all_clear_however_slowly_it_comes(name, every_s):
    fixes = [*INSIDE, *(NOTHING[name](120 + every_s * n) for n in range(1, 9))]
    decisions = judge(circle(), fixes)[2:]
    assert {told(decision) for decision in decisions} == {("breach", "confirmed")}


def test_who_walks_over_the_prime_meridian_is_believed():
    zone_lon = -0.004
    zone = circle()
    feature = zone.to_geojson()
    feature["geometry"]["coordinates"] = [zone_lon, LAT]
    zone = type(zone).from_geojson(feature)
    steps = [place(LAT, zone_lon, 0), place(LAT, zone_lon + 1e-5, 60)]
    steps += [place(LAT, zone_lon + 0.0012 * n, 60 + 60 * n) for n in range(1, 8)]
    assert told(last(zone, *steps)) == ("clear", "confirmed")


@pytest.mark.parametrize("name", ["null island", "the longitude's sign lost", "axes swapped", "300 km off"])
def test_a_place_that_cannot_be_true_is_outside_nothing(name):
    home = circle(kind="inclusion", buffer_m=20)
    at_home = judge(home, [*INSIDE, *(NOTHING[name](s) for s in SIX)])[2:]
    assert {decision.level for decision in at_home} == {Level.CLEAR}
    out = [at(700 + n, after_s=60 * n) for n in range(3)]
    gone = judge(home, [*out, *(NOTHING[name](s) for s in SIX)])[2:]
    assert {told(decision) for decision in gone} == {("breach", "confirmed")}


@pytest.mark.parametrize(
    ("word", "source"),
    [
        *((word, Source.CELL) for word in ("cell", "CELL", " Cell ", "LBS", "network", "gsm", "GSM", "cell_tower")),
        *((word, Source.WIFI) for word in ("wifi", "WIFI", "Wi-Fi", "WLAN")),
        *((word, Source.GNSS) for word in ("gnss", "GPS", "gps")),
        *((word, Source.RF) for word in ("rf", "RF", "beacon")),
        *((word, Source.UNKNOWN) for word in ("fused", "", "???", "hybrid", 5, True, ["cell"], {})),
        (None, None),
    ],
)
def test_a_source_by_any_word(word, source):
    assert Source.read(word) is source


def test_an_unknown_source_is_as_coarse_as_the_coarsest():
    assert accuracy_m(at(0, accuracy_m=None, source=Source.UNKNOWN)) == MODEL.unclaimed_cell_m


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        *(({"valid": value}, False) for value in (False, 0, 0.0, "false", "0", "V", "no", "invalid")),
        *(({"valid": value}, True) for value in (True, 1, "A", "true")),
        ({"is_valid": False}, False),
        ({"gpsValid": 0}, False),
        ({"status": "V"}, False),
        ({"fix_type": "none"}, False),
        ({"fixQuality": 0}, False),
        ({"mock": True}, False),
        ({"gnssFixOK": False}, False),
        ({"hdop": 99.99}, False),
        ({"HDOP": "99.9"}, False),
        ({"hdop": 12.0}, None),
        ({"hdop": "good"}, None),
        ({"attributes": {"valid": False}}, False),
        ({"attributes": {"valid": True}}, None),
        ({"a": {"b": {"valid": False}}}, None),
        ({"fix_type": 3}, None),
        ({"mock": False}, None),
        ({"status": "moving"}, None),
        ({"valid": None}, None),
        ({"signal": 0}, None),
        ({}, None),
    ],
)
def test_what_a_receiver_says_of_itself(sent, said):
    assert read_validity(sent) is said


def test_of_one_instant_the_best_is_judged():
    real, nowhere, tower = at(0), place(0.0, 0.0, 0), at(0, accuracy_m=900, source=Source.CELL)
    assert min([nowhere, tower, real], key=order) is real
    assert judge_late(circle(), [nowhere, tower, real])[-1].level is Level.BREACH


METRES = st.floats(-1500, 1500)
WALK = st.lists(
    st.tuples(METRES, METRES, st.floats(1, 900), st.one_of(st.none(), st.floats(1, 1500))), min_size=1, max_size=15
)
GAPS = st.floats(1, 900)
ONE = st.one_of(
    st.tuples(st.just("nowhere"), st.sampled_from([(0.0, 0.0), (0.0, LON), (0.2, -0.1), (90.0, 10.0), (-89.9, 0.0)])),
    st.tuples(st.just("invalid"), st.tuples(METRES, METRES)),
    st.tuples(st.just("no satellite"), st.tuples(METRES, METRES)),
    st.tuples(st.just("far"), st.tuples(st.floats(1_600_000, 9_000_000), METRES)),
    st.tuples(st.just("tower"), st.tuples(st.floats(-1000, 1000), st.floats(0, 1))),
)


def worthless(kind: str, how: tuple[float, float], now: float) -> Fix:
    if kind == "nowhere":
        return Fix(now, *how, 8.0)
    if kind == "tower":
        # Its 68 % circle reaches over the edge of a zone of 300 m, wherever it is centred.
        return at(how[0], after_s=now - START, accuracy_m=1000 + 1000 * how[1], source=Source.CELL)
    more = {"is_valid": False} if kind == "invalid" else {"satellites": 0} if kind == "no satellite" else {}
    return at(*how, after_s=now - START, **more)


@given(WALK, st.lists(st.tuples(ONE, GAPS), min_size=1, max_size=15), st.sampled_from(["exclusion", "inclusion"]))
def test_from_any_state_worthless_reports_lower_end_clear_and_confirm_nothing(steps, reports, kind):
    zone = circle(radius_m=300, kind=kind)
    now, fixes = 0.0, []
    for east, north, gap, accuracy in steps:
        now += round(gap, 1)
        fixes.append(at(east, north, after_s=now, accuracy_m=accuracy))
    decision = judge(zone, fixes)[-1]
    for (which, how), gap in reports:
        before, state = decision, PlaceState.from_json(decision.state.to_json())
        decision = decide(zone, worthless(which, how, state.fix_time + round(gap, 1)), state)
        assert decision.level >= before.level
        assert decision.certainty is not Certainty.WITHDRAWN
        if decision.level is Level.BREACH:
            was_confirmed = before.level is Level.BREACH and before.certainty is Certainty.CONFIRMED
            assert (decision.certainty is Certainty.CONFIRMED) == was_confirmed
        if decision.level is Level.CLEAR and before.certainty is not Certainty.CONFIRMED:
            assert decision.certainty is Certainty.UNCONFIRMED


@given(WALK, st.lists(st.tuples(ONE, GAPS), min_size=1, max_size=8))
def test_a_trail_is_moved_by_no_worthless_report_and_survives_being_written_down(steps, reports):
    now, trail = 0.0, None
    for east, north, gap, accuracy in steps:
        now += round(gap, 1)
        fix = at(east, north, after_s=now, accuracy_m=accuracy)
        trail = Trail.begin(fix, MODEL) if trail is None else trail.then(fix, MODEL)[0]
        assert Trail.read(trail.flat()) == trail
    for (which, how), gap in reports:
        if which in ("nowhere", "invalid", "no satellite"):
            now += round(gap, 1)
            assert trail.then(worthless(which, how, START + now), MODEL)[0] == trail
