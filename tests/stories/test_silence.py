"""A tag that goes dark rings within minutes where danger was last seen, and later where it was not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from backend import alarms, clock, db
from backend.cases import monitoring_status, writing
from backend.cases.monitoring_status import Suspended
from backend.models import Activation, AlarmKind, Tag, TagContact
from backend.settings import Settings
from backend.silence.margins import longest_gap_s, margin_s
from tests.cases import WHY
from tests.stories.test_instants import night_zone
from tests.stories.test_moving_places import MARKET_M, agrees
from tests.stories.test_worthless_reports import WORTHLESS
from tests.world import World
from tests.world.tag import TestTag
from tests.world.waiting import eventually

PRODUCT = Settings(secret_key="a key for tests only")


@pytest.fixture
def world(world: World) -> World:
    """The world with the product's own figures for silence."""
    worker_was_on = world.worker is not None
    world.stop_worker()
    figures = {name: getattr(PRODUCT, name) for name in ("silence_grave_s", "silence_least_s", "silence_most_s")}
    world.settings = world.settings.changed(**figures)
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


def test_a_tag_that_goes_dark_in_a_zone_while_someone_acts_rings_again_and_one_that_rings_already_does_not(
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
    world.officer.acknowledges()
    world.officer.records_outcome()
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
        monitoring_status.end(officer, world.wearer.id, "order_expired", now, now, why=WHY, is_confirmed=True)
    else:
        until = now + timedelta(days=7)
        monitoring_status.suspend(
            officer, world.wearer.id, monitoring_status.Suspended.HOSPITAL, now, until, now, why=WHY, is_confirmed=True
        )
    db.release_connection()
    world.reads_everything()
    world.forward(1_900)
    assert not silences(world)
    if life == "suspended":
        monitoring_status.resume(officer, world.wearer.id, clock.now(), clock.now(), why=WHY)
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
    # The grave one is counted until it has rung.
    assert alarm.detail.startswith(("12 tags send no position", "13 tags send no position"))
    db.release_connection()
    for tag in others:
        tag.reports(tag.fix(5_000.0))
    world.forward(61)
    assert not alarms.standing(AlarmKind.MANY_SILENT)
    db.release_connection()
    acknowledges_everything(world)
    world.reads_everything()


def test_a_tag_in_a_drawer_rings_for_no_one(world: World) -> None:
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


def worn_in_custody(world: World, serial: str) -> TestTag:
    """A tag whose wearer is in custody: it is switched off, and that is no one's matter."""
    tag = world.new_wearer(f"Wearer of {serial}", serial)
    wearer = Activation.get(Activation.tag == Tag.get(Tag.serial == serial)).wearer_id
    now = clock.now()
    monitoring_status.suspend(
        world.officer.person, wearer, Suspended.CUSTODY, now, now + timedelta(days=7), now, why=WHY, is_confirmed=True
    )
    db.release_connection()
    return tag


@pytest.mark.parametrize("where", ["in a drawer", "in custody"])
def test_tags_that_are_no_matter_of_anyone_hide_no_tag_that_goes_dark_and_are_no_alarm(
    world: World, where: str
) -> None:
    others = [
        world.new_tag(f"LDN-4{number:03}", None)
        if where == "in a drawer"
        else worn_in_custody(world, f"LDN-4{number:03}")
        for number in range(12)
    ]
    for tag in others:
        tag.reports(tag.fix(5_000.0))
    world.tag.is_far_away()
    acknowledges_everything(world)
    world.reads_everything()
    world.forward(700)
    assert not alarms.standing(AlarmKind.MANY_SILENT)
    db.release_connection()
    assert [alert["tag"] for alert in silences(world)] == ["LDN-0001"]
    acknowledges_everything(world)
    world.reads_everything()


def test_a_tag_that_goes_dark_near_a_person_who_moves_rings_within_three_minutes(world: World) -> None:
    phone = agrees(world)
    phone.is_at(MARKET_M)
    world.tag.reports(world.tag.fix(MARKET_M - 2_000.0))
    world.forward(60)
    world.tag.reports(world.tag.fix(MARKET_M - 60.0))
    acknowledges_everything(world)
    world.reads_everything()
    world.forward(152)
    assert silences(world)
    acknowledges_everything(world)
    world.reads_everything()


def test_a_tag_that_lay_in_a_drawer_for_days_is_given_no_hours_by_the_person_who_wears_it_next(world: World) -> None:
    spare = world.new_tag("LDN-0099", None)
    spare.reports(spare.fix(5_000.0))
    for _ in range(3):
        world.forward(43_200)
        world.tag.reports(world.tag.fix(5_000.0))
    acknowledges_everything(world)
    world.reads_everything()
    old = Activation.get(Activation.wearer == world.wearer)
    writing.swap_tag(world.officer.person, old.id, "LDN-0099", clock.now(), clock.now(), why="The strap was worn.")
    db.release_connection()
    world.forward(30)
    spare.reports(spare.fix(5_000.0))
    world.forward(601)
    assert "LDN-0099" in [alert["tag"] for alert in silences(world)]
    acknowledges_everything(world)
    world.reads_everything()


def test_a_tag_from_a_drawer_that_says_nothing_once_it_is_fitted_rings(world: World) -> None:
    spare = world.new_tag("LDN-0099", None)
    spare.reports(spare.fix(5_000.0))
    world.forward(3_600)
    world.tag.reports(world.tag.fix(5_000.0))
    acknowledges_everything(world)
    world.reads_everything()
    old = Activation.get(Activation.wearer == world.wearer)
    writing.swap_tag(world.officer.person, old.id, "LDN-0099", clock.now(), clock.now(), why="The strap was worn.")
    db.release_connection()
    world.forward(660)
    assert [alert["tag"] for alert in silences(world)] == ["LDN-0099"]
    acknowledges_everything(world)
    world.reads_everything()


def test_a_silence_that_was_closed_before_custody_rings_where_the_case_resumes_with_the_tag_still_dead(
    world: World,
) -> None:
    world.tag.is_far_away()
    world.forward(700)
    (alert,) = silences(world)
    world.officer.acknowledges(alert["id"])
    body = {"code": "tag_checked", "note": "Arrested.", "is_confirmed": True, "danger": alert["danger"]}
    assert world.officer.api("POST", f"/v1/alerts/{alert['id']}/outcome", json=body).status_code == 200
    officer, now = world.officer.person, clock.now()
    until = now + timedelta(days=7)
    monitoring_status.suspend(officer, world.wearer.id, Suspended.CUSTODY, now, until, now, why=WHY, is_confirmed=True)
    db.release_connection()
    world.reads_everything()
    world.forward(86_400)
    assert not silences(world)
    monitoring_status.resume(officer, world.wearer.id, clock.now(), clock.now(), why=WHY)
    db.release_connection()
    world.forward(660)
    assert silences(world)
    acknowledges_everything(world)
    world.reads_everything()


@pytest.mark.parametrize(
    "worthless", ["null island", "marked invalid", "a jump that no vehicle makes", "axes swapped", "an event alone"]
)
def test_a_tag_that_never_says_where_it_is_rings_as_blind(world: World, worthless: str) -> None:
    if worthless == "a jump that no vehicle makes":
        # Back and forth: no two of them agree.
        world.tag.reports(world.tag.fix(5_000.0))
    for minute in range(12):
        world.forward(60)
        fixes = [] if worthless == "an event alone" else [WORTHLESS[worthless](world)]
        if worthless == "a jump that no vehicle makes":
            fixes = [world.tag.fix(300_000.0 * (-1) ** minute)]
        events = [{"kind": "charging_started", "at": clock.now().isoformat()}]
        assert world.tag.post(*fixes, events=events).status_code == 200
    world.settle()
    assert [alert["event"] for alert in silences(world)] == ["blind"]
    acknowledges_everything(world)
    world.reads_everything()


def test_a_silent_tag_of_a_case_that_cannot_be_read_rings(world: World) -> None:
    world.tag.is_far_away()
    world.forward(30)
    db.database.execute_sql(
        "INSERT INTO fact (of_wearer_id, what, case_id, value, during, why, document, is_restated, recorded_at) "
        "VALUES (1, 'life', 1, '5'::jsonb, tstzrange(%s, NULL), '', '', false, %s)",
        (clock.now(), clock.now()),
    )
    db.release_connection()
    world.checks_at_end = False
    world.forward(640)
    assert silences(world)


def test_after_a_pause_of_our_own_tags_have_time_to_be_heard_before_their_silence_rings(world: World) -> None:
    heard = world.new_wearer("Heard Again", "LDN-0002")
    for _ in range(4):
        for tag in (world.tag, heard):
            tag.reports(tag.fix(340.0))
        world.forward(15)
    acknowledges_everything(world)
    world.reads_everything()
    world.stop_worker()
    world.forward(400)
    world.start_worker()
    world.forward(30)
    heard.reports(heard.fix(5_000.0))
    assert not silences(world)
    world.forward(62)
    assert [alert["tag"] for alert in silences(world)] == ["LDN-0001"]
    acknowledges_everything(world)
    world.reads_everything()


def test_a_tag_that_goes_dark_before_the_zone_around_it_begins_is_waited_for_no_longer_than_in_it(world: World) -> None:
    at = (clock.now() + timedelta(minutes=5)).replace(second=0, microsecond=0)
    night_zone(world, at)
    db.release_connection()
    world.forward((at - clock.now()).total_seconds() - 60)
    world.tag.stays(0.0, for_s=30)
    world.forward(90)
    world.officer.acknowledges()
    world.reads_everything()
    world.forward(90)
    eventually(lambda: silences(world), "the silence rings")
    acknowledges_everything(world)
    world.reads_everything()


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


def test_a_tag_whose_clock_is_minutes_slow_rings_once_and_not_after_each_answer(world: World) -> None:
    world.tag.reports(world.tag.fix(340.0, ago_s=200))
    acknowledges_everything(world)
    for _ in range(5):
        world.forward(60)
        world.tag.reports(world.tag.fix(340.0, ago_s=200))
        world.settle()
    (alert,) = silences(world)
    acknowledges_everything(world)
    world.reads_everything()
    body = {"code": "tag_checked", "note": "Its clock.", "is_confirmed": True, "danger": alert["danger"]}
    for is_closed in (False, True):
        if is_closed:
            assert world.officer.api("POST", f"/v1/alerts/{alert['id']}/outcome", json=body).status_code == 200
        for _ in range(4):
            world.forward(60)
            world.tag.reports(world.tag.fix(340.0, ago_s=200))
        world.settle()
        assert not silences(world, "open")
    world.reads_everything()
