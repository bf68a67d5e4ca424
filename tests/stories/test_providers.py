"""Providers that fail in ways that nobody would notice: each is told, and none of them silences another."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backend import alarms, clock, db
from backend.models import AlarmKind, Device
from notifier.watchdog import Watchdog
from tests.monitor import Monitor
from tests.world import World, eventually

FALLBACK = "+447700900009"


def refusals() -> list[tuple[str, str]]:
    """Return the providers that are known to refuse us, and why."""
    try:
        return [(alarm.subject, alarm.detail) for alarm in alarms.standing(AlarmKind.PROVIDER_CREDENTIALS)]
    finally:
        db.release_connection()


@pytest.mark.parametrize("code", [20003, 21408])
def test_an_account_that_refuses_us_is_an_alarm_and_over_with_the_first_text_it_takes(world: World, code: int) -> None:
    world.doubles.script(channel="sms", code=code)
    world.tag.walks_in()
    eventually(refusals, "the refusal is an alarm")
    assert refusals() == [("provider:twilio sms", f"twilio sms: Twilio refuses our account or number ({code})")]
    world.officer.expects_call()
    world.doubles.clear_script()
    # What was refused was never the message's fault: it is tried again.
    world.forward(5)
    world.officer.expects_sms("to acknowledge")
    eventually(lambda: not refusals(), "the alarm is over")
    world.officer.acknowledges()
    world.reads_everything()


def test_while_the_first_account_refuses_us_the_second_sends_at_once(world: World) -> None:
    world.stop_worker()
    world.settings = replace(world.settings, twilio_fallback_from=FALLBACK)
    world.start_worker()
    world.doubles.script(channel="sms", code=20003, times=1)
    world.tag.walks_in()
    text = world.officer.expects_sms("to acknowledge")
    assert text.from_ == FALLBACK
    eventually(refusals, "the refusal is an alarm")
    world.officer.acknowledges()
    world.reads_everything()


def test_when_no_account_takes_us_the_monitor_outside_is_the_one_that_tells(world: World) -> None:
    outside = Monitor()
    dog = Watchdog(replace(world.settings, deadman_url=outside.url))
    assert dog.look(clock.now())
    world.stop_worker()
    world.doubles.script(channel="sms", code=20003)
    alarms.raise_alarm(AlarmKind.PROVIDER_CREDENTIALS, "provider:twilio sms", "refused", clock.now())
    for _ in range(5):
        world.clock.forward(30)
        dog.look(clock.now())
        assert dog.tell(clock.now()) == 0
    assert alarms.oldest_untold_s(clock.now()) >= 150
    assert not dog.ping()
    outside.close()


def test_a_wrong_firebase_project_is_an_alarm_and_ends_no_phone(world: World) -> None:
    officer = world.officer.has_app()
    world.doubles.script(channel="push", code="SENDER_ID_MISMATCH", times=1)
    world.tag.walks_in()
    officer.expects_sms("to acknowledge")
    assert [subject for subject, _ in eventually(refusals, "the refusal is an alarm")] == ["provider:push fcm"]
    assert Device.get().ended_at is None
    db.release_connection()
    world.forward(3)
    officer.expects_push("acknowledge")
    eventually(lambda: not refusals(), "the alarm is over")
    officer.acknowledges()
    world.reads_everything()


def test_one_phone_of_another_project_among_ours_is_ended_and_no_alarm(world: World) -> None:
    officer, colleague = world.officer.has_app(), world.colleague.has_app()
    world.tag.walks_in()
    officer.expects_push("acknowledge")
    world.doubles.script(to=colleague.push_token, channel="push", code="SENDER_ID_MISMATCH", times=1)
    world.forward(61)
    colleague.expects_sms("Nobody has acknowledged")
    assert Device.get(Device.person == colleague.person).ended_at is not None
    assert Device.get(Device.person == officer.person).ended_at is None
    assert not refusals()
    officer.acknowledges()
    world.reads_everything()


@pytest.mark.parametrize(
    "fault",
    [
        {"channel": "push", "code": "THIRD_PARTY_AUTH_ERROR"},
        {"channel": "token", "status": 400},
        {"channel": "token", "status": 401},
    ],
)
def test_firebase_that_takes_our_credentials_no_more_is_an_alarm(world: World, fault: dict[str, object]) -> None:
    officer = world.officer.has_app()
    world.doubles.script(**fault)
    world.tag.walks_in()
    officer.expects_sms("to acknowledge")
    assert [subject for subject, _ in eventually(refusals, "the refusal is an alarm")] == ["provider:push fcm"]
    officer.acknowledges()
    world.doubles.clear_script()
    world.reads_everything()


@pytest.mark.parametrize("status", [401, 403])
def test_a_browsers_push_service_that_refuses_our_key_is_an_alarm(world: World, status: int) -> None:
    officer = world.officer.has_web_app()
    world.doubles.script(channel="webpush", status=status)
    world.tag.walks_in()
    officer.expects_sms("to acknowledge")
    ((subject, _),) = eventually(refusals, "the refusal is an alarm")
    assert subject.startswith("provider:push 127.0.0.1")
    assert Device.get().ended_at is None
    officer.acknowledges()
    world.doubles.clear_script()
    world.reads_everything()


def test_a_token_endpoint_that_fails_is_asked_once(world: World) -> None:
    officer = world.officer.has_app()
    world.doubles.script(channel="token", status=503)
    world.tag.walks_in()
    officer.expects_sms("to acknowledge")
    assert len([attempt for attempt in world.doubles.attempts if attempt.channel == "token"]) == 1
    officer.acknowledges()
    world.doubles.clear_script()
    world.reads_everything()
