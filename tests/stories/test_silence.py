"""A tag that goes dark rings within minutes where danger was last seen, and later where it was not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend import alarms, clock, db
from backend.cases import monitoring_status, writing
from backend.cases.monitoring_status import Suspended
from backend.models import Activation, AlarmKind, Alert, AlertKind, PlaceZone, ProtectedPlace, Tag, TagContact
from backend.own_pages import status
from backend.record.facts import LONDON
from backend.settings import Settings
from backend.silence.margins import Gap, margin_s
from tests.cases import WHY, circle, east_of
from tests.stories.test_instants import night_zone
from tests.stories.test_moving_places import MARKET_M, agrees
from tests.stories.test_worthless_reports import WORTHLESS
from tests.world import World
from tests.world.tag import TestTag
from tests.world.waiting import eventually
from tests.world.world import HOME

PRODUCT = Settings(secret_key="a key for tests only")


@pytest.fixture
def world(world: World) -> World:
    """The world with the product's own figures for silence."""
    worker_was_on = world.worker is not None
    world.stop_worker()
    names = ("silence_grave_s", "silence_calls_s", "silence_least_s", "silence_most_s")
    figures = {name: getattr(PRODUCT, name) for name in names}
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
    # No one has said that the first silence was harmless: it gives the tag no more time.
    world.forward(620)
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


AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
CELLAR, FAR = HOME, east_of(HOME, 9_000.0)


@pytest.mark.parametrize(
    ("length_s", "hours_before", "place", "margin"),
    [
        (0.0, 24.0, CELLAR, 600.0),
        (300.0, 24.0, CELLAR, 600.0),
        (1_200.0, 24.0, CELLAR, 1_800.0),
        (1_200.0, 26.5, FAR, 1_800.0),
        (1_200.0, 5 * 24 + 5.0, CELLAR, 1_800.0),
        (1_200.0, 29.0, FAR, 600.0),
        (1_200.0, 36.0, CELLAR, 600.0),
        (86_400.0, 24.0, CELLAR, 7_200.0),
    ],
    ids=[
        "no gap",
        "a gap of minutes",
        "a gap of this hour and place",
        "of about this hour elsewhere",
        "of this place at about this hour",
        "of another hour elsewhere",
        "of this place by night",
        "no more than the bound",
    ],
)
def test_a_tag_is_given_the_time_of_its_own_gaps_at_that_hour_and_place(
    length_s: float, hours_before: float, place: tuple[float, float], margin: float
) -> None:
    gap = Gap(AT - timedelta(hours=hours_before), length_s, *place)
    assert margin_s([gap], AT, CELLAR, PRODUCT) == margin


def test_hours_are_those_of_the_clock_on_the_wall_through_the_change_of_clocks() -> None:
    before, after = (datetime(2026, 10, day, 12, tzinfo=LONDON) for day in (24, 26))
    assert margin_s([Gap(before - timedelta(hours=3), 1_200.0, *FAR)], after, CELLAR, PRODUCT) == 1_800.0
    assert margin_s([Gap(before - timedelta(hours=4), 1_200.0, *FAR)], after, CELLAR, PRODUCT) == 600.0


def _is_away_for(world: World, seconds: float) -> None:
    """Let the tag say nothing for a while, and be back."""
    world.tag.is_far_away()
    world.forward(seconds)
    world.tag.is_far_away()


def test_a_tag_that_was_away_at_this_hour_is_waited_for_as_long_and_half(world: World) -> None:
    _is_away_for(world, 560)
    world.reads_everything()
    world.forward(800)
    assert not silences(world)
    world.forward(100)
    assert silences(world)
    acknowledges_everything(world)
    world.reads_everything()


@pytest.mark.parametrize("outcome", ["reasonable_excuse", "police_informed"])
def test_a_silence_that_rang_teaches_only_where_it_was_said_to_be_harmless(world: World, outcome: str) -> None:
    _is_away_for(world, 900)
    (alert,) = silences(world)
    world.officer.acknowledges(alert["id"])
    body = {"code": outcome, "note": "Asked.", "is_confirmed": True, "danger": alert["danger"]}
    assert world.officer.api("POST", f"/v1/alerts/{alert['id']}/outcome", json=body).status_code == 200
    world.tag.is_far_away()
    world.reads_everything()
    world.forward(700)
    assert bool(silences(world)) is (outcome == "police_informed")
    acknowledges_everything(world)
    world.reads_everything()


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


