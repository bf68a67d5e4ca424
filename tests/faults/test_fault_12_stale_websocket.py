"""Fault 12: an emit to a dead phone succeeds in silence. Remedy: no acknowledgement in 3 s, and the text goes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import socketio

from backend import clock, db, outbox
from backend.escalation import next_step
from backend.models import Alert, Feed, Session, Socket
from tests.faults.conftest import Remedy
from tests.world import World, eventually


def test_a_socket_that_only_seems_open_delays_the_text_by_three_seconds(world: World, remedy: Remedy) -> None:
    remedy.is_switched_off_by(next_step, "HINT_ACKNOWLEDGED_S", 1_000.0)
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


def test_a_socket_whose_opening_failed_half_way_is_no_way_to_reach_anyone(
    world: World, as_owner: Callable[[str], None]
) -> None:
    officer = world.officer.signs_in()
    hub = world.app.extensions["cordon.websocket"]
    as_owner("ALTER TABLE feed RENAME TO feed_away")
    client = socketio.Client(reconnection=False)
    with pytest.raises(socketio.exceptions.ConnectionError):
        client.connect(world.url, auth={"token": officer.token}, transports=["websocket"], wait_timeout=2)
    client.disconnect()
    as_owner("ALTER TABLE feed_away RENAME TO feed")

    def is_forgotten() -> bool:
        hub.refresh()
        return not outbox.connected([officer.person.id], clock.now())

    eventually(is_forgotten, "nobody takes it for open")
    assert not Socket.select().exists()
    db.release_connection()


def test_sockets_are_told_what_comes_after_a_standby_without_the_last_changes_took_over(world: World) -> None:
    officer = world.officer.has_app().opens_the_app()
    Feed.update(cursor=40).execute()
    world.tag.walks_in()
    officer.expects_hint()
    officer.expects_push("Please acknowledge")
    resets: list[dict[str, str]] = []
    officer.sockets[0].on("reset", resets.append)
    with db.atomic():
        Alert.update(cursor=3).execute()
        Feed.update(cursor=3).execute()
    db.release_connection()
    eventually(lambda: resets, "the phone is told to fetch everything")
    officer.acknowledges()
    eventually(lambda: [hint for hint in officer.hints if hint["cursor"] < 40], "a hint of what came after")
