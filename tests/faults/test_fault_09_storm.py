"""Fault 9: a storm of alerts. Remedy: first words before later ones, the gravest and newest first, none dropped."""

from __future__ import annotations

import importlib
import sys
import threading

import pytest

from backend import alerts, clock, db, outbox
from backend.lifecycle import Danger
from backend.models import Alert, Channel, Escalation, Notification, Purpose
from notifier import retries, worker
from notifier.channels.registry import Senders, Way
from notifier.worker import Worker
from tests.faults.conftest import Remedy
from tests.world import World, eventually
from zones import Certainty, Level

MANY = 40
# The package has a function of the same name.
enqueue = importlib.import_module("backend.outbox.enqueue")


def test_a_breach_goes_before_what_was_enqueued_earlier_and_matters_less(world: World, remedy: Remedy) -> None:
    # The package has a function of the name of this module.
    remedy.is_switched_off_by(sys.modules["backend.outbox.enqueue"], "_priority", lambda *_: 0)
    world.stop_worker()
    officer = world.officer.has_app()
    world.tag.walks_in()
    alert = Alert.get()
    Notification.delete().execute()
    now = clock.now()
    with db.atomic():
        outbox.enqueue(alert, officer.person, Channel.PUSH, Purpose.ALERT, now, step=1)
    grave = _to_send(alert, officer, Level.BREACH, Certainty.CONFIRMED, 1)
    mild = [_to_send(alert, officer, Level.BUFFER, Certainty.CONFIRMED, number) for number in range(2, MANY)]
    with db.atomic():
        outbox.enqueue(alert, officer.person, Channel.PUSH, Purpose.ANSWERED, now)
    claimed: list[Notification] = []
    while found := outbox.claim_due(Channel.PUSH, clock.now(), 10.0, 7):
        claimed += found
    db.release_connection()
    with remedy.decides():
        assert claimed[0].episode == grave
        assert [row.episode for row in claimed[1 : len(mild) + 1]] == mild[::-1]
        assert [row.purpose for row in claimed[-2:]] == [Purpose.ALERT, Purpose.ANSWERED]
        assert len(claimed) == MANY + 1
        assert Danger(4) is Danger.BREACH
    world.reads_everything()
    world.checks_at_end = False


def _to_send(alert: Alert, officer: object, level: Level, certainty: Certainty, episode: int) -> int:
    """Enqueue one first push, as for an alert of this danger."""
    alert.level, alert.certainty, alert.episode = level, certainty, episode
    with db.atomic():
        outbox.enqueue(alert, officer.person, Channel.PUSH, Purpose.ALERT, clock.now())  # type: ignore[attr-defined]
    return episode


def _three_alerts(world: World) -> list[Alert]:
    world.stop_worker()
    world.officer.has_app()
    for walker in (world.tag, world.new_wearer("Second", "LDN-0002"), world.new_wearer("Third", "LDN-0003")):
        walker.walks_in()
    world.checks_at_end = False
    return list(Alert.select().order_by(Alert.id))


def test_of_many_escalation_policies_the_gravest_and_newest_climbs_and_then_the_one_that_waited_longest(
    world: World,
) -> None:
    first, breach, newest = _three_alerts(world)
    Alert.update(level=Level.BUFFER).where(Alert.id == newest.id).execute()
    world.clock.forward(11)
    assert alerts.escalate_overdue(clock.now(), 1, newest_first=True) == 1
    assert {row.lead_id: row.step for row in Escalation.select()} == {first.id: 1, breach.id: 2, newest.id: 1}
    assert alerts.escalate_overdue(clock.now(), 1) == 1
    assert {row.lead_id: row.step for row in Escalation.select()} == {first.id: 2, breach.id: 2, newest.id: 1}
    db.release_connection()


def test_while_first_words_wait_for_a_thread_second_ones_rest_and_then_go_on(
    world: World, remedy: Remedy, monkeypatch: pytest.MonkeyPatch
) -> None:
    _three_alerts(world)
    # So that the rest lasts longer than this test, and is none where it is switched off.
    monkeypatch.setattr(worker, "RESTS_IN_A_STORM", 10_000.0)
    monkeypatch.setattr(worker, "LONGEST_REST_S", 10_000.0)
    remedy.is_switched_off_by(worker, "RESTS_IN_A_STORM", 0.0)
    answers = threading.Event()

    def send(*_: object) -> retries.Outcome:
        answers.wait(30)
        return retries.sent()

    every = {channel: [Way("slow", send)] for channel in Worker.CHANNELS}
    busy = Worker(world.settings.changed(worker_threads=1), Senders(every, close=lambda: None))
    busy.work()
    world.clock.forward(11)
    busy.work()
    db.release_connection()
    try:
        with remedy.decides():
            assert [row.step for row in Escalation.select()] == [1, 1, 1]
    finally:
        answers.set()

    def has_climbed() -> bool:
        busy.work()
        return all(row.step == 2 for row in Escalation.select())

    eventually(has_climbed, "what rested goes on once no first word waits")
    busy.jobs.lanes.close()
    busy.jobs.settler.close()
    db.release_connection()
