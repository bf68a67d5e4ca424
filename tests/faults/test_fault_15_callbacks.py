"""Fault 15: callbacks are lost, doubled, early, out of order or forged. Remedy: rank, record, signature, and asking."""

from __future__ import annotations

from itertools import chain

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend import clock, db, outbox
from backend.models import Attempt, Notification, NotificationState, ProviderEvent
from notifier import states
from tests.faults.conftest import Remedy
from tests.world import World, eventually

WORDS = ("queued", "sending", "sent", "delivered", "undelivered")


def _sms_attempt(world: World) -> Attempt:
    world.tag.walks_in()
    world.officer.expects_sms("to acknowledge")
    world.settle()
    world.officer.acknowledges()
    return Attempt.select().join(Notification).where(Notification.channel == "sms").get()


@pytest.mark.parametrize("fault", ["lost", "doubled", "out_of_order", "early", "forged"])
def test_whatever_happens_to_callbacks_the_message_is_known_to_be_delivered(
    world: World, remedy: Remedy, fault: str
) -> None:
    if fault == "lost":
        remedy.is_switched_off_by(outbox, "silent_attempts", lambda *_, **__: [])
    else:
        remedy.is_switched_off_by(outbox, "raise_state", lambda *_: False)
    world.doubles.script(to=world.officer.person.phone, channel="sms", callbacks=(fault,))
    attempt = _sms_attempt(world)
    world.clock.forward(25)
    with remedy.decides():
        eventually(lambda: _state(attempt) == NotificationState.DELIVERED, "it is known to be delivered")
    if fault == "lost":
        assert not ProviderEvent.select().where(ProviderEvent.kind == "status").exists()
    world.reads_everything()


def _state(attempt: Attempt) -> str:
    try:
        return Notification.get_by_id(attempt.notification_id).state
    finally:
        db.release_connection()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=st.permutations(list(chain(WORDS, WORDS))))
def test_any_order_of_callbacks_ends_in_the_highest_state(order_world: tuple[World, Attempt], told: list[str]) -> None:
    _, attempt = order_world
    Notification.update(state=NotificationState.SENT).where(Notification.id == attempt.notification_id).execute()
    Attempt.update(provider_state=None).where(Attempt.id == attempt.id).execute()
    reached: list[int] = []
    for word in told:
        assert states.take(attempt.id, word, None, clock.now())
        reached.append(outbox.RANK[NotificationState(_state(attempt))])
    assert reached == sorted(reached)
    assert _state(attempt) == NotificationState.DELIVERED
    db.release_connection()


@pytest.fixture
def order_world(world: World) -> tuple[World, Attempt]:
    """A world in which one text went out and somebody acts."""
    attempt = _sms_attempt(world)
    world.stop_worker()
    return world, attempt


def test_a_forged_callback_is_refused_and_changes_nothing(world: World) -> None:
    world.doubles.script(to=world.officer.person.phone, channel="sms", callbacks=("held",))
    attempt = _sms_attempt(world)
    assert world.doubles.forge(world.doubles.messages[0]) == 401
    assert _state(attempt) == NotificationState.SENT
    world.doubles.release()
    world.reads_everything()
