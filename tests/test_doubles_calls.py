"""Calls through the real twilio library: what the phone hears, which keys it presses, and how the call can end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.doubles import TOO_MANY_REQUESTS, Doubles, Fault, Gather
from tests.doubles.stand_in import Cordon, cordon_for, twilio_for

OFFICER = "+447700900101"
CORDON = "+447700900999"
EVENTS = ["initiated", "ringing", "answered", "completed"]
GATHER = (
    '<Response><Gather numDigits="1" timeout="8" action="/keys"><Say>A zone warning.</Say></Gather>'
    "<Say>No key.</Say></Response>"
)
FOREVER_S = 60


@pytest.fixture
def doubles() -> Iterator[Doubles]:
    with Doubles() as doubles:
        yield doubles


@pytest.fixture
def cordon(doubles: Doubles) -> Iterator[Cordon]:
    with cordon_for(doubles) as cordon:
        cordon.answers |= {"/voice": GATHER, "/keys": "<Response><Say>Thank you.</Say></Response>"}
        yield cordon


@pytest.fixture
def twilio(doubles: Doubles) -> Iterator[Client]:
    with twilio_for(doubles) as client:
        yield client


def call(twilio: Client, cordon: Cordon, **more):
    given = {"url": cordon.url + "/voice", "status_callback": cordon.url + "/call", "status_callback_event": EVENTS}
    return twilio.calls.create(to=OFFICER, from_=CORDON, **(given | more))


def told(cordon: Cordon) -> list[str]:
    return [form["CallStatus"] for form in cordon.forms if form["path"] == "/call"]


def test_a_key_is_pressed(doubles, twilio, cordon):
    doubles.phone(OFFICER).press("1")
    sid = call(twilio, cordon).sid
    doubles.wait_for(lambda: len(doubles.calls[0].callbacks) == 4)
    assert doubles.calls[0].said == ["A zone warning.", "Thank you."]
    assert doubles.calls[0].gathers == [Gather(cordon.url + "/keys", "POST", 1, 8.0, "1")]
    assert doubles.calls[0].digits == "1"
    assert [form["Digits"] for form in cordon.forms if "Digits" in form] == ["1"]
    assert told(cordon) == ["initiated", "ringing", "in-progress", "completed"]
    assert [form["SequenceNumber"] for form in cordon.forms if form["path"] == "/call"] == ["0", "1", "2", "3"]
    assert all(cordon.is_signed)
    assert twilio.calls(sid).fetch().status == "completed"


@pytest.mark.parametrize(
    ("how", "state", "said", "states"),
    [
        pytest.param("voicemail", "completed", ["A zone warning.", "No key."], 4, id="voicemail presses nothing"),
        pytest.param("human", "completed", ["A zone warning.", "No key."], 4, id="a person presses nothing"),
        pytest.param("hangs-up", "completed", ["A zone warning."], 4, id="a person hangs up"),
        pytest.param("busy", "busy", [], 2, id="engaged"),
        pytest.param("no-answer", "no-answer", [], 3, id="nobody answers"),
    ],
)
def test_how_a_call_ends_without_a_key(doubles, twilio, cordon, how, state, said, states):
    doubles.phone(OFFICER).pick_up(how)
    sid = call(twilio, cordon).sid
    doubles.wait_for(lambda: len(doubles.calls[0].callbacks) == states)
    assert (doubles.calls[0].said, doubles.calls[0].digits, told(cordon)[-1]) == (said, "", state)
    assert twilio.calls(sid).fetch().status == state
    # A call that no one took has lasted no time, whatever it ended as.
    assert cordon.forms[-1]["CallDuration"] == "0"


@pytest.mark.parametrize(("switch", "states"), [("turn_off", 2), ("ignore", 3)])
def test_a_phone_that_is_off_or_ignored_does_not_answer(doubles, twilio, cordon, switch, states):
    doubles.phone(OFFICER).press("1")
    getattr(doubles.phone(OFFICER), switch)()
    call(twilio, cordon)
    doubles.wait_for(lambda: len(doubles.calls[0].callbacks) == states)
    assert (told(cordon)[-1], doubles.calls[0].said) == ("no-answer", [])


@pytest.mark.parametrize(
    ("detection", "how", "answered_by"),
    [
        pytest.param("Enable", "voicemail", "machine_start", id="voicemail"),
        pytest.param("DetectMessageEnd", "voicemail", "machine_end_beep", id="voicemail, after its greeting"),
        pytest.param("Enable", "human", "human", id="a person"),
        pytest.param(None, "voicemail", None, id="nobody asked"),
    ],
)
def test_who_answered(doubles, twilio, cordon, detection, how, answered_by):
    doubles.phone(OFFICER).pick_up(how)
    sid = call(twilio, cordon, **({"machine_detection": detection} if detection else {})).sid
    doubles.wait_for(lambda: len(doubles.calls[0].callbacks) == 4)
    first = next(form for form in cordon.forms if form["path"] == "/voice")
    assert first.get("AnsweredBy") == answered_by
    assert twilio.calls(sid).fetch().answered_by == answered_by


def test_words_given_with_the_call_and_only_its_end_told(doubles, twilio, cordon):
    doubles.phone(OFFICER).pick_up("human")
    twiml = '<Response><Say language="cy-GB">Rhybudd parth.</Say><Hangup/><Say>Never.</Say></Response>'
    twilio.calls.create(to=OFFICER, from_=CORDON, twiml=twiml, status_callback=cordon.url + "/call")
    doubles.wait_for(lambda: doubles.calls[0].callbacks)
    assert (doubles.calls[0].said, told(cordon)) == (["Rhybudd parth."], ["completed"])


def test_documents_are_followed_from_one_to_the_next(doubles, twilio, cordon):
    cordon.answers |= {
        "/voice": '<Response><Redirect method="GET">/again?call=7</Redirect></Response>',
        "/again": '<Response><Gather numDigits="2" action="keys"><Say>Type the code.</Say></Gather></Response>',
    }
    doubles.phone(OFFICER).press("42")
    call(twilio, cordon)
    doubles.wait_for(lambda: doubles.calls[0].state == "completed")
    assert (doubles.calls[0].said, doubles.calls[0].digits) == (["Type the code.", "Thank you."], "42")
    assert all(cordon.is_signed)


def test_a_document_that_cannot_be_had_ends_the_call(doubles, twilio, cordon):
    doubles.phone(OFFICER).pick_up("human")
    call(twilio, cordon, url=doubles.url + "/nowhere")
    doubles.wait_for(lambda: doubles.calls[0].state == "completed")
    assert "404" in doubles.calls[0].error


class TestByHand:
    def ring(self, doubles, twilio, cordon, **more):
        doubles.phone(OFFICER).pick_up("hand", patience_s=FOREVER_S)
        created = call(twilio, cordon, **more)
        doubles.wait_for(lambda: doubles.calls[0].state == "ringing")
        return created

    def answer(self, doubles):
        doubles.phone(OFFICER).answer()
        doubles.wait_for(lambda: doubles.calls[0].gathers)

    def test_it_is_answered_and_a_key_pressed(self, doubles, twilio, cordon):
        self.ring(doubles, twilio, cordon)
        self.answer(doubles)
        doubles.phone(OFFICER).type_key("2")
        doubles.wait_for(lambda: doubles.calls[0].state == "completed")
        assert doubles.calls[0].digits == "2"

    def test_it_is_answered_and_hung_up(self, doubles, twilio, cordon):
        self.ring(doubles, twilio, cordon)
        self.answer(doubles)
        doubles.phone(OFFICER).hang_up()
        doubles.wait_for(lambda: doubles.calls[0].state == "completed")
        assert doubles.calls[0].said == ["A zone warning."]

    def test_it_is_declined(self, doubles, twilio, cordon):
        self.ring(doubles, twilio, cordon)
        doubles.phone(OFFICER).decline()
        doubles.wait_for(lambda: doubles.calls[0].state == "busy")

    def test_it_rings_no_longer_than_the_caller_lets_it(self, doubles, twilio, cordon):
        self.ring(doubles, twilio, cordon, timeout=1)
        doubles.wait_for(lambda: doubles.calls[0].state == "no-answer")

    def test_a_second_call_finds_the_phone_engaged(self, doubles, twilio, cordon):
        self.ring(doubles, twilio, cordon)
        call(twilio, cordon)
        doubles.wait_for(lambda: doubles.calls[1].state == "busy")
        assert doubles.calls[0].state == "ringing"

    @pytest.mark.parametrize("status", ["completed", "canceled"])
    def test_cordon_ends_it_while_it_rings(self, doubles, twilio, cordon, status):
        sid = self.ring(doubles, twilio, cordon).sid
        twilio.calls(sid).update(status=status)
        doubles.wait_for(lambda: len(doubles.calls[0].callbacks) == 3)
        assert (told(cordon)[-1], doubles.calls[0].said) == ("canceled", [])
        assert twilio.calls(sid).update(status=status).status == "canceled"

    def test_cordon_ends_it_while_it_is_spoken(self, doubles, twilio, cordon):
        sid = self.ring(doubles, twilio, cordon).sid
        self.answer(doubles)
        assert twilio.calls(sid).update(status="canceled").status == "in-progress"
        twilio.calls(sid).update(status="completed")
        doubles.wait_for(lambda: len(doubles.calls[0].callbacks) == 4)
        assert (told(cordon)[-1], doubles.calls[0].digits) == ("completed", "")

    def test_what_an_update_cannot_do(self, doubles, twilio, cordon):
        sid = self.ring(doubles, twilio, cordon).sid
        for given, code in (({"sid": "CA" + "0" * 32}, 20404), ({"sid": sid, "url": cordon.url}, 20001)):
            with pytest.raises(TwilioRestException) as refusal:
                twilio.calls(given.pop("sid")).update(**(given or {"status": "completed"}))
            assert refusal.value.code == code


class TestFaults:
    @pytest.mark.parametrize(
        ("kind", "states"),
        [
            ("lost", []),
            ("doubled", ["initiated", "initiated", "no-answer", "no-answer"]),
            ("out_of_order", ["no-answer", "initiated"]),
            ("forged", ["initiated", "initiated", "no-answer", "no-answer"]),
        ],
    )
    def test_callbacks_go_wrong(self, doubles, twilio, cordon, kind, states):
        doubles.phone(OFFICER).turn_off()
        doubles.script(callbacks=kind)
        call(twilio, cordon)
        doubles.wait_for(lambda: doubles.calls[0].state == "no-answer")
        doubles.wait_for(lambda: len(doubles.calls[0].callbacks) == len(states))
        assert told(cordon) == states
        assert cordon.is_signed == ([False, True] * 2 if kind == "forged" else [True] * len(states))

    def test_callbacks_are_held_until_released_in_their_order(self, doubles, twilio, cordon):
        doubles.phone(OFFICER).press("1")
        doubles.script(callbacks="held")
        call(twilio, cordon)
        doubles.wait_for(lambda: doubles.held_callbacks)
        assert told(cordon) == []
        doubles.release()
        doubles.wait_for(lambda: len(doubles.calls[0].callbacks) == 4)
        assert told(cordon) == ["initiated", "ringing", "in-progress", "completed"]

    def test_a_key_is_pressed_before_the_answer(self, doubles, twilio, cordon):
        doubles.phone(OFFICER).press("1")
        doubles.script(callbacks="early")
        created = call(twilio, cordon)
        assert (told(cordon)[-1], doubles.calls[0].digits, created.status) == ("completed", "1", "queued")
        # The API tells what it knew when it took the call; polling tells the rest.
        assert twilio.calls(created.sid).fetch().status == "completed"

    @pytest.mark.parametrize("state", ["failed", "busy", "no-answer"])
    def test_a_call_that_never_rings(self, doubles, twilio, cordon, state):
        doubles.script(final_state=state, to=OFFICER, channel="call")
        call(twilio, cordon)
        doubles.wait_for(lambda: len(doubles.calls[0].callbacks) == 2)
        assert told(cordon) == ["initiated", state]

    @pytest.mark.parametrize(
        ("fault", "code"), [(TOO_MANY_REQUESTS, 20429), (Fault(status=503), 20503)], ids=["too many", "out of service"]
    )
    def test_a_scripted_refusal(self, doubles, twilio, cordon, fault, code):
        doubles.script(fault, channel="call", times=1)
        with pytest.raises(TwilioRestException) as refusal:
            call(twilio, cordon)
        assert (refusal.value.code, doubles.calls) == (code, [])

    def test_a_forged_key_and_a_forged_state(self, doubles, twilio, cordon):
        doubles.phone(OFFICER).pick_up("human")
        call(twilio, cordon)
        doubles.wait_for(lambda: len(doubles.calls[0].callbacks) == 4)
        assert all(cordon.is_signed)
        assert doubles.forge_key(doubles.calls[0]) == 200
        assert doubles.forge(doubles.calls[0], "completed") == 200
        assert cordon.is_signed[-2:] == [False, False]
        assert (cordon.forms[-2]["path"], cordon.forms[-2]["Digits"]) == ("/keys", "1")
