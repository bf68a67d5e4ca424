"""A protected person calls for help: on their own page, by a word, by a key in a call, and in secret."""

from __future__ import annotations

import re

import pytest
import requests
from twilio.request_validator import RequestValidator

from backend import clock, db
from backend.models import Channel, HelpCall, Notification
from backend.own_pages import help_calls
from backend.people import consent
from tests.cases import NEAR, OVER
from tests.own_pages import PIN, SECOND, OwnPhone, calls, words_of
from tests.statements import counted
from tests.stories.test_help_messages import ANSWER, helps, theirs, writes
from tests.world import World, eventually


def rung_at_once(world: World) -> None:
    """Officer, colleague and supervisor are texted without any time passing."""
    for phone in (world.officer, world.colleague, world.supervisor):
        phone.expects_sms("Urgent alert")


def test_help_rings_officer_colleague_and_supervisor_at_once_before_any_passcode(world: World) -> None:
    phone = OwnPhone(world).takes_up()
    page = phone.get()
    assert "Help" in words_of(page)
    answer = phone.calls_for_help()
    rung_at_once(world)
    assert answer.url.endswith("/p/sent")
    assert "Sent at" in words_of(answer)
    assert "999" in words_of(answer)
    (alert,) = helps(world)
    assert (alert["danger"], alert["handling"]) == (4, "open")
    assert "Help was pressed" in alert["reasons"][0]
    assert theirs(world) == []
    world.forward(21)
    for one in (world.officer, world.colleague, world.supervisor):
        one.expects_call()
    world.reads_everything()


def test_it_is_answered_by_text_only_in_the_words_agreed_for_it(world: World) -> None:
    consent.give(world.victim, Channel.SMS, NEAR, OVER, world.officer.person, clock.now(), wording_help=ANSWER)
    db.release_connection()
    OwnPhone(world).takes_up().calls_for_help()
    world.settle()
    assert theirs(world) == [ANSWER]
    world.reads_everything()


def test_each_further_call_rings_again_and_their_words_are_read_after_sign_in_only(world: World) -> None:
    world.tag.is_far_away()
    world.tag.stays_inside()
    world.officer.acknowledges()
    world.reads_everything()
    phone = OwnPhone(world).takes_up()
    phone.calls_for_help()
    rung_at_once(world)
    world.officer.acknowledges(helps(world)[0]["id"])
    world.reads_everything()
    # A finger that trembles is one call.
    phone.calls_for_help()
    assert helps(world)[0]["handling"] == "acknowledged"
    phone.calls_for_help("He is on the stairs")
    rung_at_once(world)
    (alert,) = helps(world)
    assert alert["handling"] == "open"
    assert "He is on the stairs" in alert["reasons"][-2]
    assert "stairs" not in " ".join(message.body for message in world.doubles.messages)
    world.forward(60)
    world.reads_everything()
    phone.calls_for_help()
    rung_at_once(world)
    world.reads_everything()


def test_the_word_help_by_text_rings_all_three_at_once_and_any_other_message_step_by_step(world: World) -> None:
    writes(world, "Please help me")
    rung_at_once(world)
    world.reads_everything()
    world.officer.acknowledges(helps(world)[0]["id"])
    world.officer.api(
        "POST", f"/v1/alerts/{helps(world)[0]['id']}/outcome", json={"code": "they_are_safe", "note": "Spoke."}
    )
    world.reads_everything()
    writes(world, "I saw the car")
    world.officer.expects_sms("Urgent alert")
    world.expect_nothing_more()


def test_five_wrong_passcodes_lock_the_page_and_help_still_works(world: World) -> None:
    phone = OwnPhone(world).takes_up()
    for _ in range(4):
        assert "not right" in words_of(phone.enters("123456"))
    assert "too often" in words_of(phone.enters("123456"))
    assert "too often" in words_of(phone.enters(PIN))
    phone.calls_for_help()
    rung_at_once(world)
    world.reads_everything()
    notices = [one for one in world.officer.alerts() if one["kind"] == "notice"]
    assert "Someone else may have their phone" in notices[0]["reasons"][0]
    world.forward(3601)
    assert "watched over" in words_of(phone.enters(PIN))
    world.reads_everything()


def test_the_second_passcode_rings_in_secret_also_while_the_page_is_locked(world: World) -> None:
    consent.give(world.victim, Channel.SMS, NEAR, OVER, world.officer.person, clock.now(), wording_help=ANSWER)
    db.release_connection()
    phone = OwnPhone(world).takes_up()
    page = phone.enters(SECOND)
    assert "You have no notes yet." in words_of(page)
    world.settle()
    rung_at_once(world)
    (alert,) = helps(world)
    assert "in danger and watched" in alert["reasons"][0]
    assert alert["reasons"][-1].startswith("Do not call or text them")
    # Nothing reaches the phone, by no way.
    assert theirs(world) == []
    assert "watched" not in words_of(phone.get())
    world.forward(300)
    for _ in range(5):
        phone.enters("not this")
    world.settle()
    world.reads_everything()
    before = len(calls())
    assert "too often" in words_of(phone.enters(SECOND))
    world.settle()
    assert len(calls()) == before + 1
    rung_at_once(world)
    assert theirs(world) == []
    world.reads_everything()


