"""Also: an answer that races the escalation, SIGTERM in mid-send, a full disk, a rotated token, a frozen process."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable

import psutil
import pytest
from peewee import OperationalError

from backend import alerts, clock, db, outbox
from backend.ingest import answering, keeping
from backend.models import Alert, Escalation, Feed, Fix, Notification, NotificationState
from notifier.worker import Worker
from tests.faults.conftest import Remedy
from tests.processes import ROOT, environment, notifier
from tests.world import World, eventually


def test_an_acknowledgement_that_races_the_escalation_policy_silences_what_has_not_gone(world: World) -> None:
    world.stop_worker()
    world.officer.has_app()
    world.tag.walks_in()
    alert = Alert.get()
    world.clock.forward(11)
    barrier = threading.Barrier(2)

    def run(step: Callable[[], object]) -> threading.Thread:
        def go() -> None:
            barrier.wait()
            step()
            db.release_connection()

        thread = threading.Thread(target=go)
        thread.start()
        return thread

    racers = [
        run(lambda: alerts.acknowledge(world.officer.person, alert.id, clock.now())),
        run(lambda: alerts.escalate_overdue(clock.now())),
    ]
    for racer in racers:
        racer.join(20)
    # Whichever came first: someone acts, and nothing is due to anyone any more.
    assert Alert.get().handling == "acknowledged"
    pending = Notification.select().where(
        Notification.state == NotificationState.PENDING, Notification.purpose.in_(["alert", "escalation"])
    )
    assert pending.count() == 0
    db.release_connection()
    world.checks_at_end = False


@pytest.mark.host_time
def test_sigterm_in_mid_send_finishes_what_is_held(world: World) -> None:
    world.stop_worker()
    officer = world.officer.has_app()
    world.doubles.script(to=officer.push_token, hang_s=1.5, times=1)
    world.tag.walks_in()
    with notifier(world.settings) as process:
        eventually(lambda: world.doubles.attempts, "the provider is asked", 30)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    row = Notification.get()
    # Its phone may have said so already that it has it.
    assert (row.state in outbox.GONE_OUT, row.lease_token) == (True, None)
    db.release_connection()
    officer.expects_push("Please acknowledge")
    officer.acknowledges()
    world.reads_everything()


def test_a_full_disk_refuses_the_fix_and_takes_it_when_there_is_room(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    fix = world.tag.fix(0.0)
    with monkeypatch.context() as full:

        def insert(*_: object, **__: object) -> None:
            raise OperationalError("database or disk is full")

        for module in (keeping, answering):
            full.setattr(module, "insert_rows", insert)
        answer = world.tag.post(fix)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert Fix.select().count() == 0
    assert world.tag.post(fix).status_code == 200
    world.officer.expects_sms("to acknowledge")
    world.officer.acknowledges()


def test_callbacks_signed_with_the_token_before_the_rotation_are_believed(world: World, remedy: Remedy) -> None:
    old = world.settings.twilio_auth_token
    previous = old if remedy.is_on else ""
    rotated = world.settings.changed(twilio_auth_token="the new token", twilio_auth_token_previous=previous)
    world.tag.walks_in()
    code = world.officer.expects_sms("to acknowledge").body.split()[3].rstrip(":")
    world.app.extensions["cordon.settings"] = rotated
    with remedy.decides():
        world.officer.texts(f"1 {code}")
        assert world.officer.alert()["handling"] == "acknowledged"
        world.reads_everything()


def test_a_worker_without_any_provider_says_so_and_lets_the_escalation_policy_climb_to_its_end(world: World) -> None:
    world.stop_worker()
    world.settings = world.settings.changed(twilio_account_sid="", fcm_credentials="")
    world.worker = Worker(world.settings)
    world.officer.has_app()
    world.tag.walks_in()
    for _ in range(12):
        world.worker.work()
        eventually(lambda: not Notification.select().where(Notification.lease_token.is_null(False)).exists(), "settled")
    assert {row.state for row in Notification.select()} == {"failed"}
    assert Escalation.get().next_at is not None
    world.worker.stop()
    world.worker.run()
    world.worker = None
    db.release_connection()


# Every change of an alert takes a number from this row as it commits.
HOLD_AND_FREEZE = """
import os, signal, sys
from backend import db
from backend.models import Feed
from backend.settings import Settings
db.SILENT_UNIT_S = int(sys.argv[1])
db.bind(Settings.from_environ().database_url)
with db.atomic():
    Feed.update(cursor=Feed.cursor + 1).execute()
    os.kill(os.getpid(), signal.SIGSTOP)
"""


def test_a_process_that_froze_in_a_unit_of_work_silences_no_one(world: World, remedy: Remedy) -> None:
    officer = world.officer.has_app()
    seconds = "1" if remedy.is_on else "0"
    frozen = subprocess.Popen(
        [sys.executable, "-c", HOLD_AND_FREEZE, seconds], cwd=ROOT, env=environment(world.settings)
    )
    try:
        eventually(lambda: psutil.Process(frozen.pid).status() == psutil.STATUS_STOPPED, "it is frozen")
        with remedy.decides():
            eventually(_is_counter_free, "nobody holds the feed's counter")
            assert world.tag.post(world.tag.fix(0.0)).status_code == 200
            officer.expects_push("Please acknowledge")
            officer.acknowledges()
            world.reads_everything()
    finally:
        frozen.send_signal(signal.SIGKILL)
        frozen.wait()


def _is_counter_free() -> bool:
    try:
        with db.atomic():
            return bool(list(db.skip_locked(Feed.select().where(Feed.id == 1))))
    finally:
        db.release_connection()
