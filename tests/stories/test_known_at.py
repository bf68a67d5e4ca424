"""What was known of a case at an earlier instant: nothing that was recorded since, whatever it is about."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from backend import clock, db
from backend.models import Activation
from tests import cases
from tests.world import World


def test_every_answer_about_a_case_leaves_out_what_was_recorded_since(world: World) -> None:
    path, officer = f"/v1/wearers/{world.wearer.id}", world.officer
    victim = f"{path}/victims/{world.victim.id}"
    world.checks_at_end = False
    worn = Activation.get(Activation.wearer == world.wearer)
    db.release_connection()
    texts = {"phone": "+447700900201", "wording_breach": cases.NEAR, "wording_over": cases.OVER}
    assert officer.api("PUT", f"{victim}/texts", json=texts | {"wording_ending": cases.ENDING}).status_code == 201
    world.forward(60)
    known_at = clock.now()

    def seen(**query: str) -> dict[str, Any]:
        case: dict[str, Any] = officer.api("GET", path, params=query).json()
        tags = officer.api("GET", f"{path}/tags", params=query).json()["tags"]
        return {
            "risk": case["risk"],
            "officer": case["officer"]["name"],
            "tag": case["tag"] and case["tag"]["serial"],
            "ends": [one["to_at"] for one in tags],
            "zones": len(case["zones"]),
            "places": sorted(one["label"] for one in case["victims"][0]["places"]),
            "people": len(case["victims"]),
            "has_agreed": case["victims"][0]["has_agreed"],
            "orders": len(case["orders"]),
        }

    before = seen()
    world.forward(60)
    now = clock.now()
    since = {"from_at": (now - timedelta(days=1)).isoformat(), "why": "Learnt today."}
    changes: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", f"{path}/risk", {**since, "risk": "high"}),
        (
            "POST",
            f"{path}/officer",
            {"from_at": now.isoformat(), "why": "A new post.", "person_id": world.colleague.person.id},
        ),
        ("POST", f"{path}/orders", {"kind": "dapo", "reference": "X", "starts_at": since["from_at"], "why": "Made."}),
        ("POST", f"{path}/victims", {"name": "Mia Bennett", "is_child": True, "why": "Born."}),
        ("DELETE", f"{victim}/texts", {}),
    ]
    for method, where, body in changes:
        answer = officer.api(method, where, json=body)
        assert answer.status_code in (201, 204), answer.text
    place = officer.api("POST", f"{victim}/places", json={"label": "Library"}).json()["id"]
    zone = {**since, "place_id": place, "zone": cases.circle(51.6, -0.2), "is_confirmed": True}
    assert officer.api("POST", f"{path}/zones", json=zone).status_code == 201
    off = {"to_at": now.isoformat(), "why": "Broken.", "is_confirmed": True}
    assert officer.api("POST", f"/v1/activations/{worn.id}/end", json=off).status_code == 201
    after = seen()
    assert all(before[name] != after[name] for name in before), (before, after)
    assert seen(known_at=known_at.isoformat()) == before
    assert seen(known_at=known_at.isoformat(), at=known_at.isoformat()) == before
    entries = officer.api("GET", f"{path}/history", params={"known_at": known_at.isoformat()}).json()["entries"]
    # What was so already, and Cordon wrote down with the next change of it, was known.
    assert all(one["recorded_at"] <= known_at.isoformat() or one["by"] == "Cordon" for one in entries)
