"""The database: PostgreSQL behind one proxy, the unit of work, and row locks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from peewee import (
    DatabaseProxy,
    Field,
    InterfaceError,
    InternalError,
    OperationalError,
)
from playhouse.migrations import Runner
from playhouse.pool import MaxConnectionsExceeded
from playhouse.postgres_ext import PooledPsycopg3Database, Psycopg3ExtAdapter
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from backend import deadlines

log = logging.getLogger(__name__)

database = DatabaseProxy()

# PostgreSQL ends a session that says nothing for so long in the middle of a unit of work: its process is frozen or its
# host is gone, and what it holds, such as the feed's counter, keeps everyone else from being warned.
SILENT_UNIT_S = 15
# A unit of work that judges a month of fixes says nothing for longer, and says so first.
LONG_THOUGHT_S = 300
# A server of which no packet comes back for so long is gone, as after a partition: its connections are given up.
VANISHED_MS = 10_000

MIGRATIONS = Path(__file__).parent / "migrations"
LOST_CONNECTION = (OperationalError, InterfaceError)
# The storage is at fault, not what was to be stored: the same can be tried again.
STORAGE_TROUBLE = (*LOST_CONNECTION, InternalError, MaxConnectionsExceeded, MemoryError)


class _BoundedAdapter(Psycopg3ExtAdapter):
    """Opens connections whose answers are bounded."""

    def connect(self, db: CordonPostgres, **params: Any) -> psycopg.Connection[Any]:
        return deadlines.connect(db.gate, dbname=db.database, **params)


class CordonPostgres(PooledPsycopg3Database):
    """PostgreSQL through psycopg 3; while it says nothing, only one thread waits for it."""

    field_types = {**PooledPsycopg3Database.field_types, "INSTANT": "TIMESTAMPTZ"}  # noqa: RUF012
    psycopg3_adapter = _BoundedAdapter

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.gate = deadlines.Gate()
        super().__init__(*args, **kwargs)

    def _connect(self) -> psycopg.Connection[Any]:
        self.gate.enter()
        return super()._connect()


class InstantField(Field):
    """An instant: aware UTC in Python, ``timestamptz`` in the database. A naive datetime is refused, never guessed."""

    field_type = "INSTANT"

    def db_value(self, value: datetime | None) -> str | None:
        return None if value is None else instant_text(value)

    def python_value(self, value: datetime | str | None) -> datetime | None:
        if value is None:
            return None
        # Inside JSON that PostgreSQL made, an instant is text.
        return (datetime.fromisoformat(value) if isinstance(value, str) else value).astimezone(UTC)


def instant_text(value: datetime) -> str:
    """Return ``2026-11-24T20:00:00.000000+00:00``. Raises: ValueError for a naive datetime."""
    if value.tzinfo is None:
        raise ValueError(f"{value!r} is naive: an instant needs its time zone")
    return value.astimezone(UTC).isoformat(timespec="microseconds")


class BadDatabaseUrl(ValueError):
    """CORDON_DATABASE_URL is missing or names no PostgreSQL database; the message says what it needs to be."""


def bind(url: str, max_connections: int = 20) -> None:
    """Bind the proxy to the database at ``url``; connections open when they are first used.

    The URL is libpq's: several hosts and ``target_session_attrs=read-write`` let a connection follow a failover.

    Raises: BadDatabaseUrl for a missing URL or one of another kind.
    """
    parameters = connection_parameters(url)
    database.initialize(
        CordonPostgres(
            parameters.pop("dbname"),
            max_connections=max_connections,
            # A gthread server has many threads and few of them query at once: waiting beats a refusal.
            timeout=10,
            stale_timeout=300,
            **{
                "connect_timeout": deadlines.CONNECTS_WITHIN_S,
                # Without keep-alives a vanished server holds a request for the two hours of the kernel's default.
                "keepalives_idle": 5,
                "keepalives_interval": 2,
                "keepalives_count": 3,
                # They are silent while a statement is on its way: it was sent again for a quarter of an hour.
                "tcp_user_timeout": VANISHED_MS,
                **parameters,
                "options": _session_options(),
            },
        )
    )


def _session_options() -> str:
    options = {
        "timezone": "UTC",
        "lock_timeout": "10s",
        "statement_timeout": f"{deadlines.STATEMENT_WITHIN_S}s",
        "idle_in_transaction_session_timeout": f"{SILENT_UNIT_S}s",
        # A statement whose process has given it up, or died, holds its rows no longer than that.
        "client_connection_check_interval": "5s",
    }
    return " ".join(f"-c {name}={value}" for name, value in options.items())


def connection_parameters(url: str) -> dict[str, Any]:
    """Return what libpq reads from a database URL, ``dbname`` among it. Raises: BadDatabaseUrl."""
    needed = "CORDON_DATABASE_URL must be postgresql://USER:PASSWORD@HOST:PORT/NAME"
    scheme = url.partition("://")[0]
    if not url:
        raise BadDatabaseUrl(f"{needed}; it is not set. `make run` starts a demo with a database of its own.")
    if scheme not in ("postgresql", "postgres"):
        raise BadDatabaseUrl(f"{needed}; it begins with {scheme}:// and PostgreSQL is the only database Cordon uses.")
    try:
        parameters = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        # The text of libpq's error may hold the password.
        raise BadDatabaseUrl(f"{needed}; what is set cannot be read as such a URL.") from None
    if not parameters.get("dbname"):
        raise BadDatabaseUrl(f"{needed}; it names no database.")
    return parameters


def migrate(application_role: str | None = None) -> list[str]:
    """Apply every pending migration and return their names; safe to call from several processes at once.

    ``application_role`` may then read and write every table, and owns none: for a service whose own role must not be
    able to change the schema or switch a trigger off.
    """
    with database.connection_context(), deadlines.within(None):
        # An index of a large table takes its time.
        database.execute_sql("SET statement_timeout = 0")
        database.execute_sql("SELECT pg_advisory_lock(4711)")
        try:
            done = list(Runner(database.obj, str(MIGRATIONS)).up())
            if application_role is not None:
                _grant(application_role)
            return done
        finally:
            database.execute_sql("SELECT pg_advisory_unlock(4711)")
            database.execute_sql("RESET statement_timeout")


def _grant(application_role: str) -> None:
    role = sql.Identifier(application_role)
    for words in (
        "GRANT USAGE ON SCHEMA public TO {role}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
    ):
        database.cursor().execute(sql.SQL(words).format(role=role))


def missing_migrations() -> list[str]:
    """Return the steps of this release's schema that the database lacks; one that is ahead lacks none."""
    steps = {path.stem for path in MIGRATIONS.glob("[0-9]*.py")}
    if database.execute_sql("SELECT to_regclass('schema_migration')").fetchone() == (None,):
        return sorted(steps)
    return sorted(steps - {name for (name,) in database.execute_sql("SELECT name FROM schema_migration").fetchall()})


