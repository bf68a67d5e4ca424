"""What a protected person writes rings as a breach does, and is answered only in words that they chose."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import requests
from twilio.request_validator import RequestValidator

from backend import alarms, clock, db
from backend.cases import monitoring_status
from backend.cases.officers import restricted_cases
from backend.errors import InvalidRequest, NotAllowed, NotFound
from backend.models import (
    AlarmKind,
    AuditEntry,
    Channel,
    Consent,
    Person,
    PlaceZone,
    ProtectedPlace,
    ProviderEvent,
    Victim,
)
from backend.people import consent, numbers, rota
from tests.cases import NEAR, OVER, WHY
from tests.world import World, eventually

ANSWER = "Thanks for your order, we are on it."


def writes(world: World, words: str, number: str | None = None, **more: Any) -> None:
    before = len(answers_kept())
    world.doubles.reply(from_=number or world.victim.phone or "", body=words, to=world.settings.twilio_from, **more)
    eventually(lambda: len(answers_kept()) > before, "the message is taken")
    world.settle()


def answers_kept() -> list[Any]:
    try:
        return [row for row in ProviderEvent.select().where(ProviderEvent.kind == "reply") if row.made_of_it]
    finally:
        db.release_connection()


def helps(world: World, status: str = "live") -> list[dict[str, Any]]:
    return [one for one in world.officer.alerts(status) if one["kind"] == "help"]


def theirs(world: World) -> list[str]:
    return [message.body for message in world.doubles.messages if message.to == world.victim.phone]


def agreed(world: World, answer: str | None) -> None:
    consent.give(world.victim, Channel.SMS, NEAR, OVER, world.officer.person, clock.now(), wording_help=answer)
    db.release_connection()


def test_a_message_climbs_to_officer_colleague_and_supervisor_and_shows_its_words_to_no_one_else(world: World) -> None:
    officer = world.officer.has_app()
    officer.handset.pick_up("voicemail")
    writes(world, "He is at the back door")
    push = officer.expects_push("Urgent alert")
    world.forward(11)
    text = officer.expects_sms("Urgent alert")
    world.forward(20)
    call = officer.expects_call()
    world.forward(30)
    world.colleague.expects_sms("Urgent alert")
    world.forward(120)
    world.supervisor.expects_sms("Urgent alert")
    told = [push.data["body"], text.body, *call.said, *(one.body for one in world.doubles.messages)]
    for secret in ("back door", world.victim.name, world.wearer.name, "Home"):
        assert secret not in " ".join(told)
    (alert,) = helps(world)
    assert (alert["title"], alert["danger"], alert["is_over"]) == ("Message from a protected person", 4, False)
    assert alert["protected_person"]["name"] == world.victim.name
    assert "He is at the back door" in alert["reasons"][0]
    assert alert["reasons"][-1] == "Not answered: call."
    assert theirs(world) == []
    world.reads_everything()


def test_each_further_message_rings_again_also_when_it_and_a_breach_were_acknowledged(world: World) -> None:
    world.tag.is_far_away()
    world.tag.stays_inside()
    world.officer.acknowledges()
    world.reads_everything()
    writes(world, "Help")
    first = helps(world)[0]
    world.officer.expects_sms("Urgent alert")
    world.officer.acknowledges(first["id"])
    world.reads_everything()
    writes(world, "He is inside now")
    (alert,) = helps(world)
    assert (alert["id"], alert["handling"]) == (first["id"], "open")
    assert alert["episode"] > first["episode"]
    world.officer.expects_sms("Urgent alert")
    assert "He is inside now" in alert["reasons"][-2]
    # Unanswered: the next one rings too, and silence goes on counting.
    writes(world, "please")
    world.officer.expects_sms("Urgent alert")
    world.forward(61)
    world.colleague.expects_sms("Urgent alert")
    world.reads_everything()
    zone = next(one for one in world.officer.alerts() if one["kind"] == "zone")
    assert zone["handling"] == "acknowledged"


def test_it_stands_until_a_person_clears_it_with_a_note(world: World) -> None:
    writes(world, "Please call me")
    alert = helps(world)[0]
    world.officer.acknowledges(alert["id"])
    path = f"/v1/alerts/{alert['id']}/outcome"
    assert world.officer.api("POST", path, json={"code": "they_are_safe"}).status_code == 422
    body = {"code": "they_are_safe", "note": "Spoke at 14:10."}
    assert world.officer.api("POST", path, json=body).status_code == 200
    assert helps(world) == []
    world.reads_everything()
    writes(world, "again")
    assert len(helps(world)) == 1
    world.reads_everything()


def test_they_are_answered_only_in_the_words_that_they_agreed_to_for_this(world: World) -> None:
    agreed(world, ANSWER)
    writes(world, "Help me")
    assert theirs(world) == [ANSWER]
    assert helps(world)[0]["reasons"][-1].startswith("An answer goes to them by text")
    writes(world, "Help me")
    assert theirs(world) == [ANSWER]
    world.forward(601)
    writes(world, "Help me")
    assert theirs(world) == [ANSWER, ANSWER]
    world.reads_everything()


@pytest.mark.parametrize("how", ["no words for it", "no consent", "withdrawn", "not verified"])
def test_without_words_that_they_agreed_to_no_one_answers_by_text(world: World, how: str) -> None:
    if how != "no consent":
        agreed(world, None if how == "no words for it" else ANSWER)
    if how == "withdrawn":
        consent.withdraw(world.victim, Channel.SMS, "test", clock.now())
    if how == "not verified":
        numbers.void(world.victim, "it bounced", clock.now())
    db.release_connection()
    writes(world, "Help me")
    assert theirs(world) == []
    (alert,) = helps(world)
    assert alert["reasons"][-1] == "Not answered: call."
    assert ("not verified" in alert["reasons"][0]) is (how == "not verified")
    world.reads_everything()


def test_an_answer_that_does_not_go_out_is_said_on_the_alert(world: World) -> None:
    agreed(world, ANSWER)
    world.doubles.script(to=world.victim.phone, status=400)
    writes(world, "Help me")
    eventually(lambda: helps(world)[0]["reasons"][-1].endswith("Not answered: call."), "it says so")
    world.reads_everything()


@pytest.mark.parametrize(
    "words",
    [
        "help",
        "HELP",
        "Help!",
        "ok help",
        "Thanks but he is here",
        "yes",
        "no",
        "",
        "   ",
        "1",
        "\U0001f198",
        "ok \U0001f198",
        "Thanks \U0001f62d",
        "Stop him",
    ],
)
def test_whatever_is_no_known_short_answer_rings(world: World, words: str) -> None:
    writes(world, words)
    assert len(helps(world)) == 1
    world.reads_everything()


@pytest.mark.parametrize(
    "words",
    ["ok", "OK thanks", "Thank you!", "ok \U0001f44d\U0001f3fd", "Diolch", "Liked “Your book has arrived.”", "START"],
)
def test_a_known_short_answer_is_for_a_person_to_read_and_rings_no_one(world: World, words: str) -> None:
    officer = world.officer.has_app()
    writes(world, words)
    officer.expects_push("a case of yours needs a look")
    assert helps(world) == []
    world.forward(300)
    world.reads_everything()
    assert not [one for one in world.doubles.messages if "Urgent" in one.body]


@pytest.mark.parametrize(
    ("words", "rings"),
    [
        ("STOP", False),
        ("Stop please", False),
        ("Please can you stop sending these messages", False),
        ("Stop\n\nSent from my iPhone", False),
        ("STOP \U0001f64f", False),
        ("STOP \U0001f198", True),
        ("STOP. He is outside", True),
        ("STOP\nhelp me", True),
        ("Stop! He reads my phone.", True),
    ],
)
def test_a_stop_withdraws_and_what_is_said_beside_it_rings(world: World, words: str, rings: bool) -> None:
    agreed(world, ANSWER)
    writes(world, words)
    assert Consent.get().withdrawn_at is not None
    assert (len(helps(world)) == 1) is rings
    assert theirs(world) == []
    world.reads_everything()


def test_the_same_callback_again_rings_no_one(world: World) -> None:
    url = f"{world.url}/v1/webhooks/twilio/sms"
    form = {"MessageSid": "SM1", "From": world.victim.phone or "", "To": "+447700900000", "Body": "help"}
    signature = RequestValidator(world.settings.twilio_auth_token).compute_signature(url, form)
    for _ in range(3):
        answer = requests.post(url, data=form, headers={"X-Twilio-Signature": signature}, timeout=5)
        assert answer.status_code == 200
    world.settle()
    (alert,) = helps(world)
    assert (alert["episode"], len(alert["reasons"])) == (1, 2)
    world.reads_everything()


def test_two_protected_persons_who_share_a_number_are_both_called_for_and_none_is_answered(world: World) -> None:
    agreed(world, ANSWER)
    other = Victim.create(team=world.team, name="Sofia Marino", phone=world.victim.phone, created_at=clock.now())
    numbers.carry_over(other, clock.now())
    PlaceZone.create(
        place=ProtectedPlace.create(victim=other, label="Work"),
        wearer=world.wearer,
        feature=world.zone.feature,
        from_at=world.zone.from_at,
    )
    db.release_connection()
    writes(world, "he is here")
    found = helps(world)
    assert {one["protected_person"]["name"] for one in found} == {"Laura Bennett", "Sofia Marino"}
    assert all("share with others" in one["reasons"][0] for one in found)
    assert theirs(world) == []
    world.reads_everything()


def test_a_number_known_as_a_wearers_rings_with_a_warning_and_is_not_answered(world: World) -> None:
    agreed(world, ANSWER)
    body = {"number": world.victim.phone}
    added = world.officer.api("POST", f"/v1/wearers/{world.wearer.id}/numbers", json=body)
    assert added.status_code in (200, 201), added.text
    writes(world, "I am fine, stop watching")
    (alert,) = helps(world)
    assert "person on probation" in alert["reasons"][0]
    assert theirs(world) == []
    world.reads_everything()


def test_the_adult_of_a_child_rings_for_the_childs_case(world: World) -> None:
    adult = Victim.create(team=world.team, name="Gran", phone="+447700900299", created_at=clock.now())
    numbers.carry_over(adult, clock.now())
    Victim.update(is_child=True, phone=None, reached_through=adult).where(Victim.id == world.victim.id).execute()
    db.release_connection()
    writes(world, "He is at the school", number="+447700900299")
    assert helps(world)[0]["protected_person"]["name"] == "Gran"
    world.reads_everything()


@pytest.mark.parametrize("how", ["suspended", "ended", "restricted"])
def test_a_message_rings_whatever_has_become_of_the_case(world: World, how: str) -> None:
    now, person = clock.now(), world.officer.person
    if how == "suspended":
        until = now + timedelta(days=9)
        monitoring_status.suspend(
            person, world.wearer.id, monitoring_status.Suspended.CUSTODY, now, until, now, why=WHY, is_confirmed=True
        )
    elif how == "ended":
        monitoring_status.end(
            person, world.wearer.id, monitoring_status.Ended.EXPIRY, now, now, why=WHY, is_confirmed=True
        )
    else:
        named = [person.id, world.supervisor.person.id]
        restricted_cases.restrict(world.supervisor.person, world.wearer.id, named, now, why=WHY)
    db.release_connection()
    world.forward(1_000)
    world.reads_everything()
    writes(world, "He is here")
    assert len(helps(world)) == 1
    world.officer.expects_sms("Urgent alert")
    world.forward(200)
    world.supervisor.expects_sms("Urgent alert")
    if how == "restricted":
        assert world.colleague.person.phone not in {one.to for one in world.doubles.messages}
    world.reads_everything()


@pytest.mark.parametrize("how", ["off duty", "left"])
def test_it_reaches_the_one_who_is_on_duty_where_the_officer_does_not(world: World, how: str) -> None:
    now = clock.now()
    if how == "off duty":
        for phone in (world.colleague, world.supervisor):
            rota.add(world.supervisor.person, phone.person.id, now - timedelta(hours=1), now + timedelta(hours=9), now)
    else:
        Person.update(is_active=False).where(Person.id == world.officer.person.id).execute()
    db.release_connection()
    writes(world, "He is here")
    world.colleague.expects_sms("Urgent alert")
    world.forward(200)
    world.supervisor.expects_sms("Urgent alert")
    assert world.officer.person.phone not in {one.to for one in world.doubles.messages}
    world.reads_everything()


def test_what_is_spelled_in_another_way_is_still_their_number(world: World) -> None:
    Victim.update(phone="07700900201").where(Victim.id == world.victim.id).execute()
    db.release_connection()
    writes(world, "help", number="+447700900201")
    assert len(helps(world)) == 1
    world.reads_everything()


def test_someone_in_no_case_is_told_as_an_alarm(world: World) -> None:
    stray = Victim.create(team=world.team, name="Nobody's", phone="+447700900298", created_at=clock.now())
    db.release_connection()
    writes(world, "help", number="+447700900298")
    (alarm,) = alarms.standing(AlarmKind.MESSAGE_UNHEARD, f"victim:{stray.id}")
    # It would be texted every quarter of an hour: a supervisor ends it, with what they did.
    with pytest.raises(InvalidRequest):
        alarms.answer(world.supervisor.person, alarm.id, " ", clock.now())
    with pytest.raises(NotAllowed):
        alarms.answer(world.officer.person, alarm.id, "Called them.", clock.now())
    alarms.answer(world.supervisor.person, alarm.id, "Called them: they meant another number.", clock.now())
    assert alarms.standing(AlarmKind.MESSAGE_UNHEARD) == []
    with pytest.raises(NotFound):
        alarms.answer(world.supervisor.person, alarm.id, "Again.", clock.now())
    assert AuditEntry.select().where(AuditEntry.action == "alarm_answered").count() == 1
    db.release_connection()
    world.reads_everything()


def test_a_stranger_rings_no_one(world: World) -> None:
    writes(world, "help", number="+447700900999")
    assert helps(world) == []


def test_an_answer_to_the_text_before_does_not_cover_a_further_message(world: World) -> None:
    writes(world, "Help")
    code = world.officer.expects_sms("Urgent alert").body.split()[3].rstrip(":")
    world.stop_worker()
    before = len(answers_kept())
    world.doubles.reply(from_=world.victim.phone or "", body="He is inside", to=world.settings.twilio_from)
    eventually(lambda: len(answers_kept()) > before, "the message is taken")
    world.officer.texts(f"1 {code}")
    assert helps(world)[0]["handling"] == "open"
    world.start_worker()
    world.officer.expects_sms("a further message has come")
    world.settle()
    world.officer.texts(f"1 {code}")
    world.officer.expects_sms("you have acknowledged it")
    assert helps(world)[0]["handling"] == "acknowledged"
    world.reads_everything()
