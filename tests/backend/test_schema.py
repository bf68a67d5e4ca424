"""The migrations make what the models say, and the rules of the house about instants and units of work hold."""

from __future__ import annotations

import hashlib
import re
import threading
from datetime import UTC, datetime, timedelta

import pytest
from peewee import ProgrammingError
from playhouse.migrations import Runner
from playhouse.schema_diff import diff_models

from backend import change_feed, clock, db, wakeups
from backend.db import InstantField
from backend.models import TABLES, Feed, Person, Role, Team
from backend.models.span import SpanField


def test_the_migrated_schema_is_what_the_models_describe(owned_database: str) -> None:
    found = diff_models(db.database.obj, TABLES)
    # peewee has no words for an exclusion constraint or a trigram index: these the models do not name.
    # Those that only SQL can describe: exclusion constraints, an operator class, columns beside the key.
    by_sql = {
        "activation_of_one_tag",
        "activation_of_one_wearer",
        "alert_figures_of_team",
        "call_figures_of_team",
        "named_place_folded",
        "shift_of_one_person",
    }
    assert {index.name for index in found.drop_indexes} <= by_sql
    others = [found.create_tables, found.add_columns, found.drop_columns, found.add_indexes]
    assert not any(others)


def test_every_migration_says_why_and_goes_down_again(owned_database: str) -> None:
    for path in db.MIGRATIONS.glob("0*.py"):
        assert path.read_text().startswith('"""')
    runner = Runner(db.database.obj, str(db.MIGRATIONS))
    names = [migration.name for migration in runner.migrations()]
    runner.down(names[0])
    assert set(db.database.obj.get_tables()) <= {"schema_migration", "schemamigration"}
    assert db.migrate() == names


# By the digest of its SQL each step that was released, with the release.
RELEASED = {"0001_first_schema.sql": ("0.1.0", "05ff9557bfdd124663eabe1f7f577e13b4c115904fc8e8528deef69436905f56")}


def test_a_released_step_is_never_edited() -> None:
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in db.MIGRATIONS.glob("*.sql")}
    for name, (release, digest) in RELEASED.items():
        assert found[name] == digest, f"{name} is of {release}: write another step"


def test_no_instant_can_stand_that_cannot_be_read_back(owned_database: str) -> None:
    query = "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'c'"
    checks = [f"{table} {words}" for table, words in db.database.obj.execute_sql(query).fetchall()]
    instants = [
        (table._meta.table_name, field.column_name)
        for table in TABLES
        for field in table._meta.sorted_fields
        if isinstance(field, InstantField | SpanField)
    ]
    assert len(instants) > 100
    for table, column in instants:
        words = re.compile(rf'^"?{table}"? .*\b{column}\b.*9998-12-31')
        assert any(words.match(check) for check in checks), (table, column)


def test_migrating_again_changes_nothing(owned_database: str) -> None:
    assert db.migrate() == []


@pytest.mark.parametrize(
    "instant",
    [
        datetime(2026, 11, 24, 20, 0, tzinfo=UTC),
        datetime(2026, 3, 29, 1, 0, 0, 1, tzinfo=UTC),
        datetime(2026, 10, 25, 0, 59, 59, 999_999, tzinfo=UTC),
    ],
)
def test_an_instant_reads_back_as_written_whatever_the_time_zone_of_the_session(
    database_url: str, instant: datetime
) -> None:
    Team.create(name="A", created_at=instant)
    read = Team.get(Team.created_at == instant)
    assert (read.created_at, read.created_at.tzinfo) == (instant, UTC)
    assert Team.select().where(Team.created_at < instant + timedelta(microseconds=1)).count() == 1
    assert Team.select().where(Team.created_at < instant).count() == 0


def test_a_naive_instant_is_refused(database_url: str) -> None:
    with pytest.raises(ValueError, match="naive"):
        Team.create(name="A", created_at=datetime(2026, 11, 24))  # noqa: DTZ001


def test_a_unit_of_work_that_fails_leaves_nothing_and_tells_no_one(database_url: str) -> None:
    listener = wakeups.Listener()
    listener.wait(0.1, threading.Event())
    with pytest.raises(RuntimeError):
        _fail_in_the_middle()
    assert Team.select().count() == 0
    assert not listener.wait(0.3, threading.Event())
    listener.close()


def _fail_in_the_middle() -> None:
    with db.atomic():
        Team.create(name="A", created_at=clock.now())
        wakeups.announce()
        raise RuntimeError


