"""Entries that were wrong are corrected: what is right holds in their place, and both stay in the history."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from backend import clock, db
from backend.cases import monitoring_status, officers, viewing, writing
from backend.cases.monitoring_status import Ended, Risk, Suspended
from backend.errors import InvalidRecord
from backend.record import reading
from backend.record.facts import MonitoringStatus, Terms
from tests import cases
from tests.world import World

WHY = {"why": "Read off the wrong line.", "document": "Licence, p. 3"}


def rows(world: World, what: str) -> list[dict[str, Any]]:
    """Return what the history of the case says of one thing, newest record first."""
    answer = world.officer.api("GET", f"/v1/wearers/{world.wearer.id}/history")
    return [row for row in answer.json()["entries"] if row["what"] == what]


def says_both(found: list[dict[str, Any]], right: str, wrong: str) -> None:
    """Check that the history has what is right, in place of what, and what was wrong marked as that."""
    newer, older = found[:2]
    assert right in newer["value"], newer
    assert wrong in older["value"], older
    assert (newer["corrects"], older["is_corrected"], newer["is_corrected"]) == (True, True, False)
    assert newer["in_place_of"].startswith(older["value"])
    assert (newer["why"], newer["document"]) == (WHY["why"], WHY["document"])
    assert (newer["can_be_corrected"], older["can_be_corrected"]) == (True, False)


def corrected(world: World, path: str, **body: Any) -> None:
    answer = world.officer.api("POST", path, json={**WHY, **body})
    assert answer.status_code == 201, answer.text


def test_a_suspension_that_never_was_is_corrected_and_what_the_wearer_did_meanwhile_is_told(world: World) -> None:
    officer, wearer_id = world.officer.has_app(), world.wearer.id
    world.tag.is_far_away()
    now = clock.now()
    until = now + timedelta(days=2)
    monitoring_status.suspend(
        officer.person, wearer_id, Suspended.CUSTODY, now, until, now, why="Arrested.", is_confirmed=True
    )
    db.release_connection()
    world.forward(60)
    world.tag.stays_inside()
    assert cases.alerts() == []
    wrong = rows(world, "Case")[0]
    corrected(world, f"/v1/wearers/{wearer_id}/resumption", from_at=wrong["from_at"], corrects=wrong["entry_id"])
    assert [alert.level for alert in cases.alerts()] == [2]
    says_both(rows(world, "Case"), "active", "suspended (custody)")
    assert reading.case(wearer_id).status_at(now + timedelta(seconds=1)) is MonitoringStatus.ACTIVE
    db.release_connection()
    again = world.officer.api(
        "POST",
        f"/v1/wearers/{wearer_id}/resumption",
        json={**WHY, "from_at": wrong["from_at"], "corrects": wrong["entry_id"]},
    )
    assert (again.status_code, "corrected already" in again.json()["detail"]) == (422, True)
    world.reads_everything()


def test_the_reason_of_an_end_that_has_passed_is_corrected_at_its_own_instant(world: World) -> None:
    now = clock.now()
    monitoring_status.end(
        world.officer.person, world.wearer.id, Ended.REVOCATION, now, now, why="Revoked.", is_confirmed=True
    )
    db.release_connection()
    cases.forward_to(world, now + timedelta(days=1))
    wrong = rows(world, "Case")[0]
    corrected(
        world,
        f"/v1/wearers/{world.wearer.id}/end",
        reason="recall",
        at=wrong["from_at"],
        corrects=wrong["entry_id"],
    )
    says_both(rows(world, "Case"), "ended (recall)", "ended (revocation)")
    assert rows(world, "Case")[0]["from_at"] == wrong["from_at"]
    world.reads_everything()


def test_risk_officer_terms_and_facts_are_corrected_by_the_interface_each_beside_what_was_wrong(
    world: World,
) -> None:
    person, wearer_id, now = world.officer.person, world.wearer.id, clock.now()
    made = cases.order(world, now - timedelta(days=9), now + timedelta(days=9))
    monitoring_status.assess_risk(person, wearer_id, Risk.LOW, now, now, why="Assessed.")
    officers.hand_over(person, wearer_id, world.colleague.person.id, now, now, why="A new post.")
    db.release_connection()
    at = {"from_at": now.isoformat()}
    (risk,) = rows(world, "Risk of serious harm")
    corrected(world, f"/v1/wearers/{wearer_id}/risk", risk="very_high", corrects=risk["entry_id"], **at)
    says_both(rows(world, "Risk of serious harm"), "very high", "low")
    officer = rows(world, "Responsible officer")[0]
    corrected(world, f"/v1/wearers/{wearer_id}/officer", person_id=person.id, corrects=officer["entry_id"], **at)
    says_both(rows(world, "Responsible officer"), "Amina Yusuf", "Ben Carter")
    (terms,) = rows(world, "Order: terms")
    dates = {"starts_at": (now - timedelta(days=9)).isoformat(), "ends_at": (now + timedelta(days=90)).isoformat()}
    corrected(world, f"/v1/orders/{made.id}/variations", from_at=terms["from_at"], corrects=terms["entry_id"], **dates)
    assert rows(world, "Order: terms")[0]["in_place_of"].startswith(rows(world, "Order: terms")[1]["value"])
    facts = {"is_adult": True, "is_high_risk": True, "is_domestic_abuse": True, "has_accommodation": None}
    path = f"/v1/orders/{made.id}/eligibility"
    corrected(world, path, facts=facts, **at)
    (stated,) = rows(world, "Eligibility for a tag")
    corrected(world, path, facts={**facts, "has_accommodation": True}, corrects=stated["entry_id"], **at)
    says_both(rows(world, "Eligibility for a tag"), "charged: yes", "charged: not known")
    # An entry of one thing corrects none of another.
    mixed = {**WHY, **at, "risk": "low", "corrects": stated["entry_id"]}
    refused = world.officer.api("POST", f"/v1/wearers/{wearer_id}/risk", json=mixed)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_record")
    world.reads_everything()


def test_the_words_of_a_condition_are_corrected_and_its_zone_is_read_with_them(world: World) -> None:
    now = clock.now()
    made = cases.order(world, now - timedelta(days=9), None)
    condition = writing.add_condition(world.officer.person, made.id, "4", "Not to enter Elm Rd", now, now)
    other = cases.order(world, now - timedelta(days=9), None, kind="bail")
    cases.zone_around(world, cases.east_of((51.5, -0.1), 9_000.0), now, order_id=made.id, condition_id=condition.id)
    path = f"/v1/orders/{made.id}/conditions"
    body = {
        "number": "4",
        "wording": "Not to enter Elm Road, N7.",
        "from_at": now.isoformat(),
        "corrects": condition.id,
    }
    unsaid = world.officer.api("POST", path, json=body)
    assert (unsaid.status_code, unsaid.json()["detail"]) == (422, "Enter what was wrong.")
    elsewhere = world.officer.api("POST", f"/v1/orders/{other.id}/conditions", json={**WHY, **body})
    assert (elsewhere.status_code, "not of this order" in elsewhere.text) == (422, True)
    corrected(world, path, **body)
    says_both(rows(world, "Condition"), "4. Not to enter Elm Road, N7.", "4. Not to enter Elm Rd")
    seen = world.officer.api("GET", f"/v1/wearers/{world.wearer.id}").json()
    assert [one["wording"] for one in seen["orders"][0]["conditions"]] == ["Not to enter Elm Road, N7."]
    assert "Not to enter Elm Road, N7." in [zone["condition"] for zone in seen["zones"]]
    assert world.officer.api("POST", path, json={**WHY, **body}).status_code == 422
    world.reads_everything()


def test_a_cover_by_the_wrong_colleague_is_corrected_and_both_are_listed(world: World) -> None:
    now, absent = clock.now(), world.officer.person
    until = now + timedelta(days=5)
    wrong = officers.cover(absent, absent.id, world.supervisor.person.id, now, until, now, why="Leave.")
    db.release_connection()
    corrected_by = {
        "why": "It is Ben.",
        "covering_id": world.colleague.person.id,
        "from_at": now.isoformat(),
        "until": until.isoformat(),
        "corrects": wrong.id,
    }
    path = f"/v1/people/{absent.id}/cover"
    assert world.officer.api("POST", path, json=corrected_by).status_code == 201
    assert reading.responsible_officer_id(world.wearer, now) == world.colleague.person.id
    db.release_connection()
    listed = world.officer.api("GET", path).json()["covers"]
    assert [(one["by"], one["is_corrected"], one["corrects"]) for one in listed] == [
        ("Ben Carter", False, wrong.id),
        ("Grace Okafor", True, None),
    ]
    assert world.officer.api("POST", path, json=corrected_by).status_code == 422


def test_a_correction_that_takes_protection_away_is_asked_back_and_one_of_a_corrected_entry_refused(
    world: World,
) -> None:
    now = clock.now()
    made = cases.order(world, now - timedelta(days=50), now + timedelta(days=50))
    cases.rests_on(world, made)
    (terms,) = rows(world, "Order: terms")
    body = {
        **WHY,
        "from_at": terms["from_at"],
        "corrects": terms["entry_id"],
        "starts_at": (now - timedelta(days=50)).isoformat(),
        "ends_at": (now + timedelta(days=1)).isoformat(),
    }
    path = f"/v1/orders/{made.id}/variations"
    asked = world.officer.api("POST", path, json=body)
    assert (asked.status_code, asked.json()["code"]) == (409, "needs_confirmation")
    assert len(rows(world, "Order: terms")) == 1
    assert world.officer.api("POST", path, json={**body, "is_confirmed": True}).status_code == 201
    with pytest.raises(InvalidRecord, match="corrected already"):
        cases.vary(world, made, Terms(now - timedelta(days=50)), now, corrects=terms["entry_id"])
    assert len(viewing.history(world.officer.person, world.wearer.id, now)) > 3
    db.release_connection()
    world.reads_everything()
