"""What happens when processes die, and when two of them serve one tag."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime

import pytest

from backend import clock, db, outbox
from backend.models import Alert, Attempt, Channel, Fix, Notification, NotificationState, PlaceState
from tests.processes import ROOT, environment, notifier, web_server
from tests.world import World, eventually
from zones import Fix as JudgedFix
from zones import Zone, decide

pytestmark = pytest.mark.host_time

CLAIM_AND_DIE = """
import os, signal
from backend import clock, db, outbox
from backend.models import Channel
from backend.settings import Settings
settings = Settings.from_environ()
db.bind(settings.database_url)
claimed = outbox.claim_due(Channel.PUSH, clock.now(), settings.lease_s, 10)
assert claimed
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_worker_killed_between_claim_and_send_loses_nothing(world: World) -> None:
    world.stop_worker()
    officer = world.officer.has_app()
    world.tag.walks_in()
    died = subprocess.run(
        [sys.executable, "-c", CLAIM_AND_DIE], cwd=ROOT, env=environment(world.settings), check=False, timeout=60
    )
    assert died.returncode == -signal.SIGKILL
    row = Notification.get()
    assert (row.state, row.attempts, row.lease_token is not None) == ("pending", 1, True)
    db.release_connection()
    assert not world.doubles.pushes
    world.start_worker()
    world.forward(world.settings.lease_s + 1)
    officer.expects_push("Please acknowledge")
    # Eleven seconds without a receipt have passed meanwhile.
    officer.expects_sms("to acknowledge")
    assert Notification.select().where(Notification.state == "sent").count() >= 1
    officer.acknowledges()


def test_a_worker_killed_while_the_provider_has_not_answered_is_followed_by_another(world: World) -> None:
    world.stop_worker()
    officer = world.officer.has_app()
    world.doubles.script(to=officer.push_token, hang_s=60, times=1)
    world.tag.walks_in()
    impatient = world.settings.changed(lease_s=1.0)
    with notifier(impatient) as process:
        eventually(lambda: world.doubles.attempts, "the provider is asked", 30)
        process.kill()
        process.wait()
    world.doubles.release()
    with notifier(impatient):
        officer.expects_push("Please acknowledge")
        eventually(lambda: _settled() == 1, "the push is settled")
    attempts = [row.outcome for row in Attempt.select().order_by(Attempt.started_at)]
    db.release_connection()
    assert (attempts[0], attempts[-1]) == (None, "sent")
    officer.acknowledges()
    # The first request may still be taken once its server wakes up: a duplicate is preferred to silence.
    world.reads_everything()


def _settled() -> int:
    try:
        return Notification.select().where(Notification.state == "sent").count()
    finally:
        db.release_connection()


def test_a_worker_that_lost_its_lease_cannot_settle_for_the_one_that_has_it(world: World) -> None:
    world.stop_worker()
    world.officer.has_app()
    world.tag.walks_in()
    (slow,) = outbox.claim_due(Channel.PUSH, clock.now(), 10, 5)
    assert outbox.claim_due(Channel.PUSH, clock.now(), 10, 5) == []
    world.clock.forward(11)
    (quick,) = outbox.claim_due(Channel.PUSH, clock.now(), 10, 5)
    late, _ = outbox.begin_attempts([slow, quick], {}, clock.now())
    outbox.settle_sent([(slow, late, "late")], clock.now())
    assert Notification.get_by_id(quick.id).state == "pending"
    # That the late one was sent too is on record all the same.
    assert Attempt.get_by_id(late.id).provider_id == "late"
    assert not outbox.settle(slow, NotificationState.FAILED, clock.now())
    assert outbox.settle(quick, NotificationState.SENT, clock.now(), sent_at=clock.now())
    assert Notification.get_by_id(quick.id).state == "sent"


def test_fixes_of_one_tag_posted_to_two_processes_out_of_order_come_to_what_they_would_in_order(world: World) -> None:
    world.stop_worker()
    far, near = 1_200.0, 0.0
    steps = [far] * 6 + [900, 700, 500, 350, 200, 100, near, near, near, near, 150, 320, 600, 900, far, far, far, far]
    fixes = [world.tag.fix(metres, ago_s=(len(steps) - n) * 20.0) for n, metres in enumerate(steps)]
    shuffled = list(fixes)
    random.Random(4).shuffle(shuffled)
    with ExitStack() as stack:
        urls = [stack.enter_context(web_server(world.settings)) for _ in range(2)]
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda item: world.tag.post(item[1], url=urls[item[0] % 2]), enumerate(shuffled)))
    assert [answer.status_code for answer in answers] == [200] * len(fixes)
    assert Fix.select().count() == len(fixes)
    zone, state = Zone.from_geojson(world.zone.feature), None
    for fix in fixes:
        state = decide(
            zone,
            JudgedFix(
                datetime.fromisoformat(fix["fix_time"]).timestamp(),
                fix["lat"],
                fix["lon"],
                accuracy_m=fix["accuracy_m"],
            ),
            state,
        ).state
    kept = PlaceState.get()
    assert state is not None
    assert kept.state == state.to_json()
    assert Alert.select().where(Alert.kind == "zone", ~Alert.is_over).count() == 0
    # However often it was told late, it was one visit.
    assert Alert.select().count() >= 1
    assert all(alert.peak_danger >= 3 for alert in Alert.select())
    world.reads_everything()
