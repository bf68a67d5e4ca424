"""The JSON interface of cases: what is asked back, what is refused, and what administrators never see."""

from __future__ import annotations

from datetime import timedelta

from backend import clock, db
from backend.models import Role, Wearer
from tests import cases
from tests.world import HOME, World

WHY = {"why": "So the court ordered."}


def test_a_case_is_opened_varied_and_ended_by_the_interface_and_read_as_it_was(world: World) -> None:
    officer = world.officer
    spare = world.new_tag("LDN-0099", None)
    now = clock.now()
    body = {
        "wearer": "Owen Price",
        "victim": "Sofia Marino",
        "place": "Elm",
        "kind": "dapo",
        "reference": "DAPO 88/26",
        "starts_at": (now - timedelta(days=1)).isoformat(),
        "condition": "Not to enter Hornsey Road, N7.",
        "zone": cases.circle(*HOME),
        "serial": spare.serial,
    }
    assert officer.api("POST", "/v1/wearers", json={**body, "zone": {}}).json()["code"] == "zone_refused"
    assert officer.api("POST", "/v1/wearers", json={**body, "serial": "none"}).status_code == 404
    made = officer.api("POST", "/v1/wearers", json=body)
    assert made.status_code == 201, made.text
    number = made.json()["id"]
    assert Wearer.select().where(Wearer.name == "Owen Price").count() == 1
    db.release_connection()
    spare.walks_in()
    seen = officer.api("GET", f"/v1/wearers/{number}").json()
    order, zone = seen["orders"][0], seen["zones"][0]
    assert (seen["is_judged"], order["conditions"][0]["wording"]) == (True, "Not to enter Hornsey Road, N7.")
    varied = {
        **WHY,
        "starts_at": order["starts_at"],
        "ends_at": (now + timedelta(days=9)).isoformat(),
        "from_at": now.isoformat(),
    }
    asked = officer.api("POST", f"/v1/orders/{order['id']}/variations", json=varied)
    assert (asked.status_code, asked.json()["code"]) == (409, "needs_confirmation")
    assert "no zone protects place Elm" in asked.json()["warnings"][0]
    confirmed = {**varied, "is_confirmed": True}
    assert officer.api("POST", f"/v1/orders/{order['id']}/variations", json=confirmed).status_code == 201
    condition = {"number": "2", "wording": "Not to contact her.", "from_at": now.isoformat()}
    assert officer.api("POST", f"/v1/orders/{order['id']}/conditions", json=condition).status_code == 201
    assert "It is not recorded whether" in order["eligibility_doubts"][0]
    facts = {"is_adult": True, "is_high_risk": True, "is_domestic_abuse": None, "has_accommodation": False}
    stated = {**WHY, "facts": facts, "from_at": now.isoformat()}
    path = f"/v1/orders/{order['id']}/eligibility"
    assert officer.api("POST", path, json={**stated, "facts": {"is_adult": True}}).status_code == 422
    assert world.person(Role.ADMINISTRATOR, "Ivy Chen", None).api("POST", path, json=stated).status_code == 403
    assert officer.api("POST", path, json=stated).status_code == 201
    seen = officer.api("GET", f"/v1/wearers/{number}").json()["orders"][0]
    assert (seen["eligibility"], seen["eligibility_doubts"]) == (
        facts,
        ["Not known: domestic-abuse offence.", "Not met: accommodation where the tag can be charged."],
    )
    version = {**WHY, "zone": cases.circle(*HOME, radius_m=400.0), "from_at": now.isoformat()}
    assert officer.api("POST", f"/v1/zones/{zone['id']}/versions", json=version).status_code == 201
    risk = {**WHY, "risk": "very_high", "from_at": now.isoformat()}
    assert officer.api("POST", f"/v1/wearers/{number}/risk", json=risk).status_code == 201
    suspended = {
        **WHY,
        "reason": "hospital",
        "from_at": clock.now().isoformat(),
        "expected_end_at": (now + timedelta(days=2)).isoformat(),
        "is_confirmed": True,
    }
    assert officer.api("POST", f"/v1/wearers/{number}/suspension", json=suspended).status_code == 201
    resumed = {**WHY, "from_at": clock.now().isoformat()}
    assert officer.api("POST", f"/v1/wearers/{number}/resumption", json=resumed).status_code == 201
    history = officer.api("GET", f"/v1/wearers/{number}/history").json()["entries"]
    assert {entry["what"] for entry in history} >= {"Order: terms", "Case", "Zone at Elm", "Tag"}
    before = officer.api("GET", f"/v1/wearers/{number}", params={"at": (now - timedelta(days=3)).isoformat()}).json()
    assert (before["zones"], before["is_judged"], before["risk"]) == ([], False, None)
    found = officer.api("POST", "/v1/wearers/search", json={"text": "88/26"}).json()["wearers"]
    assert [one["id"] for one in found] == [number]
    gaps = officer.api("GET", "/v1/watch").json()["findings"]
    assert any(gap["gap"] == "victim_without_safe_contact" and gap["wearer"]["id"] == number for gap in gaps)
    alert = cases.alerts()[0]
    handover = {"force": "Metropolitan Police", "reference": "CAD 1", "at": clock.now().isoformat()}
    assert officer.api("POST", f"/v1/alerts/{alert.id}/police-handovers", json=handover).status_code == 201
    assert officer.api("POST", f"/v1/alerts/{alert.id}/recall", json=WHY).status_code == 201
    again = officer.api("POST", f"/v1/alerts/{alert.id}/recall", json=WHY)
    assert (again.status_code, again.json()["code"]) == (409, "invalid_transition")
    world.reads_everything()