def reference_time() -> datetime:
    """Return the database's own time."""
    with database.connection_context():
        (told,) = database.execute_sql("SELECT clock_timestamp()").fetchone()
    return told.astimezone(UTC)


class _Unit(threading.local):
    def __init__(self) -> None:
        self.depth = 0
        self.before_commit: dict[Any, Callable[[], None]] = {}
        self.after_commit: dict[Any, Callable[[], None]] = {}
        self.carried: dict[str, dict[Any, Any]] = {}


_unit = _Unit()


@contextmanager
def atomic() -> Iterator[None]:
    """Run the block as one unit of work: all of it is committed, or nothing; an inner block joins the outer one."""
    if _unit.depth:
        yield
        return
    _unit.depth = 1
    following: dict[Any, Callable[[], None]] = {}
    try:
        with database.atomic():
            yield
            while _unit.before_commit:
                pending, _unit.before_commit = _unit.before_commit, {}
                for finish in pending.values():
                    finish()
        following = _unit.after_commit
    except LOST_CONNECTION:
        forget_connection()
        raise
    finally:
        _unit.depth = 0
        _unit.before_commit, _unit.after_commit, _unit.carried = {}, {}, {}
    for key, follow in following.items():
        try:
            follow()
        except Exception as error:
            # What was committed is true whatever comes of this; the text of an error may hold a coordinate.
            log.warning("%s did not follow a commit: %s", key, type(error).__name__)


@contextmanager
def apart() -> Iterator[None]:
    """Run the block as a part of the present unit of work that is undone alone where it fails, with all it asked for.

    One row that cannot be read stops what is made of it, and the unit goes on without that.
    """
    assert _unit.depth, "apart belongs inside atomic()"
    before, after = dict(_unit.before_commit), dict(_unit.after_commit)
    carried_before = {key: dict(values) for key, values in _unit.carried.items()}
    try:
        with database.savepoint():
            yield
    except BaseException:
        _unit.before_commit, _unit.after_commit, _unit.carried = before, after, carried_before
        raise


