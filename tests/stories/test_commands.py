"""Two people change one case: a change says what changes, and none undoes what a colleague recorded meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from backend import clock
from backend.record.facts import Terms
from tests import cases
from tests.world import World
from tests.world.phone import Phone


def order_of(phone: Phone, world: World) -> dict[str, Any]:
    seen: dict[str, Any] = phone.api("GET", f"/v1/wearers/{world.wearer.id}").json()["orders"][-1]
    return seen


def vary(phone: Phone, order: dict[str, Any], **changes: Any) -> Any:
    body = {"why": "So the court ordered.", "from_at": clock.now().isoformat(), "is_confirmed": True, **changes}
    return phone.api("POST", f"/v1/orders/{order['id']}/variations", json=body)


def test_lifting_a_suspension_undoes_no_extension_that_a_colleague_recorded_meanwhile(world: World) -> None:
    now = clock.now()
    made = cases.order(world, now - timedelta(days=30), now + timedelta(days=30))
    cases.vary(world, made, Terms(now - timedelta(days=30), now + timedelta(days=30), is_suspended=True), now)
    read = order_of(world.officer, world)
    longer = (now + timedelta(days=90)).isoformat()
    assert vary(world.colleague, read, ends_at=longer, version=read["version"], why="Extended.").status_code == 201
    stale = vary(world.officer, read, is_suspended=False, ends_at=read["ends_at"], version=read["version"])
    assert (stale.status_code, stale.json()["code"]) == (409, "stale")
    (changed,) = stale.json()["changed"]
    assert (changed["by"], changed["why"]) == (world.colleague.person.name, "Extended.")
    assert order_of(world.officer, world)["is_suspended"]
    read = order_of(world.officer, world)
    assert changed["version"] == read["version"]
    assert vary(world.officer, read, is_suspended=False, version=read["version"]).status_code == 201
    now_held = order_of(world.officer, world)
    assert (now_held["is_suspended"], now_held["ends_at"]) == (False, read["ends_at"])
    assert now_held["ends_at"][:10] == longer[:10]
    world.reads_everything()


def test_an_end_that_is_left_out_stays_and_its_removal_is_said(world: World) -> None:
    now = clock.now()
    cases.order(world, now - timedelta(days=30), now + timedelta(days=30))
    read = order_of(world.officer, world)
    assert vary(world.officer, read, is_suspended=True).status_code == 201
    assert order_of(world.officer, world)["ends_at"] == read["ends_at"]
    assert vary(world.officer, read, ends_at=None).status_code == 201
    assert order_of(world.officer, world)["ends_at"] == read["ends_at"]
    both = vary(world.officer, read, ends_at=read["ends_at"], removes_end=True)
    assert (both.status_code, both.json()["code"]) == (422, "invalid_request")
    assert vary(world.officer, read, removes_end=True).status_code == 201
    assert order_of(world.officer, world)["ends_at"] is None
    world.reads_everything()


def test_a_case_that_was_resumed_meanwhile_is_not_suspended_by_what_was_read_before(world: World) -> None:
    path = f"/v1/wearers/{world.wearer.id}"
    now = clock.now()
    suspension = {
        "why": "In hospital.",
        "reason": "hospital",
        "from_at": now.isoformat(),
        "expected_end_at": (now + timedelta(days=2)).isoformat(),
        "is_confirmed": True,
    }
    read = world.officer.api("GET", path).json()["life_version"]
    assert world.officer.api("POST", f"{path}/suspension", json={**suspension, "version": read}).status_code == 201
    second = {**suspension, "why": "Still there.", "version": read}
    stale = world.colleague.api("POST", f"{path}/suspension", json=second)
    assert (stale.status_code, stale.json()["code"]) == (409, "stale")
    assert "suspended (hospital)" in stale.json()["detail"]
    newest = world.colleague.api("GET", path).json()["life_version"]
    resumed = {"why": "Back.", "from_at": clock.now().isoformat(), "version": newest}
    assert world.colleague.api("POST", f"{path}/resumption", json=resumed).status_code == 201
    world.reads_everything()


def test_everything_that_is_wrong_with_a_body_is_said_at_once(world: World) -> None:
    body = {"reason": "holiday", "from_at": "yesterday", "is_confirmed": "perhaps"}
    answer = world.officer.api("POST", f"/v1/wearers/{world.wearer.id}/suspension", json=body)
    assert answer.status_code == 422
    said = {one["field"]: one["detail"] for one in answer.json()["errors"]}
    assert set(said) == {"reason", "from_at", "is_confirmed", "why", "expected_end_at"}
    assert said["reason"] == "Choose what has changed."


def test_an_answer_says_what_was_stored_and_what_followed(world: World) -> None:
    world.tag.walks_in()
    alert = world.officer.alert()
    now = clock.now()
    suspension = {
        "why": "In custody.",
        "reason": "custody",
        "from_at": now.isoformat(),
        "expected_end_at": (now + timedelta(days=2)).isoformat(),
        "is_confirmed": True,
    }
    made = world.officer.api("POST", f"/v1/wearers/{world.wearer.id}/suspension", json=suspension).json()
    assert (made["stored"]["reason"], made["stored"]["from_at"][:16]) == ("custody", now.isoformat()[:16])
    assert alert["id"] in made["followed"]["closed"] + made["followed"]["changed"]
    # The officer is asked to tell the protected person that no one watches now.
    assert len(made["followed"]["raised"]) == 1
    assert made["followed"]["notified"] == ["Amina Yusuf"]
    world.reads_everything()


def test_history_gives_a_value_that_a_correction_sends_back(world: World) -> None:
    path = f"/v1/wearers/{world.wearer.id}"
    risk = {"why": "Assessed.", "risk": "high", "from_at": clock.now().isoformat()}
    assert world.officer.api("POST", f"{path}/risk", json=risk).status_code == 201
    entry = next(one for one in world.officer.api("GET", f"{path}/history").json()["entries"] if one["kind"] == "risk")
    assert entry["fields"] == {"risk": "high"}
    again = {**entry["fields"], "from_at": entry["from_at"], "why": "The day was right.", "corrects": entry["entry_id"]}
    assert world.officer.api("POST", f"{path}/risk", json={**again, "risk": "medium"}).status_code == 201
    assert world.officer.api("GET", path).json()["risk"] == "medium"
    world.reads_everything()


def test_places_and_consent_have_routes(world: World) -> None:
    path = f"/v1/wearers/{world.wearer.id}/victims/{world.victim.id}"
    place = world.officer.api("POST", f"{path}/places", json={"label": "Library"})
    assert place.status_code == 201, place.text
    zone = {
        "place_id": place.json()["id"],
        "zone": cases.circle(51.6, -0.2),
        "from_at": clock.now().isoformat(),
        "why": "They work there.",
    }
    drawn = world.officer.api("POST", f"/v1/wearers/{world.wearer.id}/zones", json=zone)
    assert (drawn.status_code, drawn.json()["stored"]["place_id"]) == (201, place.json()["id"])
    words = {"wording_breach": cases.NEAR, "wording_over": cases.OVER, "wording_ending": cases.ENDING}
    refused = world.officer.api("PUT", f"{path}/texts", json={"phone": "+447700900201", "wording_over": "x" * 161})
    said = {one["field"] for one in refused.json()["errors"]}
    assert said == {"wording_breach", "wording_over", "wording_ending"}
    assert world.officer.api("PUT", f"{path}/texts", json={"phone": "+447700900201", **words}).status_code == 201

    def has_agreed() -> bool:
        (victim,) = world.officer.api("GET", f"/v1/wearers/{world.wearer.id}").json()["victims"]
        return bool(victim["has_agreed"])

    assert has_agreed()
    assert world.officer.api("DELETE", f"{path}/texts", json={}).status_code == 204
    assert not has_agreed()
    world.reads_everything()


def test_a_case_is_read_as_it_was_and_as_the_record_stood_then(world: World) -> None:
    path = f"/v1/wearers/{world.wearer.id}"
    before = clock.now()
    world.forward(60)
    made = cases.order(world, before - timedelta(days=30), before + timedelta(days=30))
    added = {"why": "Born.", "name": "Mia Bennett", "is_child": True}
    assert world.officer.api("POST", f"{path}/victims", json=added).status_code == 201

    def seen(**query: str) -> tuple[list[int], set[str]]:
        case = world.officer.api("GET", path, params=query).json()
        return [one["id"] for one in case["orders"]], {one["name"] for one in case["victims"]}

    assert seen() == ([made.id], {"Laura Bennett", "Mia Bennett"})
    # The order holds since a month, and was recorded a minute ago.
    assert seen(at=before.isoformat()) == ([made.id], {"Laura Bennett"})
    assert seen(at=before.isoformat(), known_at=before.isoformat()) == ([], {"Laura Bennett"})
    assert seen(at=(before - timedelta(days=40)).isoformat())[0] == []
    entries = world.officer.api("GET", f"{path}/history", params={"known_at": before.isoformat()}).json()["entries"]
    assert "Order: terms" not in {one["what"] for one in entries}
    world.reads_everything()
