"""Case and space say nothing in an email address or a serial: one person, one tag, wherever it is written."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from peewee import IntegrityError

from backend import clock, db
from backend.cases import caseload_import
from backend.models import Activation, Fix, Person, Role, Tag
from tests.world import World
from tests.world.phone import PASSWORD
from tests.world.tag import TestTag

MADE_WITH = {"name": "Ben Carter", "role": "officer", "phone": None}
SPELLINGS = ["Amina@Cordon.Example", "AMINA@CORDON.EXAMPLE", "  amina@cordon.example ", "\tAmina@cordon.example\n"]
SERIALS = ["ldn-0001", "Ldn-0001", " LDN-0001 ", "lDn-0001\t"]


def administrator(world: World) -> Any:
    return world.person(Role.ADMINISTRATOR, "Ivy Chen", None)


@pytest.mark.parametrize("email", SPELLINGS, ids=repr)
def test_an_address_is_one_account_however_it_is_spelled(world: World, email: str) -> None:
    body = {"email": email, "password": PASSWORD}
    assert world.api("POST", "/v1/sessions", json=body).status_code == 200
    made = administrator(world).api("POST", "/v1/people", json={**MADE_WITH, "team_id": world.team.id, "email": email})
    assert (made.status_code, made.json()["code"]) == (422, "invalid_record")


def test_an_account_that_was_made_with_capitals_signs_in_without(world: World) -> None:
    Person.update(email="Amina@Cordon.example").where(Person.id == world.officer.person.id).execute()
    db.release_connection()
    body = {"email": "amina@cordon.example", "password": PASSWORD}
    assert world.api("POST", "/v1/sessions", json=body).status_code == 200


@pytest.mark.parametrize("serial", SERIALS, ids=repr)
def test_a_serial_is_one_tag_however_it_is_spelled(world: World, serial: str) -> None:
    spelled = TestTag(world, requests_path(serial), world.tag.key, world.tag.centre)
    assert spelled.reports(spelled.fix(5_000.0))["accepted"] == 1
    assert Fix.get().wearer_id == world.wearer.id
    db.release_connection()
    made = administrator(world).api("POST", "/v1/tags", json={"serial": serial})
    assert (made.status_code, made.json()["code"]) == (422, "invalid_record")


def requests_path(serial: str) -> str:
    """Return the serial as it stands in an address."""
    return serial.replace(" ", "%20").replace("\t", "%09")


@pytest.mark.parametrize("serial", ["ldn-0099", " Ldn-0099 "])
def test_a_tag_is_fitted_and_swapped_by_any_spelling_of_its_serial(world: World, serial: str) -> None:
    world.new_tag("LDN-0099", None)
    old = Activation.get(Activation.wearer == world.wearer)
    db.release_connection()
    body = {"serial": serial, "at": clock.now().isoformat(), "why": "Broken."}
    made = world.officer.api("POST", f"/v1/activations/{old.id}/swap", json=body)
    assert made.status_code == 201, made.text
    assert Activation.get_by_id(made.json()["id"]).tag.serial == "LDN-0099"
    off = {"to_at": (clock.now() + timedelta(seconds=1)).isoformat(), "why": "Ill.", "is_confirmed": True}
    assert world.officer.api("POST", f"/v1/activations/{made.json()['id']}/end", json=off).status_code == 201
    world.forward(5)
    body = {"serial": serial, "from_at": clock.now().isoformat(), "why": "Well again."}
    assert world.officer.api("POST", f"/v1/wearers/{world.wearer.id}/tags", json=body).status_code == 201
    world.settle()
    world.reads_everything()


HEADER = ",".join(caseload_import.COLUMNS)


@pytest.mark.parametrize(
    ("column", "first", "second"),
    [("tag_serial", "LDN-0099", "ldn-0099"), ("officer_email", "Amina@cordon.example", "AMINA@cordon.example")],
)
def test_a_caseload_names_tags_and_officers_by_any_spelling_and_one_tag_once(
    world: World, column: str, first: str, second: str
) -> None:
    world.new_tag("LDN-0099", None)
    world.new_tag("LDN-0098", None)
    zones = (
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": {"type": "Point", '
        '"coordinates": [-0.1, 51.5]}, "properties": '
        '{"id": "z", "kind": "exclusion", "radius_m": 200, "buffer_m": 200}}]}'
    )

    def row(wearer: str, **more: str) -> str:
        values = dict.fromkeys(caseload_import.COLUMNS, "")
        values |= {
            "wearer": wearer,
            "victim": f"Friend of {wearer}",
            "place": "Home",
            "order_kind": "dapol",
            "order_reference": f"REF-{wearer}",
            "order_starts_on": "2026-01-01",
            "order_ends_on": "2036-01-01",
            "condition": "Not to enter.",
            "zone_id": "z",
            "tag_serial": "LDN-0098",
            "officer_email": "amina@cordon.example",
        }
        return ",".join((values | more)[name] for name in caseload_import.COLUMNS)

    by = world.supervisor.person
    sound = caseload_import.read(by, f"{HEADER}\n{row('Owen', **{column: second})}\n", zones, clock.now())
    assert sound.problems == []
    both = f"{HEADER}\n{row('Owen', **{column: first})}\n{row('Karl', **{column: second})}\n"
    problems = caseload_import.read(by, both, zones, clock.now()).problems
    # Both rows name one tag, whichever way it is spelled.
    assert [(one.row, one.column) for one in problems] == [(3, "tag_serial")]
    db.release_connection()


def test_the_database_itself_keeps_one_row_for_all_spellings(world: World) -> None:
    people = Person.select(Person.team, Person.role, Person.name, Person.password_hash, Person.created_at).dicts()
    for make in (
        lambda: Tag.create(serial="ldn-0001", key="k", created_at=clock.now()),
        lambda: Person.create(**{**people.get(), "email": "AMINA@cordon.example"}),
    ):
        with pytest.raises(IntegrityError), db.atomic():
            make()
    db.release_connection()
