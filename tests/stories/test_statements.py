"""How often the database is asked: a case is read in one statement a table, however many orders and zones it has."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import requests

from backend import audit, clock, db
from backend.cases import protected_people, writing
from backend.cases.monitoring_status import Risk, assess_risk
from backend.models import PlaceZone, ProtectedPlace
from tests import cases
from tests.statements import counted
from tests.world import HOME, World
from tests.world.phone import PASSWORD


def full_case(world: World, first: int, size: int) -> list[PlaceZone]:
    """Give the case so many orders, each with conditions, a zone of its own and a person whom it protects."""
    person, now = world.officer.person, clock.now()
    since = now - timedelta(days=9)
    assess_risk(person, world.wearer.id, Risk.HIGH, since, now, why="Assessed.")
    drawn = []
    for number in range(first, first + size):
        made = cases.order(world, since, now + timedelta(days=90 + number))
        condition = writing.add_condition(person, made.id, "4", f"Not to enter Elm Rd {number}", since, now)
        other = protected_people.add_person(person, world.wearer.id, f"Laura {number}", now, why="Named in the order.")
        place = ProtectedPlace.create(victim=other, label=f"Elm {number}")
        around = cases.east_of(HOME, 5_000.0 + 1_000.0 * number)
        zone = writing.add_zone(
            person,
            world.wearer.id,
            place.id,
            cases.circle(*around),
            since,
            now,
            why=cases.WHY,
            order_id=made.id,
            condition_id=condition.id,
        )
        drawn.append(zone)
        later = now + timedelta(days=30 + number)
        writing.change_zone(person, zone.id, later, now, why="Wider from then.", feature=cases.circle(*around, 300.0))
    db.release_connection()
    return drawn


def signed_in(world: World, email: str) -> requests.Session:
    """Return a browser's session on the pages."""
    browser = requests.Session()
    form = browser.get(f"{world.url}/sign-in", timeout=20).text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)
    assert token is not None
    sent = {"csrf_token": token.group(1), "email": email, "password": PASSWORD}
    answer = browser.post(f"{world.url}/sign-in", data=sent, timeout=20)
    assert answer.status_code == 200, answer.text
    return browser


def page_of_the_case(world: World, drawn: list[PlaceZone]) -> list[str]:
    browser = signed_in(world, world.officer.person.email)
    address = f"{world.url}/cases/{world.wearer.id}"
    # The first look is recorded, and a minute of looks is one.
    browser.get(address, timeout=20)
    with counted() as statements:
        answer = browser.get(address, timeout=20)
    assert answer.status_code == 200
    assert drawn[-1].place.label in answer.text
    return statements


def change_of_a_zone(world: World, drawn: list[PlaceZone]) -> list[str]:
    zone = drawn[-1]
    wider = {**zone.feature, "properties": {**zone.feature["properties"], "radius_m": 280.0}}
    body = {"zone": wider, "from_at": clock.now().isoformat(), "why": "Wider from today."}
    world.tag.reports(world.tag.fix(2_000.0, ago_s=60.0))
    world.officer.signs_in()
    body["version"] = audit.newest()
    db.release_connection()
    with counted() as statements:
        answer = world.officer.api("POST", f"/v1/zones/{zone.id}/versions", json=body)
    assert answer.status_code == 201, answer.text
    return statements


def first_breach(world: World, drawn: list[PlaceZone]) -> list[str]:
    world.tag.reports(world.tag.fix(700.0, ago_s=240.0))
    with counted() as statements:
        world.tag.reports(world.tag.fix(100.0))
    assert cases.alerts()
    return statements


@pytest.mark.parametrize(
    ("asked_of", "most"), [(page_of_the_case, 25), (change_of_a_zone, 40)], ids=["page", "change of a zone"]
)
def test_a_case_asks_the_database_as_often_with_sixteen_orders_and_zones_as_with_one(
    world: World, asked_of: Callable[[World, list[PlaceZone]], list[str]], most: int
) -> None:
    world.stop_worker()
    world.checks_at_end = False
    few = asked_of(world, full_case(world, 0, 1))
    many = asked_of(world, full_case(world, 1, 15))
    said = "\n".join(many)
    assert len(few) == len(many), said
    assert len(many) <= most, said


@pytest.mark.parametrize("size", [1, 16])
def test_a_first_breach_asks_the_database_as_often_however_rich_the_case_is(world: World, size: int) -> None:
    world.stop_worker()
    world.checks_at_end = False
    statements = first_breach(world, full_case(world, 0, size))
    assert len(statements) <= 32, "\n".join(statements)
