"""A tag that claims too wide circles: nights at the wearer's address show it, and breaches are confirmed in time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from backend import clock, db
from backend.models import Activation, ClaimNights, Fix, PlaceZone, ProtectedPlace
from tests.stories.test_time import daily
from tests.world import HOME, World
from tests.world.world import RADIUS_M
from zones.geo import Frame

LIVES_M, CLAIMS_M = 6_000.0, 80.0


def has_a_curfew(world: World) -> None:
    """Let the wearer have to sleep at an address 6 km from the protected person's home."""
    lat, lon = Frame(*HOME).to_degrees(LIVES_M, 0.0)
    now = clock.now()
    properties = {"id": "curfew", "kind": "inclusion", "radius_m": 100, "buffer_m": 0}
    hours = daily(now.replace(hour=21, minute=0), now.replace(hour=7, minute=0))
    PlaceZone.create(
        place=ProtectedPlace.create(wearer=world.wearer, label="Curfew"),
        wearer=world.wearer,
        from_at=now - timedelta(days=40),
        feature={
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [lon, lat]},
            "properties": properties | hours,
        },
    )
    db.release_connection()


def sleeps(world: World, nights: int, *, off_m: float = 0.0, **more: Any) -> None:
    """Send the fixes of the last nights, each from 1 to 3 in the morning: what arrives late teaches too."""
    at_one = clock.now().replace(hour=1, minute=0, second=0, microsecond=0)
    for ago in range(nights, 0, -1):
        begin = at_one - timedelta(days=ago)
        sent = [
            {
                **world.tag.fix(LIVES_M + off_m, accuracy_m=CLAIMS_M, **more),
                "fix_time": (begin + timedelta(minutes=3 * n)).isoformat(),
            }
            for n in range(40)
        ]
        world.tag.reports(*sent)


def walks_a_little_inside(world: World) -> dict[str, Any]:
    """Report for two minutes from 35 m inside the zone, with circles that are twice too wide."""
    world.tag.is_far_away()
    world.forward(900)
    world.tag.stays(RADIUS_M - 35.0, for_s=150, every_s=30, accuracy_m=CLAIMS_M)
    return next(alert for alert in world.officer.alerts("all") if alert["level"] == "breach")


def finish(world: World) -> None:
    world.officer.acknowledges()
    world.reads_everything()


def test_nights_at_the_address_show_it_and_the_breach_is_confirmed_in_time(world: World) -> None:
    has_a_curfew(world)
    sleeps(world, 7)
    alert = walks_a_little_inside(world)
    assert (alert["certainty"], alert["is_over"]) == ("confirmed", False)
    assert any("have shown that 50 % of its claimed circle" in reason for reason in alert["reasons"])
    # What was shown then is kept with each fix, so that judging it again gives the same answer.
    assert {row.claim_share for row in Fix.select(Fix.claim_share)} == {0.5, 1.0}
    finish(world)


@pytest.mark.parametrize(
    ("nights", "more"),
    [
        pytest.param(0, {}, id="no night"),
        pytest.param(4, {}, id="fewer nights than it takes"),
        pytest.param(7, {"off_m": 75.0}, id="nights in foil, as wrong as claimed"),
        pytest.param(7, {"source": "cell"}, id="nights of cell towers"),
        pytest.param(7, {"source": "wifi"}, id="nights of another source"),
        pytest.param(7, {"valid": False}, id="nights that the receiver itself does not believe"),
    ],
)
def test_whatever_else_a_wearer_does_at_night_the_claim_stands_as_sent(
    world: World, nights: int, more: dict[str, Any]
) -> None:
    has_a_curfew(world)
    sleeps(world, nights, **more)
    alert = walks_a_little_inside(world)
    # Told at once all the same, as unconfirmed.
    assert (alert["level"], alert["certainty"], alert["is_over"]) == ("breach", "unconfirmed", False)
    finish(world)


def test_what_a_tag_showed_on_one_wearer_says_nothing_on_the_next(world: World) -> None:
    has_a_curfew(world)
    sleeps(world, 7)
    worn = Activation.get(Activation.wearer == world.wearer)
    assert ClaimNights.get(ClaimNights.activation == worn).nights
    now = clock.now()
    Activation.update(to_at=now).where(Activation.id == worn.id).execute()
    Activation.create(tag=worn.tag_id, wearer=worn.wearer_id, from_at=now)
    db.release_connection()
    assert walks_a_little_inside(world)["certainty"] == "unconfirmed"
    finish(world)


@pytest.mark.parametrize(
    "spoilt",
    [{"": ["spoilt"]}, {"": 7}, ["spoilt"], "spoilt", {"": [1.0] * 10 + [9.0, -7.0] * 5}],
    ids=["words", "a number", "a list", "a text", "nights that are not yet"],
)
def test_nights_that_cannot_be_read_leave_the_claim_as_sent(world: World, spoilt: Any) -> None:
    has_a_curfew(world)
    sleeps(world, 7)
    ClaimNights.update(nights=spoilt).execute()
    db.release_connection()
    assert walks_a_little_inside(world)["certainty"] == "unconfirmed"
    finish(world)
