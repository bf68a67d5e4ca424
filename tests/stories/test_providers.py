"""Providers that fail in ways that no one would notice: each raises an alarm, and none of them silences another."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from datetime import time as time_of_day

import pytest

from backend import alarms, clock, db, outbox
from backend.models import AlarmKind, Attempt, Channel, Device
from backend.people import contact_routes, numbers
from backend.record.facts import LONDON
from notifier.circuit_breaker import KNOWN_FOR_S, OPENS_AFTER, Breaker
from notifier.provider_health import Providers
from notifier.timeouts import Bounded, TookTooLong
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
    world.settings = world.settings.changed(twilio_fallback_from=FALLBACK)
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
    dog = Watchdog(world.settings.changed(deadman_url=outside.url))
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
    colleague.expects_sms("No one has acknowledged")
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


def test_texts_do_not_wait_behind_pushes_to_a_provider_that_is_merely_slow(world: World) -> None:
    """Four threads, 17 alerts at once, and Firebase takes 2 s for each: the first text is no later for it."""
    world.stop_worker()
    world.settings = world.settings.changed(worker_threads=4, lease_s=120.0)
    officer = world.officer.has_app()
    world.doubles.script(channel="push", hang_s=2.0)
    for tag in [world.tag, *(world.new_wearer(f"Wearer {n}", f"LDN-1{n:03}") for n in range(16))]:
        tag.walks_in()
    world.start_worker()
    eventually(lambda: world.doubles.attempts, "the first push is under way")
    world.clock.forward(11)
    eventually(lambda: [m for m in world.doubles.messages if m.to == officer.person.phone], "the first text", 3.0)
    assert len(world.doubles.pushes) < 16
    world.doubles.clear_script()
    for alert in officer.alerts("open"):
        officer.acknowledges(alert["id"])
    world.reads_everything()


def test_a_provider_that_no_one_has_had_anything_for_is_not_called_down_all_night(database_url: str) -> None:
    seconds = [0.0]
    breaker, providers = Breaker(lambda: seconds[0]), Providers()

    def is_notified() -> bool:
        providers.look([("twilio sms", breaker)], clock.now())
        return bool(alarms.standing(AlarmKind.PROVIDER_DOWN))

    for _ in range(OPENS_AFTER):
        breaker.record(answered=False)
    assert is_notified()
    seconds[0] += KNOWN_FOR_S - 1
    assert is_notified()
    seconds[0] += 2
    assert not is_notified()
    # It is not taken to be back either: one message tries, and what comes of it is said again.
    assert (breaker.is_open, breaker.allows(), breaker.allows()) == (True, True, False)
    breaker.record(answered=False)
    assert is_notified()
    breaker.record(answered=True)
    assert not is_notified()


@pytest.fixture
def dripping() -> Iterator[str]:
    """A provider that sends one byte a second of an answer that it never ends; yields its address."""
    server = socket.create_server(("127.0.0.1", 0), backlog=100)
    stop = threading.Event()

    def feed(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.recv(65_536)
            connection.sendall(b"HTTP/1.1 201 Created\r\nX-Slow: ")
            while not stop.wait(1.0):
                connection.sendall(b"-")

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=feed, args=(server.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}"
    stop.set()
    server.close()


def test_a_provider_that_drips_silences_no_other_and_keeps_no_notifier_from_stopping(
    world: World, dripping: str
) -> None:
    world.stop_worker()
    world.settings = world.settings.changed(twilio_api_url=dripping, worker_threads=1, provider_timeout_s=1.5)
    world.start_worker()
    officer = world.officer.has_app()
    world.tag.walks_in()
    officer.expects_push("Please acknowledge")
    world.clock.forward(11)
    eventually(lambda: Attempt.select().where(Attempt.provider == "twilio").exists(), "the text is under way")
    world.new_wearer("Wearer", "LDN-3000").walks_in()
    officer.expects_push("Please acknowledge")
    eventually(
        lambda: Attempt.select().where(Attempt.provider == "twilio", Attempt.outcome == outbox.UNKNOWN).exists(),
        "the text is given up for now",
    )
    db.release_connection()
    world.stop_worker()
    world.checks_at_end = False


def test_an_answer_that_drips_is_given_up_and_its_thread_is_free_again() -> None:
    bounded = Bounded(0.2)
    stop = threading.Event()
    with pytest.raises(TookTooLong):
        bounded.call(stop.wait)
    assert bounded.call(lambda: 7) == 7
    stop.set()
    with pytest.raises(ValueError, match="as it was raised"):
        bounded.call(_refuse)


def _refuse() -> None:
    raise ValueError("as it was raised")


def test_calls_that_are_refused_twice_are_an_alarm_and_the_owner_is_asked_by_day(world: World) -> None:
    officer = world.officer.person
    world.doubles.script(to=officer.phone, channel="call", code=21214, status=400, times=2)
    world.tag.walks_in()
    world.forward(31)
    assert not contact_routes.is_down(officer, Channel.VOICE)
    # Someone who could not be called once is called again, when everyone is.
    for seconds in (30, 120, 120):
        world.forward(seconds)
    assert contact_routes.is_down(officer, Channel.VOICE)
    (alarm,) = alarms.standing(AlarmKind.OPTED_OUT)
    assert alarm.detail == f"Staff member {officer.id} takes no calls any more: Twilio refused the number (21214)"
    world.officer.acknowledges()
    world.reads_everything()
    noon = datetime.combine(clock.now().astimezone(LONDON).date() + timedelta(days=1), time_of_day(12), tzinfo=LONDON)
    world.clock.forward((noon - clock.now()).total_seconds())
    assert numbers.ask_again_by_day(clock.now()) == 1
    db.release_connection()
    text = world.officer.expects_sms("code")
    (code,) = re.findall(r"\b\d{6}\b", text.body)
    contact_routes.prove(officer, code, world.settings.signing_key(), clock.now())
    assert not contact_routes.is_down(officer, Channel.VOICE)
    assert not alarms.standing(AlarmKind.OPTED_OUT)
    db.release_connection()
    world.reads_everything()
