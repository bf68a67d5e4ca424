"""A zone that was removed is in force for no one: the row of its last version has no end, and is not asked."""

from __future__ import annotations

from backend import clock, db
from backend.cases import writing
from backend.models import Victim
from tests import cases
from tests.world import HOME, World


def removed(world: World, zone_id: int) -> None:
    now = clock.now()
    officer = world.officer.person
    writing.change_zone(officer, zone_id, now, now, why="They moved.", is_removed=True, is_confirmed=True)
    db.release_connection()


def test_no_one_is_called_about_an_alert_because_of_a_zone_that_was_removed(world: World) -> None:
    maya = Victim.create(team=world.team, name="Maya Lind", created_at=clock.now())
    elm = cases.zone_around(world, cases.east_of(HOME, 3_000.0), clock.now(), whose=maya)
    world.tag.is_far_away()
    assert world.tag.post(events=[{"kind": "strap_open", "at": clock.now().isoformat()}]).status_code == 200
    named = {one["name"] for one in world.officer.api("GET", f"/v1/alerts/{tampered(world)}").json()["contacts"]}
    assert {world.victim.name, maya.name} <= named
    removed(world, elm.id)
    named = {one["name"] for one in world.officer.api("GET", f"/v1/alerts/{tampered(world)}").json()["contacts"]}
    assert world.victim.name in named
    assert maya.name not in named
    world.checks_at_end = False


def tampered(world: World) -> int:
    number: int = next(one["id"] for one in world.officer.alerts() if one["kind"] == "tamper")
    return number


def test_a_moving_place_never_rests_on_a_fixed_zone_that_was_removed(world: World) -> None:
    world.stop_worker()
    body = {"agreed": True, "wearers": [world.wearer.id]}
    path = f"/v1/victims/{world.victim.id}/shared-location"
    removed(world, world.zone.id)
    refused = world.officer.api("POST", path, json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "moving_place_alone"), refused.text
    world.checks_at_end = False
