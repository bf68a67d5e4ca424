"""Fault 12: an emit to a dead phone succeeds in silence. Remedy: no acknowledgement in 3 s, and the text goes."""

from __future__ import annotations

from backend import clock, db
from backend.alerts.ladder import climbing
from backend.models import Session, Socket
from tests.faults.conftest import Remedy
from tests.world import World


def test_a_socket_that_only_seems_open_delays_the_text_by_three_seconds(world: World, remedy: Remedy) -> None:
    remedy.is_switched_off_by(climbing, "HINT_ACKNOWLEDGED_S", 1_000.0)
    officer = world.officer.signs_in()
    # The phone is gone, and the server has not noticed yet.
    Socket.create(person=officer.person, session=Session.get(), sid="half-open", seen_at=clock.now())
    db.release_connection()
    world.tag.walks_in()
    world.settle()
    assert not world.doubles.messages
    world.clock.forward(3.1)
    with remedy.decides():
        officer.expects_sms("to acknowledge")
        officer.acknowledges()
        world.reads_everything()
