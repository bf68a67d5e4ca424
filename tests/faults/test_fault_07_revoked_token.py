"""Fault 7: a push token is revoked. Remedy: it is pruned, the next channel goes at once, and no push tries it again."""

from __future__ import annotations

from backend import devices
from backend.models import Device
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
