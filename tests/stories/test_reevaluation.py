"""An entry about the past is judged without holding anyone up, by what is still so, and by the person who is left."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from backend import alarms, clock, db
from backend.cases import reevaluation, writing
from backend.models import AlarmKind, PendingReevaluation, PlaceZone
from notifier.watchdog import Watchdog
from tests import cases
from tests.world import HOME, World, eventually
from zones import Certainty


class Gate:
    """Holds re-evaluates of other threads as they begin to judge, each until it is let through."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.judging = threading.Semaphore(0)
        self.passing = threading.Semaphore(0)
        derive = reevaluation.derive

        def wait_and_judge(*given: Any) -> Any:
            if threading.current_thread() is not threading.main_thread():
                self.judging.release()
                assert self.passing.acquire(timeout=60)
            return derive(*given)

        patch.setattr(reevaluation, "derive", wait_and_judge)

    def is_reached(self) -> None:
        assert self.judging.acquire(timeout=60), "no look back began to judge"


@contextmanager
def meanwhile(world: World, place: tuple[float, float], since: datetime) -> Iterator[None]:
    """Enter a zone around ``place`` since ``since`` in another thread, as another request would."""

    def enter() -> None:
        try:
            cases.zone_around(world, place, since)
        finally:
            db.release_connection()

    thread = threading.Thread(target=enter)
    thread.start()
    yield
    thread.join(60)
    assert not thread.is_alive()


def pending() -> int:
    try:
        return PendingReevaluation.select().count()
    finally:
        db.release_connection()


