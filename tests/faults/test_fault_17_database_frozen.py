"""Fault 17: the database is frozen. Remedy: every answer is bounded, few ask meanwhile, and no clock believes it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from backend import clock, db, deadlines, host_clock
from tests.faults.conftest import Remedy
from tests.faults.test_fault_04_database_restarts import server, world  # noqa: F401 - fixtures
from tests.postgres import PostgresServer
from tests.servers import frozen
from tests.world import World, eventually

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def test_tags_are_answered_503_while_the_database_is_frozen_and_warnings_go_on_after_it(
    world: World,  # noqa: F811
    server: PostgresServer,  # noqa: F811
    remedy: Remedy,
) -> None:
    officer = world.officer.has_app()
    tags = [world.tag, *(world.new_wearer(f"Wearer {number}", f"LDN-2{number:03}") for number in range(30))]
    world.tag.is_far_away()
    with remedy.decides():
        if not remedy.is_on:
            # As it was: an answer is waited for, and so is the commit.
            remedy.is_switched_off_by(deadlines.BoundedConnection, "wait", psycopg.Connection.wait)
            remedy.is_switched_off_by(deadlines.Gate, "says_nothing", lambda _: None)
        with frozen(server), ThreadPoolExecutor(len(tags)) as pool:
            # Each request gives up after 20 s by itself.
            answers = list(pool.map(_status, tags))
            again = list(pool.map(_status, tags)) if remedy.is_on else []
        assert answers + again == [503] * len(answers + again)
        eventually(lambda: _status(world.tag) == 200, "a fix is taken again")
        world.tag.walks_in()
        officer.expects_push("Please acknowledge")
        officer.acknowledges()
        world.reads_everything()
    eventually(lambda: _status(world.tag) == 200, "the database is back")


def _status(tag: Any) -> int:
    try:
        return tag.post(tag.fix(5_000.0)).status_code
    except OSError:
        return 0


def test_a_statement_is_given_up_and_its_connection_is_never_used_again(world: World, server: PostgresServer) -> None:  # noqa: F811
    world.stop_worker()
    world.checks_at_end = False
    connection = db.database.connection()
    with frozen(server), deadlines.within(0.3):
        with pytest.raises(db.LOST_CONNECTION) as told:
            db.reference_time()
        assert db.is_lost(told.value)
        db.forget_connection()
        # A person who comes now is refused without a wait of their own.
        with pytest.raises(db.LOST_CONNECTION, match="just now"):
            db.reference_time()
        db.forget_connection()
    eventually(_answers, "the database answers again")
    assert connection.closed
    assert db.database.connection() is not connection
    db.release_connection()


def _answers() -> bool:
    try:
        return bool(db.reference_time())
    except db.LOST_CONNECTION:
        db.forget_connection()
        return False


def test_a_slow_statement_is_ended_by_the_server_and_is_no_lost_database(database_url: str) -> None:
    db.database.execute_sql("SET statement_timeout = '50ms'")
    with pytest.raises(db.LOST_CONNECTION) as told:
        db.database.execute_sql("SELECT pg_sleep(20)")
    assert (db.is_held(told.value), db.is_lost(told.value)) == (True, False)
    db.forget_connection()


def test_a_gate_lets_one_find_out_at_a_time() -> None:
    at = [0.0]
    gate = deadlines.Gate(lambda: at[0])
    gate.enter()
    gate.says_nothing()
    with pytest.raises(psycopg.OperationalError):
        gate.enter()
    at[0] += deadlines.TRIES_AGAIN_S
    gate.enter()
    with pytest.raises(psycopg.OperationalError):
        gate.enter()
    gate.answers()
    gate.enter()
    gate.enter()


@pytest.mark.parametrize(("round_trip_s", "is_believed"), [(0.2, True), (0.9, True), (1.1, False), (100.0, False)])
def test_a_measurement_that_took_long_moves_no_clock(round_trip_s: float, is_believed: bool) -> None:
    mine, readings = clock.Clock(), iter([50.0, 50.0 + round_trip_s])
    before, told = mine.now(), mine.now() + timedelta(seconds=300)
    assert mine.measure(lambda: told, lambda: next(readings)) is is_believed
    if not is_believed:
        assert timedelta() <= mine.now() - before < timedelta(seconds=60)


def test_no_host_is_called_wrong_by_an_answer_that_took_long(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = db.reference_time
    readings = iter([0.0, 100.0])
    monkeypatch.setattr(db, "reference_time", lambda: kept() - timedelta(seconds=50))
    monkeypatch.setattr(clock, "monotonic", lambda: next(readings))
    raised = threading.Event()
    monkeypatch.setattr(host_clock.alarms, "raise_alarm", lambda *_: raised.set())
    host_clock.look(clock.now())
    assert not raised.is_set()
    db.release_connection()
