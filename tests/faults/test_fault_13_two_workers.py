"""Fault 13: two workers claim one row. Remedy: rows that another holds are passed over, and a token settles."""

from __future__ import annotations

import threading

from backend import clock, db, outbox
from backend.models import Channel, Notification, NotificationState
from backend.outbox import claims
from tests.faults.conftest import Remedy
from tests.world import World

ROWS = 60


def test_each_row_is_claimed_by_one_of_four_workers(world: World, remedy: Remedy) -> None:
    remedy.is_switched_off_by(claims, "_is_free", lambda *_: Notification.id > 0)
    world.stop_worker()
    world.officer.has_app()
    world.tag.walks_in()
    row = Notification.get()
    for number in range(100, 100 + ROWS):
        _copy(row, number)
    db.release_connection()
    claimed: list[int] = []
    barrier = threading.Barrier(4)

    def claim() -> None:
        barrier.wait()
        for _ in range(8):
            claimed.extend(found.id for found in outbox.claim_due(Channel.PUSH, clock.now(), 10.0, 10))
        db.release_connection()

    workers = [threading.Thread(target=claim) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    with remedy.decides():
        assert len(claimed) == len(set(claimed)) == ROWS + 1
    world.checks_at_end = False


def test_only_the_holder_of_the_token_settles(world: World) -> None:
    world.stop_worker()
    world.officer.has_app()
    world.tag.walks_in()
    (first,) = outbox.claim_due(Channel.PUSH, clock.now(), 1.0, 10)
    world.clock.forward(2)
    (second,) = outbox.claim_due(Channel.PUSH, clock.now(), 1.0, 10)
    assert first.id == second.id
    assert not outbox.settle(first, NotificationState.FAILED, clock.now())
    assert outbox.settle(second, NotificationState.SENT, clock.now())
    db.release_connection()
    world.checks_at_end = False


def _copy(row: Notification, episode: int) -> None:
    data = {name: value for name, value in row.__data__.items() if name != "id"}
    Notification.create(**{**data, "episode": episode})
