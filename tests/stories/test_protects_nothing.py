"""What would protect no one is said before it is saved: on an order that is over, in a case that no one judges."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend import clock, db
from backend.cases import change_warnings, monitoring_status, writing
from backend.cases.monitoring_status import Ended, Suspended
from backend.errors import InvalidTransition, NeedsConfirmation
from backend.models import PlaceZone, ProtectedPlace, Wearer
from backend.record import reading
from backend.record.facts import MonitoringStatus, Terms
from tests import cases
from tests.world import HOME, World

ELM = cases.east_of(HOME, 4_000.0)


def suspended(world: World) -> None:
    now = clock.now()
    monitoring_status.suspend(
        world.officer.person,
        world.wearer.id,
        Suspended.HOSPITAL,
        now,
        now + timedelta(days=3),
        now,
        why="Taken ill.",
        is_confirmed=True,
    )
    db.release_connection()


def test_a_zone_on_an_order_that_is_over_is_asked_back_by_the_interface_too(world: World) -> None:
    now = clock.now()
    over = cases.order(world, now - timedelta(days=90), now - timedelta(days=1), kind="bail")
    place = ProtectedPlace.create(victim=world.victim, label="Elm")
    db.release_connection()
    body = {
        "place_id": place.id,
        "zone": cases.circle(*ELM),
        "from_at": now.isoformat(),
        "order_id": over.id,
        "why": "So the court ordered.",
    }
    path = f"/v1/wearers/{world.wearer.id}/zones"
    asked = world.officer.api("POST", path, json=body)
    assert (asked.status_code, asked.json()["code"]) == (409, "needs_confirmation")
    assert asked.json()["detail"].startswith("This zone does not protect place Elm: its order ended ")
    assert PlaceZone.select().count() == 1
    db.release_connection()
    # For the record of what held then it is saved all the same.
    assert world.officer.api("POST", path, json={**body, "is_confirmed": True}).status_code == 201
    world.reads_everything()


def test_a_zone_that_comes_into_force_later_is_saved_without_a_question(world: World) -> None:
    now = clock.now()
    later = cases.order(world, now + timedelta(days=1), now + timedelta(days=90))
    cases.zone_around(world, ELM, now + timedelta(days=1), order_id=later.id)
    paused = cases.order(world, now, now + timedelta(days=90))
    cases.vary(world, paused, Terms(now, is_suspended=True), now)
    with pytest.raises(NeedsConfirmation, match="its order is suspended"):
        cases.zone_around(world, ELM, now, label="Oak", order_id=paused.id)
    db.release_connection()
    world.reads_everything()


def test_protecting_a_place_tonight_says_that_the_case_is_suspended_before_anything_is_saved(world: World) -> None:
    suspended(world)
    body = {"victim_id": world.victim.id, "place": "Refuge", "lat": ELM[0], "lon": ELM[1], "radius_m": 300}
    path = f"/v1/wearers/{world.wearer.id}/provisional-zones"
    asked = world.officer.api("POST", path, json=body)
    assert (asked.status_code, asked.json()["code"]) == (409, "needs_confirmation")
    assert "until it is resumed no fix is judged and place Refuge is not protected" in asked.json()["detail"]
    assert not ProtectedPlace.select().where(ProtectedPlace.label == "Refuge").exists()
    db.release_connection()
    assert world.officer.api("POST", path, json={**body, "is_confirmed": True}).status_code == 201
    monitoring_status.resume(world.officer.person, world.wearer.id, clock.now(), clock.now(), why="He is back.")
    assert len(reading.case(world.wearer.id).zones_in_force(clock.now())) == 2
    db.release_connection()
    world.reads_everything()


def test_an_ended_case_is_not_opened_again_by_suspending_it(world: World) -> None:
    person, now = world.officer.person, clock.now()
    monitoring_status.end(person, world.wearer.id, Ended.DEATH, now, now, why="Died.", is_confirmed=True)
    db.release_connection()
    world.forward(3_600)
    with pytest.raises(InvalidTransition, match="has ended by then"):
        suspended(world)
    assert reading.case(world.wearer.id).status_at(clock.now()) is MonitoringStatus.ENDED
    # To open it again is a step of its own.
    monitoring_status.resume(person, world.wearer.id, clock.now(), clock.now(), why="It was another man.")
    suspended(world)
    assert reading.case(world.wearer.id).status_at(clock.now()) is MonitoringStatus.SUSPENDED
    db.release_connection()
    world.reads_everything()


def test_a_case_that_is_opened_with_an_order_that_is_over_is_asked_back(world: World) -> None:
    world.new_tag("NEW-9", None)
    now = clock.now()
    body = {
        "wearer": "Sam",
        "victim": "Ann",
        "place": "Elm",
        "kind": "bail",
        "reference": "R1",
        "starts_at": (now - timedelta(days=90)).isoformat(),
        "ends_at": (now - timedelta(days=1)).isoformat(),
        "condition": "Keep out.",
        "zone": cases.circle(*ELM),
        "serial": "NEW-9",
    }
    asked = world.officer.api("POST", "/v1/wearers", json=body)
    assert (asked.status_code, asked.json()["code"]) == (409, "needs_confirmation")
    assert "does not protect place Elm: its order ended" in asked.json()["detail"]
    assert Wearer.select().count() == 1
    db.release_connection()


def test_an_order_that_ends_and_comes_back_by_what_was_planned_before_is_said_to(world: World) -> None:
    now, person = clock.now(), world.officer.person
    made = cases.order(world, world.zone.from_at, now + timedelta(days=60))
    cases.rests_on(world, made)
    renewed_at, ends_at = now + timedelta(days=40), now + timedelta(days=10)
    cases.vary(world, made, Terms(world.zone.from_at, now + timedelta(days=300)), renewed_at)
    with pytest.raises(NeedsConfirmation) as asked:
        writing.vary_order(person, made.id, Terms(world.zone.from_at, ends_at), now, now, why="The court ended it.")
    assert f"From {change_warnings.day(ends_at)} no zone protects place Home." in asked.value.extra["warnings"]
    again = [
        said
        for said in asked.value.extra["warnings"]
        if said.startswith(f"From {change_warnings.day(renewed_at)} one does again")
    ]
    assert len(again) == 1
    assert reading.case(world.wearer.id).orders[made.id][-1].value.ends_at != ends_at
    db.release_connection()
    world.reads_everything()
