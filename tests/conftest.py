"""What tests share: a real PostgreSQL, a world with every part of the line, and that no message goes unexpected."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from datetime import timedelta
from pathlib import Path

import certifi
import psycopg
import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from backend import clock, db, demo, password_hashing, tag_signatures
from backend.record.facts import LONDON
from backend.settings import Settings
from tests import applications
from tests.browsers import CHROMIUM, WITHOUT_WINDOWS, OneBrowser
from tests.postgres import APPLICATION, OWNER, SHARED_SERVER, PostgresServer, create_database, role_url
from tests.world import QUICK_HASHER, World, eventually

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"
ABSENT = "../shared is not here"


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The administrator's URL of a real PostgreSQL server: that of ``make test``, else one started for this run.

    It holds a migrated database, ``template_cordon``, with the process's number behind it: what each test copies.
    """
    with ExitStack() as stack:
        admin = os.environ.get(SHARED_SERVER)
        if admin is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cordon-pg-")))
            os.chmod(folder, 0o755)
            admin = stack.enter_context(PostgresServer(folder / "server", is_durable=False)).url()
        db.bind(create_database(admin, _template()))
        db.migrate(APPLICATION)
        db.database.obj.close_all()
        yield admin


@pytest.fixture(scope="session", autouse=True)
def few_roots(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let TLS contexts load one root certificate: all of them take 0.1 s, and the doubles speak plain HTTP."""
    first, end, _ = Path(certifi.where()).read_text().partition("-----END CERTIFICATE-----\n")
    path = tmp_path_factory.mktemp("tls") / "one-root.pem"
    path.write_text(first + end)
    os.environ["SSL_CERT_FILE"] = str(path)


@pytest.fixture(scope="session", autouse=True)
def quick_hashing() -> Iterator[None]:
    """Hash passwords at the least cost. What the product's costs is a test of ``test_sign_in_limits.py``."""
    password_hashing.use(QUICK_HASHER)
    yield
    password_hashing.use(password_hashing.HASHER)


@pytest.fixture(autouse=True)
def shared_routes() -> Iterator[None]:
    """Let the tests of a process share the routes of their applications."""
    yield
    applications.give_back()


def _template() -> str:
    return f"template_cordon_{os.getpid()}"


@pytest.fixture
def database_template(postgres: str) -> str:
    """The name of the database that each test of a module copies; a module may name ``demo_template`` instead."""
    return _template()


@pytest.fixture(scope="session")
def demo_template(postgres: str, quick_hashing: None) -> str:
    """The name of a database that holds the demo caseload, made once: making it takes longer than most tests."""
    name = f"{_template()}_demo"
    create_database(postgres, name, _template())
    db.bind(role_url(postgres, name, APPLICATION))
    demo.seed(clock.now())
    db.release_connection()
    db.database.obj.close_all()
    return name


_made = 0


@pytest.fixture
def database_url(postgres: str, database_template: str) -> Iterator[str]:
    """A fresh, migrated database, as the role of the application, which owns no table."""
    global _made
    _made += 1
    name = f"cordon_{os.getpid()}_{_made}"
    create_database(postgres, name, database_template)
    with psycopg.connect(postgres, autocommit=True) as connection:
        # The database of a team in London may well speak London time.
        connection.execute(f"ALTER DATABASE {name} SET timezone TO 'Europe/London'")
    url = role_url(postgres, name, APPLICATION)
    db.bind(url)
    yield url
    _close_connections()
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _close_connections() -> None:
    """Close every connection once no other thread uses one.

    One that is closed under another thread gives its descriptor to the next connection: that thread then writes to it.
    """
    db.release_connection()
    pool = db.database.obj
    with suppress(AssertionError):
        eventually(lambda: not pool._in_use, "connections given back", patience_s=5.0)
    pool.close_all()


@pytest.fixture
def owned_database(database_url: str, postgres: str) -> Iterator[str]:
    """The same database as the role that owns its tables: for tests about the schema."""
    url = role_url(postgres, db.database.obj.database, OWNER)
    db.bind(url)
    yield url
    db.database.obj.close_all()


@pytest.fixture
def as_owner(database_url: str, postgres: str) -> Callable[[str], None]:
    """Return what runs one statement as the role that owns the tables: renames one, or refreshes statistics."""
    url = role_url(postgres, db.database.obj.database, OWNER)

    def run(statement: str) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement)

    return run


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
    tag_signatures.forget_known()
    return Settings(
        database_url=database_url,
        secret_key="a key for tests only",
        sign_in_limit="1000 per minute",
        vapid_private_key_file=str(tmp_path / "vapid-key.pem"),
    )


@pytest.fixture
def world(database_url: str, tmp_path: Path, test_clock: clock.Clock) -> Iterator[World]:
    """The whole line: a served application, a worker, doubles of the providers, people and tags."""
    tag_signatures.forget_known()
    with World(database_url, tmp_path, test_clock) as whole:
        yield whole
        if whole.checks_at_end:
            whole.expect_nothing_more()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """What starts browsers and works their pages."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def one_browser(playwright: Playwright) -> Iterator[OneBrowser]:
    """Debian's chromium, started by the first test of a process that needs it."""
    with closing(OneBrowser(playwright, WITHOUT_WINDOWS)) as one:
        yield one


@pytest.fixture(scope="session")
def one_whole_browser(playwright: Playwright) -> Iterator[OneBrowser]:
    """The same with all that a browser has: a test of notifications needs it."""
    with closing(OneBrowser(playwright, CHROMIUM)) as one:
        yield one


@pytest.fixture
def browser(one_browser: OneBrowser) -> Iterator[Browser]:
    """The browser, in which no window is open and nothing is stored."""
    yield one_browser.get()
    one_browser.forget()


@pytest.fixture
def whole_browser(one_whole_browser: OneBrowser) -> Iterator[Browser]:
    """The same with notifications."""
    yield one_whole_browser.get()
    one_whole_browser.forget()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real traces, where a checkout has it."""
    if not SHARED.is_dir():
        pytest.skip(ABSENT)
    return SHARED


# What needs one of these is a story, a fault or a look at hours of real traces, not a rule: `make quick` leaves it out.
SERVERS = {"postgres", "server", "servers", "doubles", "browser", "shared"}
# Modules that start servers or other processes without a fixture.
STARTERS = ("test_doubles", "test_postgres", "test_serving")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test that needs a server, other processes or the recorded traces, as "integration".

    Those that may take longest come first: at the end of a run no process works on while the others have nothing to do.
    """
    for item in items:
        if SERVERS & set(getattr(item, "fixturenames", ())) or item.path.name.startswith(STARTERS):
            item.add_marker("integration")
    items.sort(key=_may_take_s, reverse=True)


def _may_take_s(item: pytest.Item) -> float:
    """Return the seconds that a test says it may take; 0 where it says nothing."""
    marker = item.get_closest_marker("timeout")
    return marker.args[0] if marker else 0.0


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """In CI a test that was skipped for any reason but the absent traces has failed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not os.environ.get("CI") or exitstatus != 0:
        return
    odd = [report.nodeid for report in reporter.stats.get("skipped", []) if ABSENT not in str(report.longrepr)]
    if odd:
        reporter.write_line(f"skipped, which CI does not accept: {', '.join(odd)}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