def test_safe_and_the_second_passcode_give_the_phone_the_same_answers(world: World) -> None:
    heard = {}
    for phrase in (PIN, SECOND):
        phone = OwnPhone(world).takes_up()
        phone.enters(PIN)
        moved = phone.post("/ok", {"phrase": phrase}, allow_redirects=False)
        page = phone.get()
        headers = {
            name: value
            for name, value in moved.headers.items()
            if name not in ("Date", "Set-Cookie", "Server", "X-Request-Id")
        }
        cookie = moved.headers["Set-Cookie"].split(";")
        heard[phrase] = (
            moved.status_code,
            moved.content,
            headers,
            len(cookie[0]),
            cookie[1:],
            page.content,
            sorted(page.headers),
        )
        world.settle()
    assert heard[PIN] == heard[SECOND]
    assert [call.how for call in calls()] == ["safe", "second_phrase"]
    world.settle()
    (alert,) = helps(world)
    assert "in danger" in alert["reasons"][0]
    assert any(
        "they are safe" in reason
        for one in world.officer.alerts()
        if one["kind"] == "notice"
        for reason in one["reasons"]
    )
    world.reads_everything()


def asked_of_the_database(world: World, phone: OwnPhone, path: str, phrase: str) -> list[str]:
    """Return the statements that one form of theirs costs, with the notifier stopped."""
    with counted() as statements:
        phone.post(path, {"phrase": phrase}, allow_redirects=False)
    return [re.sub(r"\s+", " ", one) for one in statements]


def stops_the_notifier(world: World) -> None:
    """Stop it once nothing is on its way, so that no provider's callback falls between what is counted."""
    world.settle()

    def is_told() -> bool:
        texts = Notification.select().where(Notification.channel == Channel.SMS)
        is_sent = texts.where(Notification.state == "sent").exists()
        db.release_connection()
        return not is_sent

    eventually(is_told, "every text is told as delivered")
    world.stop_worker()


def test_safe_and_the_second_passcode_do_the_same_work(world: World) -> None:
    phone = OwnPhone(world).takes_up()
    stops_the_notifier(world)
    asked = {}
    for phrase in (PIN, SECOND):
        phone.enters(PIN)
        asked[phrase] = asked_of_the_database(world, phone, "/ok", phrase)
    assert asked[PIN] == asked[SECOND]
    assert any("help_call" in one for one in asked[PIN])


def test_a_locked_page_does_the_same_work_whatever_is_entered(world: World) -> None:
    phone = OwnPhone(world).takes_up()
    for _ in range(5):
        phone.enters("not this")
    stops_the_notifier(world)
    asked = {phrase: asked_of_the_database(world, phone, "", phrase) for phrase in ("not this", PIN, SECOND)}
    assert asked["not this"] == asked[PIN] == asked[SECOND]
    world.start_worker()
    world.settle()
    assert [call.how for call in calls()] == ["second_phrase"]
    rung_at_once(world)
    world.reads_everything()


def test_a_call_that_cannot_ring_yet_keeps_no_other_from_ringing(world: World) -> None:
    phone = OwnPhone(world).takes_up()
    world.stop_worker()
    # A row that no one can act on, before theirs.
    HelpCall.create(victim=world.victim, how="unheard of", at=clock.now(), due_at=clock.now())
    db.release_connection()
    phone.enters(SECOND)
    assert help_calls.act_on_due(clock.now()) == 1
    db.release_connection()
    assert len(helps(world)) == 1
    HelpCall.delete().where(HelpCall.how == "unheard of").execute()
    db.release_connection()
    world.start_worker()
    world.settle()
    world.reads_everything()


def test_their_page_shows_that_a_call_was_taken_only_once_it_was_and_no_secret_call(world: World) -> None:
    phone = OwnPhone(world).takes_up()
    phone.enters(SECOND)
    world.settle()
    world.reads_everything()
    world.forward(60)
    phone.calls_for_help()
    world.settle()
    home = words_of(phone.enters(PIN))
    assert "People are being called. It is not taken yet." in home
    assert home.count("People are being called") == 1
    world.officer.acknowledges(helps(world)[0]["id"])
    assert "Taken at" in words_of(phone.get())
    world.reads_everything()


@pytest.mark.parametrize("where", ["", "/n", "/sent", "/ok", "/nowhere"])
def test_a_phone_that_was_never_invited_finds_an_empty_page_and_rings_nobody(world: World, where: str) -> None:
    stranger = OwnPhone(world)
    answer = stranger.post(where) if where == "/n" else stranger.get(where)
    assert answer.status_code in (200, 404)
    assert "ordon" not in answer.text
    assert calls() == []


def hears(world: World, path: str, number: str, **more: str) -> str:
    url = f"{world.url}/v1/webhooks/twilio/{path}"
    form = {"CallSid": "CA1", "From": number, "To": "+447700900000", **more}
    signature = RequestValidator(world.settings.twilio_auth_token).compute_signature(url, form)
    answer = requests.post(url, data=form, headers={"X-Twilio-Signature": signature}, timeout=10)
    assert answer.status_code == 200
    return answer.text


def test_a_key_in_a_call_rings_once_however_often_it_is_reported_and_every_caller_hears_the_same(world: World) -> None:
    number = world.victim.phone or ""
    assert hears(world, "incoming-call", number) == hears(world, "incoming-call", "+447700900999")
    said = {hears(world, "incoming-call/key", number, Digits="1") for _ in range(3)}
    rung_at_once(world)
    said.add(hears(world, "incoming-call/key", "+447700900999", Digits="1"))
    said.add(hears(world, "incoming-call/key", number, Digits="2"))
    assert len(said) == 1
    world.settle()
    (alert,) = helps(world)
    assert "by a key in a call" in alert["reasons"][0]
    assert len(alert["reasons"]) == 2
    assert len(calls()) == 1
