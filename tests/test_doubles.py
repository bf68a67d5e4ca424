"""The doubles answer the real twilio and firebase-admin libraries as the providers would, and go wrong on demand."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from tests.doubles import (
    LANDLINE,
    OPTED_OUT,
    PHONE_UNREACHABLE,
    TOO_MANY_REQUESTS,
    CannotReply,
    Doubles,
    Fault,
)
from tests.doubles.journal import segments
from tests.doubles.stand_in import Cordon, cordon_for, twilio_for

OFFICER = "+447700900101"
CORDON = "+447700900999"


@pytest.fixture
def doubles() -> Iterator[Doubles]:
    with Doubles() as doubles:
        yield doubles


@pytest.fixture
def cordon(doubles: Doubles) -> Iterator[Cordon]:
    with cordon_for(doubles) as cordon:
        yield cordon


@pytest.fixture
def twilio(doubles: Doubles) -> Iterator[Client]:
    with twilio_for(doubles) as client:
        yield client


def text(twilio: Client, body: str = "Zone warning K7QD", **more):
    return twilio.messages.create(to=more.pop("to", OFFICER), from_=CORDON, body=body, **more)


class TestSms:
    def test_the_sdk_reads_what_it_created(self, doubles, twilio):
        created = text(twilio, validity_period=90)
        doubles.wait_for(lambda: doubles.messages[0].state == "delivered")
        fetched = twilio.messages(created.sid).fetch()
        assert (created.status, fetched.status, fetched.to) == ("queued", "delivered", OFFICER)
        assert abs((fetched.date_created - datetime.now(UTC)).total_seconds()) < 30
        assert doubles.messages[0].validity_period_s == 90

    def test_callbacks_are_signed_and_come_in_order(self, doubles, twilio, cordon):
        text(twilio, status_callback=cordon.url + "/status")
        doubles.wait_for(lambda: len(doubles.messages[0].callbacks) == 2)
        assert cordon.states() == ["sent", "delivered"]
        assert all(cordon.is_signed)
        assert len(set(cordon.tokens)) == 2

    def test_wrong_credentials_are_refused(self, doubles):
        http = TwilioHttpClient(timeout=3)
        stranger = Client(doubles.account_sid, "wrong", http_client=http)
        stranger.api.base_url = doubles.url
        with pytest.raises(TwilioRestException) as refusal:
            text(stranger)
        http.session.close()
        assert (refusal.value.status, refusal.value.code) == (401, 20003)

    @pytest.mark.parametrize(
        ("given", "code"),
        [
            pytest.param({"to": "07700900101"}, 21211, id="a number that is not international"),
            pytest.param({"body": "x" * 1601}, 21617, id="a text that is too long"),
            pytest.param({"body": ""}, 21602, id="no words"),
        ],
    )
    def test_what_twilio_refuses(self, twilio, given, code):
        with pytest.raises(TwilioRestException) as refusal:
            text(twilio, **given)
        assert refusal.value.code == code

    @pytest.mark.parametrize(
        ("fault", "status", "code"),
        [
            pytest.param(OPTED_OUT, 400, 21610, id="opted out"),
            pytest.param(TOO_MANY_REQUESTS, 429, 20429, id="too many requests"),
            pytest.param(Fault(status=503), 503, 20503, id="out of service"),
            pytest.param(Fault(status=500), 500, 20500, id="an error of Twilio's own"),
        ],
    )
    def test_a_scripted_refusal(self, doubles, twilio, fault, status, code):
        doubles.script(fault, to=OFFICER, times=1)
        with pytest.raises(TwilioRestException) as refusal:
            text(twilio)
        assert (refusal.value.status, refusal.value.code) == (status, code)
        assert doubles.messages == []
        assert text(twilio).status == "queued"

    def test_retry_after_is_a_header(self, doubles):
        doubles.script(TOO_MANY_REQUESTS)
        answer = requests.post(
            f"{doubles.url}/2010-04-01/Accounts/{doubles.account_sid}/Messages.json",
            {"To": OFFICER, "From": CORDON, "Body": "x"},
            auth=(doubles.account_sid, doubles.auth_token),
            timeout=3,
        )
        assert answer.headers["Retry-After"] == "1"
        assert answer.json()["more_info"] == "https://www.twilio.com/docs/errors/20429"

    @pytest.mark.parametrize(
        ("reset", "is_sent"),
        [("before_body", False), ("after_body", False), ("after_work", True)],
        ids=["before the body", "after the body", "after the work is done"],
    )
    def test_a_broken_connection(self, doubles, twilio, reset, is_sent):
        doubles.script(reset=reset, channel="sms", times=1)
        with pytest.raises(requests.ConnectionError):
            text(twilio)
        assert [message.to for message in doubles.messages] == ([OFFICER] if is_sent else [])
        assert len(doubles.attempts) == 1

    def test_a_hang_outlasts_the_clients_patience(self, doubles, twilio):
        doubles.script(hang_s=60, times=1)
        twilio.http_client.timeout = 0.2
        with pytest.raises(requests.Timeout):
            text(twilio)
        doubles.release()
        doubles.wait_for(lambda: doubles.messages)

    @pytest.mark.parametrize(
        ("fault", "code"), [(PHONE_UNREACHABLE, 30003), (LANDLINE, 30006)], ids=["off", "landline"]
    )
    def test_undelivered_with_a_reason(self, doubles, twilio, cordon, fault, code):
        doubles.script(fault, to=OFFICER)
        sid = text(twilio, status_callback=cordon.url + "/status").sid
        doubles.wait_for(lambda: len(doubles.messages[0].callbacks) == 2)
        assert cordon.states() == ["sent", "undelivered"]
        assert cordon.forms[-1]["ErrorCode"] == str(code)
        assert twilio.messages(sid).fetch().error_code == code

    @pytest.mark.parametrize(
        ("kind", "states"),
        [
            ("lost", []),
            ("doubled", ["sent", "sent", "delivered", "delivered"]),
            ("out_of_order", ["delivered", "sent"]),
            ("forged", ["delivered", "sent", "delivered", "delivered"]),
        ],
    )
    def test_callbacks_go_wrong(self, doubles, twilio, cordon, kind, states):
        doubles.script(callbacks=kind)
        text(twilio, status_callback=cordon.url + "/status")
        doubles.wait_for(lambda: len(doubles.messages[0].callbacks) == len(states))
        doubles.wait_for(lambda: doubles.messages[0].state == "delivered")
        assert cordon.states() == states
        assert cordon.is_signed == ([False, True] * 2 if kind == "forged" else [True] * len(states))
        if kind == "doubled":
            assert cordon.tokens[0] == cordon.tokens[1] != cordon.tokens[2]

    def test_callbacks_are_held_until_released(self, doubles, twilio, cordon):
        doubles.script(callbacks="held")
        text(twilio, status_callback=cordon.url + "/status")
        doubles.wait_for(lambda: doubles.held_callbacks)
        assert cordon.forms == []
        doubles.release()
        doubles.wait_for(lambda: len(doubles.messages[0].callbacks) == 2)

    def test_callbacks_come_before_the_answer(self, doubles, twilio, cordon):
        doubles.script(callbacks="early")
        created = text(twilio, status_callback=cordon.url + "/status")
        assert (cordon.states(), cordon.forms[0]["MessageSid"]) == (["sent", "delivered"], created.sid)
        # The API tells what it knew when it took the message; polling tells the rest.
        assert (created.status, created.fetch().status) == ("queued", "delivered")

    def test_a_callback_at_a_time_of_the_tests_choosing(self, doubles, twilio, cordon):
        doubles.script(callbacks="lost")
        text(twilio, status_callback=cordon.url + "/status")
        doubles.wait_for(lambda: doubles.messages[0].state == "delivered")
        assert doubles.forge(doubles.messages[0]) == 200
        assert doubles.call_back(doubles.messages[0], "delivered", "token-1") == 200
        assert doubles.call_back(doubles.messages[0], "sent", "token-1") == 200
        assert (cordon.states(), cordon.is_signed) == (["delivered", "delivered", "sent"], [False, True, True])
        assert cordon.tokens[1:] == ["token-1", "token-1"]

    def test_a_phone_that_is_off_gets_its_texts_when_it_is_on(self, doubles, twilio):
        doubles.phone(OFFICER).turn_off()
        text(twilio)
        doubles.wait_for(lambda: doubles.messages[0].state == "sent")
        doubles.phone(OFFICER).turn_on()
        assert doubles.messages[0].state == "delivered"

    def test_a_phone_that_is_given_up_is_said_to_be_unreachable(self, doubles, twilio, cordon):
        phone = doubles.phone(OFFICER)
        phone.turn_off(is_given_up=True)
        sid = text(twilio, status_callback=cordon.url + "/status").sid
        doubles.wait_for(lambda: len(doubles.messages[0].callbacks) == 2)
        assert (cordon.states(), cordon.forms[-1]["ErrorCode"]) == (["sent", "undelivered"], "30003")
        assert twilio.messages(sid).fetch().status == "undelivered"
        phone.turn_on()
        text(twilio)
        doubles.wait_for(lambda: doubles.messages[1].state == "delivered")
        assert doubles.messages[0].state == "undelivered"

    def test_a_text_past_its_validity_never_arrives(self, doubles, twilio):
        doubles.phone(OFFICER).turn_off()
        text(twilio, validity_period=1)
        doubles.wait_for(lambda: doubles.messages[0].state == "sent")
        doubles.messages[0].at = datetime(2026, 1, 1, tzinfo=UTC)
        doubles.phone(OFFICER).turn_on()
        assert (doubles.messages[0].state, doubles.messages[0].error_code) == ("undelivered", 30036)

    def test_a_reply_is_signed_and_its_answer_delivered(self, doubles, twilio, cordon):
        cordon.answers["/v1/webhooks/twilio/sms"] = "<Response><Message>You are acting.</Message></Response>"
        text(twilio)
        doubles.wait_for(lambda: doubles.messages[0].state == "delivered")
        reply = doubles.phone(OFFICER).reply("1 K7QD")
        assert cordon.is_signed == [True]
        assert {"From": OFFICER, "To": CORDON, "Body": "1 K7QD", "SmsStatus": "received"}.items() <= cordon.forms[
            0
        ].items()
        assert reply.callbacks[0].status == 200
        doubles.wait_for(lambda: doubles.messages[-1].state == "delivered")
        assert doubles.messages[-1].body == "You are acting."

    def test_a_reply_that_comes_twice_and_one_that_is_forged(self, doubles, cordon):
        doubles.reply(from_=OFFICER, to=CORDON, body="1 K7QD", kinds=("true", "doubled"))
        forged = doubles.reply(from_=OFFICER, to=CORDON, body="1 M2TR", kinds=("forged",))
        assert cordon.is_signed == [True, True, False]
        assert cordon.tokens[0] == cordon.tokens[1] != cordon.tokens[2]
        assert cordon.forms[0] == cordon.forms[1]
        assert [answer.kind for answer in forged.callbacks] == ["forged"]

    def test_stop_blocks_the_number_until_start(self, doubles, twilio, cordon):
        text(twilio)
        doubles.reply(from_=OFFICER, to=CORDON, body="stop")
        with pytest.raises(TwilioRestException) as refusal:
            text(twilio)
        assert refusal.value.code == 21610
        doubles.reply(from_=OFFICER, to=CORDON, body="START")
        assert text(twilio).status == "queued"

    def test_an_alphanumeric_sender_takes_no_reply(self, doubles):
        with pytest.raises(CannotReply):
            doubles.reply(from_=OFFICER, to="CORDON", body="1")

    @pytest.mark.parametrize(
        ("body", "expected"),
        [("a" * 160, (1, "GSM-7")), ("a" * 161, (2, "GSM-7")), ("’" * 70, (1, "UCS-2")), ("ŵ" * 71, (2, "UCS-2"))],
        ids=["one full segment", "one character more", "curly quotes", "Welsh letters"],
    )
    def test_segments(self, body, expected):
        assert segments(body) == expected


class TestScripting:
    def test_faults_and_journals_over_http(self, doubles, twilio):
        scripted = requests.post(
            doubles.url + "/script", json={"to": OFFICER, "times": 1, "fault": {"code": 21614}}, timeout=3
        )
        assert scripted.status_code == 201
        with pytest.raises(TwilioRestException):
            text(twilio)
        text(twilio)
        journal = requests.get(doubles.url + "/messages", timeout=3).json()
        assert [message["body"] for message in journal] == ["Zone warning K7QD"]
        assert requests.delete(doubles.url + "/journal", timeout=3).status_code == 204
        assert requests.get(doubles.url + "/messages", timeout=3).json() == []

    @pytest.mark.parametrize("fault", [{"code": "NO_SUCH"}, {"reset": "later"}, {"callbacks": ["odd"]}, {"speed": 3}])
    def test_a_fault_that_does_not_exist(self, doubles, fault):
        assert requests.post(doubles.url + "/script", json={"fault": fault}, timeout=3).status_code == 400

    def test_waiting_in_vain_says_what_did_arrive(self, doubles, twilio):
        text(twilio)
        with pytest.raises(AssertionError, match="Zone warning K7QD"):
            doubles.wait_for(lambda: len(doubles.messages) == 2, timeout=0.05)

    def test_waiting_for_the_first_of_nothing_is_waiting(self, doubles):
        with pytest.raises(AssertionError, match="nothing"):
            doubles.wait_for(lambda: doubles.messages[0].state == "sent", timeout=0.05)


def test_the_command_serves_writes_its_account_and_stops_at_once(tmp_path):
    """What `make run` starts: the address is printed, people are known, SIGTERM ends it cleanly."""
    people = tmp_path / "people.json"
    people.write_text(json.dumps({"people": [{"name": "Amara", "phone": OFFICER}, {"name": "No phone"}]}))
    command = [sys.executable, "-m", "tests.doubles", "--port", "0", "--people", str(people)]
    command += ["--credentials-dir", str(tmp_path / "credentials"), "--twilio-auth-token", "secret"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    url = process.stdout.readline().split()[-1]
    assert [person["label"] for person in requests.get(url + "/people", timeout=5).json()] == ["Amara"]
    account = json.loads((tmp_path / "credentials" / "fcm-service-account.json").read_text())
    assert account["token_uri"] == url + "/token"
    process.terminate()
    rest, _ = process.communicate(timeout=10)
    assert (process.returncode, rest) == (0, "")
