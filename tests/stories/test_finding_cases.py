"""A case is found by what its officer has before them: a name, a reference, a tag, a place; never a closed one."""

from __future__ import annotations

import pytest

from backend import clock, db
from backend.cases import officers, viewing
from backend.errors import NotAllowed
from backend.models import Person, Role
from tests import cases
from tests.world import World


def found(person: Person, text: str) -> list[str]:
    try:
        return [wearer.name for wearer in viewing.cases_of(person, clock.now(), text)]
    finally:
        db.release_connection()


def test_a_case_is_found_by_the_serial_of_its_tag_and_by_the_name_of_its_place(world: World) -> None:
    spare = world.new_tag("LDN-0099", None)
    person = world.officer.person
    assert found(person, world.tag.serial[2:].lower()) == ["Daniel Marsh"]
    assert found(person, "hom") == ["Daniel Marsh"]
    # A tag that no one wears, and a text that is in nothing.
    assert found(person, spare.serial) == []
    assert found(person, "Refuge") == []
    body = {"why": "Battery.", "serial": spare.serial, "at": clock.now().isoformat()}
    worn = world.officer.api("GET", f"/v1/wearers/{world.wearer.id}").json()["tag"]["activation_id"]
    assert world.officer.api("POST", f"/v1/activations/{worn}/swap", json=body).status_code == 201
    # A person who finds an old tag in a drawer finds whose it was.
    assert found(person, "LDN-0001") == found(person, "LDN-0099") == ["Daniel Marsh"]
    answer = world.officer.api("POST", "/v1/wearers/search", json={"text": "home"}).json()["wearers"]
    assert [one["name"] for one in answer] == ["Daniel Marsh"]


def test_someone_who_is_entered_and_has_no_zone_yet_is_found_with_the_case(world: World) -> None:
    body = {"why": "DAPO.", "name": "Sofia Marino"}
    made = world.officer.api("POST", f"/v1/wearers/{world.wearer.id}/victims", json=body)
    assert found(world.officer.person, "marino") == ["Daniel Marsh"]
    path = f"/v1/wearers/{world.wearer.id}/victims/{made.json()['id']}"
    assert world.officer.api("DELETE", path, json={"why": "The wrong case."}).status_code == 204
    assert found(world.officer.person, "marino") == []


def test_a_restricted_case_is_found_by_no_one_who_may_not_open_it_and_none_by_an_administrator(world: World) -> None:
    cases.order(world, clock.now(), None)
    named = [world.officer.person.id, world.supervisor.person.id]
    officers.restrict(world.supervisor.person, world.wearer.id, named, clock.now(), why="She works here.")
    db.release_connection()
    for text in ("Daniel", "Laura", "LIC-2041", world.tag.serial, "Home"):
        assert found(world.colleague.person, text) == [], text
        assert found(world.officer.person, text) == ["Daniel Marsh"], text
    admin = world.person(Role.ADMINISTRATOR, "Ivy Chen", None)
    with pytest.raises(NotAllowed):
        found(admin.person, "Home")
    world.reads_everything()
