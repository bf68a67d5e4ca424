"""Fault 3: a provider answers 5xx or 429, hangs or breaks off. Remedy: the next channel goes at the first failure."""

from __future__ import annotations

from typing import Any

import pytest

from backend import alerts
from tests.faults.conftest import Remedy
from tests.world import World

FAULTS: dict[str, dict[str, Any]] = {
    "500": {"status": 500},
    "503": {"status": 503},
    "429": {"status": 429, "retry_after_s": 30},
    "a hang": {"hang_s": 30.0},
    "a reset before the body": {"reset": "before_body"},
    "a reset after the body": {"reset": "after_body"},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_text_goes_at_once_when_push_fails(world: World, remedy: Remedy, fault: str) -> None:
    remedy.is_switched_off_by(alerts, "hasten", lambda *_: None)
    officer = world.officer.has_app()
    world.doubles.script(to=officer.push_token, channel="push", **FAULTS[fault])
    world.tag.walks_in()
    with remedy.decides():
        officer.expects_sms("to acknowledge")
        officer.acknowledges()
    # What hung may still arrive when the hang ends.
    world.checks_at_end = False
    world.doubles.clear_script()
    world.doubles.release()


@pytest.mark.parametrize("fault", FAULTS)
def test_the_call_goes_at_once_when_the_text_fails(world: World, remedy: Remedy, fault: str) -> None:
    remedy.is_switched_off_by(alerts, "hasten", lambda *_: None)
    officer = world.officer
    world.doubles.script(to=officer.person.phone, channel="sms", **FAULTS[fault])
    officer.handset.press("1")
    world.tag.walks_in()
    with remedy.decides():
        officer.expects_call()
        world.settle()
        assert officer.alert()["handling"] == "acknowledged"
    # What hung may still arrive when the hang ends.
    world.checks_at_end = False
    world.doubles.clear_script()
    world.doubles.release()


def test_a_second_sender_is_asked_before_anything_else_fails(world: World) -> None:
    world.stop_worker()
    world.settings = world.settings.changed(twilio_fallback_from="+447700900001")
    world.start_worker()
    world.doubles.script(to=world.officer.person.phone, channel="sms", status=503, times=1)
    world.tag.walks_in()
    assert world.officer.expects_sms("to acknowledge").from_ == "+447700900001"
    world.officer.acknowledges()
