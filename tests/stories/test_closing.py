"""What is over and unanswered says its worst, and what still stands is closed only knowingly and stays in sight."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from backend import alerts, clock, db
from backend.cases import monitoring_status, writing
from backend.escalation.steps import Who
from backend.models import AuditEntry, PlaceZone
from tests.cases import WHY
from tests.world import World


def close(world: World, alert: dict[str, Any], **body: Any) -> Any:
    content = {"code": "police_informed", **body}
    return world.officer.api("POST", f"/v1/alerts/{alert['id']}/outcome", json=content)


def stands(world: World) -> dict[str, Any]:
    """Let someone have acknowledged a confirmed breach that goes on."""
    world.tag.is_far_away()
    world.tag.stays_inside()
    world.officer.acknowledges()
    return world.officer.alert()


def test_what_still_stands_is_closed_only_with_a_confirmation_and_a_note(world: World) -> None:
    alert = stands(world)
    assert alert["standing"]["where"] == "inside"
    refused = close(world, alert)
    assert (refused.status_code, refused.json()["code"]) == (409, "still_standing")
    assert refused.json()["detail"].startswith(f"Still {alert['standing']['words']}. Close anyway?")
    assert refused.json()["standing"] == alert["standing"]["words"]
    # A client from before has a note and knows of no confirmation: it reads the same.
    assert close(world, alert, note="Police sent.").status_code == 409
    without_note = close(world, alert, is_confirmed=True, note="  ")
    assert (without_note.status_code, without_note.json()["code"]) == (422, "invalid_request")
    assert world.officer.alert()["handling"] == "acknowledged"
    closed = close(world, alert, is_confirmed=True, note="Police are with them.", danger=alert["danger"])
    assert (closed.status_code, closed.json()["handling"], closed.json()["is_over"]) == (200, "closed", False)
    again = close(world, alert, note="Police are with them.")
    assert (again.status_code, again.json()["handling"]) == (200, "closed")
    detail = AuditEntry.get(AuditEntry.action == "closed").detail
    assert detail["still"].endswith("inside")
    db.release_connection()
    world.reads_everything()


@pytest.mark.parametrize("code", ["false_alarm", "raised_in_error", "no_action_needed", "equipment_fault"])
def test_no_outcome_closes_what_stands_without_a_confirmation(world: World, code: str) -> None:
    alert = stands(world)
    assert close(world, alert, code=code, note="Checked.").status_code == 409
    world.reads_everything()


def test_a_confirmation_covers_no_more_than_was_shown(world: World) -> None:
    alert = stands(world)
    refused = close(world, alert, is_confirmed=True, note="It was near.", danger=2)
    assert (refused.status_code, refused.json()["code"]) == (409, "still_standing")
    world.reads_everything()


def test_what_was_closed_while_it_stood_is_on_everybodys_list_until_the_wearer_has_left(world: World) -> None:
    alert = stands(world)
    close(world, alert, is_confirmed=True, note="Police are with them.")
    for phone in (world.officer, world.colleague, world.supervisor):
        (listed,) = phone.alerts()
        assert (listed["handling"], listed["standing"]["where"]) == ("closed", "inside")
    world.reads_everything()
    world.tag.stays(0.0, for_s=300)
    assert len(world.colleague.alerts()) == 1
    world.expect_nothing_more()
    world.tag.leaves()
    assert world.colleague.alerts() == []
    assert world.officer.alert()["standing"] is None
    world.reads_everything()


def test_a_breach_that_goes_on_long_after_it_was_closed_rings_anew_and_is_listed_once(world: World) -> None:
    alert = stands(world)
    close(world, alert, is_confirmed=True, note="Police are with them.")
    world.reads_everything()
    world.tag.stays(0.0, for_s=1_020, every_s=60)
    (listed,) = world.officer.alerts()
    assert (listed["handling"], listed["id"] == alert["id"]) == ("open", False)
    world.reads_everything()


@pytest.mark.parametrize("how", ["suspended", "ended"])
def test_what_was_closed_while_it_stood_leaves_the_list_with_the_protection(world: World, how: str) -> None:
    alert = stands(world)
    close(world, alert, is_confirmed=True, note="Police are with them.")
    now = clock.now()
    if how == "suspended":
        monitoring_status.suspend(
            world.officer.person,
            world.wearer.id,
            monitoring_status.Suspended.CUSTODY,
            now,
            now + timedelta(days=9),
            now,
            why=WHY,
            is_confirmed=True,
        )
    else:
        monitoring_status.end(
            world.officer.person, world.wearer.id, monitoring_status.Ended.RECALL, now, now, why=WHY, is_confirmed=True
        )
    db.release_connection()
    world.forward(1_000)
    assert [one["id"] for one in world.officer.alerts()] in ([], [one["id"] for one in notices(world)])
    assert world.officer.api("GET", f"/v1/alerts/{alert['id']}").json()["outcome"]["code"] == "police_informed"
    world.reads_everything()


def notices(world: World) -> list[dict[str, Any]]:
    return [one for one in world.officer.alerts() if one["kind"] == "notice"]


def test_near_the_zone_stands_too(world: World) -> None:
    world.tag.stays(700.0, for_s=60)
    world.tag.stays(400.0, for_s=60)
    world.officer.acknowledges()
    alert = world.officer.alert()
    assert (alert["level"], alert["standing"]["where"]) == ("buffer", "near")
    refused = close(world, alert)
    assert refused.status_code == 409
    assert "from the edge. Close anyway?" in refused.json()["detail"]
    world.reads_everything()


def test_outside_where_one_has_to_stay_stands_too(world: World) -> None:
    row = PlaceZone.get_by_id(world.zone.id)
    row.feature = {**row.feature, "properties": {**row.feature["properties"], "kind": "inclusion"}}
    row.save()
    db.release_connection()
    world.tag.stays_inside()
    world.tag.stays(2_000.0, for_s=180)
    world.officer.acknowledges()
    alert = world.officer.alert()
    assert alert["standing"]["where"] == "outside"
    assert "outside. Close anyway?" in close(world, alert).json()["detail"]
    world.reads_everything()


def test_what_is_over_closes_as_ever(world: World) -> None:
    stands(world)
    world.tag.leaves()
    alert = world.officer.alert()
    assert (alert["is_over"], alert["standing"]) == (True, None)
    assert close(world, alert).status_code == 200
    assert world.officer.alerts() == []
    world.reads_everything()


def test_a_breach_that_ended_unanswered_keeps_its_worst_with_its_times(world: World) -> None:
    world.tag.is_far_away()
    entered = clock.now()
    world.tag.stays(140.0, for_s=30)
    world.tag.stays(0.0, for_s=90)
    world.tag.stays(200.0, for_s=30)
    left = clock.now()
    world.tag.leaves()
    alert = world.officer.alert()
    worst = alert["worst"]
    assert (alert["handling"], alert["is_over"], alert["standing"]) == ("open", True, None)
    assert (worst["level"], worst["certainty"]) == ("breach", "confirmed")
    assert -256 < worst["distance_m"] < -240
    from_at, until_at = (datetime.fromisoformat(worst[name]) for name in ("from_at", "until_at"))
    assert abs((from_at - entered).total_seconds()) <= 30
    assert abs((until_at - left).total_seconds()) <= 45
    world.reads_everything()


def test_the_worst_is_the_gravest_level_and_not_what_came_before_or_after(world: World) -> None:
    world.tag.stays(700.0, for_s=60)
    world.tag.stays(400.0, for_s=90)
    near = world.officer.alert()["worst"]
    assert (near["level"], 100 < near["distance_m"] < 200) == ("buffer", True)
    world.tag.stays(100.0, for_s=90)
    inside = world.officer.alert()["worst"]
    assert (inside["level"], -200 < inside["distance_m"] < -100) == ("breach", True)
    assert inside["from_at"] > near["until_at"]
    world.tag.stays(420.0, for_s=120)
    after = world.officer.alert()["worst"]
    assert (after["level"], after["distance_m"]) == ("breach", inside["distance_m"])
    world.reads_everything()


def test_a_notice_says_that_it_is_one_and_is_no_danger(world: World) -> None:
    alerts.raise_notice(world.wearer, world.zone, ["The licence ends tomorrow."], clock.now(), (Who.OFFICER,))
    db.release_connection()
    (notice,) = world.officer.alerts()
    assert (notice["kind"], notice["title"], notice["danger"]) == ("notice", "Notice", 0)
    assert (notice["worst"], notice["standing"]) == (None, None)
    world.officer.acknowledges()
    assert close(world, notice, code="no_action_needed").status_code == 200
    world.reads_everything()


def test_what_ends_because_the_zone_does_is_not_said_to_have_left(world: World) -> None:
    world.tag.is_far_away()
    world.tag.stays_inside()
    world.reads_everything()
    now = clock.now()
    person = world.officer.person
    writing.change_zone(person, world.zone.id, now, now, why=WHY, is_removed=True, is_confirmed=True)
    db.release_connection()
    world.forward(1_000)
    alert = world.officer.api("GET", "/v1/alerts?status=all").json()["alerts"]
    (zone,) = [one for one in alert if one["kind"] == "zone"]
    assert (zone["is_over"], zone["worst"]["has_left"]) == (True, False)
    world.reads_everything()
