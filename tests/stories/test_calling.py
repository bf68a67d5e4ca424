"""What an officer can do about an alert: call people, read out where the wearer is, and see who was told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from backend import clock, db
from backend.cases import officers
from backend.lifecycle import Danger
from backend.models import AuditEntry, Role, Team, Verification, Wearer
from backend.people import numbers
from tests import cases
from tests.world import HOME, World
from tests.world.phone import Phone

WEARERS_NUMBER = "+447700900301"


def contacts(phone: Phone) -> dict[str, dict[str, Any]]:
    return {one["who"]: one for one in phone.alert()["contacts"]}


def shows(phone: Phone, who: str) -> Any:
    alert = phone.alert()
    key = next(one["key"] for one in alert["contacts"] if one["who"] == who)
    return phone.api("POST", f"/v1/alerts/{alert['id']}/numbers", json={"key": key})


def calls_are_safe(world: World, note: str = "") -> None:
    path = f"/v1/wearers/{world.wearer.id}/victims/{world.victim.id}/calls"
    answer = world.officer.api("PUT", path, json={"note": note})
    assert answer.status_code == 204, answer.text


def shown() -> list[AuditEntry]:
    try:
        return list(AuditEntry.select().where(AuditEntry.action == "number_shown").order_by(AuditEntry.id))
    finally:
        db.release_connection()


@pytest.fixture
def alerted(world: World) -> World:
    """A world with one alert of which the officer was told."""
    world.tag.is_far_away()
    world.tag.walks_in()
    world.officer.expects_sms("to acknowledge")
    return world


def test_a_protected_person_is_called_only_where_they_said_that_it_is_safe(alerted: World) -> None:
    assert contacts(alerted.officer)["protected"]["why_not"].startswith("Do not call")
    refused = shows(alerted.officer, "protected")
    assert (refused.status_code, refused.json()["code"]) == (409, "invalid_transition")
    assert alerted.victim.phone not in refused.text
    assert shown() == []
    calls_are_safe(alerted, "Only before 5 pm. Ask for Laura.")
    seen = contacts(alerted.officer)["protected"]
    assert (seen["name"], seen["why_not"]) == ("Laura Bennett", "")
    assert seen["note"] == "They said today that calls are safe. Only before 5 pm. Ask for Laura."
    answer = shows(alerted.officer, "protected")
    assert (answer.status_code, answer.json()["number"]) == (200, alerted.victim.phone)
    assert answer.headers["Cache-Control"] == "no-store"
    alerted.reads_everything()


def test_a_number_that_is_shown_is_recorded_with_who_and_which(alerted: World) -> None:
    calls_are_safe(alerted)
    shows(alerted.officer, "protected")
    (entry,) = shown()
    assert entry.actor == f"person:{alerted.officer.person.id}"
    assert entry.detail == {
        "key": f"protected:{alerted.victim.id}",
        "who": "protected",
        "reason": "responding to alert",
    }
    step = next(step for step in alerted.officer.alert()["history"] if step["action"] == "number_shown")
    assert (step["by"], step["whose"]) == ("Amina Yusuf", "protected")
    alerted.reads_everything()


def test_no_number_is_in_an_alert_or_a_list(alerted: World) -> None:
    calls_are_safe(alerted)
    alerted.officer.api("POST", f"/v1/wearers/{alerted.wearer.id}/numbers", json={"number": WEARERS_NUMBER})
    alerted.officer.acknowledges()
    alert_id = alerted.officer.alert()["id"]
    for path in ("/v1/alerts", f"/v1/alerts/{alert_id}"):
        text = alerted.colleague.api("GET", path).text
        for number in (alerted.victim.phone, WEARERS_NUMBER, alerted.officer.person.phone):
            assert number is not None
            assert number[-9:] not in text
    alerted.reads_everything()


@pytest.mark.parametrize(
    "change",
    ["stops", "withdraws by text", "another number", "not verified", "declared the wearer's"],
)
def test_a_call_is_not_safe_any_more_once_something_has_changed(alerted: World, change: str) -> None:
    alerted.victim_consents()
    calls_are_safe(alerted)
    path = f"/v1/wearers/{alerted.wearer.id}/victims/{alerted.victim.id}"
    if change == "stops":
        assert alerted.officer.api("DELETE", f"{path}/calls").status_code == 204
    elif change == "withdraws by text":
        alerted.doubles.reply(from_=alerted.victim.phone, body="STOP", to=alerted.settings.twilio_from)
    elif change == "another number":
        type(alerted.victim).update(phone="+447700900299").execute()
        numbers.carry_over(type(alerted.victim).get_by_id(alerted.victim.id), clock.now())
    elif change == "not verified":
        Verification.update(voided_at=clock.now()).where(Verification.victim == alerted.victim).execute()
    else:
        alerted.officer.api("POST", f"/v1/wearers/{alerted.wearer.id}/numbers", json={"number": alerted.victim.phone})
    db.release_connection()
    assert contacts(alerted.officer)["protected"]["why_not"].startswith("Do not call")
    assert shows(alerted.officer, "protected").status_code == 409
    assert shown() == []
    alerted.reads_everything()


def test_the_wearer_is_called_on_numbers_that_were_declared_theirs(alerted: World) -> None:
    assert contacts(alerted.officer)["wearer"]["why_not"] == "No number is recorded for them."
    alerted.officer.api("POST", f"/v1/wearers/{alerted.wearer.id}/numbers", json={"number": WEARERS_NUMBER})
    seen = contacts(alerted.officer)["wearer"]
    assert (seen["name"], seen["why_not"]) == ("Daniel Marsh", "")
    assert seen["note"] == "No second person has confirmed that this number is theirs."
    assert shows(alerted.officer, "wearer").json()["number"] == WEARERS_NUMBER
    alerted.reads_everything()


def test_the_colleague_who_acts_is_called_and_no_one_calls_themselves(alerted: World) -> None:
    assert "colleague" not in contacts(alerted.colleague)
    alerted.officer.acknowledges()
    assert "colleague" not in contacts(alerted.officer)
    assert contacts(alerted.colleague)["colleague"]["name"] == "Amina Yusuf"
    assert shows(alerted.colleague, "colleague").json()["number"] == alerted.officer.person.phone
    alerted.reads_everything()


def test_the_police_are_999_until_a_supervisor_sets_the_teams_control_room(alerted: World) -> None:
    assert shows(alerted.officer, "police").json() == {"key": "999", "name": "Police", "number": "999"}
    room = {"name": "Met control room", "number": "020 7946 0999"}
    assert alerted.officer.api("PUT", "/v1/police-room", json=room).status_code == 403
    wrong = alerted.supervisor.api("PUT", "/v1/police-room", json={**room, "number": "12"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_record")
    assert alerted.supervisor.api("PUT", "/v1/police-room", json=room).status_code == 200
    assert shows(alerted.officer, "police").json()["number"] == "+442079460999"
    assert contacts(alerted.officer)["police"]["name"] == "Met control room"
    alerted.reads_everything()


def test_numbers_are_shown_to_those_who_may_see_the_alert_and_to_no_one_else(alerted: World) -> None:
    calls_are_safe(alerted)
    alert_id = alerted.officer.alert()["id"]
    body = {"key": f"protected:{alerted.victim.id}"}
    other = Team.create(name="South London", created_at=clock.now())
    stranger = alerted.person(Role.OFFICER, "Dev Patel", "+447700900104", team=other)
    administrator = alerted.person(Role.ADMINISTRATOR, "Ivy Chen", None)
    officers.restrict(
        alerted.supervisor.person,
        alerted.wearer.id,
        [alerted.officer.person.id, alerted.supervisor.person.id],
        clock.now(),
        why="They work here.",
    )
    db.release_connection()
    for phone, status in [(stranger, 404), (administrator, 403), (alerted.colleague, 403), (alerted.officer, 200)]:
        answer = phone.api("POST", f"/v1/alerts/{alert_id}/numbers", json=body)
        assert answer.status_code == status, phone.person.name
    unknown = alerted.officer.api("POST", f"/v1/alerts/{alert_id}/numbers", json={"key": "protected:999"})
    assert unknown.status_code == 404
    assert len(shown()) == 1
    alerted.reads_everything()


def test_a_drill_calls_neither_the_protected_person_nor_the_police(alerted: World) -> None:
    calls_are_safe(alerted)
    Wearer.update(is_training=True).where(Wearer.id == alerted.wearer.id).execute()
    db.release_connection()
    for who in ("protected", "wearer", "police"):
        assert contacts(alerted.officer)[who]["why_not"]
        assert shows(alerted.officer, who).status_code == 409
    alerted.checks_at_end = False


def test_a_day_after_an_alert_was_closed_its_numbers_are_looked_up_in_the_case(alerted: World) -> None:
    alerted.officer.acknowledges()
    alerted.officer.records_outcome()
    assert shows(alerted.officer, "police").status_code == 200
    cases.forward_to(alerted, clock.now() + timedelta(hours=25))
    assert shows(alerted.officer, "police").status_code == 409
    alerted.checks_at_end = False


def test_who_opens_an_alert_that_they_were_notified_of_needs_to_give_no_reason(alerted: World) -> None:
    assert alerted.officer.alert()["looked_because"] == "responding to alert"
    assert alerted.supervisor.alert()["looked_because"] == "alert"
    looks = AuditEntry.select().where(AuditEntry.action == "location_viewed").order_by(AuditEntry.id)
    assert [look.detail["reason"] for look in looks] == ["responding to alert", "alert"]
    db.release_connection()
    alerted.reads_everything()


def test_where_the_wearer_is_can_be_read_out(alerted: World) -> None:
    alerted.forward(20)
    east = cases.east_of(HOME, 1_000.0)
    alerted.tag.reports({**alerted.tag.fix(0.0), "lat": east[0], "lon": east[1], "accuracy_m": 8.0})
    where = alerted.officer.alert()["whereabouts"]
    assert where["grid_reference"].startswith("TQ ")
    assert where["accuracy_m"] == 8.0
    assert where["from_place"]["place"] == "Home"
    assert where["from_place"]["direction"] == "east"
    assert where["from_place"]["distance_m"] == pytest.approx(1_000, abs=1)
    alerted.reads_everything()


def test_who_was_told_is_told_before_the_acknowledgement_and_after(alerted: World) -> None:
    alerted.forward(61)
    alerted.colleague.expects_sms("No one has acknowledged")
    alerted.colleague.expects_call()
    alerted.officer.acknowledges()
    alerted.colleague.expects_sms("a colleague has acknowledged")
    alerted.settle()
    told = alerted.officer.alert()["told"]
    before = {(one["name"], one["channel"]) for one in told if not one["is_after_acknowledgement"] and one["sent_at"]}
    after = {(one["name"], one["channel"]) for one in told if one["is_after_acknowledgement"]}
    assert {("Amina Yusuf", "sms"), ("Ben Carter", "sms"), ("Ben Carter", "voice")} <= before
    assert ("Ben Carter", "sms") in after
    first = next(one for one in told if (one["name"], one["channel"]) == ("Amina Yusuf", "sms"))
    assert (first["role"], first["purpose"]) == ("officer", "alert")
    assert first["delivered_at"] >= first["sent_at"]
    alerted.reads_everything()


def test_what_a_phone_displayed_is_told_with_the_time(world: World) -> None:
    officer = world.officer.has_app()
    world.tag.is_far_away()
    world.tag.walks_in()
    officer.expects_push("Zone alert")
    alert_id = officer.alerts()[0]["id"]
    before = clock.now().isoformat()
    answer = officer.api("POST", f"/v1/alerts/{alert_id}/receipts", json={"kind": "displayed", "channel": "push"})
    assert answer.status_code == 204
    push = next(one for one in officer.alert()["told"] if one["channel"] == "push")
    assert push["displayed_at"] >= before[:19]
    world.reads_everything()


def test_each_rise_of_danger_says_to_what(world: World) -> None:
    world.tag.is_far_away()
    world.tag.walks_in()
    world.forward(130)
    world.tag.stays_inside()
    steps = [step for step in world.officer.alert()["history"] if step["action"] in ("alert_raised", "danger_rose")]
    assert (steps[0]["danger"], steps[-1]["danger"]) == (Danger.BREACH_UNCONFIRMED, Danger.BREACH)
    world.checks_at_end = False


def test_the_one_who_said_that_they_cannot_act_is_known_in_the_history(alerted: World) -> None:
    alerted.officer.says_cannot()
    step = next(step for step in alerted.officer.alert()["history"] if step["action"] == "cannot")
    assert step["by_id"] == alerted.officer.person.id
    alerted.settle()
    alerted.reads_everything()
