"""Fault 8: a number is opted out, wrong or a landline. Remedy: the way is marked down, and the call goes at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pytest

from backend.models import Channel, Person, RouteDown
from backend.people import contact_routes
from tests.faults.conftest import Remedy
from tests.world import World

FAULTS: dict[str, dict[str, Any]] = {
    "refused as opted out": {"code": 21610},
    "refused as no mobile": {"code": 21614},
    "told later to be a landline": {"final_state": "undelivered", "error_code": 30006},
    "told later to be unknown": {"final_state": "undelivered", "error_code": 30005},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_next_warning_does_not_wait_for_a_text_that_cannot_arrive(world: World, remedy: Remedy, fault: str) -> None:
    remedy.is_switched_off_by(contact_routes, "mark_down", lambda *_: False)
    officer = world.officer
    officer.handset.press("1")
    world.doubles.script(to=officer.person.phone, channel="sms", **FAULTS[fault])
    world.tag.walks_in()
    with remedy.decides():
        officer.expects_call()
        world.settle()
        assert officer.alert()["handling"] == "acknowledged"
        assert contact_routes.is_down(officer.person, Channel.SMS)
        assert not contact_routes.is_down(officer.person, Channel.VOICE)
        assert RouteDown.select().count() == 1
        world.reads_everything()


def test_a_number_that_takes_no_texts_is_texted_no_more_and_called_at_once(world: World, remedy: Remedy) -> None:
    known = contact_routes.live

    def whatever_is_down(people: Iterable[Person], now: datetime) -> dict[int, frozenset[Channel]]:
        return {person_id: found | {Channel.SMS} for person_id, found in known(people, now).items()}

    remedy.is_switched_off_by(contact_routes, "live", whatever_is_down)
    officer = world.officer
    officer.handset.press("1")
    world.doubles.script(to=officer.person.phone, channel="sms", code=21610)
    world.tag.walks_in()
    officer.expects_call()
    world.settle()
    texts = [attempt for attempt in world.doubles.attempts if attempt.channel == "sms"]
    world.new_wearer("Wearer", "LDN-8000").walks_in()
    officer.expects_call()
    world.settle()
    with remedy.decides():
        assert [attempt for attempt in world.doubles.attempts if attempt.channel == "sms"] == texts
    world.reads_everything()


def test_a_phone_that_is_merely_off_is_not_marked_down(world: World) -> None:
    world.doubles.script(to=world.officer.person.phone, channel="sms", final_state="undelivered", error_code=30003)
    world.tag.walks_in()
    world.officer.expects_call()
    world.settle()
    assert not contact_routes.is_down(world.officer.person, Channel.SMS)
    world.officer.acknowledges()
    world.reads_everything()
