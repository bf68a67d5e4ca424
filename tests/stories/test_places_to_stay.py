"""Where a wearer has to stay at the hours of a curfew is a place of theirs, and no protected person's."""

from __future__ import annotations

from typing import Any

import pytest

from backend import clock, db
from backend.cases import contact_details
from backend.models import ProtectedPlace, Tag, Wearer
from tests import cases
from tests.world import HOME, World

FLAT = cases.east_of(HOME, 8_000.0)
EVERY_DAY = [{"days": ["mo", "tu", "we", "th", "fr", "sa", "su"], "from": "00:00", "to": "00:00"}]


def curfew() -> dict[str, Any]:
    shape = cases.circle(*FLAT)
    hours = {"timezone": "Europe/London", "weekly": EVERY_DAY}
    return {**shape, "properties": {**shape["properties"], "kind": "inclusion", "schedule": hours}}


def stays_at_the_flat(world: World) -> int:
    """Record the flat and its curfew, as an integrator does, and return the number of the place."""
    path = f"/v1/wearers/{world.wearer.id}"
    made = world.officer.api("POST", f"{path}/places-to-stay", json={"label": "Flat"})
    assert made.status_code == 201, made.text
    place_id: int = made.json()["id"]
    body = {"place_id": place_id, "zone": curfew(), "from_at": clock.now().isoformat(), "why": "Licence."}
    drawn = world.officer.api("POST", f"{path}/zones", json={**body, "is_confirmed": True})
    assert drawn.status_code == 201, drawn.text
    return place_id


def test_the_home_of_a_curfew_is_the_wearers_and_a_breach_of_it_is_their_officers_alone(world: World) -> None:
    who, words = world.officer.person, cases.chosen(cases.NEAR, cases.OVER, cases.ENDING)
    contact_details.agree(who, world.wearer.id, world.victim.id, "+447700900201", words, clock.now())
    db.release_connection()
    world.tag.is_far_away()
    place_id = stays_at_the_flat(world)
    case = world.officer.api("GET", f"/v1/wearers/{world.wearer.id}").json()
    assert case["places_to_stay"] == [{"id": place_id, "label": "Flat"}]
    assert {zone["place"]: zone["victim"] for zone in case["zones"]} == {"Home": world.victim.name, "Flat": None}
    assert [place["label"] for one in case["victims"] for place in one["places"]] == ["Home"]
    # Far from both: a way past their home would be an alert of its own.
    world.tag.is_far_away()
    (alert,) = [one for one in world.officer.alerts() if one["level"] == "breach"]
    assert (alert["place"]["name"], alert["zone_kind"]) == ("Flat", "inclusion")
    world.officer.expects_sms(alert["code"])
    world.officer.acknowledges(alert["id"])
    world.settle()
    assert [text for text in world.doubles.messages if text.to == "+447700900201"] == []
    # Whom to call about it is who is protected from the wearer, though it is at no place of theirs.
    contacts = world.officer.api("GET", f"/v1/alerts/{alert['id']}").json()["contacts"]
    assert world.victim.name in {one["name"] for one in contacts}
    world.checks_at_end = False


def test_a_case_that_is_opened_with_a_curfew_alone_says_that_no_zone_protects_the_person_in_it(world: World) -> None:
    world.stop_worker()
    Tag.create(serial="SPARE-1", key="whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0", created_at=clock.now())
    db.release_connection()
    body = {
        "wearer": "Owen Price",
        "victim": "Sofia Marino",
        "place": "Flat",
        "kind": "dapo",
        "reference": "DAPO 88/26",
        "starts_at": clock.now().isoformat(),
        "condition": "To stay at the flat.",
        "zone": curfew(),
        "serial": "SPARE-1",
        "is_confirmed": True,
    }
    made = world.officer.api("POST", "/v1/wearers", json=body)
    assert made.status_code == 201, made.text
    case = world.officer.api("GET", f"/v1/wearers/{made.json()['id']}").json()
    assert ([one["name"] for one in case["victims"]], case["victims"][0]["places"]) == (["Sofia Marino"], [])
    assert [one["label"] for one in case["places_to_stay"]] == ["Flat"]
    missing = world.officer.api("GET", "/v1/watch").json()["findings"]
    assert "victim_without_zone" in {one["gap"] for one in missing if one["wearer"]["name"] == "Owen Price"}
    world.checks_at_end = False


@pytest.mark.parametrize("whose", ["a protected person's", "the wearer's"])
def test_a_zone_of_the_other_kind_is_refused_in_words(world: World, whose: str) -> None:
    path, place_id, zone = f"/v1/wearers/{world.wearer.id}", world.place.id, curfew()
    if whose == "the wearer's":
        place_id = world.officer.api("POST", f"{path}/places-to-stay", json={"label": "Flat"}).json()["id"]
        zone = cases.circle(*FLAT)
    body = {"place_id": place_id, "zone": zone, "from_at": clock.now().isoformat(), "why": "Licence."}
    refused = world.officer.api("POST", f"{path}/zones", json=body)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_record")
    assert "name a new" in refused.json()["detail"]


def test_where_another_wearer_stays_is_no_place_of_this_case(world: World) -> None:
    other = Wearer.create(team=world.team, name="Ian Poole", created_at=clock.now())
    elsewhere = ProtectedPlace.create(wearer=other, label="Hostel")
    db.release_connection()
    body = {"place_id": elsewhere.id, "zone": curfew(), "from_at": clock.now().isoformat(), "why": "Licence."}
    assert world.officer.api("POST", f"/v1/wearers/{world.wearer.id}/zones", json=body).status_code == 404
