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


def test_everything_that_is_wrong_with_a_body_is_said_at_once(world: World) -> None:
    body = {"reason": "holiday", "from_at": "yesterday", "is_confirmed": "perhaps"}
    answer = world.officer.api("POST", f"/v1/wearers/{world.wearer.id}/suspension", json=body)
    assert answer.status_code == 422
    said = {one["field"]: one["detail"] for one in answer.json()["errors"]}
    assert set(said) == {"reason", "from_at", "is_confirmed", "why", "expected_end_at"}
    assert said["reason"] == "Choose what has changed."
