"""Answers to messages that danger has overtaken, and answers that arrive twice: each covers what it was about."""

from __future__ import annotations

import pytest
import requests
from twilio.request_validator import RequestValidator

from backend import db
from backend.lifecycle import Danger
from backend.models import Alert, Escalation, Notification, ProviderEvent
from tests.world import World, eventually


def test_a_1_to_the_text_about_a_lesser_danger_does_not_silence_the_breach(world: World) -> None:
    world.tag.stays(700.0, for_s=60)
    world.tag.stays(400.0, for_s=60)
    world.settle()
    code = world.officer.expects_sms("near zone").body.split()[3].rstrip(":")
    world.stop_worker()
    world.tag.stays_inside()
    assert Alert.get().level == 2
    db.release_connection()
    world.officer.texts(f"1 {code}")
    assert Alert.get().handling == "open"
    assert Escalation.get().next_at is not None
    db.release_connection()
    world.start_worker()
    world.officer.expects_sms("danger has risen, it is now breach. Reply 1")
    world.settle()
    # That one says how it stands now, and so its answer covers it.
    world.officer.texts(f"1 {code}")
    world.officer.expects_sms("you have acknowledged it")
    assert Alert.get().acknowledged_danger == Danger.BREACH
    world.reads_everything()


def test_a_1_after_a_call_about_a_lesser_danger_does_not_silence_the_breach(world: World) -> None:
    """The text was lost, and the call told of the buffer zone and got no key; its code comes back by text."""
    phone = world.officer.person.phone
    world.doubles.script(to=phone, channel="sms", final_state="undelivered", error_code=30003, times=1)
    world.officer.handset.pick_up("voicemail")
    world.tag.stays(700.0, for_s=60)
    world.tag.stays(400.0, for_s=60)
    world.settle()
    told = Notification.select().where(Notification.person == world.officer.person)
    assert {(row.channel, row.state) for row in told} == {("sms", "failed"), ("voice", "failed")}
    world.stop_worker()
    world.tag.stays_inside()
    world.officer.texts(f"1 {Alert.get().code}")
    assert Alert.get().handling == "open"
    db.release_connection()
    world.start_worker()
    world.officer.expects_sms("danger has risen, it is now breach. Reply 1")
    world.colleague.acknowledges()
    world.reads_everything()


def test_a_1_to_an_old_text_of_the_same_danger_acknowledges(world: World) -> None:
    world.tag.walks_in()
    code = world.officer.expects_sms("breach").body.split()[3].rstrip(":")
    world.colleague.acknowledges()
    world.colleague.hands_back()
    world.settle()
    world.officer.texts(f"1 {code}")
    world.officer.expects_sms("you have acknowledged it")
    assert Alert.get().acknowledged_by_id == world.officer.person.id
    world.reads_everything()


@pytest.mark.parametrize("then", ["presses again", "hangs up"])
def test_a_key_pressed_about_a_lesser_danger_does_not_silence_the_breach(world: World, then: str) -> None:
    """The call says "near zone"; the wearer is inside when the key is pressed, and the breach was not announced."""
    world.waits_for_calls = False
    world.officer.handset.pick_up("hand", patience_s=60.0)
    world.tag.stays(700.0, for_s=60)
    world.tag.stays(400.0, for_s=45)
    call = world.officer.expects_call()
    eventually(lambda: call.state == "ringing", "the phone rings")
    world.officer.handset.answer()
    eventually(lambda: call.said, "what the call says")
    assert "near zone" in call.said[0]
    episode = Alert.get().episode
    for _ in range(4):
        world.tag.reports(world.tag.fix(0.0))
        world.clock.forward(5)
    assert (Alert.get().level, Alert.get().episode > episode) == (2, True)
    db.release_connection()
    world.officer.handset.type_key("1")
    eventually(lambda: len(call.said) > 1, "the answer to the key")
    assert "Danger has risen" in call.said[1]
    assert "breach" in call.said[1]
    assert Alert.get().handling == "open"
    assert Escalation.get().next_at is not None
    db.release_connection()
    if then == "presses again":
        world.officer.handset.type_key("1")
        eventually(lambda: "You have acknowledged" in call.said[-1], "the answer to the second key")
        assert Alert.get().acknowledged_danger >= Danger.BREACH_UNCONFIRMED
    else:
        world.officer.handset.hang_up()
        eventually(lambda: call.state == "completed", "the end of the call")
        assert Alert.get().handling == "open"
    db.release_connection()
    world.officer.handset.pick_up("no-answer")
    world.officer.acknowledges()
    world.reads_everything()


def test_a_key_press_that_is_delivered_again_answers_nothing_new(world: World) -> None:
    world.officer.handset.press("1")
    world.tag.walks_in()
    world.forward(31)
    call = world.officer.expects_call()
    eventually(lambda: len(call.said) > 1, "the answer to the key")
    assert Alert.get().handling == "acknowledged"
    world.officer.handset.pick_up("no-answer")
    form = dict(ProviderEvent.get(ProviderEvent.kind == "key").body)
    url = call.gathers[0].action
    signature = RequestValidator(world.settings.twilio_auth_token).compute_signature(url, form)

    def comes_again() -> str:
        answer = requests.post(url, data=form, headers={"X-Twilio-Signature": signature}, timeout=5)
        assert answer.status_code == 200
        return answer.text

    # A person who did not hear the answer hears it now.
    assert "You have acknowledged" in comes_again()
    world.officer.hands_back()
    assert Alert.get().handling == "open"
    db.release_connection()
    assert "Nothing changed" in comes_again()
    assert Alert.get().handling == "open"
    db.release_connection()
    world.officer.acknowledges()
    world.reads_everything()
