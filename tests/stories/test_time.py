"""What happens when time itself changes something: orders end, curfews begin, data comes late, buses pass."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from backend import clock, db
from backend.models import Alert, AlertKind, PlaceZone
from tests import cases
from tests.world import World

LONDON = ZoneInfo("Europe/London")


def set_zone(world: World, to_at: datetime | None = None, **properties: Any) -> None:
    feature = world.zone.feature
    feature = {**feature, "properties": {**feature["properties"], **properties}}
    PlaceZone.update(feature=feature, to_at=to_at).where(PlaceZone.id == world.zone.id).execute()
    db.release_connection()


def daily(begin: datetime, end: datetime) -> dict[str, Any]:
    """Return a weekly schedule that is in force between two local times of every day."""
    days = ["mo", "tu", "we", "th", "fr", "sa", "su"]
    return {
        "schedule": {
            "timezone": "Europe/London",
            "weekly": [{"days": days, "from": begin.strftime("%H:%M"), "to": end.strftime("%H:%M")}],
        }
    }


def test_when_an_order_ends_the_alert_that_stands_on_it_is_over_without_waiting_for_a_fix(world: World) -> None:
    set_zone(world, to_at=clock.now() + timedelta(seconds=300))
    world.tag.stays_inside()
    assert not world.officer.alert()["is_over"]
    world.officer.acknowledges()
    world.forward(400)
    alert = world.officer.alert()
    assert alert["is_over"]
    assert alert["reasons"] == ["The zone is no longer in force."]
    world.reads_everything()


def test_a_zone_that_comes_into_force_around_the_wearer_warns_at_that_moment(world: World) -> None:
    now = clock.now().astimezone(LONDON)
    begin = (now + timedelta(minutes=20)).replace(second=0, microsecond=0)
    set_zone(world, **daily(begin, begin + timedelta(hours=2)))
    world.tag.stays_inside()
    assert world.officer.alerts("all") == []
    world.forward((begin - clock.now().astimezone(LONDON)).total_seconds() + 1)
    alert = world.officer.alert()
    assert (alert["level"], alert["handling"]) == ("breach", "open")
    world.officer.expects_sms("to acknowledge")
    world.officer.acknowledges()
    world.forward(7_300)
    assert world.officer.alert()["is_over"]
    world.reads_everything()


def test_the_wearer_stands_in_their_zone_as_its_hours_end_and_their_officer_is_asked_to_tell_them(world: World) -> None:
    world.victim_consents()
    now = clock.now().astimezone(LONDON)
    until = (now + timedelta(minutes=20)).replace(second=0, microsecond=0)
    set_zone(world, **daily(now - timedelta(hours=1), until))
    world.tag.stays_inside()
    alert_id = world.officer.alert()["id"]
    world.officer.acknowledges()
    cases.forward_to(world, until + timedelta(seconds=1))
    assert world.officer.api("GET", f"/v1/alerts/{alert_id}").json()["is_over"]
    # That the wearer has gone is what they would read.
    texts = [message.body for message in world.doubles.messages if message.to == world.victim.phone]
    assert texts == ["Your book has arrived."]
    assert [
        said
        for said in cases.notices_of(world)
        if said.endswith("that the person on probation is near at the place Home: tell them.")
    ]
    world.reads_everything()


def test_a_stay_found_in_late_data_is_told_with_the_times_of_both_its_ends(world: World) -> None:
    begin = clock.now() - timedelta(hours=2)

    def at(minutes: float, metres: float) -> dict[str, Any]:
        ago_s = (clock.now() - begin - timedelta(minutes=minutes)).total_seconds()
        return world.tag.fix(metres, ago_s=ago_s)

    world.tag.reports(*(at(minute, 5_000.0) for minute in range(0, 115, 5)))
    assert world.officer.alerts("all") == []
    world.tag.reports(*(at(30 + n / 2, 0.0) for n in range(1, 8)))
    alert = world.officer.alert()
    assert (alert["is_late"], alert["is_over"], alert["handling"]) == (True, True, "open")
    stay = [datetime.fromisoformat(alert[name]) - begin for name in ("fix_time", "last_fix_time")]
    assert stay == [
        pytest.approx(timedelta(minutes=30.5), abs=timedelta(seconds=2)),
        pytest.approx(timedelta(minutes=33.5), abs=timedelta(seconds=2)),
    ]
    world.officer.expects_sms("found late")
    world.tag.reports(*(at(30.25 + n / 2, 3.0) for n in range(1, 7)))
    assert len(world.officer.alerts("all")) == 1
    world.officer.acknowledges()
    world.reads_everything()


def test_leaving_the_zone_that_a_curfew_keeps_the_wearer_in_is_the_breach(world: World) -> None:
    set_zone(world, kind="inclusion")
    world.tag.stays_inside()
    assert world.officer.alerts("all") == []
    world.tag.stays(700.0, for_s=120)
    alert = world.officer.alert()
    assert (alert["level"], alert["certainty"], alert["zone_kind"]) == ("breach", "confirmed", "inclusion")
    assert alert["distance_m"] == pytest.approx(-450.0, abs=5)
    assert any("outside the edge" in reason for reason in alert["reasons"])
    world.officer.acknowledges()
    world.reads_everything()


def test_who_leaves_the_wearers_curfew_may_be_anywhere_so_they_are_not_told_that_the_wearer_is_near(
    world: World,
) -> None:
    world.victim_consents()
    set_zone(world, kind="inclusion")
    world.tag.stays_inside()
    world.tag.stays(700.0, for_s=120)
    assert world.officer.alert()["certainty"] == "confirmed"
    world.settle()
    assert [text for text in world.doubles.messages if text.to == world.victim.phone] == []
    world.officer.acknowledges()
    world.reads_everything()


def pass_by_bus(world: World) -> None:
    """Ride through the zone and out again at 12 m/s, a fix every 15 s."""
    for n in range(-20, 21):
        world.tag.reports(world.tag.fix(180.0 * n, speed_mps=12.0, course_deg=90.0))
        world.clock.forward(15)


def test_a_passage_is_told_one_step_lower_and_the_third_within_an_hour_is_an_alert_of_its_own(world: World) -> None:
    world.stop_worker()
    pass_by_bus(world)
    first = world.officer.alerts("all")
    assert [(alert["kind"], alert["is_pass_through"], alert["is_over"]) for alert in first] == [("zone", True, True)]
    assert Alert.get().peak_danger == 3
    for _ in range(2):
        pass_by_bus(world)
    kinds = [row.kind for row in Alert.select().order_by(Alert.id)]
    assert kinds.count(AlertKind.REPEATED_PASSES) == 1
    db.release_connection()