def test_an_administrator_keeps_people_teams_and_tags_and_sees_no_case(world: World) -> None:
    admin = world.person(Role.ADMINISTRATOR, "Ivy Chen", None)
    world.officer.signs_in()
    for method, path in (("GET", f"/v1/wearers/{world.wearer.id}"), ("GET", "/v1/watch")):
        assert admin.api(method, path).status_code == 403
    assert admin.api("POST", "/v1/wearers/search", json={}).status_code == 403
    team = admin.api("POST", "/v1/teams", json={"name": "Camden"}).json()["id"]
    assert admin.api("POST", "/v1/teams", json={"name": "Camden"}).json()["code"] == "invalid_record"
    person = {"team_id": team, "role": "officer", "name": "Dev Patel", "email": "dev@cordon.example"}
    made = admin.api("POST", "/v1/people", json=person)
    assert made.status_code == 201
    assert "/set-password/" in made.json()["link"]
    assert admin.api("POST", "/v1/people", json=person).status_code == 422
    assert admin.api("POST", "/v1/tags", json={"serial": "LDN-0042"}).json()["key"].startswith("whsec_")
    assert admin.api("POST", "/v1/tags", json={"serial": "LDN 42"}).status_code == 422
    renamed = {"name": "Camden and Islington", "from_at": clock.now().isoformat(), **WHY}
    assert admin.api("POST", f"/v1/teams/{team}/names", json=renamed).status_code == 201
    moved = {"wearers": [world.wearer.id], **WHY}
    refused = admin.api("POST", f"/v1/teams/{team}/members", json=moved)
    assert (refused.status_code, refused.json()["code"]) == (409, "needs_confirmation")
    assert "Daniel" not in refused.text
    people = admin.api("GET", "/v1/people").json()["people"]
    assert {"Dev Patel", "Amina Yusuf"} <= {one["name"] for one in people}
    left = admin.api("POST", f"/v1/people/{world.officer.person.id}/departure", json=WHY)
    assert (left.status_code, "Daniel" in left.text) == (409, False)
    named = {"everyone_else": world.colleague.person.id, **WHY}
    assert admin.api("POST", f"/v1/people/{world.officer.person.id}/departure", json=named).json() == {"cases": 1}
    assert world.officer.api("GET", "/v1/people").status_code == 401
    assert world.colleague.api("POST", "/v1/teams", json={"name": "Mine"}).status_code == 403
    world.reads_everything()


def test_the_night_they_move_the_cover_and_the_restriction_by_the_interface(world: World) -> None:
    officer, supervisor, colleague = world.officer, world.supervisor, world.colleague
    now = clock.now()
    circle = {"victim_id": world.victim.id, "place": "Refuge", "lat": 51.6, "lon": -0.2, "radius_m": 500}
    path = f"/v1/wearers/{world.wearer.id}"
    zone = officer.api("POST", f"{path}/provisional-zones", json=circle).json()["id"]
    decision = {"is_approved": True, **WHY}
    assert officer.api("POST", f"/v1/zones/{zone}/approval", json=decision).status_code == 403
    assert supervisor.api("POST", f"/v1/zones/{zone}/approval", json=decision).status_code == 201
    cover = {
        "covering_id": colleague.person.id,
        "from_at": now.isoformat(),
        "until": (now + timedelta(days=1)).isoformat(),
        **WHY,
    }
    assert officer.api("POST", f"/v1/people/{officer.person.id}/cover", json=cover).status_code == 201
    assert officer.api("GET", path).json()["officer"]["name"] == "Ben Carter"
    taken = {"person_id": colleague.person.id, "from_at": now.isoformat(), **WHY}
    assert officer.api("POST", f"{path}/officer", json=taken).status_code == 201
    people = [colleague.person.id, supervisor.person.id]
    assert supervisor.api("POST", f"{path}/restriction", json={"people": people, **WHY}).status_code == 201
    closed = officer.api("GET", path)
    assert (closed.status_code, closed.json()["code"]) == (403, "not_allowed")
    assert officer.api("POST", "/v1/wearers/search", json={}).json()["wearers"] == []
    assert officer.api("GET", "/v1/watch").json()["count"] == 0
    emergency = {"reason": "He is outside her door now."}
    assert officer.api("POST", f"{path}/emergency-openings", json=emergency).status_code == 201
    assert officer.api("GET", path).status_code == 200
    fitted = {"serial": "LDN-0001", "from_at": now.isoformat(), **WHY}
    assert officer.api("POST", f"{path}/tags", json=fitted).json()["code"] == "invalid_record"
    place = {"place_id": world.place.id, "zone": cases.circle(51.7, -0.3), "from_at": now.isoformat(), **WHY}
    assert officer.api("POST", f"{path}/zones", json=place).status_code == 201
    order = {"kind": "bail", "reference": "B 1", "starts_at": now.isoformat(), **WHY}
    assert officer.api("POST", f"{path}/orders", json=order).status_code == 201
    ended = {"reason": "death", "at": now.isoformat(), "is_confirmed": True, **WHY}
    assert officer.api("POST", f"{path}/end", json=ended).status_code == 201
    world.reads_everything()
