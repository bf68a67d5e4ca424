"""Fault 11: a provider takes connections and never answers. Remedy: timeouts, and a breaker that stops asking it."""

from __future__ import annotations

import time

from notifier import retries
from notifier.circuit_breaker import OPENS_AFTER, TRIES_EVERY_S, Breaker
from notifier.retries import Result
from tests.faults.conftest import Remedy
from tests.world import World

MANY = 16


def test_many_alerts_do_not_wait_one_timeout_each(world: World, remedy: Remedy) -> None:
    remedy.is_switched_off_by(Breaker, "allows", lambda _: True)
    officer = world.officer.has_app()
    world.doubles.script(channel="push", status=503)
    tags = [world.tag, *(world.new_wearer(f"Wearer {n}", f"LDN-1{n:03}") for n in range(MANY))]
    began = time.monotonic()
    with remedy.decides():
        # One after the other: how many are under way at the moment at which it opens is not what is asked here.
        for tag in tags:
            tag.walks_in()
            officer.expects_sms("to acknowledge")
        asked = [attempt for attempt in world.doubles.attempts if attempt.channel == "push"]
        tried_again = (time.monotonic() - began) / TRIES_EVERY_S
        assert len(asked) <= OPENS_AFTER + tried_again + 2
        for alert in officer.alerts("open"):
            officer.acknowledges(alert["id"])
        world.doubles.clear_script()
        world.reads_everything()
    world.doubles.clear_script()


def test_an_open_breaker_tries_again_with_one_message_and_closes_on_an_answer() -> None:
    now = [0.0]
    breaker = Breaker(lambda: now[0])
    for _ in range(OPENS_AFTER):
        assert breaker.allows()
        breaker.record(answered=False)
    assert breaker.is_open
    assert not breaker.allows()
    now[0] = 5.1
    assert breaker.allows()
    assert not breaker.allows()
    breaker.record(answered=True)
    assert not breaker.is_open
    assert breaker.allows()


def test_a_number_whose_country_is_refused_again_and_again_keeps_no_other_message_waiting() -> None:
    breaker = Breaker(lambda: 0.0)
    for _ in range(OPENS_AFTER):
        breaker.ask("twilio", lambda: retries.refused("Twilio refuses our account or number (21408)"))
    assert breaker.ask("twilio", lambda: retries.sent("SM1")).result is Result.SENT