def test_a_commit_wakes_the_one_who_waits(database_url: str) -> None:
    listener = wakeups.Listener()
    listener.wait(0.1, threading.Event())
    with db.atomic():
        Team.create(name="A", created_at=clock.now())
        wakeups.announce()
    assert listener.wait(5.0, threading.Event())
    listener.close()


def test_units_of_work_of_many_threads_that_read_and_then_write_never_fail(database_url: str) -> None:
    def add(times: int) -> None:
        for _ in range(times):
            with db.atomic():
                db.lock_rows(Feed, [1])
                cursor = Feed.get_by_id(1).cursor
                Feed.update(cursor=cursor + 1).where(Feed.id == 1).execute()
        db.release_connection()

    threads = [threading.Thread(target=add, args=(20,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert change_feed.newest_cursor() == 80


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "it is not set"),
        ("sqlite:///var/cordon.db", "PostgreSQL is the only database"),
        ("mysql://localhost/cordon", "PostgreSQL is the only database"),
        ("postgresql://cordon:secret@host:five/cordon?nonsense=1", "cannot be read"),
        ("postgresql://cordon:secret@host", "names no database"),
    ],
)
def test_a_database_url_of_another_kind_is_refused_in_words_that_tell_no_password(url: str, words: str) -> None:
    with pytest.raises(db.BadDatabaseUrl, match=words) as refused:
        db.bind(url)
    assert "secret" not in str(refused.value)


def test_a_database_url_of_several_hosts_follows_the_one_that_takes_writes() -> None:
    parameters = db.connection_parameters(
        "postgresql://cordon@one:5432,two:5433/cordon?target_session_attrs=read-write"
    )
    assert (parameters["host"], parameters["port"]) == ("one,two", "5432,5433")
    assert parameters["target_session_attrs"] == "read-write"


def test_the_role_of_the_application_owns_no_table_and_cannot_change_the_schema(database_url: str) -> None:
    owned = db.database.execute_sql("SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole").fetchone()
    assert owned == (0,)
    with pytest.raises(ProgrammingError, match="must be owner"):
        db.database.execute_sql("ALTER TABLE audit_entry DISABLE TRIGGER ALL")
    db.release_connection()


def test_the_clock_follows_its_reference_and_moves_for_a_test() -> None:
    mine = clock.Clock()
    reference = datetime(2030, 1, 1, tzinfo=UTC)
    mine.measure(lambda: reference)
    assert abs((mine.now() - reference).total_seconds()) < 1
    mine.forward(3_600)
    assert 3_599 < (mine.now() - reference).total_seconds() < 3_602


def test_the_databases_time_is_near_the_hosts(database_url: str) -> None:
    assert abs((db.reference_time() - clock.host_time()).total_seconds()) < 5


NARROW_KEYS = """
    SELECT c.relname || '.' || a.attname
    FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'
    JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
    WHERE a.attnum > 0 AND NOT a.attisdropped AND a.atttypid IN ('int4'::regtype, 'int2'::regtype)
      AND (a.attname ~ '(^id|_id|_by|cursor|line)$' OR EXISTS (
        SELECT FROM pg_constraint k
        WHERE k.conrelid = c.oid AND k.contype IN ('p', 'f') AND a.attnum = ANY (k.conkey)))
"""
NARROW_SEQUENCES = "SELECT seqrelid::regclass::text FROM pg_sequence WHERE seqtypid <> 'int8'::regtype"


def test_no_key_no_cursor_and_no_sequence_has_32_bits(owned_database: str) -> None:
    assert db.database.execute_sql(NARROW_KEYS).fetchall() == []
    assert db.database.execute_sql(NARROW_SEQUENCES).fetchall() == []


def test_keys_and_cursors_beyond_32_bits_are_kept_and_followed(owned_database: str) -> None:
    for (sequence,) in db.database.execute_sql("SELECT seqrelid::regclass::text FROM pg_sequence").fetchall():
        db.database.execute_sql(f"SELECT setval('{sequence}', {2**31 + 7})")
    Feed.update(cursor=2**31 + 7).execute()
    team = Team.create(name="A", created_at=clock.now())
    assert team.id > 2**31
    person = Person.create(
        team=team, role=Role.OFFICER, name="A", email="a@cordon.example", password_hash="", created_at=clock.now()
    )
    assert Person.get_by_id(person.id).team_id == team.id
    assert change_feed.newest_cursor() > 2**31
