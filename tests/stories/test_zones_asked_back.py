"""A zone that was mistyped, or that no one could keep together with another, is asked back before it is saved."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from backend import clock, db
from backend.cases import caseload_import, import_columns, zone_preview
from backend.cases.commands.opening import NewCondition
from backend.errors import InvalidRecord
from backend.models import PlaceZone, ProtectedPlace, Wearer
from backend.record.zone_geojson import keeps_in
from tests import cases
from tests.world import HOME, World

NEAR = cases.east_of(HOME, 400.0)
HEADING = ",".join((*import_columns.COLUMNS, import_columns.ZONE_CONFIRMED))


def body_of(world: World, zone: dict[str, Any]) -> dict[str, Any]:
    whose = {"wearer": world.wearer} if keeps_in(zone) else {"victim": world.victim}
    place = ProtectedPlace.create(**whose, label="Elm")
    db.release_connection()
    return {"place_id": place.id, "zone": zone, "from_at": clock.now().isoformat(), "why": "So the court ordered."}


@pytest.mark.parametrize(
    ("zone", "question"),
    [
        pytest.param(cases.circle(HOME[1], HOME[0]), "Latitude and longitude may be swapped", id="swapped axes"),
        pytest.param(cases.circle(NEAR[0], -NEAR[1]), "The longitude may have lost its minus sign", id="a lost sign"),
        pytest.param(cases.circle(40.41, -3.70), "km from every other zone of this case", id="another country"),
        pytest.param(
            {**cases.circle(*HOME), "properties": {"id": "stay", "kind": "inclusion", "radius_m": 40, "buffer_m": 0}},
            "lies inside an exclusion zone",
            id="a curfew address in the middle of an exclusion zone",
        ),
    ],
)
def test_the_interface_asks_back_and_saves_what_is_confirmed(world: World, zone: dict[str, Any], question: str) -> None:
    path, body = f"/v1/wearers/{world.wearer.id}/zones", body_of(world, zone)
    asked = world.officer.api("POST", path, json=body)
    assert (asked.status_code, asked.json()["code"]) == (409, "needs_confirmation")
    assert question in asked.json()["detail"]
    assert question in " ".join(asked.json()["warnings"])
    assert PlaceZone.select().count() == 1
    db.release_connection()
    assert world.officer.api("POST", path, json={**body, "is_confirmed": True}).status_code == 201
    world.reads_everything()


def test_a_zone_that_fits_is_saved_without_a_question(world: World) -> None:
    path = f"/v1/wearers/{world.wearer.id}/zones"
    assert world.officer.api("POST", path, json=body_of(world, cases.circle(*NEAR))).status_code == 201
    world.reads_everything()


def test_a_change_of_a_zone_is_asked_back_too_but_not_against_its_own_past(world: World) -> None:
    zone = PlaceZone.get()
    db.release_connection()
    path = f"/v1/zones/{zone.id}/versions"
    body = {"zone": cases.circle(HOME[1], HOME[0]), "from_at": clock.now().isoformat(), "why": "Varied."}
    asked = world.officer.api("POST", path, json=body)
    assert asked.status_code == 409
    assert "may be swapped" in asked.json()["detail"]
    moved = cases.circle(*cases.east_of(HOME, -150_000.0))
    assert world.officer.api("POST", path, json={**body, "zone": moved}).status_code == 201
    world.reads_everything()


def test_the_page_shows_the_same_questions_before_saving(world: World) -> None:
    order = cases.order(world, clock.now() - timedelta(days=1), None)
    curfew = {**cases.circle(*HOME), "properties": {"kind": "inclusion", "radius_m": 40, "buffer_m": 0}}
    new = NewCondition(
        order_id=order.id,
        number="9",
        wording="To stay at home at night.",
        place_id=None,
        victim_id=world.victim.id,
        place="Lodging",
        zone=curfew,
        from_at=clock.now(),
        why="Licence.",
    )
    doubts = zone_preview.try_condition(world.officer.person, world.wearer.id, new, clock.now()).doubts
    db.release_connection()
    assert any("lies inside an exclusion zone" in said for said in doubts)
    world.reads_everything()


def test_an_outline_of_too_many_corners_is_refused_with_its_reason(world: World) -> None:
    corners = [[HOME[1] + n * 1e-7, HOME[0] + (n % 2) * 1e-3] for n in range(20_000)]
    shape = {"type": "Polygon", "coordinates": [[*corners, corners[0]]]}
    body = body_of(world, {"type": "Feature", "geometry": shape, "properties": {"kind": "exclusion", "buffer_m": 100}})
    refused = world.officer.api("POST", f"/v1/wearers/{world.wearer.id}/zones", json=body)
    assert 400 <= refused.status_code < 500
    assert "2,000" in refused.json()["detail"]
    world.reads_everything()


def test_a_caseload_is_asked_back_by_its_line_and_loaded_once_the_row_says_yes(world: World) -> None:
    world.new_tag("LDN-0099", None)
    feature = cases.circle(HOME[1], HOME[0])
    feature["properties"]["id"] = "z1"
    zones = json.dumps({"type": "FeatureCollection", "features": [feature]})
    values = {
        "wearer": "Owen Price",
        "victim": "Sofia Marino",
        "victim_phone": "",
        "place": "Work",
        "order_kind": "dapol",
        "order_reference": "LIC 7",
        "order_starts_on": "2026-01-01",
        "order_ends_on": (clock.now() + timedelta(days=120)).date().isoformat(),
        "condition": "Not to enter.",
        "zone_id": "z1",
        "tag_serial": "LDN-0099",
        "officer_email": "amina@cordon.example",
    }
    row = ",".join(values[name] for name in import_columns.COLUMNS)
    with pytest.raises(InvalidRecord) as refusal:
        caseload_import.load(world.supervisor.person, f"{HEADING}\n{row},", zones, clock.now())
    (problem,) = refusal.value.extra["problems"]
    assert (problem["row"], problem["column"]) == (2, "zone_confirmed")
    assert "may be swapped" in problem["text"]
    assert Wearer.select().count() == 1
    assert caseload_import.load(world.supervisor.person, f"{HEADING}\n{row},yes", zones, clock.now()) == 1
    db.release_connection()
    world.settle()
    db.release_connection()
