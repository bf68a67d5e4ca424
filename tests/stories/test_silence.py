"""A tag that goes dark rings within minutes where danger was last seen, and later where it was not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from backend import alarms, clock, db
from backend.case import lives
from backend.models import AlarmKind, TagContact
from backend.settings import Settings
from backend.silence.margin import longest_gap_s, margin_s
from tests.cases import WHY
from tests.world import World

PRODUCT = Settings(secret_key="a key for tests only")


@pytest.fixture
def world(world: World) -> World:
    """The world with the product's own figures for silence."""
    worker_was_on = world.worker is not None
    world.stop_worker()
    figures = {name: getattr(PRODUCT, name) for name in ("silence_grave_s", "silence_least_s", "silence_most_s")}
    world.settings = replace(world.settings, **figures)
    world.app.extensions["cordon.committer"]._settings = world.settings
    if worker_was_on:
        world.start_worker()
    return world


def silences(world: World, status: str = "live") -> list[dict[str, Any]]:
    return [one for one in world.officer.alerts(status) if one["kind"] == "silence"]


def acknowledges_everything(world: World) -> None:
    for alert in world.officer.alerts("open"):
        world.officer.acknowledges(alert["id"])


def test_a_tag_that_goes_dark_near_a_zone_rings_within_three_minutes(world: World) -> None:
    officer = world.officer.has_app()
    world.tag.is_far_away()
    world.tag.stays(340.0, for_s=120)
    acknowledges_everything(world)
    world.reads_everything()
    world.forward(120)
    assert not silences(world)
    world.forward(31)
    officer.expects_push("Tag alert")
    (alert,) = silences(world)
    assert (alert["event"], alert["tag"], alert["place"], alert["is_over"]) == ("no_contact", "LDN-0001", None, False)
    assert alert["title"] == "Tag silent"
    assert alert["reasons"][0].startswith("No contact with the tag since ")
    assert alert["reasons"][1] == "Last seen near a zone."
    officer.acknowledges(alert["id"])
    world.reads_everything()


def test_a_tag_that_goes_dark_in_a_zone_while_somebody_acts_rings_again_and_one_that_rings_already_does_not(
    world: World,
) -> None:
    officer = world.officer.has_app()
    world.tag.is_far_away()
    world.tag.stays_inside()
    world.reads_everything()
    world.forward(200)
    assert not silences(world), "people are rung for the breach"
    acknowledges_everything(world)
    world.reads_everything()
    world.forward(61)
    officer.expects_push("Tag alert")
    (alert,) = silences(world)
    assert alert["reasons"][1] == "Last seen in a zone, or out of where they had to be."
    officer.acknowledges(alert["id"])
    world.reads_everything()


def test_a_breach_that_was_closed_does_not_hide_a_tag_that_goes_dark_in_the_zone(world: World) -> None:
    world.tag.is_far_away()
    world.tag.stays_inside()
    (breach,) = world.officer.alerts("open")
    world.officer.acknowledges(breach["id"])
    body = {"code": "visited", "note": "Spoke to them.", "still_stands": True}
    world.officer.api("POST", f"/v1/alerts/{breach['id']}/outcome", json=body)
    world.reads_everything()
    world.forward(200)
    assert silences(world)
    acknowledges_everything(world)
    world.reads_everything()


def test_a_tag_last_seen_far_away_rings_after_ten_minutes_and_its_return_ends_that(world: World) -> None:
    world.tag.is_far_away()
    world.forward(540)
    assert not silences(world)
    world.forward(61)
    (alert,) = silences(world)
    assert alert["reasons"][1] == "Last seen away from every zone."
    world.reads_everything()
    world.tag.is_far_away()
    (alert,) = silences(world)
    assert alert["is_over"]
    assert alert["reasons"][-1].startswith("The tag has sent positions again since ")
    acknowledges_everything(world)
    world.reads_everything()


def test_a_tag_that_talks_without_saying_where_it_is_rings_as_blind(world: World) -> None:
    world.tag.is_far_away()
    for _ in range(11):
        world.forward(60)
        assert world.tag.post(events=[{"kind": "charging_started", "at": clock.now().isoformat()}]).status_code == 200
    world.settle()
    (alert,) = silences(world)
    assert alert["event"] == "blind"
    assert alert["reasons"][0].startswith("The tag is in contact but has sent no usable position since ")
    acknowledges_everything(world)
    world.reads_everything()