@contextmanager
def long_thought() -> Iterator[None]:
    """Let the present unit of work say nothing for minutes while the block thinks, holding rows of one case only.

    PostgreSQL would end it after ``SILENT_UNIT_S`` as that of a frozen process.
    """
    assert _unit.depth, "long_thought belongs inside atomic()"
    database.execute_sql(f"SET LOCAL idle_in_transaction_session_timeout = '{LONG_THOUGHT_S}s'")
    yield
    database.execute_sql("SET LOCAL idle_in_transaction_session_timeout TO DEFAULT")


def is_in_unit() -> bool:
    """Tell whether this thread is in a unit of work."""
    return bool(_unit.depth)


def before_commit(key: Any, finish: Callable[[], None]) -> None:
    """Run ``finish`` once, last thing before the present unit of work commits; one call for each ``key``."""
    assert _unit.depth, "before_commit belongs inside atomic()"
    _unit.before_commit[key] = finish


def after_commit(key: Any, follow: Callable[[], None]) -> None:
    """Run ``follow`` once, when the present unit of work is committed; one call for each ``key``.

    It fails by itself: what has to happen is in a row of that unit, which another process takes up.
    """
    assert _unit.depth, "after_commit belongs inside atomic()"
    _unit.after_commit[key] = follow


def carried(key: str) -> dict[Any, Any]:
    """Return what the present unit of work carries under ``key``; it is gone with the unit, whether kept or not."""
    assert _unit.depth, "carried belongs inside atomic()"
    return _unit.carried.setdefault(key, {})


def forget_connection() -> None:
    """Close this thread's connection for good, after an error that may have left it broken."""
    if database.is_closed():
        return
    try:
        database.manual_close()
    except Exception:
        database.close()


def release_connection() -> None:
    """Give this thread's connection back to the pool."""
    if database.obj is not None and not database.is_closed():
        database.close()


def is_held(error: BaseException) -> bool:
    """Tell whether a statement gave up because another unit of work holds a row, or it took long: it was answered."""
    cause = getattr(error, "orig", None)
    given_up = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected, psycopg.errors.QueryCanceled)
    return isinstance(cause, given_up)


def is_lost(error: BaseException) -> bool:
    """Tell whether the database went away, or takes nothing any more, so that nothing else can be tried either."""
    if isinstance(getattr(error, "orig", None), psycopg.errors.ReadOnlySqlTransaction):
        return True
    return isinstance(error, LOST_CONNECTION) and not is_held(error)


def lock_rows(model: Any, ids: Sequence[int], *, waits: bool = True) -> None:
    """Hold the rows until the unit of work ends, in one order for all, so that two units never deadlock.

    Not ``FOR UPDATE``: a row that is changed twice in a unit has its foreign keys checked, which takes a share of the
    keys of rows that come before it in that order; a key share and ``NO KEY UPDATE`` do not wait for each other.

    Raises: OperationalError where another unit holds one of them for long, at once unless it ``waits``: ``is_held``.
    """
    if ids:
        rows = model.select(model.id).where(model.id.in_(sorted(set(ids)))).order_by(model.id)
        list(rows.for_update("FOR NO KEY UPDATE" if waits else "FOR NO KEY UPDATE NOWAIT").tuples())


def lock_free_rows(model: Any, ids: Sequence[int]) -> set[int]:
    """Hold those of the rows that no other unit holds, at once, and return the ids of the others."""
    wanted = set(ids)
    if not wanted:
        return set()
    rows = model.select(model.id).where(model.id.in_(sorted(wanted))).order_by(model.id)
    return wanted - {row_id for (row_id,) in skip_locked(rows).tuples()}


def lock_and_read(model: Any, ids: Iterable[int], *, waits: bool) -> dict[int, Any]:
    """Hold rows until the unit of work ends and return them by their ids, in one statement.

    Those that another unit holds are left out, unless it ``waits`` for them.
    """
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    rows = model.select().where(model.id.in_(wanted)).order_by(model.id)
    held = rows.for_update("FOR NO KEY UPDATE") if waits else skip_locked(rows)
    return {row.id: row for row in held}


def wait_for_rows(most_s: float) -> None:
    """Let statements of the present unit of work wait for rows that others hold for so long and no longer."""
    database.execute_sql(f"SET LOCAL lock_timeout = '{round(most_s * 1_000)}ms'")


def skip_locked(query: Any) -> Any:
    """Let ``query`` pass over rows that another worker holds."""
    return query.for_update("FOR NO KEY UPDATE SKIP LOCKED")