def test_a_silence_that_was_closed_and_goes_on_rings_again_the_next_day(world: World) -> None:
    world.tag.is_far_away()
    world.forward(700)
    (first,) = silences(world)
    world.officer.acknowledges(first["id"])
    body = {"code": "contacted_wearer", "note": "Will charge it.", "is_confirmed": True, "danger": first["danger"]}
    assert world.officer.api("POST", f"/v1/alerts/{first['id']}/outcome", json=body).status_code == 200
    world.reads_everything()
    world.forward(80_000)
    assert not silences(world, "open")
    for _ in range(3):
        world.forward(4_000)
    (again,) = silences(world, "open")
    assert again["id"] != first["id"]
    assert again["reasons"][0].startswith("No contact with the tag since ")
    # The first ended with it: a tag that is back leaves none of them standing.
    acknowledges_everything(world)
    world.tag.is_far_away()
    assert not [one for one in silences(world, "all") if not one["is_over"]]
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


def _called(world: World) -> int:
    """Return how many texts that ask for an answer, and calls, went to anyone."""
    return len([one for one in world.doubles.messages if "Reply 1" in one.body]) + len(world.doubles.calls)


def _goes_dark_near_the_zone(world: World) -> int:
    """Let the tag be heard of last in the buffer; return how many texts and calls that took."""
    world.tag.is_far_away()
    world.tag.stays(340.0, for_s=120)
    acknowledges_everything(world)
    for alert in world.officer.alerts("acknowledged"):
        body = {"code": "contacted_wearer", "note": "On their way.", "is_confirmed": True, "danger": alert["danger"]}
        assert world.officer.api("POST", f"/v1/alerts/{alert['id']}/outcome", json=body).status_code == 200
    world.reads_everything()
    return _called(world)


def test_a_push_tells_first_and_people_are_called_when_it_has_lasted_four_minutes(world: World) -> None:
    officer = world.officer.has_app()
    officer.handset.pick_up("voicemail")
    before = _goes_dark_near_the_zone(world)
    world.forward(152)
    officer.expects_push("Tag alert")
    assert _called(world) == before
    world.forward(90)
    assert _called(world) > before
    (alert,) = silences(world)
    assert alert["handling"] == "open"
    acknowledges_everything(world)
    world.reads_everything()


def test_a_tag_that_is_back_before_anyone_was_called_calls_no_one_and_needs_no_answer(world: World) -> None:
    officer = world.officer.has_app()
    before = _goes_dark_near_the_zone(world)
    world.forward(152)
    officer.expects_push("Tag alert")
    world.forward(30)
    world.tag.reports(world.tag.fix(340.0))
    assert not silences(world)
    world.forward(1_000)
    assert _called(world) == before or silences(world), "only the next silence may call"
    (alert,) = [one for one in officer.alerts("closed") if one["kind"] == "silence"]
    assert alert["reasons"][0].startswith("No contact with the tag from ")
    assert alert["reasons"][-1] == "The tag was back before anyone had to be called."
    acknowledges_everything(world)
    world.reads_everything()


def test_without_an_app_no_one_is_called_earlier(world: World) -> None:
    before = _goes_dark_near_the_zone(world)
    world.forward(170)
    assert silences(world)
    assert _called(world) == before
    world.forward(80)
    assert _called(world) > before
    acknowledges_everything(world)
    world.reads_everything()


def test_who_acts_on_the_wearer_hears_first_that_the_tag_went_dark(world: World) -> None:
    world.officer.has_app()
    colleague = world.colleague.has_app()
    world.tag.is_far_away()
    world.tag.stays_inside()
    colleague.acknowledges()
    world.reads_everything()
    pushed = len(world.pushes)
    world.forward(170)
    assert silences(world)
    told = {one.token for one in world.pushes[pushed:]}
    assert colleague.push_token in told
    acknowledges_everything(world)
    world.reads_everything()


def test_a_tag_that_goes_dark_after_it_was_cut_says_so_and_calls_at_once(world: World) -> None:
    officer = world.officer.has_app()
    officer.handset.pick_up("voicemail")
    world.tag.reports(world.tag.fix(5_000.0))
    world.tag.post(events=[{"kind": "strap_open", "at": clock.now().isoformat()}])
    acknowledges_everything(world)
    world.reads_everything()
    before = _called(world)
    world.forward(152)
    push = officer.expects_push("tag silent after tampering")
    assert "Tag alert" in push.data["body"]
    world.forward(40)
    assert _called(world) > before
    (alert,) = silences(world)
    assert (alert["event"], alert["title"]) == ("after_tamper", "Tag silent after tampering")
    assert alert["reasons"][0].endswith(", after it was tampered with or switched off.")
    acknowledges_everything(world)
    world.reads_everything()


ADDRESS_M = 6_000.0


