"""The engine: every job once, in the order of its list, each as often as it says, and none kept from it by another."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any

import pytest

from backend import clock
from notifier import engine
from notifier.job_failures import Steps
from notifier.scheduler import Job, Scheduler


def job(name: str, done: list[str], every_s: float = 0.0, error: Exception | None = None, **more: Any) -> Job:
    def run(_: object, now: datetime) -> None:
        assert now.tzinfo is not None
        done.append(name)
        if error is not None:
            raise error

    return Job("test", name, every_s, run, **more)


@pytest.mark.parametrize("process", [engine.NOTIFIER, engine.WATCHDOG, engine.CANARY, engine.EVERY])
def test_each_process_has_jobs_and_each_a_name_of_its_own(process: str) -> None:
    names = [one.name for one in engine.jobs_of(process)]
    assert names
    assert len(names) == len(set(names))


def test_what_is_due_is_done_in_the_order_of_the_list_and_again_when_it_is_due_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at = [100.0]
    monkeypatch.setattr(clock, "monotonic", lambda: at[0])
    done: list[str] = []
    scheduler = Scheduler([job("each time", done), job("every minute", done, 60.0)], None, Steps())
    scheduler.run_due()
    scheduler.run_due()
    assert done == ["each time", "every minute", "each time"]
    at[0] += 60.0
    scheduler.run_due()
    assert done[3:] == ["each time", "every minute"]


def test_a_job_that_fails_keeps_no_other_from_being_done_and_is_known_to_fail() -> None:
    done: list[str] = []
    steps = Steps()
    Scheduler([job("breaks", done, error=ValueError()), job("works", done)], None, steps).run_due()
    assert done == ["breaks", "works"]
    assert (steps.are_well("breaks"), steps.are_well("works")) == (False, True)


def test_in_a_storm_what_may_rest_is_left_out() -> None:
    done: list[str] = []
    scheduler = Scheduler([job("delivers", done), job("looks", done, rests_in_storm=True)], None, Steps())
    scheduler.run_due(in_storm=False)
    assert done == ["delivers"]
    scheduler.run_due(in_storm=True)
    assert done == ["delivers", "looks"]


def test_each_thread_does_its_own_jobs_until_it_is_stopped() -> None:
    done: list[str] = []
    stop, ran = threading.Event(), threading.Event()
    beside = Job("test", "beside", 0.0, lambda *_: ran.set(), thread="beside")
    running = Scheduler([job("round", done), beside], None, Steps()).start("beside", stop)
    assert ran.wait(10)
    stop.set()
    running.join(10)
    assert not running.is_alive()
    assert done == []
