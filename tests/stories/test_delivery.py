"""A warning is done when a person has acknowledged it: texts and calls that are answered, people who cannot."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from backend import clock, db
from backend.cases import officers
from backend.escalation.default_policy import DEFAULT
from backend.models import Attempt, AuditEntry, Notification, Person, ProviderEvent, Role, RouteDown, Shift, Team
from tests.world import World, eventually


def test_a_key_pressed_in_the_call_acknowledges(world: World) -> None:
    world.officer.handset.press("1")
    world.tag.walks_in()
    world.officer.expects_sms("to acknowledge")
    world.forward(31)
    call = world.officer.expects_call()
    eventually(lambda: len(call.said) > 1, "the answer to the key")
    alert = world.officer.alert()
    assert alert["acknowledgement"]["by"]["name"] == "Amina Yusuf"
    assert f"code {', '.join(alert['code'])}" in call.said[0]
    assert "You have acknowledged" in call.said[-1]
    for secret in ("Daniel", "Laura", "Home", "51.5"):
        assert not any(secret in words for words in call.said)
    world.forward(600)


@pytest.mark.parametrize("pickup", ["voicemail", "human", "busy", "no-answer"])
def test_a_call_without_a_key_acknowledges_nothing_and_the_colleague_is_told_at_once(world: World, pickup: str) -> None:
    world.officer.handset.pick_up(pickup)
    world.tag.walks_in()
    world.officer.expects_sms("to acknowledge")
    world.forward(31)
    world.officer.expects_call()
    world.colleague.expects_sms("No one has acknowledged")
    world.colleague.expects_call()
    assert world.officer.alert()["handling"] == "open"
    world.colleague.acknowledges()


def test_key_2_says_cannot_and_the_colleague_is_told_at_once(world: World) -> None:
    world.officer.handset.press("2")
    world.tag.walks_in()
    world.officer.expects_sms("to acknowledge")
    world.forward(31)
    call = world.officer.expects_call()
    eventually(lambda: len(call.said) > 1, "the answer to the key")
    assert "Noted that you cannot" in call.said[-1]
    world.colleague.expects_sms("No one has acknowledged")
    world.colleague.expects_call()
    world.colleague.acknowledges()


def test_a_wrong_key_hears_it_again(world: World) -> None:
    world.officer.handset.press("71")
    world.tag.walks_in()
    world.officer.expects_sms("to acknowledge")
    world.forward(31)
    call = world.officer.expects_call()
    eventually(lambda: len(call.said) == 3, "twice the alert and the answer to the key")
    assert world.officer.alert()["handling"] == "acknowledged"


@pytest.mark.parametrize(
    "words",
    [
        pytest.param("1 {code}", id="as the text says"),
        pytest.param("1{code}", id="without a space"),
        pytest.param(" 1. {low}.", id="in small letters with full stops"),
        pytest.param("\uff11 {wide}", id="full-width, as a Japanese keyboard types it"),
        pytest.param("\u0661 {code}", id="an Arabic-Indic digit"),
        pytest.param("\u06f1 {code}", id="a Persian digit"),
        pytest.param("\u0967 {code}", id="a Devanagari digit"),
        pytest.param("\u200f1\u00a0{code}\u200b", id="marks that nobody sees"),
    ],
)
def test_an_officer_acknowledges_by_text(world: World, words: str) -> None:
    world.tag.walks_in()
    code = world.officer.expects_sms("to acknowledge").body.split()[3].rstrip(":")
    wide = "".join(chr(ord(one) + 0xFEE0) for one in code)
    world.officer.texts(words.format(code=code, low=code.lower(), wide=wide))
    world.officer.expects_sms("you have acknowledged it")
    assert world.officer.alert()["acknowledgement"]["by"]["name"] == "Amina Yusuf"
    world.forward(600)


@pytest.mark.parametrize("words", ["1", " 1. ", "1!", "\uff11", "\u0661", "2", "3"])
def test_an_answer_without_the_code_changes_nothing_and_is_told_what_is_needed(world: World, words: str) -> None:
    world.tag.walks_in()
    world.officer.expects_sms("to acknowledge")
    world.officer.texts(words)
    told = world.officer.expects_sms("Nothing was changed").body
    assert "1 CODE to acknowledge" in told
    assert world.officer.alert()["handling"] == "open"
    # A person who sends it again has not understood yet, and must not believe that they have acknowledged.
    world.officer.texts(words)
    world.officer.expects_sms("Nothing was changed")
    assert world.officer.alert()["handling"] == "open"
    world.officer.acknowledges()


def test_a_machine_that_sends_1_for_ever_is_not_answered_for_ever(world: World) -> None:
    for _ in range(10):
        world.officer.texts("1")
    assert len([one for one in world.doubles.messages if "Nothing was changed" in one.body]) == 6
    world.reads_everything()


@pytest.mark.parametrize("who", ["+447700900999", "+447700900201"])
def test_a_bare_1_of_anyone_else_is_not_answered_by_the_system(world: World, who: str) -> None:
    world.tag.walks_in()
    world.officer.expects_sms("to acknowledge")
    world.doubles.reply(from_=who, body="1", to=world.settings.twilio_from)
    world.settle()
    assert [one for one in world.doubles.messages if one.to == who] == []
    alert = next(one for one in world.officer.alerts() if one["kind"] == "zone")
    assert alert["handling"] == "open"
    world.officer.acknowledges(alert["id"])
    world.reads_everything()


def test_an_officer_says_cannot_by_text(world: World) -> None:
    world.tag.walks_in()
    code = world.officer.expects_sms("to acknowledge").body.split()[3].rstrip(":")
    world.officer.texts(f"2 {code}")
    world.officer.expects_sms("noted that you cannot")
    world.colleague.expects_sms("No one has acknowledged")
    world.colleague.expects_call()
    world.colleague.acknowledges()


def test_an_officer_asks_for_details_as_often_as_they_like(world: World) -> None:
    world.tag.walks_in()
    code = world.officer.expects_sms("to acknowledge").body.split()[3].rstrip(":")
    for _ in range(2):
        world.officer.texts(f"3 {code}")
        text = world.officer.expects_sms("last fix").body
        assert "not acknowledged" in text
        assert len(text) <= 160
    assert world.officer.alert()["handling"] == "open"
    world.officer.acknowledges()


def test_the_second_to_answer_by_text_hears_that_someone_acts(world: World) -> None:
    world.tag.walks_in()
    code = world.officer.expects_sms("to acknowledge").body.split()[3].rstrip(":")
    world.supervisor.acknowledges()
    world.officer.texts(f"1 {code}")
    world.officer.expects_sms("a colleague acts already")
    assert world.officer.alert()["acknowledgement"]["by"]["name"] == "Grace Okafor"


STRANGERS = {
    "an unknown number": "+447700900999",
    "the victim's own number": "+447700900201",
}


@pytest.mark.parametrize("who", STRANGERS)
def test_a_reply_from_elsewhere_is_recorded_and_changes_nothing(world: World, who: str) -> None:
    world.tag.walks_in()
    code = world.officer.expects_sms("to acknowledge").body.split()[3].rstrip(":")
    world.doubles.reply(from_=STRANGERS[who], body=f"1 {code}", to=world.settings.twilio_from)
    (alert,) = [one for one in world.officer.alerts() if one["kind"] == "zone"]
    assert alert["handling"] == "open"
    event = ProviderEvent.get(ProviderEvent.kind == "reply")
    assert event.made_of_it in ("unknown number", "rang for a protected person")
    if event.made_of_it == "rang for a protected person":
        # Whatever they write is read by a person, now.
        world.officer.expects_sms("a message needs an answer now")
    world.officer.acknowledges(alert["id"])


def test_a_number_that_two_people_share_acknowledges_for_neither(world: World) -> None:
    Person.update(phone=world.officer.person.phone).where(Person.id == world.colleague.person.id).execute()
    world.tag.walks_in()
    code = world.officer.expects_sms("to acknowledge").body.split()[3].rstrip(":")
    world.officer.texts(f"1 {code}")
    assert world.officer.alert()["handling"] == "open"
    assert ProviderEvent.get(ProviderEvent.kind == "reply").made_of_it == "shared number"
    world.officer.acknowledges()
    world.reads_everything()


def test_stop_from_an_officer_ends_texts_and_never_calls(world: World) -> None:
    world.officer.texts("STOP")
    assert RouteDown.get().because == "answered STOP"
    world.tag.walks_in()
    # No text can go, and so the call goes at once.
    world.officer.expects_call()
    world.colleague.expects_sms("No one has acknowledged")
    world.colleague.expects_call()
    world.officer.texts("START")
    assert RouteDown.get().up_at is not None
    world.colleague.acknowledges()


def test_the_one_who_cannot_in_the_app_passes_it_on_at_once_and_once(world: World) -> None:
    officer, colleague = world.officer.has_app(), world.colleague.has_app()
    world.tag.walks_in()
    officer.expects_push("Please acknowledge")
    officer.says_cannot()
    officer.says_cannot()
    colleague.expects_push("No one has acknowledged")
    colleague.expects_sms("No one has acknowledged")
    colleague.expects_call()
    colleague.acknowledges()
    officer.expects_push("a colleague has acknowledged")
    # Someone acts: the one who cannot now changes nothing.
    assert officer.says_cannot()["handling"] == "acknowledged"
    world.forward(300)


def test_the_one_who_acts_and_then_cannot_gives_it_to_the_next_people(world: World) -> None:
    officer, colleague = world.officer.has_app(), world.colleague
    world.tag.walks_in()
    officer.expects_push("Please acknowledge")
    officer.acknowledges()
    assert officer.says_cannot()["handling"] == "open"
    colleague.expects_sms("No one has acknowledged")
    colleague.expects_call()
    colleague.acknowledges()
    world.reads_everything()


def test_one_call_at_a_time_reads_how_many_alerts_wait(world: World) -> None:
    world.officer.handset.press("1")
    other = world.new_wearer("Second Wearer", "LDN-0002")
    third = world.new_wearer("Third Wearer", "LDN-0003")
    for tag in (world.tag, other, third):
        tag.walks_in()
    world.forward(11)
    world.forward(20)
    world.settle()
    calls = [call for call in world.doubles.calls if call.to == world.officer.person.phone]
    assert "2 more alerts in the app" in calls[0].said[0]
    assert len(calls) < 3
    folded = Notification.select().where(Notification.detail.startswith("told by the call")).count()
    assert folded >= 1
    assert Attempt.select().where(Attempt.outcome == "folded").count() == folded
    for alert in world.officer.alerts("open"):
        world.officer.acknowledges(alert["id"])
    world.reads_everything()


def _shift(world: World, phone: Any, from_h: float, to_h: float) -> None:
    now = clock.now()
    answer = world.supervisor.api(
        "POST",
        "/v1/shifts",
        json={
            "person": phone.person.id,
            "from_at": (now + timedelta(hours=from_h)).isoformat(),
            "to_at": (now + timedelta(hours=to_h)).isoformat(),
        },
    )
    assert answer.status_code == 201, answer.text


def test_off_duty_the_responsible_officer_sleeps_and_who_is_on_duty_is_warned(world: World) -> None:
    duty = world.person(Role.OFFICER, "Nia Evans", "+447700900104")
    _shift(world, duty, -1, 8)
    _shift(world, world.colleague, -1, 8)
    world.tag.walks_in()
    duty.expects_sms("to acknowledge")
    world.colleague.expects_sms("to acknowledge")
    world.forward(31)
    duty.expects_call()
    world.colleague.expects_call()
    # There is no further colleague on duty: the empty rung is skipped, the supervisor is notified at once.
    world.supervisor.expects_sms("No one has acknowledged")
    world.supervisor.expects_call()
    duty.acknowledges()


def test_on_duty_the_responsible_officer_comes_first_and_the_colleague_on_duty_next(world: World) -> None:
    _shift(world, world.officer, -1, 8)
    _shift(world, world.colleague, -1, 8)
    world.person(Role.OFFICER, "Nia Evans", "+447700900104")
    world.tag.walks_in()
    world.officer.expects_sms("to acknowledge")
    world.forward(31)
    world.officer.expects_call()
    world.colleague.expects_sms("No one has acknowledged")
    world.colleague.expects_call()
    world.officer.acknowledges()


def test_a_hole_in_the_rota_wakes_the_responsible_officer_and_is_seen_72_hours_ahead(world: World) -> None:
    _shift(world, world.colleague, -8, 0)
    world.forward(1)
    _shift(world, world.colleague, 5, 12)
    rota = world.supervisor.api("GET", "/v1/shifts").json()
    assert rota["keeps_rota"]
    assert len(rota["gaps"]) == 2
    world.tag.walks_in()
    world.officer.expects_sms("to acknowledge")
    world.officer.acknowledges()


def test_a_person_who_left_leaves_a_hole_and_not_an_escalation_policy_that_waits(world: World) -> None:
    _shift(world, world.colleague, -1, 8)
    Person.update(is_active=False).where(Person.id == world.colleague.person.id).execute()
    assert world.supervisor.api("GET", "/v1/shifts").json()["gaps"]
    world.tag.walks_in()
    world.officer.expects_sms("to acknowledge")
    world.officer.acknowledges()


def test_a_shift_that_cannot_be_is_refused(world: World) -> None:
    now = clock.now()
    body = {"person": world.officer.person.id, "from_at": now.isoformat(), "to_at": now.isoformat()}
    answer = world.supervisor.api("POST", "/v1/shifts", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "shift_refused")
    body["to_at"] = (now + timedelta(days=30)).isoformat()
    assert world.supervisor.api("POST", "/v1/shifts", json=body).json()["code"] == "shift_refused"
    body["to_at"] = (now + timedelta(hours=8)).isoformat()
    assert world.officer.api("POST", "/v1/shifts", json=body).status_code == 403
    body["person"] = 999
    assert world.supervisor.api("POST", "/v1/shifts", json=body).status_code == 404


def test_a_shift_that_has_begun_ends_when_it_is_taken_off(world: World) -> None:
    _shift(world, world.colleague, -1, 8)
    _shift(world, world.colleague, 10, 18)
    begun, ahead = Shift.select().order_by(Shift.from_at)
    for shift in (begun, ahead):
        assert world.supervisor.api("DELETE", f"/v1/shifts/{shift.id}").status_code == 204
    assert [shift.id for shift in Shift.select()] == [begun.id]
    assert Shift.get().to_at <= clock.now()


def _own_policy(**change: Any) -> dict[str, Any]:
    policy = DEFAULT.to_json()
    policy["rungs"] = [policy["rungs"][0], {**policy["rungs"][4], "after_s": 20}]
    return {**policy, **change}


def test_a_team_climbs_its_own_escalation_policy_and_an_alert_under_way_keeps_the_one_it_was_raised_with(
    world: World,
) -> None:
    world.officer.has_app()
    answer = world.supervisor.api("PUT", "/v1/ladder", json=_own_policy())
    assert answer.status_code == 200, answer.text
    world.tag.walks_in()
    world.officer.expects_push("Please acknowledge")
    assert world.supervisor.api("PUT", "/v1/ladder", json=DEFAULT.to_json()).status_code == 200
    world.forward(21)
    world.supervisor.expects_sms("No one has acknowledged")
    world.supervisor.expects_call()
    world.officer.acknowledges()


def test_the_duty_desk_is_told_last_and_may_answer(world: World) -> None:
    central = Team.create(name="Central", created_at=clock.now())
    desk = world.person(Role.SUPERVISOR, "Duty Desk", "+447700900110", central)
    policy = _own_policy(duty_person=desk.person.id)
    assert world.supervisor.api("PUT", "/v1/ladder", json=policy).status_code == 200
    world.tag.walks_in()
    world.supervisor.expects_sms("No one has acknowledged")
    world.supervisor.expects_call()
    world.forward(141)
    code = desk.expects_sms("No one has acknowledged").body.split()[3].rstrip(":")
    desk.texts(f"1 {code}")
    desk.expects_sms("you have acknowledged it")
    assert world.officer.alert()["acknowledgement"]["by"]["name"] == "Duty Desk"
    world.reads_everything()


def test_a_duty_desk_that_leaves_is_followed_by_its_heir_on_the_escalation_policies_under_way(world: World) -> None:
    central = Team.create(name="Central", created_at=clock.now())
    desk = world.person(Role.SUPERVISOR, "Duty Desk", "+447700900110", central)
    heir = world.person(Role.SUPERVISOR, "Night Desk", "+447700900111", central)
    boss = world.person(Role.SUPERVISOR, "Helen Price", "+447700900112", central)
    policy = _own_policy(duty_person=desk.person.id)
    assert world.supervisor.api("PUT", "/v1/ladder", json=policy).status_code == 200
    world.tag.walks_in()
    world.supervisor.expects_sms("No one has acknowledged")
    world.supervisor.expects_call()
    officers.leave(boss.person, desk.person.id, {}, clock.now(), why="left", everyone_else=heir.person.id)
    db.release_connection()
    world.forward(141)
    heir.expects_sms("No one has acknowledged")
    heir.expects_call()
    world.officer.acknowledges()
    world.reads_everything()


def test_an_escalation_policy_by_which_no_one_else_is_told_is_refused_and_officers_cannot_set_one(world: World) -> None:
    policy = DEFAULT.to_json()
    alone = {**policy, "rungs": policy["rungs"][:3]}
    answer = world.supervisor.api("PUT", "/v1/ladder", json=alone)
    assert (answer.status_code, answer.json()["code"]) == (422, "ladder_refused")
    assert world.officer.api("PUT", "/v1/ladder", json=policy).status_code == 403
    assert [row["origin"] for row in world.officer.api("GET", "/v1/ladder").json()["ladders"]] == ["default"]


def test_everyone_who_was_called_hears_of_a_withdrawal_by_text(world: World) -> None:
    world.tag.is_far_away()
    world.tag.walks_in()
    world.officer.expects_sms("to acknowledge")
    world.forward(31)
    world.officer.expects_call()
    world.colleague.expects_sms("No one has acknowledged")
    world.colleague.expects_call()
    world.tag.stays(5_000.0, for_s=180)
    world.officer.expects_sms("withdrawn")
    world.colleague.expects_sms("withdrawn")
    assert AuditEntry.select().where(AuditEntry.action == "alert_withdrawn").exists()
    world.reads_everything()


def test_an_outcome_that_is_due_for_15_minutes_begins_the_escalation_policy_again(world: World) -> None:
    officer = world.officer.has_app()
    world.tag.walks_in()
    officer.expects_push("Please acknowledge")
    officer.acknowledges()
    world.forward(901)
    officer.expects_push("Please acknowledge")
    world.forward(11)
    officer.expects_sms("to acknowledge")
    officer.acknowledges()


def test_the_one_who_leaves_is_on_no_rota_and_is_no_duty_desk_any_more(world: World) -> None:
    heir = world.person(Role.OFFICER, "Nia Evans", "+447700900104").has_app()
    _shift(world, world.colleague, -1, 8)
    _shift(world, world.colleague, 20, 28)
    policy = _own_policy(duty_person=world.colleague.person.id)
    assert world.supervisor.api("PUT", "/v1/ladder", json=policy).status_code == 200
    officers.leave(
        world.supervisor.person, world.colleague.person.id, {}, clock.now(), why="left", everyone_else=heir.person.id
    )
    db.release_connection()
    ahead = Shift.select().where(Shift.to_at > clock.now()).order_by(Shift.from_at)
    assert [shift.person_id for shift in ahead] == [heir.person.id] * 2
    assert world.officer.api("GET", "/v1/ladder").json()["ladders"][0]["duty_person"] == heir.person.id
    world.tag.walks_in()
    heir.expects_push("Please acknowledge")
    heir.acknowledges()
