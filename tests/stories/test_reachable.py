"""Am I reachable? A test push, text and call to oneself, over the real chain, with the result of each on the page."""

from __future__ import annotations

import pytest

from backend import clock, db
from backend.alerts import reach_tests
from backend.cases import drills
from backend.errors import InvalidTransition, TooManyAttempts
from backend.models import Channel, Notification, Wearer
from tests.world import World
from tests.world.waiting import eventually


def test_a_test_message_arrives_on_each_way_and_rings_no_one_else(world: World) -> None:
    world.officer.has_app()
    person = world.officer.person
    training = drills.training_case(person, clock.now())
    for channel in reach_tests.CHANNELS:
        reach_tests.send(person, training, channel, clock.now())
    db.release_connection()
    world.officer.expects_push("This is a test that you asked for.")
    text = world.officer.expects_sms("This is a test that you asked for. It arrived.")
    assert "http" not in text.body
    world.officer.expects_call()
    world.settle()

    def states() -> dict[Channel, str]:
        try:
            return {channel: row.state for channel, row in reach_tests.newest(person).items()}
        finally:
            db.release_connection()

    world.forward(61)
    arrived = ("delivered", "received")
    eventually(lambda: states()[Channel.SMS] in arrived, "the text arrives")
    # No one takes the call of this double: that is what becomes of it.
    assert states()[Channel.VOICE] in ("sent", "failed", *arrived)
    assert world.officer.alerts() == []
    db.release_connection()
    world.expect_nothing_more()


def test_a_test_is_not_repeated_within_a_minute_nor_sent_where_there_is_no_way(world: World) -> None:
    world.stop_worker()
    person = world.officer.person
    training = drills.training_case(person, clock.now())
    reach_tests.send(person, training, Channel.SMS, clock.now())
    with pytest.raises(TooManyAttempts):
        reach_tests.send(person, training, Channel.SMS, clock.now())
    with pytest.raises(InvalidTransition):
        reach_tests.send(person, training, Channel.PUSH, clock.now())
    assert Notification.select().count() == 1
    assert Wearer.select().where(Wearer.is_training).count() == 1
    db.release_connection()
    world.checks_at_end = False