def test_stored_fixes_of_the_silence_do_not_end_it(world: World) -> None:
    world.tag.is_far_away()
    world.forward(900)
    assert silences(world)
    world.tag.reports(world.tag.fix(5_000.0, ago_s=600))
    (alert,) = silences(world)
    assert not alert["is_over"]
    acknowledges_everything(world)
    world.reads_everything()


def test_a_silence_that_was_acknowledged_and_came_back_rings_anew(world: World) -> None:
    officer = world.officer.has_app()
    world.tag.is_far_away()
    world.forward(620)
    acknowledges_everything(world)
    world.tag.is_far_away()
    world.reads_everything()
    # A tag that was silent for eleven minutes is given half as long again.
    world.forward(1_100)
    officer.expects_push("Tag alert")
    (alert,) = silences(world)
    assert (alert["is_over"], alert["handling"]) == (False, "open")
    acknowledges_everything(world)
    world.reads_everything()


@pytest.mark.parametrize("life", ["suspended", "ended"])
def test_of_a_case_that_is_not_monitored_no_silence_rings_and_one_that_resumes_rings(world: World, life: str) -> None:
    world.tag.is_far_away()
    officer = world.officer.person
    now = clock.now()
    if life == "ended":
        lives.end(officer, world.wearer.id, "order_expired", now, now, why=WHY, is_confirmed=True)
    else:
        until = now + timedelta(days=7)
        lives.suspend(officer, world.wearer.id, lives.Suspended.HOSPITAL, now, until, now, why=WHY, is_confirmed=True)
    db.release_connection()
    world.reads_everything()
    world.forward(1_900)
    assert not silences(world)
    if life == "suspended":
        lives.resume(officer, world.wearer.id, clock.now(), clock.now(), why=WHY)
        db.release_connection()
        world.forward(601)
        assert silences(world)
        acknowledges_everything(world)
    world.reads_everything()


def test_many_tags_silent_at_once_are_one_alarm_and_the_grave_ones_ring_one_by_one(world: World) -> None:
    others = [world.new_wearer(f"Wearer {number}", f"LDN-3{number:03}") for number in range(12)]
    for tag in others:
        tag.reports(tag.fix(5_000.0))
    world.tag.is_far_away()
    world.tag.stays(340.0, for_s=120)
    acknowledges_everything(world)
    world.reads_everything()
    world.forward(700)
    assert [alert["wearer"]["name"] for alert in silences(world)] == ["Daniel Marsh"]
    (alarm,) = alarms.standing(AlarmKind.MANY_SILENT)
    assert alarm.detail.startswith("12 tags send no position")
    db.release_connection()
    for tag in others:
        tag.reports(tag.fix(5_000.0))
    world.forward(61)
    assert not alarms.standing(AlarmKind.MANY_SILENT)
    db.release_connection()
    acknowledges_everything(world)
    world.reads_everything()


def test_a_tag_in_a_drawer_rings_for_nobody(world: World) -> None:
    tag = world.new_tag("LDN-9001", None)
    tag.reports(tag.fix(5_000.0))
    world.forward(700)
    assert TagContact.get(TagContact.silent_at.is_null()).tag.serial == "LDN-9001"
    db.release_connection()


@pytest.mark.parametrize(
    ("longest_s", "is_grave", "margin"),
    [
        (0.0, False, 600.0),
        (300.0, False, 600.0),
        (1_200.0, False, 1_800.0),
        (86_400.0, False, 7_200.0),
        (86_400.0, True, 150.0),
    ],
)
def test_a_tag_is_given_the_time_of_its_own_gaps_and_never_where_danger_was_seen(
    longest_s: float, is_grave: bool, margin: float
) -> None:
    assert margin_s(longest_s, is_grave, PRODUCT) == margin


def test_a_long_gap_is_forgotten_in_weeks() -> None:
    known = longest_gap_s(0.0, 3_600.0)
    for _ in range(14 * 24 * 60):
        known = longest_gap_s(known, 60.0)
    assert known == pytest.approx(1_800.0, rel=0.01)
    assert timedelta(seconds=known) > timedelta(minutes=29)


@pytest.mark.parametrize("column", ["certainty = 'odd'", "level = 77"])
def test_it_rings_also_where_it_cannot_be_read_how_near_they_were(world: World, column: str) -> None:
    world.officer.has_app()
    world.tag.is_far_away()
    db.database.execute_sql(f"UPDATE place_state SET {column} WHERE wearer_id = {world.wearer.id}")
    db.release_connection()
    world.forward(601)
    (alert,) = silences(world)
    world.expect_push(world.officer.push_token, alert["code"])
    acknowledges_everything(world)
    world.reads_everything()
