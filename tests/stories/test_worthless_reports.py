"""Reports that cannot be true, or say nothing: they end no breach, tell no one that it is over, and still raise."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from backend import db
from backend.models import Fix
from tests.stories.test_moving_places import MARKET_M, agrees
from tests.stories.test_time import set_zone
from tests.world import HOME, World
from zones.geo import Frame

Bad = Callable[[World], dict[str, Any]]


def moved(world: World, lat: float, lon: float, **more: Any) -> dict[str, Any]:
    return world.tag.fix(0.0, **{"lat": lat, "lon": lon, **more})


def tower(metres: float = 0.0, accuracy_m: Any = 900.0, word: Any = "cell") -> Bad:
    return lambda world: world.tag.fix(metres + world.tag.sent, accuracy_m=accuracy_m, source=word)


LAT, LON = HOME
WORTHLESS: dict[str, Bad] = {
    "null island": lambda world: moved(world, 0.0, 0.0),
    "beside null island": lambda world: moved(world, 0.0004, -0.0011),
    "a latitude of nought": lambda world: moved(world, 0.0, LON),
    "the longitude's sign lost": lambda world: moved(world, LAT, -LON),
    "the longitude lost": lambda world: moved(world, LAT, 0.0),
    "the latitude's sign lost": lambda world: moved(world, -LAT, LON),
    "axes swapped": lambda world: moved(world, LON, LAT),
    "a jump that no vehicle makes": lambda world: world.tag.fix(300_000.0),
    "marked invalid": lambda world: world.tag.fix(5_000.0, valid=False),
    "void, as NMEA says it": lambda world: world.tag.fix(5_000.0, status="V"),
    "no fix, in its own word": lambda world: world.tag.fix(5_000.0, fix_type="none"),
    "no satellite": lambda world: world.tag.fix(5_000.0, satellites=0, source="gnss"),
    "a tower in the zone": tower(),
    "a tower beside the zone": tower(700.0),
    "a tower in capitals": tower(700.0, word="CELL"),
    "a network, of unknown doubt": tower(700.0, None, "network"),
    "LBS": tower(700.0, None, "LBS"),
    "gsm": tower(700.0, None, " gsm "),
    "a word that nobody knows": tower(700.0, None, "Zellortung"),
    "a number for a word": tower(700.0, None, 5),
    "a wide claim of a phone": tower(400.0, 1_500.0, None),
    **{
        f"a claim of {claim!r}": tower(400.0, claim, None)
        for claim in ("1500", "good", 1e308, math.nan, [1500], -1, True)
    },
    "a provider that is a network": lambda world: world.tag.fix(700.0, accuracy_m=None, provider="network"),
    "the HDOP of no position": lambda world: world.tag.fix(5_000.0, hdop=99.99),
    "no satellite, in words": lambda world: world.tag.fix(5_000.0, satellites="0"),
    "marked by a relay between": lambda world: world.tag.fix(5_000.0, attributes={"valid": False}),
    "a receiver that says it is not well": lambda world: world.tag.fix(5_000.0, gnssFixOK=False),
    "a place at the pole": lambda world: moved(world, 90.0, 180.0),
    "the antimeridian": lambda world: moved(world, LAT, -180.0),
    "whole degrees": lambda world: moved(world, 51.0, 0.0),
}


def breach(world: World) -> None:
    """A confirmed breach of which the protected person has been told."""
    world.victim_consents()
    world.tag.is_far_away()
    world.tag.stays_inside()
    assert (world.officer.alert()["level"], world.officer.alert()["certainty"]) == ("breach", "confirmed")
    world.expect_sms(world.victim.phone, "Your book has arrived.")


def stands(world: World) -> None:
    """The breach stands as it was, and the protected person has not read that it is over."""
    alert = world.officer.alert()
    assert (alert["level"], alert["certainty"], alert["is_over"]) == ("breach", "confirmed", False)
    assert [text.body for text in world.doubles.messages if text.to == world.victim.phone] == ["Your book has arrived."]


@pytest.mark.parametrize("name", WORTHLESS)
def test_six_worthless_reports_end_no_breach_and_are_kept(world: World, name: str) -> None:
    breach(world)
    before = Fix.select().count()
    db.release_connection()
    for _ in range(6):
        answer = world.tag.reports(WORTHLESS[name](world))
        assert answer["accepted"] == 1
        world.forward(60)
    stands(world)
    assert Fix.select().count() == before + 6
    # And who really leaves ends it.
    world.tag.leaves()
    assert world.officer.alert()["is_over"]
    world.expect_sms(world.victim.phone, "Your book was collected.")
    world.reads_everything()


def test_a_doubtful_report_inside_the_zone_raises_and_many_confirm_nothing(world: World) -> None:
    world.tag.stays(3_000.0, for_s=60)
    for _ in range(6):
        world.tag.reports(world.tag.fix(0.0, valid=False))
        world.forward(30)
    alert = world.officer.alert()
    assert (alert["level"], alert["certainty"]) == ("breach", "unconfirmed")
    assert any("the receiver itself marks the position as invalid" in reason for reason in alert["reasons"])
    world.officer.acknowledges()
    world.reads_everything()


@pytest.mark.parametrize("word", ["Zellortung", "fused", ""])
def test_a_report_inside_by_a_source_that_no_one_knows_raises_and_confirms_nothing(world: World, word: str) -> None:
    world.tag.stays(3_000.0, for_s=60)
    for _ in range(4):
        world.tag.reports(world.tag.fix(0.0, source=word, accuracy_m=None))
        world.forward(30)
    assert (world.officer.alert()["level"], world.officer.alert()["certainty"]) == ("breach", "unconfirmed")
    world.officer.acknowledges()
    world.reads_everything()


def test_who_left_and_is_seen_far_off_by_towers_alone_has_left(world: World) -> None:
    breach(world)
    for metres in (5_000.0, 5_300.0, 5_100.0, 5_600.0, 5_200.0):
        world.forward(300)
        world.tag.reports(world.tag.fix(metres, source="cell", accuracy_m=700.0))
    assert world.officer.alert()["is_over"]
    world.expect_sms(world.victim.phone, "Your book was collected.")
    world.reads_everything()


def test_one_wild_report_does_not_hold_the_wearer_where_they_were(world: World) -> None:
    breach(world)
    world.tag.reports(world.tag.fix(40_000.0))
    world.forward(30)
    stands(world)
    world.tag.leaves()
    assert world.officer.alert()["is_over"]
    world.reads_everything()


@pytest.mark.parametrize("name", ["null island", "the longitude's sign lost", "axes swapped"])
def test_a_report_that_cannot_be_true_makes_no_curfew_breach_and_ends_none(world: World, name: str) -> None:
    set_zone(world, kind="inclusion")
    world.tag.stays_inside()
    for _ in range(4):
        world.tag.reports(WORTHLESS[name](world))
        world.forward(30)
    assert world.officer.alerts("all") == []
    world.tag.stays(700.0, for_s=120)
    assert world.officer.alert()["certainty"] == "confirmed"
    for _ in range(4):
        world.tag.reports(WORTHLESS[name](world))
        world.forward(30)
    assert (world.officer.alert()["level"], world.officer.alert()["is_over"]) == ("breach", False)
    world.officer.acknowledges()
    world.reads_everything()


def test_a_real_place_of_the_same_instant_as_a_worthless_one_is_judged(world: World) -> None:
    world.tag.stays(3_000.0, for_s=60)
    real = world.tag.fix(0.0)
    world.tag.reports({**real, "lat": 0.0, "lon": 0.0}, real)
    assert world.officer.alert()["level"] == "breach"
    world.officer.acknowledges()
    world.reads_everything()


MET = {
    "null island": lambda world: moved(world, 0.0, 0.0),
    "the longitude's sign lost": lambda world: moved(world, LAT, -Frame(*HOME).to_degrees(MARKET_M, 0.0)[1]),
    "marked invalid": lambda world: world.tag.fix(MARKET_M + 9_000.0, valid=False),
    "towers beside her": tower(MARKET_M + 900.0),
    "a network beside her": tower(MARKET_M + 500.0, None, "network"),
    "no report at all": None,
}


@pytest.mark.parametrize("name", MET)
def test_worthless_reports_and_silence_part_no_two_people(world: World, name: str) -> None:
    world.victim_consents()
    phone = agrees(world)
    for _ in range(8):
        phone.is_at(MARKET_M)
        world.tag.reports(world.tag.fix(MARKET_M + 30.0))
        world.forward(20)
    world.expect_sms(world.victim.phone, "Your book has arrived.")
    make = MET[name]
    for _ in range(8):
        if make is not None:
            world.tag.reports(make(world))
        phone.is_at(MARKET_M)
        world.forward(60)
    stands(world)
    world.officer.acknowledges()
    world.reads_everything()


def test_positions_of_their_phone_that_cannot_be_true_part_no_two_people(world: World) -> None:
    world.victim_consents()
    phone = agrees(world)
    for _ in range(8):
        phone.is_at(MARKET_M)
        world.tag.reports(world.tag.fix(MARKET_M + 30.0))
        world.forward(20)
    world.expect_sms(world.victim.phone, "Your book has arrived.")
    for _ in range(6):
        assert phone.posts(0.0, lat=0.0, lon=0.0).status_code == 200
        world.tag.reports(world.tag.fix(MARKET_M + 30.0))
        world.forward(30)
    stands(world)
    world.officer.acknowledges()
    world.reads_everything()
