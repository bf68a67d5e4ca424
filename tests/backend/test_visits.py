"""The stays that a row of decisions shows: when each began and ended, and what is none."""

from __future__ import annotations

import pytest

from backend.ingest.visits import visits
from tests import cases
from tests.world import HOME
from zones import Certainty, Fix, Zone, judge_late
from zones.geo import Frame

ZONE = Zone.from_geojson(cases.circle(*HOME))
IN, OUT = 0.0, 4_700.0

# Minutes and metres from the centre, and the stays from minute to minute.
ROWS = {
    "nobody was there": ([(0, OUT), (10, OUT)], []),
    "one stay": ([(0, OUT), (10, IN), (15, IN), (25, OUT)], [(10, 15)]),
    "two stays": ([(0, OUT), (10, IN), (20, OUT), (40, OUT), (60, IN), (70, OUT)], [(10, 10), (60, 60)]),
    "who comes back within ten minutes has not gone": (
        [(0, OUT), (10, IN), (11, IN), (15, OUT), (16, OUT), (20, IN), (21, IN), (40, OUT)],
        [(10, 21)],
    ),
    "inside, and half an hour later inside": ([(0, OUT), (10, IN), (40, IN), (60, OUT)], [(10, 40)]),
    "a stay that begins with the first fix": ([(0, IN), (2, IN), (20, OUT)], [(0, 2)]),
}


@pytest.mark.parametrize("row", ROWS)
def test_stays(row: str) -> None:
    told, expected = ROWS[row]
    fixes = [Fix(60.0 * minute, *cases.east_of(HOME, metres), accuracy_m=6.0) for minute, metres in told]
    seen = [(decision.fix_time, decision) for decision in judge_late(ZONE, fixes)]
    found = visits(seen, is_open=True)
    assert [(stay.began_at / 60, stay.ended_at / 60) for stay in found] == expected
    assert not any(stay.is_ongoing for stay in found)


def test_a_stay_goes_on_where_the_newest_fix_lies_inside() -> None:
    fixes = [Fix(60.0 * n, *cases.east_of(HOME, metres), accuracy_m=6.0) for n, metres in enumerate([OUT, IN, IN])]
    seen = [(decision.fix_time, decision) for decision in judge_late(ZONE, fixes)]
    assert [stay.is_ongoing for stay in visits(seen, is_open=True)] == [True]
    assert [stay.is_ongoing for stay in visits(seen, is_open=False)] == [False]


def test_what_better_fixes_take_back_is_no_stay_where_it_lay_at_the_edge() -> None:
    near = [
        Fix(0.0, *cases.east_of(HOME, 300.0), accuracy_m=6.0),
        Fix(60.0, *cases.east_of(HOME, 240.0), accuracy_m=40),
    ]
    fixes = [*near, *(Fix(60.0 * n, *cases.east_of(HOME, 300.0 + n), accuracy_m=6.0) for n in range(2, 6))]
    decisions = judge_late(ZONE, fixes)
    assert Certainty.WITHDRAWN in [decision.certainty for decision in decisions]
    assert visits([(one.fix_time, one) for one in decisions], is_open=True) == []


@pytest.mark.parametrize("is_seen_to_end", [True, False], ids=["its end confirms it", "it has not ended"])
def test_a_stay_that_its_end_confirms_is_confirmed(is_seen_to_end: bool) -> None:
    frame = Frame(*HOME)
    way = [(-800, 8), (-600, 8), (-400, 8), (-230, 8), (0, 90), (230, 8), *([(420, 8)] if is_seen_to_end else [])]
    fixes = [Fix(60.0 * n, *frame.to_degrees(120.0, north), accuracy_m=acc) for n, (north, acc) in enumerate(way)]
    (stay,) = visits([(one.fix_time, one) for one in judge_late(ZONE, fixes)], is_open=True)
    assert (stay.peak.certainty is Certainty.CONFIRMED) is is_seen_to_end
    assert any("the wearer was inside" in reason for reason in stay.peak.reasons) is is_seen_to_end
