"""Fault 15: callbacks are lost, doubled, early, out of order or forged. Remedy: rank, record, signature, and asking."""

from __future__ import annotations

from datetime import datetime
from itertools import chain

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from backend import clock, db, outbox
from backend.models import Attempt, Notification, NotificationState, ProviderEvent
from notifier import callbacks, provider_states
from tests.faults.conftest import Remedy
from tests.world import World, eventually

WORDS = ("queued", "sending", "sent", "delivered", "undelivered")


def _sms_attempt(world: World) -> Attempt:
    world.tag.walks_in()
    world.officer.expects_sms("to acknowledge")
    world.settle()
    world.officer.acknowledges()
    return Attempt.select().join(Notification).where(Notification.channel == "sms").get()


@pytest.mark.parametrize("fault", ["doubled", "out_of_order", "early", "forged"])
def test_whatever_happens_to_callbacks_the_message_is_known_to_be_delivered(world: World, fault: str) -> None:
    world.doubles.script(to=world.officer.person.phone, channel="sms", callbacks=(fault,))
    attempt = _sms_attempt(world)
    eventually(lambda: _state(attempt) == NotificationState.DELIVERED, "it is known to be delivered")
    world.reads_everything()


def test_a_message_whose_callbacks_are_lost_is_asked_about(world: World, remedy: Remedy) -> None:
    remedy.is_switched_off_by(outbox, "silent_attempts", lambda *_, **__: [])
    world.doubles.script(to=world.officer.person.phone, channel="sms", callbacks=("lost",))
    attempt = _sms_attempt(world)
    world.clock.forward(25)
    with remedy.decides():
        eventually(lambda: _state(attempt) == NotificationState.DELIVERED, "it is known to be delivered")
    assert not ProviderEvent.select().where(ProviderEvent.kind == "status").exists()
    world.reads_everything()


def _whatever_was_said_last(notification_id: int, state: NotificationState, now: datetime, detail: str = "") -> bool:
    Notification.update(state=state, detail=detail or None).where(Notification.id == notification_id).execute()
    return True


def test_a_word_that_comes_late_undoes_no_higher_one(world: World, remedy: Remedy) -> None:
    remedy.is_switched_off_by(outbox, "raise_state", _whatever_was_said_last)
    attempt = _sms_attempt(world)
    world.settle()
    with remedy.decides():
        for word in ("delivered", "undelivered", "failed"):
            assert provider_states.take(attempt.id, word, None, clock.now())
        assert _state(attempt) == NotificationState.DELIVERED
    db.release_connection()
    world.reads_everything()


def test_a_reply_that_is_delivered_twice_is_answered_once(world: World, remedy: Remedy) -> None:
    stored = callbacks._store

    def always_new(kind: str, token: str, form: dict[str, str]) -> bool:
        stored(kind, token, form)
        return True

    remedy.is_switched_off_by(callbacks, "_store", always_new)
    world.tag.walks_in()
    code = world.officer.expects_sms("to acknowledge").body.split()[3].rstrip(":")
    world.doubles.reply(
        from_=world.officer.person.phone, body=f"3 {code}", to=world.settings.twilio_from, kinds=("true", "doubled")
    )
    world.officer.expects_sms("last fix")
    world.settle()
    with remedy.decides():
        assert Notification.select().where(Notification.purpose == "reply_details").count() == 1
    db.release_connection()
    world.officer.acknowledges()
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
        assert provider_states.take(attempt.id, word, None, clock.now())
        reached.append(outbox.RANK[NotificationState(_state(attempt))])
    assert reached == sorted(reached)
    assert _state(attempt) == NotificationState.DELIVERED
    db.release_connection()


@pytest.fixture
def order_world(world: World) -> tuple[World, Attempt]:
    """A world in which one text went out and someone acts."""
    attempt = _sms_attempt(world)
    world.stop_worker()
    return world, attempt


def test_a_forged_callback_is_refused_and_changes_nothing(world: World, remedy: Remedy) -> None:
    remedy.is_switched_off_by(RequestValidator, "validate", lambda *_: True)
    world.doubles.script(to=world.officer.person.phone, channel="sms", callbacks=("held",))
    attempt = _sms_attempt(world)
    with remedy.decides():
        assert world.doubles.forge(world.doubles.messages[0]) == 401
        assert _state(attempt) == NotificationState.SENT
    world.doubles.release()
    world.reads_everything()
