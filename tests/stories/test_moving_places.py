"""A protected person whose phone, with their consent, is a place that moves: an alert follows either move."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import requests

from backend import clock, db
from backend.cases import monitoring_status, writing
from backend.cases.monitoring_status import Suspended
from backend.models import (
    Alert,
    AlertKind,
    AuditEntry,
    LocationConsent,
    PlaceZone,
    Role,
    Team,
    VictimPosition,
    Wearer,
)
from backend.record.facts import Terms
from tests import cases
from tests.world import HOME, World
from zones.geo import Frame

MARKET_M = 20_000.0


class SharedPhone:
    """Their phone: paired with the code that was read to them, it posts where they are."""

    def __init__(self, world: World, code: str) -> None:
        self.world = world
        answer = world.api("POST", "/v1/phones", json={"code": code})
        assert answer.status_code == 201, answer.text
        self.token = answer.json()["token"]

    def posts(self, metres: float, ago_s: float = 0.0, **more: Any) -> requests.Response:
        """Say that they are so many metres east of the protected home."""
        lat, lon = Frame(*HOME).to_degrees(metres, 0.0)
        at = clock.now() - timedelta(seconds=ago_s)
        position = {"at": at.isoformat(), "lat": lat, "lon": lon, "accuracy_m": 8.0, **more}
        return self.api("POST", "/positions", json={"positions": [position]})

    def is_at(self, metres: float) -> int:
        """The same, expected to be taken; returns in how many seconds to report again."""
        answer = self.posts(metres)
        assert answer.status_code == 200, answer.text
        return answer.json()["report_interval_s"]

    def api(self, method: str, path: str = "", **more: Any) -> requests.Response:
        """Send a request as their phone."""
        return self.world.api(
            method, f"/v1/phones/current{path}", headers={"Authorization": f"Bearer {self.token}"}, **more
        )


def agrees(world: World, **more: Any) -> SharedPhone:
    """They agree before the officer, who reads them the code."""
    answer = world.officer.api(
        "POST",
        f"/v1/victims/{world.victim.id}/shared-location",
        json={"agreed": True, "wearers": [world.wearer.id], "radius_m": 200, "buffer_m": 200, **more},
    )
    assert answer.status_code == 201, answer.text
    return SharedPhone(world, answer.json()["code"])


def test_the_wearer_walks_towards_them_far_from_their_home_and_the_officer_is_warned(world: World) -> None:
    world.officer.has_app()
    phone = agrees(world)
    assert phone.is_at(MARKET_M) == world.settings.report_interval_s
    for metres in (3_000.0, 2_000.0):
        world.tag.reports(world.tag.fix(MARKET_M - metres))
        world.forward(30)
    world.expect_nothing_more()
    phone.is_at(MARKET_M)
    world.tag.reports(world.tag.fix(MARKET_M - 60.0))
    push = world.officer.expects_push("")
    alert = world.officer.alert()
    assert (alert["level"], alert["zone_kind"], alert["mover"]) == ("breach", "moving", "wearer")
    assert alert["place"]["name"] == "Wherever they are"
    assert "the wearer moved towards the protected person" in alert["reasons"]
    assert alert["zone"]["geometry"] is None
    raised = AuditEntry.get(AuditEntry.action == "alert_raised")
    assert raised.detail["mover"] == "wearer"
    # Where they are stands nowhere that a person, a phone or a log could read it.
    lat, lon = Frame(*HOME).to_degrees(MARKET_M, 0.0)
    told = f"{alert['reasons']} {alert['zone']} {alert['history']} {push.data} {raised.detail}"
    assert f"{lat:.3f}" not in told
    assert f"{lon:.3f}" not in told


def test_they_walk_up_to_the_wearer_unknowing_and_their_phone_is_what_tells(world: World) -> None:
    world.officer.has_app()
    phone = agrees(world)
    phone.is_at(MARKET_M - 1_500.0)
    world.tag.reports(world.tag.fix(MARKET_M))
    world.forward(30)
    world.tag.reports(world.tag.fix(MARKET_M))
    world.expect_nothing_more()
    world.forward(30)
    phone.is_at(MARKET_M - 50.0)
    world.officer.expects_push("")
    alert = world.officer.alert()
    assert (alert["level"], alert["certainty"], alert["mover"]) == ("breach", "unconfirmed", "protected")
    assert "the protected person moved towards the wearer" in alert["reasons"]


def test_together_for_minutes_it_is_sure_and_they_are_warned_in_their_own_words(world: World) -> None:
    world.victim_consents()
    world.officer.has_app()
    phone = agrees(world)
    for _ in range(8):
        phone.is_at(MARKET_M)
        world.tag.reports(world.tag.fix(MARKET_M + 30.0))
        world.forward(20)
    alert = world.officer.alert()
    assert (alert["level"], alert["certainty"]) == ("breach", "confirmed")
    world.expect_sms(world.victim.phone, "Your book has arrived.")
    for metres in (1_000.0, 3_000.0, 5_000.0, 7_000.0):
        phone.is_at(MARKET_M)
        world.tag.reports(world.tag.fix(MARKET_M + metres))
        world.forward(60)
    assert world.officer.alert()["is_over"]
    world.expect_sms(world.victim.phone, "Your book was collected.")
    world.reads_everything()


def test_a_moving_place_never_stands_in_for_a_fixed_one(world: World) -> None:
    wearer_id, victim_id = world.wearer.id, world.victim.id
    PlaceZone.update(to_at=clock.now() - timedelta(days=1)).execute()
    answer = world.officer.api(
        "POST", f"/v1/victims/{victim_id}/shared-location", json={"agreed": True, "wearers": [wearer_id]}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "moving_place_alone")
    assert not LocationConsent.select().exists()
    PlaceZone.update(to_at=None).execute()
    phone = agrees(world)
    phone.is_at(MARKET_M)
    # They are elsewhere, and their home is watched all the same.
    world.tag.stays_inside()
    assert [alert["place"]["name"] for alert in world.officer.alerts()] == ["Home"]
    world.reads_everything()


def test_they_take_it_back_on_their_phone_and_nothing_of_them_is_left(world: World) -> None:
    world.officer.has_app()
    phone = agrees(world)
    phone.is_at(MARKET_M)
    world.forward(30)
    phone.is_at(MARKET_M)
    world.tag.reports(world.tag.fix(MARKET_M))
    world.officer.expects_push("")
    assert phone.api("DELETE").status_code == 204
    assert VictimPosition.select().count() == 0
    assert phone.posts(MARKET_M).status_code == 401
    assert VictimPosition.select().count() == 0
    # What was told before stays with the officer, and nothing is made of silence.
    world.tag.reports(world.tag.fix(0.0 - MARKET_M))
    assert [(a["is_over"], a["handling"]) for a in world.officer.alerts()] == [(False, "open")]
    assert AuditEntry.select().where(AuditEntry.action == "location_consent_withdrawn").count() == 1


def test_only_the_newest_two_positions_are_kept_and_old_or_future_ones_say_nothing(world: World) -> None:
    phone = agrees(world)
    for metres in (0.0, 100.0, 200.0, 300.0):
        phone.is_at(MARKET_M + metres)
        world.forward(30)
    assert VictimPosition.select().count() == 2
    newest = VictimPosition.select().order_by(VictimPosition.fix_time.desc()).first()
    assert phone.posts(0.0, ago_s=600).status_code == 200
    assert phone.posts(0.0, ago_s=7_200).status_code == 200
    assert phone.posts(0.0, ago_s=-600).status_code == 200
    assert VictimPosition.select().order_by(VictimPosition.fix_time.desc()).first() == newest


def test_a_phone_that_went_silent_is_neither_a_breach_nor_an_all_clear(world: World) -> None:
    phone = agrees(world)
    phone.is_at(MARKET_M)
    world.tag.reports(world.tag.fix(MARKET_M))
    assert len(world.officer.alerts()) == 1
    world.forward(3_700)
    world.tag.reports(world.tag.fix(MARKET_M + 2_000.0))
    assert not Alert.get().is_over
    world.reads_everything()


@pytest.mark.parametrize("by", ["another team", "a used code", "an old code", "an administrator"])
def test_who_may_not(world: World, by: str) -> None:
    if by == "an administrator":
        boss = world.person(Role.ADMINISTRATOR, "Priya Nair", None)
        body = {"agreed": True, "wearers": [world.wearer.id]}
        assert boss.api("POST", f"/v1/victims/{world.victim.id}/shared-location", json=body).status_code == 403
        assert boss.api("DELETE", f"/v1/victims/{world.victim.id}/shared-location").status_code == 403
        return
    if by == "another team":
        team = Team.create(name="South", created_at=clock.now())
        stranger = world.person(Role.OFFICER, "Zoe Hall", None, team)
        body = {"agreed": True, "wearers": [world.wearer.id]}
        assert stranger.api("POST", f"/v1/victims/{world.victim.id}/shared-location", json=body).status_code == 404
        return
    answer = world.officer.api(
        "POST", f"/v1/victims/{world.victim.id}/shared-location", json={"agreed": True, "wearers": [world.wearer.id]}
    )
    code = answer.json()["code"]
    if by == "a used code":
        SharedPhone(world, code)
    else:
        world.forward(1_900)
    assert world.api("POST", "/v1/phones", json={"code": code}).status_code == 401


def test_the_officer_takes_it_back_for_them_and_a_new_agreement_begins_anew(world: World) -> None:
    first = agrees(world)
    first.is_at(MARKET_M)
    assert world.officer.api("DELETE", f"/v1/victims/{world.victim.id}/shared-location").status_code == 204
    assert first.posts(MARKET_M).status_code == 401
    second = agrees(world)
    assert second.is_at(MARKET_M)
    assert PlaceZone.select().where(PlaceZone.moves, PlaceZone.to_at.is_null()).count() == 1


def stand_together(world: World) -> tuple[SharedPhone, Alert]:
    """The wearer is next to them, and both have said so for a while."""
    phone = agrees(world)
    for _ in range(8):
        phone.is_at(MARKET_M)
        world.tag.reports(world.tag.fix(MARKET_M + 30.0))
        world.forward(20)
    world.settle()
    (alert,) = cases.alerts()
    assert not alert.is_over
    return phone, alert


def test_an_alert_at_a_moving_place_outlives_the_protection_of_another_place(world: World) -> None:
    world.victim_consents()
    world.officer.has_app()
    phone, alert = stand_together(world)
    world.expect_sms(world.victim.phone, "arrived")
    refuge = cases.east_of(HOME, -9_000.0)
    writing.protect_tonight(
        world.officer.person, world.wearer.id, world.victim.id, "Refuge", *refuge, 300.0, clock.now()
    )
    db.release_connection()
    world.settle()
    phone.is_at(MARKET_M)
    world.tag.reports(world.tag.fix(MARKET_M + 30.0))
    assert [(found.id, found.is_over) for found in cases.alerts()] == [(alert.id, False)]
    assert cases.alerts(AlertKind.CANNOT_JUDGE) == []
    assert not any("collected" in text.body for text in world.doubles.messages)
    world.reads_everything()


def test_an_alert_at_a_moving_place_outlives_an_entry_about_the_past(world: World) -> None:
    made = cases.order(world, world.zone.from_at, clock.now() + timedelta(days=60))
    cases.rests_on(world, made)
    world.victim_consents()
    world.officer.has_app()
    _, alert = stand_together(world)
    now = clock.now()
    cases.vary(world, made, Terms(world.zone.from_at, now + timedelta(days=90)), now - timedelta(hours=1))
    assert [(found.id, found.is_over, found.certainty) for found in cases.alerts()] == [(alert.id, False, "confirmed")]
    world.reads_everything()


def test_a_suspension_ends_the_alert_at_a_moving_place(world: World) -> None:
    world.officer.has_app()
    _, alert = stand_together(world)
    now = clock.now()
    monitoring_status.suspend(
        world.officer.person,
        world.wearer.id,
        Suspended.CUSTODY,
        now,
        now + timedelta(days=2),
        now,
        why="He was arrested.",
        is_confirmed=True,
    )
    db.release_connection()
    assert [(found.id, found.is_over) for found in cases.alerts()] == [(alert.id, True)]
    world.reads_everything()


def test_a_new_agreement_in_one_case_keeps_the_moving_place_in_their_other_cases(world: World) -> None:
    agrees(world)
    other = Wearer.create(
        team=world.team, name="Other Man", responsible_officer=world.colleague.person, created_at=clock.now()
    )
    PlaceZone.create(place=world.place, wearer=other, feature=world.zone.feature, from_at=world.zone.from_at)
    db.release_connection()
    path = f"/v1/victims/{world.victim.id}/shared-location"
    answer = world.colleague.api("POST", path, json={"agreed": True, "wearers": [other.id]})
    phone = SharedPhone(world, answer.json()["code"])
    moving = PlaceZone.select().where(PlaceZone.moves, PlaceZone.to_at.is_null())
    assert {row.wearer_id for row in moving} == {world.wearer.id, other.id}
    db.release_connection()
    phone.is_at(MARKET_M)
    world.tag.reports(world.tag.fix(MARKET_M))
    assert [alert["zone_kind"] for alert in world.officer.alerts()] == ["moving"]
    world.reads_everything()
