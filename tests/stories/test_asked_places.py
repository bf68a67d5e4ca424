"""What a protected person asks for about their places on their own page becomes a zone when an officer agrees."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from backend import clock, db
from backend.errors import InvalidRecord, InvalidTransition, NotFound
from backend.models import PlaceRequest, PlaceZone, Team, Victim, Wearer
from backend.own_pages import places
from backend.own_pages.places import AgreeToPlace
from backend.record.facts import LONDON
from tests.cases import east_of
from tests.own_pages import PIN, OwnPhone, words_of
from tests.stories.test_short_replies import notices
from tests.world import HOME, World

FAR_M = 20_000.0


@pytest.fixture
def phone(world: World) -> OwnPhone:
    """Their phone, with their page open."""
    mine = OwnPhone(world).takes_up()
    mine.enters(PIN)
    return mine


def asks(phone: OwnPhone, kind: str, **more: str) -> PlaceRequest:
    page = phone.post("/places", {"kind": kind, "words": "My sister's flat", **more})
    assert "Sent to your officer." in words_of(page), words_of(page)
    try:
        return PlaceRequest.select().order_by(PlaceRequest.id.desc()).get()
    finally:
        db.release_connection()


def agrees(world: World, asked: PlaceRequest, **more: object) -> PlaceZone:
    lat, lon = east_of(HOME, FAR_M)
    fields = {"victim_id": asked.victim_id, "place": "New place", "lat": lat, "lon": lon, "radius_m": 300.0, **more}
    try:
        made = AgreeToPlace.model_validate(fields).carry_out(
            world.officer.person, clock.now(), world.wearer.id, asked.id
        )
        return PlaceZone.get_by_id(made.id)
    finally:
        db.release_connection()


def days(first: int, last: int) -> dict[str, str]:
    today = clock.now().astimezone(LONDON).date()
    return {
        "from_day": (today + timedelta(days=first)).isoformat(),
        "until_day": (today + timedelta(days=last)).isoformat(),
    }


def test_moving_tonight_is_watched_at_once_when_the_officer_agrees_and_home_stays_watched(
    world: World, phone: OwnPhone
) -> None:
    world.tag.is_far_away()
    asked = asks(phone, "tonight")
    world.officer.expects_sms("Urgent alert")
    assert "Your officer has not answered yet." in words_of(phone.get("/places"))
    agrees(world, asked)
    assert "Your officer said yes" in words_of(phone.get("/places"))
    world.reads_everything()
    world.tag.stays(FAR_M)
    new = [one for one in world.officer.alerts() if one["kind"] == "zone"]
    assert len(new) == 1
    world.reads_everything()
    world.forward(600)
    world.tag.stays_inside()
    assert len([one for one in world.officer.alerts() if one["kind"] == "zone"]) == 2
    world.reads_everything()


def test_a_week_away_is_watched_on_its_days_only_and_home_all_the_while(world: World, phone: OwnPhone) -> None:
    page = words_of(phone.post("/places", {"kind": "away", "words": "At Mum's"}))
    assert "Enter the first and the last day." in page
    asked = asks(phone, "away", **days(1, 7))
    assert any("They are away" in one and "From" in one for one in notices(world))
    zone = agrees(world, asked)
    home = PlaceZone.get_by_id(world.zone.id)
    db.release_connection()
    assert zone.to_at - zone.from_at == timedelta(days=7)
    assert zone.from_at > clock.now()
    assert home.to_at is None
    world.reads_everything()


def test_school_terms_are_watched_on_school_days_in_term_for_the_child(world: World, phone: OwnPhone) -> None:
    asked = asks(phone, "school", **days(0, 60))
    zone = agrees(world, asked, begins="08:30", ends="15:30")
    weekly = zone.feature["properties"]["schedule"]["weekly"]
    assert weekly == [{"days": ["mo", "tu", "we", "th", "fr"], "from": "08:30", "to": "15:30"}]
    assert zone.to_at is not None
    world.reads_everything()


def test_a_request_is_answered_once_and_the_words_are_read_on_their_page(world: World, phone: OwnPhone) -> None:
    asked = asks(phone, "change")
    places.decline(world.officer.person, world.wearer.id, asked.id, "It is wider since today.", clock.now())
    db.release_connection()
    assert "It is wider since today." in words_of(phone.get("/places"))
    with pytest.raises(InvalidTransition):
        agrees(world, asked)
    assert PlaceZone.select().count() == 1
    db.release_connection()
    world.reads_everything()


def test_a_request_of_someone_else_or_for_someone_else_is_not_found(world: World, phone: OwnPhone) -> None:
    asked = asks(phone, "add")
    stranger = Victim.create(team=world.team, name="Someone else", created_at=clock.now())
    db.release_connection()
    with pytest.raises(NotFound):
        agrees(world, asked, victim_id=stranger.id)
    with pytest.raises(InvalidRecord):
        places.decline(world.officer.person, world.wearer.id, asked.id, " ", clock.now())
    db.release_connection()
    assert "Someone else" not in phone.get("/places").text
    world.reads_everything()


def calls(world: World, method: str, path: str, expected: int, **more: object) -> dict[str, Any]:
    answer = world.officer.api(method, f"/v1/wearers/{world.wearer.id}/place-requests{path}", **more)
    assert answer.status_code == expected, answer.text
    return dict(answer.json()) if answer.content else {}


def test_over_the_interface_a_request_is_listed_and_agreed_once_with_a_zone(world: World, phone: OwnPhone) -> None:
    asked = asks(phone, "away", **days(0, 7))
    (listed,) = calls(world, "GET", "", 200)["requests"]
    assert (listed["id"], listed["kind"], listed["words"]) == (asked.id, "away", "My sister's flat")
    assert listed["may_protect"] == [{"id": world.victim.id, "name": world.victim.name}]
    lat, lon = east_of(HOME, FAR_M)
    body = {"victim_id": world.victim.id, "place": "Mum", "lat": lat, "lon": lon, "radius_m": 300.0}
    made = calls(world, "POST", f"/{asked.id}/zone", 201, json=body)
    zone = PlaceZone.get_by_id(made["id"])
    assert zone.to_at - zone.from_at <= timedelta(days=8)
    db.release_connection()
    assert calls(world, "GET", "", 200)["requests"] == []
    assert "Your officer said yes" in words_of(phone.get("/places"))
    assert calls(world, "POST", f"/{asked.id}/answer", 409, json={"words": "No."})["code"] == "invalid_transition"
    world.reads_everything()


def test_over_the_interface_a_request_is_answered_in_words_by_those_of_the_case_only(
    world: World, phone: OwnPhone
) -> None:
    asked = asks(phone, "change")
    calls(world, "POST", f"/{asked.id}/answer", 422, json={"words": " "})
    calls(world, "POST", f"/{asked.id + 1}/answer", 404, json={"words": "No."})
    assert world.api("GET", f"/v1/wearers/{world.wearer.id}/place-requests").status_code == 401
    Wearer.update(team=Team.create(name="Elsewhere", created_at=clock.now())).where(
        Wearer.id == world.wearer.id
    ).execute()
    db.release_connection()
    calls(world, "GET", "", 404)
    calls(world, "POST", f"/{asked.id}/answer", 404, json={"words": "No."})
    Wearer.update(team=world.team).where(Wearer.id == world.wearer.id).execute()
    db.release_connection()
    calls(world, "POST", f"/{asked.id}/answer", 204, json={"words": "It is wider since today."})
    assert "It is wider since today." in words_of(phone.get("/places"))
    world.reads_everything()


def test_the_wearers_side_learns_nothing_of_a_new_place(world: World, phone: OwnPhone) -> None:
    before = world.tag.is_far_away()
    agrees(world, asks(phone, "add"))
    after = world.tag.is_far_away()
    assert set(before) == set(after)
    assert before.get("report_interval_s") == after.get("report_interval_s")
    world.reads_everything()
