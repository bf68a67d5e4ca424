"""Fault 6: the phone is off. Remedy: the escalation policy, which goes on for as long as no one has acknowledged."""

from __future__ import annotations

from backend import alerts
from tests.faults.conftest import Remedy
from tests.world import World


def test_colleague_and_supervisor_are_told_while_the_phone_is_off(world: World, remedy: Remedy) -> None:
    remedy.is_switched_off_by(alerts, "escalate_overdue", lambda *_: 0)
    officer = world.officer.has_app()
    for phone in (officer.handset, world.colleague.handset):
        phone.turn_off()
    world.tag.walks_in()
    world.reads_everything()
    with remedy.decides():
        for seconds in (11, 20, 30, 120):
            world.clock.forward(seconds)
            if remedy.is_on:
                world.settle()
        world.supervisor.expects_sms("No one has acknowledged")
        world.supervisor.expects_call()
        world.supervisor.acknowledges()
        world.reads_everything()