def _has_a_curfew(world: World) -> None:
    place = ProtectedPlace.create(wearer=world.wearer, label="Approved address")
    feature = circle(*east_of(HOME, ADDRESS_M))
    feature["properties"] = {**feature["properties"], "id": "address", "kind": "inclusion", "buffer_m": 0.0}
    PlaceZone.create(place=place, wearer=world.wearer, feature=feature, from_at=world.zone.from_at)
    db.release_connection()


def _talks_without_a_place(world: World, minutes: int, **more: Any) -> None:
    for _ in range(minutes):
        world.forward(60)
        events = [{"kind": more.get("kind", "charging_started"), "at": clock.now().isoformat()}]
        assert world.tag.post(events=events).status_code == 200
    world.settle()


def test_a_tag_in_range_of_its_home_beacon_is_shown_as_at_rest_and_rings_no_one_until_its_contact_ends(
    world: World,
) -> None:
    _has_a_curfew(world)
    for _ in range(3):
        world.tag.reports(world.tag.fix(ADDRESS_M))
        world.forward(60)
    world.reads_everything()
    _talks_without_a_place(world, 25)
    assert not silences(world)
    (row,) = world.officer.api("GET", "/v1/wearers").json()["wearers"]
    assert row["state"] == "at_rest"
    # The protected person's page does not say each night that no one is watching.
    assert status.of(world.victim, clock.now()).is_watched
    db.release_connection()
    world.expect_nothing_more()
    # Gone from the beacon, and from the network: since then, and not since the evening before.
    contact_at = clock.now()
    world.forward(601)
    (alert,) = silences(world)
    assert alert["event"] == "no_contact"
    assert abs((contact_at - datetime.fromisoformat(alert["fix_time"])).total_seconds()) < 5
    acknowledges_everything(world)
    world.reads_everything()


def test_a_tag_that_is_cut_at_the_address_is_not_at_rest(world: World) -> None:
    _has_a_curfew(world)
    world.tag.reports(world.tag.fix(ADDRESS_M))
    _talks_without_a_place(world, 12)
    assert not silences(world)
    _talks_without_a_place(world, 1, kind="strap_open")
    acknowledges_everything(world)
    world.forward(61)
    assert [one["event"] for one in silences(world)] == ["blind"]
    acknowledges_everything(world)
    world.reads_everything()


def test_a_blind_tag_away_from_the_address_is_not_at_rest_by_day(world: World) -> None:
    _has_a_curfew(world)
    zone = PlaceZone.select().order_by(PlaceZone.id.desc()).get()
    weekly = [{"days": ["mo", "tu", "we", "th", "fr", "sa", "su"], "from": "03:00", "to": "04:00"}]
    night = {**zone.feature["properties"], "schedule": {"timezone": "Europe/London", "weekly": weekly}}
    PlaceZone.update(feature={**zone.feature, "properties": night}).where(PlaceZone.id == zone.id).execute()
    db.release_connection()
    world.tag.is_far_away()
    world.reads_everything()
    _talks_without_a_place(world, 11)
    assert [one["event"] for one in silences(world)] == ["blind"]
    (row,) = world.officer.api("GET", "/v1/wearers").json()["wearers"]
    assert row["state"] == "blind"
    acknowledges_everything(world)
    world.reads_everything()


def test_what_is_over_says_so_in_texts_and_on_its_card(world: World) -> None:
    world.tag.is_far_away()
    world.forward(620)
    world.reads_everything()
    world.tag.is_far_away()
    (alert,) = silences(world)
    assert alert["reasons"][0].startswith("No contact with the tag from ")
    world.forward(181)
    assert "tag silent, now over" in world.supervisor.expects_sms("Tag alert").body
    acknowledges_everything(world)
    world.reads_everything()
    assert Alert.select().where(Alert.kind == AlertKind.SILENCE).count() == 1
    db.release_connection()


def test_who_is_inside_now_stands_before_who_may_be_and_of_these_the_first_who_may(world: World) -> None:
    others = [world.new_wearer(f"Wearer {number}", f"LDN-000{number}") for number in (2, 3)]
    world.tag.reports(world.tag.fix(5_000.0))
    for tag, metres in zip(others, (9_000.0, 2_500.0), strict=True):
        tag.reports(tag.fix(metres))
    world.forward(580)
    world.tag.stays_inside()
    shown = [(one["kind"], one["wearer"]["name"]) for one in world.officer.alerts("open")]
    assert shown == [("zone", "Daniel Marsh"), ("silence", "Wearer 3"), ("silence", "Wearer 2")]
    acknowledges_everything(world)
    world.reads_everything()
