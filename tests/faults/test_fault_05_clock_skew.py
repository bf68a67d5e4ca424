"""Fault 5: a host's clock is an hour off. Remedy: deadlines follow the database's clock, measured again and again."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest

from backend import alarms, clock, db, host_clock
from backend.models import AlarmKind
from notifier.watchdog import Watchdog
from tests.faults.conftest import Remedy
from tests.world import World


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_worker_whose_host_is_an_hour_off_keeps_the_time_of_the_others(
    world: World, remedy: Remedy, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    truth = db.reference_time
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


@pytest.mark.parametrize(("seconds", "words"), [(-60, "60 s behind"), (3_600, "3600 s ahead of")])
def test_a_host_whose_clock_has_come_apart_from_the_databases_is_an_alarm_until_it_is_right(
    world: World, remedy: Remedy, monkeypatch: pytest.MonkeyPatch, seconds: int, words: str
) -> None:
    remedy.is_switched_off_by(host_clock, "WRONG_S", float("inf"))
    world.stop_worker()
    true = clock.host_time
    dog = Watchdog(world.settings)
    with monkeypatch.context() as skewed:
        skewed.setattr(clock, "host_time", lambda: true() + timedelta(seconds=seconds))
        assert dog.look(clock.now())
    with remedy.decides():
        assert [words in alarm.detail for alarm in alarms.standing(AlarmKind.CLOCK)] == [True]
        assert dog.look(clock.now())
        assert not alarms.standing(AlarmKind.CLOCK)
    db.release_connection()
