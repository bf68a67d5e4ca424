"""Fault 4: the database restarts. Remedy: nothing is taken that is not kept, and a lost connection is thrown away."""

from __future__ import annotations

import gc
import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import psycopg
import pytest

from backend import clock, db, tags, wakeups
from backend.models import WearerNumber
from notifier import without_database
from notifier.canary import CanaryWalker
from notifier.without_database import WithoutDatabase
from notifier.worker import Worker
from tests.faults.conftest import Remedy
from tests.postgres import APPLICATION, PostgresServer, create_database
from tests.world import World, eventually

# A connection whose server went away is found dead, and sometimes only when it is thrown away.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this test's own, which it may stop."""
    with tempfile.TemporaryDirectory(prefix="cordon-pg-") as folder:
        os.chmod(folder, 0o755)
        with PostgresServer(Path(folder) / "server", is_durable=False) as own:
            yield own
        # What is found dead is found here, and not by the next test.
        gc.collect()


@pytest.fixture
def world(server: PostgresServer, tmp_path: Path, test_clock: clock.Clock) -> Iterator[World]:
    """The whole line on that server."""
    db.bind(create_database(server.url(), "cordon"))
    db.migrate(APPLICATION)
    db.database.obj.close_all()
    tags.forget_known()
    with World(server.url("cordon", APPLICATION), tmp_path, test_clock) as whole:
        yield whole
        if whole.checks_at_end:
            whole.expect_nothing_more()
    db.database.obj.close_all()


def _stop(server: PostgresServer) -> None:
    """Stop the server as an upgrade does: sessions are ended, nothing that was committed is lost."""
    process = psutil.Process(server.pid)
    process.send_signal(signal.SIGINT)
    process.wait(20)


def test_fixes_and_warnings_go_on_when_the_database_is_back(
    world: World, server: PostgresServer, remedy: Remedy
) -> None:
    kept = Worker.work
    has_given_up = threading.Event()

    def work_or_give_up(self: Worker) -> None:
        try:
            kept(self)
        except Exception:
            self.stop()
            has_given_up.set()
            raise

    remedy.is_switched_off_by(Worker, "work", work_or_give_up)
    officer = world.officer.has_app()
    world.tag.is_far_away()
    db.forget_connection()
    _stop(server)
    with remedy.decides():
        away = world.tag.post(world.tag.fix(0.0))
        assert (away.status_code, away.headers.get("Retry-After")) == (503, "5")
        # The server is back within a tenth of a second, before a notifier has missed it.
        assert remedy.is_on or has_given_up.wait(10)
        server.start()
        eventually(lambda: world.tag.post(world.tag.fix(0.0)).status_code == 200, "a fix is taken again")
        officer.expects_push("Please acknowledge")
        officer.acknowledges()
        world.reads_everything()
    server.start()


def test_what_was_owed_before_the_restart_goes_out_after_it(world: World, server: PostgresServer) -> None:
    officer = world.officer.has_app()
    others = [world.new_wearer(f"Wearer {number}", f"LDN-2{number:03}") for number in range(8)]
    world.stop_worker()
    for tag in (world.tag, *others):
        tag.walks_in()
    db.forget_connection()
    _stop(server)
    # A notifier that starts while the database is away waits for it.
    world.start_worker()
    server.start()
    for _ in (world.tag, *others):
        officer.expects_push("Please acknowledge")
    for alert in officer.alerts("open"):
        officer.acknowledges(alert["id"])
    world.reads_everything()


# Seen in two network namespaces: a statement to a host that had vanished ended after 10 s, and without it not in 60 s.
def test_a_server_whose_host_vanished_is_given_up_while_a_statement_is_on_its_way(database_url: str) -> None:
    listener = wakeups.Listener()
    listener.wait(0.1, threading.Event())
    assert listener._connection is not None
    for connection in (db.database.connection(), listener._connection):
        assert connection.info.get_parameters()["tcp_user_timeout"] == str(db.VANISHED_MS)
    listener.close()
    db.release_connection()


DUTY = "+447700900300"


@contextmanager
def _canary_walks(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a canary walk, in place of the notifier, that tells the duty line after a second without a database."""
    monkeypatch.setattr(without_database, "AFTER_S", 1.0)
    world.stop_worker()
    world.checks_at_end = False
    walker = CanaryWalker(replace(world.settings, duty_line=DUTY))
    walking = threading.Thread(target=walker.run)
    walking.start()
    try:
        eventually(lambda: walker._database._is_usable, "the number is known to be no wearer's")
        yield
    finally:
        walker.stop()
        walking.join(20)


def test_the_duty_line_hears_of_it_past_the_database_and_of_its_return(
    world: World, server: PostgresServer, remedy: Remedy, monkeypatch: pytest.MonkeyPatch
) -> None:
    remedy.is_switched_off_by(WithoutDatabase, "is_lost", lambda _: None)
    with _canary_walks(world, monkeypatch):
        _stop(server)
        try:
            with remedy.decides():
                (text,) = eventually(
                    lambda: [m for m in world.doubles.messages if m.to == DUTY], "the duty line is told"
                )
                assert text.body.startswith("Cordon. Service alarm: The database does not answer. For ")
                assert "Nobody is warned until it does." in text.body
        finally:
            server.start()


def test_the_duty_line_hears_of_a_database_that_takes_nothing_any_more(
    world: World, server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _canary_walks(world, monkeypatch):
        with psycopg.connect(server.url(), autocommit=True) as connection:
            # So is a hosted database whose disk is full, and a primary that became a standby.
            connection.execute("ALTER SYSTEM SET default_transaction_read_only = on")
            connection.execute("SELECT pg_reload_conf()")
        eventually(lambda: [m for m in world.doubles.messages if m.to == DUTY], "the duty line is told")


def test_a_duty_line_that_is_a_wearers_is_told_nothing_and_one_that_is_unknown_neither(world: World) -> None:
    world.stop_worker()
    settings = replace(world.settings, duty_line=DUTY)
    at = [0.0]
    unknown = WithoutDatabase(settings, lambda: at[0])
    wearers = WithoutDatabase(settings, lambda: at[0])
    WearerNumber.create(wearer=world.wearer, number=DUTY, recorded_by=world.officer.person, recorded_at=clock.now())
    wearers.answers()
    for one in (unknown, wearers):
        one.is_lost()
        at[0] += 120.0
        one.is_lost()
    assert not world.doubles.messages


def test_the_duty_line_is_told_again_after_a_quarter_of_an_hour_and_when_it_is_over(world: World) -> None:
    world.stop_worker()
    at = [0.0]
    one = WithoutDatabase(replace(world.settings, duty_line=DUTY), lambda: at[0])
    one.answers()
    said = []
    for seconds in (0, 59, 1, 100, 700, 100):
        at[0] += seconds
        one.is_lost()
        said.append(len(world.doubles.messages))
    assert said == [0, 0, 1, 1, 1, 2]
    one.answers()
    one.answers()
    assert [message.body.split(". ")[1][:34] for message in world.doubles.messages] == [
        "Service alarm: The database does n",
        "Service alarm: The database does n",
        "Over: The database does not answer",
    ]
    assert all(len(message.body) <= 160 for message in world.doubles.messages)
    world.reads_everything()
