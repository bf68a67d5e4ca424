"""A breach that no fix made sure of while it stood, and of which those on both sides say that the wearer was inside."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from backend import clock
from backend.lifecycle import Danger
from backend.models import Alert
from tests.world import HOME, World
from zones.geo import Frame

# Metres east and north of the middle, a minute apart: a way through the zone with two coarse fixes inside it.
WAY = [
    (120, -800, 8.0),
    (120, -600, 8.0),
    (120, -400, 8.0),
    (120, -230, 8.0),
    (120, 0, 90.0),
    (120, 230, 8.0),
    (120, 420, 8.0),
    (120, 620, 8.0),
]


def walks(world: World, way: list[tuple[int, int, float]]) -> None:
    for east, north, accuracy_m in way:
        lat, lon = Frame(*HOME).to_degrees(east, north)
        world.tag.reports(world.tag.fix(0.0, lat=lat, lon=lon, accuracy_m=accuracy_m))
        world.forward(60)


def ended(world: World) -> dict[str, Any]:
    (alert,) = [alert for alert in world.officer.alerts("all") if alert["kind"] == "zone"]
    return alert


def test_a_visit_that_is_confirmed_as_it_ends_leaves_an_alert_that_says_so(world: World) -> None:
    walks(world, WAY[:-2])
    standing = ended(world)
    assert (standing["level"], standing["certainty"]) == ("breach", "unconfirmed")
    walks(world, WAY[-2:])
    alert = ended(world)
    assert alert["worst"]["level"] == "breach"
    assert alert["worst"]["certainty"] == "confirmed"
    # The figures count what the wearer did, not what was known while it lasted.
    assert Alert.get().peak_danger == Danger.BREACH
    world.officer.acknowledges()
    world.reads_everything()


def test_who_had_acknowledged_an_unconfirmed_breach_hears_that_it_was_one(world: World) -> None:
    walks(world, WAY[:-2])
    world.officer.acknowledges()
    assert ended(world)["handling"] == "acknowledged"
    walks(world, WAY[-2:])
    alert = ended(world)
    assert (alert["handling"], alert["worst"]["certainty"]) == ("open", "confirmed")
    world.officer.acknowledges()
    world.reads_everything()


def test_one_that_was_stored_for_three_hours_is_confirmed_alike(world: World) -> None:
    began_at = clock.now() - timedelta(hours=3)
    stored = []
    for minute, (east, north, accuracy_m) in enumerate(WAY):
        lat, lon = Frame(*HOME).to_degrees(east, north)
        at = began_at + timedelta(minutes=minute)
        stored.append(
            world.tag.fix(0.0, lat=lat, lon=lon, accuracy_m=accuracy_m) | {"fix_time": at.isoformat()},
        )
    world.tag.is_far_away()
    world.tag.reports(*stored)
    alert = ended(world)
    assert (alert["is_late"], alert["worst"]["certainty"]) == (True, "confirmed")
    assert any("the wearer was inside" in reason for reason in alert["reasons"])
    world.officer.acknowledges()
    world.reads_everything()


def test_the_protected_person_is_not_warned_of_what_is_over(world: World) -> None:
    world.victim_consents()
    walks(world, WAY)
    assert ended(world)["worst"]["certainty"] == "confirmed"
    assert [text for text in world.doubles.messages if text.to == world.victim.phone] == []
    world.officer.acknowledges()
    world.reads_everything()
