"""Fault 1: a worker dies between claim and send. Remedy: a lease that runs out; then anyone may take the row."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import Any

import pytest

from backend import clock, db, outbox
from backend.models import Channel, Notification
from backend.outbox import claims
from tests.faults.conftest import Remedy
from tests.processes import ROOT, environment
from tests.world import World, eventually

pytestmark = pytest.mark.host_time

# A whole notifier, killed as it comes to one step of its work.
DIE_AT = """
import os, signal, sys, threading
from backend import alerts, clock, db, outbox
from backend.settings import Settings
from notifier import delivery, delivery_results, notifier_work, worker as module
step = sys.argv[1]
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
settings = Settings.from_environ()
db.bind(settings.database_url)
if step == "claimed":
    notifier_work.NotifierWork._deliver = lambda *_: die()
elif step == "attempt begun":
    delivery._ask_way = die
elif step == "sent, not settled":
    delivery_results.settle_sent = die
elif step == "settled":
    kept = delivery_results.settle_sent
    def settle_sent(*arguments):
        kept(*arguments)
        die()
    delivery_results.settle_sent = settle_sent
worker = module.Worker(settings)
threading.Timer(20, die).start()
worker.run()
"""
STEPS = ("claimed", "attempt begun", "sent, not settled", "settled")


def test_a_lease_that_its_worker_took_to_the_grave_runs_out(world: World, remedy: Remedy) -> None:
    def is_free(*_: object) -> Any:
        return Notification.lease_until.is_null()

    remedy.is_switched_off_by(claims, "_is_free", is_free)
    world.stop_worker()
    officer = world.officer.has_app()
    world.tag.walks_in()
    assert outbox.claim_due(Channel.PUSH, clock.now(), world.settings.lease_s, 10)
    db.release_connection()
    world.clock.forward(world.settings.lease_s + 1)
    world.start_worker()
    with remedy.decides():
        officer.expects_push("Please acknowledge")
        officer.acknowledges()
        world.reads_everything()


@pytest.mark.parametrize("step", STEPS)
def test_a_worker_killed_at_any_step_loses_nothing(world: World, step: str) -> None:
    world.stop_worker()
    officer = world.officer.has_app()
    impatient = world.settings.changed(lease_s=1.0)
    world.tag.walks_in()
    died = subprocess.run(
        [sys.executable, "-c", DIE_AT, step], cwd=ROOT, env=environment(impatient), check=False, timeout=60
    )
    assert died.returncode == -signal.SIGKILL
    world.clock.forward(3)
    world.start_worker()
    officer.expects_push("Please acknowledge")
    eventually(lambda: Notification.get().state in ("sent", "delivered", "received"), "it is settled")
    db.release_connection()
    # Sent and not settled is sent again: a duplicate rather than silence, and the phone knows it by its number.
    copies = {push.data["notification_id"] for push in world.doubles.pushes}
    assert len(copies) == 1
    officer.acknowledges()
    world.reads_everything()
