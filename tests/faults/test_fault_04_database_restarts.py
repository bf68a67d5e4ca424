"""Fault 4: the database restarts. Remedy: nothing is taken that is not kept, and a lost connection is thrown away."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest

from backend import clock, db, heartbeats, tag_signatures, wakeups
from backend.models import WearerNumber
from notifier import database_outage, engine
from notifier.database_outage import WithoutDatabase
from notifier.job_failures import Steps
from notifier.process_watch import Vigil
from notifier.scheduler import Scheduler
from notifier.worker import Worker
from tests.faults.conftest import Remedy
from tests.postgres import APPLICATION, OWNER, PostgresServer, create_database
from tests.processes import ROOT, environment, notifier
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
    tag_signatures.forget_known()
    with World(server.url("cordon", APPLICATION), tmp_path, test_clock) as whole:
        yield whole
        if whole.checks_at_end:
            whole.expect_nothing_more()
    db.database.obj.close_idle()


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


def test_what_was_enqueued_before_the_restart_goes_out_after_it(world: World, server: PostgresServer) -> None:
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
def _somebody_watches(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a process keep watch that tells the duty line after a second without a database."""
    monkeypatch.setattr(database_outage, "AFTER_S", 1.0)
    world.stop_worker()
    world.checks_at_end = False
    stop = threading.Event()
    one = Vigil(world.settings.changed(duty_line=DUTY, run_folder=str(world.folder)), heartbeats.NOTIFIER)
    often = [replace(job, every_s=0.2) for job in engine.jobs_of(engine.EVERY)]
    watching = Scheduler(often, one, Steps()).start("vigil", stop)
    try:
        eventually(lambda: one._well_since is not None, "it keeps watch")
        yield
    finally:
        stop.set()
        watching.join(20)


def test_the_duty_line_hears_of_it_past_the_database_and_of_its_return(
    world: World, server: PostgresServer, remedy: Remedy, monkeypatch: pytest.MonkeyPatch
) -> None:
    remedy.is_switched_off_by(WithoutDatabase, "is_lost", lambda *_: None)
    with _somebody_watches(world, monkeypatch):
        _stop(server)
        try:
            with remedy.decides():
                (text,) = eventually(
                    lambda: [m for m in world.doubles.messages if m.to == DUTY], "the duty line is texted"
                )
                assert text.body.startswith("Cordon. Service alarm: The database does not answer. For ")
                assert "No one is warned until it does." in text.body
        finally:
            server.start()


def test_the_duty_line_hears_of_a_database_that_takes_nothing_any_more(
    world: World, server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _somebody_watches(world, monkeypatch):
        _is_read_only(server, "on")
        eventually(lambda: [m for m in world.doubles.messages if m.to == DUTY], "the duty line is texted")


def test_a_database_that_takes_nothing_fills_no_log_and_is_worked_on_when_it_does(
    world: World, server: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    world.checks_at_end = False
    world.stop_worker()
    world.tag.reports(world.tag.fix(0.0))
    (alert,) = world.officer.alerts()
    world.forward(200)
    _is_read_only(server, "on")
    world.start_worker()
    eventually(lambda: "the round failed (" in caplog.text, "the notifier gives up its round")
    assert "could not be climbed for" not in caplog.text
    _is_read_only(server, "off")
    world.expect_sms(world.supervisor.person.phone, alert["code"])


def _is_read_only(server: PostgresServer, value: str) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        # So is a hosted database whose disk is full, and a primary that became a standby.
        connection.execute(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
        connection.execute("SELECT pg_reload_conf()")


def test_a_duty_line_that_is_said_to_be_a_wearers_is_told_and_without_one_no_one_can_be(world: World) -> None:
    world.stop_worker()
    world.checks_at_end = False
    at = [0.0]
    WearerNumber.create(wearer=world.wearer, number=DUTY, recorded_by=world.officer.person, recorded_at=clock.now())
    settings = world.settings.changed(run_folder=str(world.folder))
    for line, count in (("", 0), (DUTY, 1)):
        one = WithoutDatabase(settings.changed(duty_line=line), lambda: at[0])
        for _ in range(2):
            one.is_lost()
            at[0] += 120.0
        assert len(world.doubles.messages) == count


def test_what_make_serve_does_first_waits_for_a_database_that_is_not_up_yet(
    world: World, server: PostgresServer
) -> None:
    world.stop_worker()
    owner = server.url("cordon", OWNER)
    with psycopg.connect(owner) as connection:
        connection.execute("DROP TABLE write_probe")
        connection.execute("DELETE FROM schema_migration WHERE name = '0044_write_probe'")
    db.forget_connection()
    _stop(server)
    settings = world.settings.changed(database_owner_url=owner, run_folder=str(world.folder))
    with notifier(settings, "prepare") as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(4)
        server.start()
        assert process.wait(60) == 0
    assert db.missing_migrations() == []
    db.release_connection()


def test_what_make_serve_does_first_says_why_the_database_is_not_ready_and_no_password(
    world: World, server: PostgresServer
) -> None:
    wrong = urlsplit(server.url("cordon", APPLICATION))._replace(netloc="cordon:a-wrong-password@").geturl()
    settings = world.settings.changed(database_url=wrong, database_owner_url="", run_folder=str(world.folder))
    with subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "wsgi", "prepare"],
        cwd=ROOT,
        env=environment(settings),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        said = ""
        for line in process.stderr:
            said += line
            if "the database is not ready" in line:
                break
        process.terminate()
    assert "password authentication failed" in said
    assert "a-wrong-password" not in said


@pytest.mark.parametrize("folder", ["a file/where a folder should be", "missing/yet"])
def test_a_folder_that_cannot_be_used_keeps_no_one_from_being_told(world: World, folder: str) -> None:
    world.stop_worker()
    (world.folder / "a file").touch()
    at = [0.0]
    settings = world.settings.changed(duty_line=DUTY, run_folder=str(world.folder / folder))
    one = WithoutDatabase(settings, lambda: at[0])
    one.answers()
    for _ in range(10):
        one.is_lost()
        at[0] += 5.0
    one.answers()
    assert [m.body.split(". ")[1][:8] for m in world.doubles.messages] == ["Service ", "Over: Th"]
    world.reads_everything()
    world.checks_at_end = False


def test_the_duty_line_is_told_again_after_a_quarter_of_an_hour_and_when_it_is_over(world: World) -> None:
    world.stop_worker()
    at = [0.0]
    one = WithoutDatabase(world.settings.changed(duty_line=DUTY, run_folder=str(world.folder)), lambda: at[0])
    one.answers()
    said = []
    for seconds in (0, 19, 1, 100, 700, 100):
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


def test_of_the_processes_of_one_host_one_tells_and_one_that_started_meanwhile_knows_what_they_know(
    world: World,
) -> None:
    world.stop_worker()
    settings = world.settings.changed(duty_line=DUTY, run_folder=str(world.folder))
    at = [0.0]
    first, second = (WithoutDatabase(settings, lambda: at[0]) for _ in range(2))
    first.answers()
    second.answers()
    # It has never seen the database.
    third = WithoutDatabase(settings, lambda: at[0])
    for _ in range(10):
        for one in (third, first, second):
            one.is_lost()
        at[0] += 5.0
    assert len(world.doubles.messages) == 1
    for one in (second, first, third):
        one.answers()
        one.answers()
    assert [m.body.split(". ")[1][:8] for m in world.doubles.messages] == ["Service ", "Over: Th"]
    world.reads_everything()
    world.checks_at_end = False
