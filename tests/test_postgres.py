"""The PostgreSQL of the demo, the tests and the benchmarks starts again after whatever happened to its owner."""

from __future__ import annotations

import multiprocessing
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.postgres import APPLICATION, NO_PROCESS, OWNER, PostgresError, PostgresServer, create_database

ROOT = Path(__file__).parent.parent
OWN = """
import sys, time
from pathlib import Path
from tests.postgres import PostgresServer
server = PostgresServer(Path(sys.argv[1]), is_durable=False)
server.start()
print(server.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of this test's own that every account can reach."""
    with tempfile.TemporaryDirectory(prefix="cordon-pg-") as path:
        os.chmod(path, 0o755)
        yield Path(path) / "postgres"


@pytest.fixture
def server(folder: Path) -> Iterator[PostgresServer]:
    """A server that runs."""
    with PostgresServer(folder, is_durable=False) as running:
        yield running


def _count(server: PostgresServer) -> int:
    with psycopg.connect(server.url()) as connection:
        row = connection.execute("SELECT count(*) FROM kept").fetchone()
    assert row is not None
    return row[0]


def _keep_something(server: PostgresServer) -> None:
    with psycopg.connect(server.url()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1")


def test_what_was_kept_is_there_after_a_stop_and_a_start(server: PostgresServer) -> None:
    _keep_something(server)
    server.stop()
    server.start()
    assert _count(server) == 1


def test_a_killed_server_is_started_again(server: PostgresServer) -> None:
    _keep_something(server)
    with psycopg.connect(server.url()) as connection:
        connection.execute("CHECKPOINT")
    os.kill(server.pid, signal.SIGKILL)
    psutil.Process(server.pid).wait(20)
    server.start()
    assert _count(server) == 1


def test_the_next_owner_takes_over_after_one_that_was_killed(folder: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWN, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    left = psutil.Process(int(owner.stdout.readline()))
    owner.kill()
    owner.wait()
    owner.stdout.close()
    with PostgresServer(folder, is_durable=False) as mine:
        assert mine.pid != left.pid
        # Its parent was killed, and anyone who inherits it here may not have asked for its end yet.
        assert not left.is_running() or left.status() == psutil.STATUS_ZOMBIE
        _keep_something(mine)


def test_a_second_owner_is_told_who_has_it(server: PostgresServer) -> None:
    with pytest.raises(PostgresError, match=f"Process {os.getpid()} is using the database"):
        PostgresServer(server.folder).start()
    _keep_something(server)


def test_a_lock_file_whose_process_number_another_process_has_now_is_no_obstacle(server: PostgresServer) -> None:
    _keep_something(server)
    path = server.folder / "data" / "postmaster.pid"
    lines = path.read_text().splitlines()
    server.stop()
    for number in (os.getpid(), NO_PROCESS):
        path.write_text("\n".join([str(number), *lines[1:], ""]))
        server.start()
        assert _count(server) == 1
        server.stop()


def test_a_folder_with_a_path_of_two_hundred_characters_will_do(folder: Path) -> None:
    deep = folder / ("a" * 100) / ("b" * 100)
    with PostgresServer(deep, is_durable=False) as running:
        _keep_something(running)


def test_half_a_cluster_is_made_again(folder: Path) -> None:
    (folder / "data.new").mkdir(parents=True)
    (folder / "data.new" / "PG_VERSION").write_text("18")
    with PostgresServer(folder, is_durable=False) as running:
        _keep_something(running)


def test_a_database_is_its_owners_and_the_application_can_only_use_it(server: PostgresServer) -> None:
    with psycopg.connect(create_database(server.url(), "cordon"), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (n bigint)")
    with psycopg.connect(server.url("cordon", APPLICATION)) as connection:
        assert connection.info.user == APPLICATION != OWNER
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DROP TABLE kept")


def test_it_starts_from_a_folder_that_is_closed_to_all_others_and_opens_none(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with PostgresServer(tmp_path / "postgres", is_durable=False) as running:
        assert psutil.Process(running.pid).uids().real != 0
        _keep_something(running)
    assert tmp_path.stat().st_mode & 0o777 == 0o700
    shutil.rmtree(running.folder)


def _start_as_somebody_else(folder: Path) -> None:
    account = pwd.getpwnam("nobody")
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
    with PostgresServer(folder, is_durable=False) as running:
        _keep_something(running)


def test_it_starts_without_root(folder: Path) -> None:
    if os.geteuid() != 0:
        with PostgresServer(folder, is_durable=False) as running:
            _keep_something(running)
        return
    folder.mkdir()
    folder.chmod(0o777)
    started = multiprocessing.get_context("fork").Process(target=_start_as_somebody_else, args=(folder / "own",))
    started.start()
    started.join(60)
    assert started.exitcode == 0
