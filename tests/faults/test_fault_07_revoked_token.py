"""Fault 7: a push token is revoked. Remedy: it is pruned, the next channel goes at once, and no push tries it again."""

from __future__ import annotations

from backend import clock, db
from backend.models import Device, Person
from backend.people import devices
from tests.faults.conftest import Remedy
from tests.world import World


def test_a_token_that_fcm_no_longer_knows_is_pruned_and_the_text_goes_at_once(world: World, remedy: Remedy) -> None:
    remedy.is_switched_off_by(devices, "end", lambda *_: None)
    officer = world.officer.has_app()
    officer.handset.unregister()
    world.tag.walks_in()
    with remedy.decides():
        officer.expects_sms("to acknowledge")
        world.settle()
        assert Device.get().ended_at is not None
        officer.acknowledges()
        world.reads_everything()


def _every_phone_ever(person: Person) -> list[Device]:
    return list(Device.select().where(Device.person == person).order_by(Device.id))


def test_a_token_that_was_ended_is_asked_no_more_while_another_phone_of_theirs_is_pushed_to(
    world: World, remedy: Remedy
) -> None:
    remedy.is_switched_off_by(devices, "tokens_of", _every_phone_ever)
    remedy.is_switched_off_by(devices, "read_ahead", lambda _: None)
    old = "a-phone-of-last-year"
    devices.register(world.officer.person, old, "android", clock.now())
    officer = world.officer.has_app()
    world.doubles.script(to=old, channel="push", code="UNREGISTERED")
    world.tag.walks_in()
    officer.expects_push("acknowledge")
    world.settle()
    asked = [attempt for attempt in world.doubles.attempts if attempt.to == old]
    assert len(asked) == 1
    world.new_wearer("Wearer", "LDN-7000").walks_in()
    officer.expects_push("acknowledge")
    world.settle()
    with remedy.decides():
        assert [attempt for attempt in world.doubles.attempts if attempt.to == old] == asked
    for alert in officer.alerts("open"):
        officer.acknowledges(alert["id"])
    db.release_connection()
    world.reads_everything()
