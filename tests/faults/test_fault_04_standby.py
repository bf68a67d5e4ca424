"""Fault 4, when the database does not come back and a standby is promoted. Remedy: URLs of several hosts."""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from backend import clock, db, tag_signatures
from tests.faults.conftest import Remedy
from tests.postgres import APPLICATION, PostgresServer, create_database
from tests.world import World, eventually

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def servers() -> Iterator[tuple[PostgresServer, PostgresServer]]:
    """A primary with Cordon's database, and a standby that follows it."""
    with tempfile.TemporaryDirectory(prefix="cordon-pg-") as folder:
        os.chmod(folder, 0o755)
        with PostgresServer(Path(folder) / "primary", is_durable=False) as primary:
            db.bind(create_database(primary.url(), "cordon"))
            db.migrate(APPLICATION)
            db.database.obj.close_all()
            with primary.copy_to(Path(folder) / "standby") as standby:
                yield primary, standby
        gc.collect()


@pytest.fixture(params=[True, False], ids=["with its remedy", "without"])
def is_on(request: pytest.FixtureRequest) -> bool:
    """Whether the remedy is on."""
    return request.param


@pytest.fixture
def world(
    servers: tuple[PostgresServer, PostgresServer], is_on: bool, tmp_path: Path, test_clock: clock.Clock
) -> Iterator[World]:
    """The whole line on both servers; on the first alone where the remedy is switched off."""
    primary, standby = servers
    url = primary.url("cordon", APPLICATION)
    if is_on:
        socket_of = standby.url().partition("host=")[2]
        url += f",{socket_of}&target_session_attrs=read-write"
    tag_signatures.forget_known()
    with World(url, tmp_path, test_clock) as whole:
        yield whole
        if whole.checks_at_end:
            whole.expect_nothing_more()
    db.database.obj.close_idle()


def test_fixes_and_warnings_go_on_at_a_promoted_standby(
    world: World, servers: tuple[PostgresServer, PostgresServer], is_on: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    remedy = Remedy(world, monkeypatch, is_on=is_on)
    primary, standby = servers
    officer = world.officer.has_app()
    world.tag.is_far_away()
    world.settle()
    db.forget_connection()
    primary.stop()
    with psycopg.connect(standby.url(), autocommit=True) as connection:
        connection.execute("SELECT pg_promote()")
    with remedy.decides():
        eventually(lambda: world.tag.post(world.tag.fix(0.0)).status_code == 200, "a fix is taken again")
        officer.expects_push("Please acknowledge")
        officer.acknowledges()
        world.reads_everything()