def test_fixes_are_taken_and_judged_while_an_entry_about_the_past_is(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.officer.has_app()
    since = clock.now() - timedelta(hours=1)
    for _ in range(4):
        world.forward(60)
        world.tag.stays(3_000.0, for_s=60, every_s=30)
    # Six kilometres take their time: a step that no one can make says nothing of where they are.
    world.forward(300)
    world.tag.stays(9_000.0, for_s=60, every_s=30)
    gate = Gate(monkeypatch)
    with meanwhile(world, cases.east_of(HOME, 3_000.0), since):
        gate.is_reached()
        # The entry holds already; the past is still being judged, and no one waits for it.
        world.tag.reports(world.tag.fix(0.0))
        assert [alert.is_late for alert in cases.alerts()] == [False]
        assert pending() == 1
        gate.passing.release(100)
    assert pending() == 0
    found = cases.alerts()
    assert sorted((alert.is_late, alert.certainty == Certainty.WITHDRAWN) for alert in found) == [
        (False, False),
        (True, False),
    ]
    assert [fix.level for fix in cases.fixes()][-1] == 2
    for alert in found:
        world.officer.acknowledges(alert.id)
    world.reads_everything()


def test_a_fix_that_arrives_late_meanwhile_is_judged_with_the_rest(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.officer.has_app()
    since = clock.now() - timedelta(hours=1)
    east = cases.east_of(HOME, 3_000.0)
    world.forward(300)
    world.tag.stays(9_000.0, for_s=600, every_s=60)
    held_back = [world.tag.fix(3_000.0, ago_s=float(s)) for s in range(390, 270, -15)]
    gate = Gate(monkeypatch)
    with meanwhile(world, east, since):
        gate.is_reached()
        world.tag.reports(*held_back)
        gate.passing.release()
        gate.is_reached()
        gate.passing.release(100)
    assert pending() == 0
    assert sum(fix.level == 2 for fix in cases.fixes()) >= len(held_back)
    assert [alert.certainty == Certainty.WITHDRAWN for alert in cases.alerts()] == [False]
    world.officer.acknowledges(cases.alerts()[0].id)
    world.reads_everything()


def test_an_entry_that_is_taken_back_while_it_is_judged_raises_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.officer.has_app()
    since = clock.now() - timedelta(hours=1)
    world.tag.stays(3_000.0, for_s=300, every_s=30)
    world.forward(300)
    world.tag.stays(9_000.0, for_s=60, every_s=30)
    gate = Gate(monkeypatch)
    with meanwhile(world, cases.east_of(HOME, 3_000.0), since):
        gate.is_reached()
        (wrong,) = PlaceZone.select().where(PlaceZone.id != world.zone.id)
        now = clock.now()
        taken_back = {"why": "The wrong street.", "is_removed": True, "is_correction": True, "is_confirmed": True}
        writing.change_zone(world.officer.person, wrong.id, since, now, **taken_back)
        db.release_connection()
        assert pending() == 0
        gate.passing.release(100)
    assert cases.alerts() == []
    assert {fix.level for fix in cases.fixes()} == {0}
    world.reads_everything()


def test_a_look_back_whose_process_dies_is_taken_by_the_watchdog(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.officer.has_app()
    since = clock.now() - timedelta(hours=1)
    world.tag.stays(3_000.0, for_s=300, every_s=30)
    world.forward(300)
    world.tag.stays(9_000.0, for_s=60, every_s=30)
    with monkeypatch.context() as death:
        # Nothing runs after the commit in a process that is gone.
        death.setattr(db, "after_commit", lambda *_: None)
        cases.zone_around(world, cases.east_of(HOME, 3_000.0), since)
    assert (pending(), cases.alerts()) == (1, [])
    watchdog = Watchdog(world.settings)
    watchdog.look(clock.now())
    assert pending() == 1
    world.forward(reevaluation.OVERDUE_S)
    with monkeypatch.context() as trouble:
        trouble.setattr(reevaluation, "_keep", lambda *_: 1 / 0)
        watchdog.look(clock.now())
        (alarm,) = alarms.standing(AlarmKind.CASE_INCOMPLETE)
        assert "could not be judged again" in alarm.detail
    watchdog.look(clock.now())
    assert pending() == 0
    assert alarms.standing(AlarmKind.CASE_INCOMPLETE) == []
    (alert,) = cases.alerts()
    assert (alert.is_late, alert.is_over) == (True, True)
    world.officer.acknowledges(alert.id)
    world.reads_everything()


def test_a_look_that_holds_the_case_may_think_for_longer_than_a_frozen_process_is_given(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    officer = world.officer.has_app()
    since = clock.now() - timedelta(hours=1)
    world.tag.stays(3_000.0, for_s=300, every_s=30)
    world.forward(300)
    world.tag.stays(9_000.0, for_s=60, every_s=30)
    world.stop_worker()
    derive = reevaluation.derive

    def think_and_judge(*given: Any) -> Any:
        time.sleep(1.5)
        return derive(*given)

    # The past changes under every look, so that the last one holds the case; a process is frozen after a second.
    monkeypatch.setattr(reevaluation, "FREE_TRIES", 0)
    monkeypatch.setattr(reevaluation, "derive", think_and_judge)
    monkeypatch.setattr(db, "SILENT_UNIT_S", 1)
    db.database.obj.close_all()
    db.bind(world.settings.database_url)
    cases.zone_around(world, cases.east_of(HOME, 3_000.0), since)
    assert pending() == 0
    world.start_worker()
    (alert,) = cases.alerts()
    assert (alert.is_late, alert.is_over) == (True, True)
    officer.acknowledges(alert.id)
    world.reads_everything()


def test_an_alert_of_a_zone_that_came_into_force_around_a_silent_tag_outlives_an_entry_about_the_time_before(
    world: World,
) -> None:
    world.officer.has_app()
    begins_at = clock.now() + timedelta(minutes=10)
    cases.zone_around(world, cases.east_of(HOME, 3_000.0), begins_at)
    world.tag.stays(3_000.0, for_s=300, every_s=30)
    assert cases.alerts() == []
    # The wearer lies inside and the wearer's tag says nothing more.
    world.forward(600)
    (alert,) = eventually(cases.alerts, "the alert of the instant")
    assert abs(alert.fix_time - begins_at) < timedelta(seconds=1)
    assert begins_at <= alert.raised_at
    cases.zone_around(world, cases.east_of(HOME, 20_000.0), clock.now() - timedelta(hours=1))
    (alert,) = cases.alerts()
    assert (alert.certainty == Certainty.WITHDRAWN, alert.is_over) == (False, False)
    world.officer.acknowledges(alert.id)
    world.reads_everything()
