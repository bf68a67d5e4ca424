"""A protected person's own phone as a moving place: shared from their page or by an app, paused with one tap."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import requests

from backend import clock, db, shared_location
from backend.models import LocationConsent, VictimPhone, VictimPosition
from tests.own_pages import PIN, OwnPhone, words_of
from tests.stories.test_help_messages import helps
from tests.world import HOME, World
from zones.geo import Frame

FAR_M = 20_000.0


@pytest.fixture
def phone(world: World) -> OwnPhone:
    """Their phone, with their page open and their agreement recorded."""
    shared_location.agree(
        world.officer.person, world.victim.id, [world.wearer.id], 200.0, 300.0, "Wherever they are", clock.now()
    )
    db.release_connection()
    mine = OwnPhone(world).takes_up()
    mine.enters(PIN)
    return mine


def app_token(phone: OwnPhone) -> str:
    page = phone.post("/phone", {"act": "app"})
    return page.text.split("<code data-token>")[1].split("<")[0]


def place(metres: float = FAR_M) -> tuple[float, float]:
    return Frame(*HOME).to_degrees(metres, 0.0)


def traccar(world: World, token: str, metres: float = FAR_M, **more: str) -> requests.Response:
    lat, lon = place(metres)
    form = {"id": token, "timestamp": f"{clock.now().timestamp():.0f}", "lat": f"{lat}", "lon": f"{lon}", **more}
    return world.api("POST", "/p/l", data=form)


def owntracks(world: World, token: str, **more: Any) -> requests.Response:
    lat, lon = place()
    content = {"_type": "location", "tst": int(clock.now().timestamp()), "lat": lat, "lon": lon, "acc": 10, **more}
    return world.api("POST", "/p/l", json=content, auth=("me", token), headers={"X-Limit-U": "me", "X-Limit-D": "ph"})


def positions() -> int:
    try:
        return VictimPosition.select().count()
    finally:
        db.release_connection()


def test_an_app_says_where_they_are_and_the_wearer_coming_near_rings(world: World, phone: OwnPhone) -> None:
    token = app_token(phone)
    answer = traccar(world, token, batt="64", accuracy="8")
    assert (answer.status_code, answer.text) == (200, "")
    assert positions() == 1
    page = words_of(phone.get("/phone"))
    assert "Battery: 64 %" in page
    assert "It last did at" in page
    world.officer.has_app()
    for metres in (3_000.0, 2_000.0):
        world.tag.reports(world.tag.fix(FAR_M - metres))
        world.forward(30)
    traccar(world, token, accuracy="8")
    world.tag.reports(world.tag.fix(FAR_M - 60.0))
    world.officer.expects_push("Zone alert")
    world.reads_everything()


def test_owntracks_is_answered_an_empty_list_whatever_it_sends(world: World, phone: OwnPhone) -> None:
    token = app_token(phone)
    for more in ({}, {"_type": "transition"}, {"_type": "lwt"}, {"lat": 999}, {"_type": "future thing"}):
        answer = owntracks(world, token, **more)
        assert (answer.status_code, answer.json()) == (200, [])
    assert positions() == 1
    assert owntracks(world, "no one's").status_code == 401
    world.reads_everything()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param({"lat": "999"}, 200, id="no such place is taken and dropped, or the queue would stand still"),
        pytest.param({"timestamp": "4000000000000"}, 200, id="the future too"),
        pytest.param({"id": ""}, 400, id="no id"),
        pytest.param({"id": "not ours"}, 400, id="an unknown id"),
    ],
)
def test_what_traccar_client_sends_is_answered_as_it_expects(
    world: World, phone: OwnPhone, sent: dict[str, str], status: int
) -> None:
    assert traccar(world, app_token(phone), **sent).status_code == status
    assert positions() == 0


def sends(world: World, how: str, token: str) -> requests.Response:
    """Send one message with a place in each form in which these apps do, or may."""
    lat, lon = place()
    at = clock.now()
    form = {"timestamp": f"{at.timestamp():.0f}", "lat": f"{lat}", "lon": f"{lon}"}
    owntracks_one = {"_type": "location", "tst": int(at.timestamp()), "lat": lat, "lon": lon}
    nested = {"location": {"timestamp": at.isoformat(), "coords": {"latitude": lat, "longitude": lon, "accuracy": -1}}}
    ways: dict[str, dict[str, Any]] = {
        "GET with a query": {"method": "GET", "params": {"id": token, **form}},
        "POST with a query": {"method": "POST", "params": {"id": token, **form}},
        "POST of a form": {"method": "POST", "data": {"deviceid": token, **form}},
        "POST of a form, its id in the address": {"method": "POST", "params": {"id": token}, "data": form},
        "JSON of Traccar Client": {"method": "POST", "json": {**nested, "device_id": token}},
        "JSON, its id in the address": {"method": "POST", "params": {"id": token}, "json": nested},
        "JSON, several": {"method": "POST", "json": [{**nested, "device_id": token}, {"device_id": token}]},
        "OwnTracks": {"method": "POST", "json": owntracks_one, "auth": ("me", token)},
        "OwnTracks, user and device in the address": {
            "method": "POST",
            "params": {"u": "me", "d": "phone"},
            "json": owntracks_one,
            "auth": ("me", token),
        },
        "OwnTracks, several": {"method": "POST", "json": [{"_type": "lwt"}, owntracks_one], "auth": ("me", token)},
    }
    return world.api(ways[how].pop("method"), "/p/l", **ways[how])


@pytest.mark.parametrize(
    "how",
    [
        "GET with a query",
        "POST with a query",
        "POST of a form",
        "POST of a form, its id in the address",
        "JSON of Traccar Client",
        "JSON, its id in the address",
        "JSON, several",
        "OwnTracks",
        "OwnTracks, user and device in the address",
        "OwnTracks, several",
    ],
)
def test_a_place_is_taken_in_whatever_form_it_comes_and_no_strangers(world: World, phone: OwnPhone, how: str) -> None:
    answer = sends(world, how, app_token(phone))
    assert (answer.status_code, answer.text) == (200, "[]" if how.startswith("OwnTracks") else "")
    assert positions() == 1
    shared_location.pause(world.victim, clock.now())
    db.release_connection()
    assert sends(world, how, "no one's").status_code == (401 if how.startswith("OwnTracks") else 400)
    assert positions() == 0
    world.reads_everything()


@pytest.mark.parametrize("body", [b"", b"null", b"{", b"[]", b"7", b'{"_type": 7}', b"[" * 5_000, b'{"lat": 1e999}'])
def test_nothing_that_owntracks_may_send_stays_at_the_head_of_its_queue(
    world: World, phone: OwnPhone, body: bytes
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = world.api("POST", "/p/l", data=body, headers=headers, auth=("me", app_token(phone)))
    assert (answer.status_code, answer.json()) == (200, [])
    assert positions() == 0


def test_the_answer_is_the_same_near_the_wearer_and_far_away(world: World, phone: OwnPhone) -> None:
    token = app_token(phone)
    far = traccar(world, token)
    world.forward(60)
    world.tag.reports(world.tag.fix(FAR_M - 60.0))
    near = traccar(world, token)
    skipped = {"Date", "Server", "X-Request-Id"}
    assert (far.status_code, far.content) == (near.status_code, near.content)
    assert {k: v for k, v in far.headers.items() if k not in skipped} == {
        k: v for k, v in near.headers.items() if k not in skipped
    }
    world.reads_everything()


def test_one_tap_pauses_forgets_at_once_and_the_officer_knows(world: World, phone: OwnPhone) -> None:
    token = app_token(phone)
    traccar(world, token)
    phone.post("/phone", {"act": "pause"})
    assert positions() == 0
    assert traccar(world, token).status_code == 200
    assert positions() == 0
    assert "Paused" in words_of(phone.get("/phone"))
    assert shared_location.silent(clock.now() + timedelta(days=1), 60.0) == []
    db.release_connection()
    told = [reason for one in world.officer.alerts() if one["kind"] == "notice" for reason in one["reasons"]]
    assert any("They paused sharing" in reason for reason in told)
    phone.post("/phone", {"act": "go_on"})
    traccar(world, token)
    assert positions() == 1
    world.reads_everything()


def test_ending_it_forgets_at_once_and_the_app_is_unknown(world: World, phone: OwnPhone) -> None:
    token = app_token(phone)
    traccar(world, token)
    phone.post("/phone", {"act": "end"})
    assert positions() == 0
    assert traccar(world, token).status_code == 400
    assert LocationConsent.get().withdrawn_at is not None
    db.release_connection()
    world.reads_everything()


def test_a_new_token_takes_the_place_of_the_one_before(world: World, phone: OwnPhone) -> None:
    first, second = app_token(phone), app_token(phone)
    assert (traccar(world, first).status_code, traccar(world, second).status_code) == (400, 200)
    assert token_is_kept_nowhere(second)


def token_is_kept_nowhere(token: str) -> bool:
    try:
        return not any(token in (row.token_hash or "") + row.code_hash for row in VictimPhone.select())
    finally:
        db.release_connection()


def test_a_position_that_nothing_replaces_is_deleted_after_three_days(world: World, phone: OwnPhone) -> None:
    traccar(world, app_token(phone))
    assert shared_location.forget_old(clock.now() + timedelta(hours=71)) == 0
    assert shared_location.forget_old(clock.now() + timedelta(hours=73)) == 1
    db.release_connection()
    world.reads_everything()


def test_the_page_shares_while_it_is_open_and_says_nothing_back(world: World, phone: OwnPhone) -> None:
    lat, lon = place()
    answer = phone.post("/phone/here", {"lat": str(lat), "lon": str(lon), "accuracy": "9"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert positions() == 1
    phone.post("/close")
    phone.post("/phone/here", {"lat": str(lat), "lon": str(lon), "accuracy": "9"})
    assert positions() == 1
    world.reads_everything()


def test_without_an_agreement_they_can_ask_their_officer(world: World) -> None:
    mine = OwnPhone(world).takes_up()
    mine.enters(PIN)
    assert "Only people who answer your call for help could see where you are" in words_of(mine.get("/phone"))
    mine.post("/phone", {"act": "ask"})
    told = [reason for one in world.officer.alerts() if one["kind"] == "notice" for reason in one["reasons"]]
    assert any("their phone may say where they are" in reason for reason in told)
    world.reads_everything()


def test_a_call_for_help_shows_their_newest_place_after_sign_in_only_and_no_longer_than_it_is_open(
    world: World, phone: OwnPhone
) -> None:
    traccar(world, app_token(phone))
    phone.calls_for_help()
    world.settle()
    (alert,) = helps(world)
    lat, lon = place()

    def shown() -> Any:
        return world.officer.api("GET", f"/v1/alerts/{alert['id']}").json()["protected_person_place"]

    assert (shown()["lat"], shown()["lon"]) == pytest.approx((lat, lon))
    told = " ".join([*(one.body for one in world.doubles.messages), *alert["reasons"]])
    assert f"{lat:.2f}" not in told
    assert f"{lon:.2f}" not in told
    phone.post("/phone", {"act": "pause"})
    assert shown() is None
    world.reads_everything()
