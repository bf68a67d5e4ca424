"""Fault 5: a host's clock is an hour off. Remedy: deadlines follow the database's clock, measured again and again."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest

from backend import clock, db
from tests.faults.conftest import Remedy
from tests.world import World


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_worker_whose_host_is_an_hour_off_keeps_the_time_of_the_others(
    world: World, remedy: Remedy, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    truth = db.reference_time if db.is_postgres() else clock.host_time
    told = truth()

    def wrong() -> datetime:
        return told + timedelta(hours=hours)

    with monkeypatch.context() as skewed:
        skewed.setattr(clock, "host_time", wrong)
        host = clock.Clock()
    before = clock.use(host)
    stop = threading.Event()
    stop.set()
    if remedy.is_on:
        clock.keep_measuring(truth, stop).join(10)
    with remedy.decides():
        assert abs((clock.now() - truth()).total_seconds()) < 5
    clock.use(before)
