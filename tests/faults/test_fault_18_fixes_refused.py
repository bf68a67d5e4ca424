"""Fault 18: fixes are not accepted. Remedy: refusals are counted, only work earns a heartbeat, people are notified."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from backend import clock, db, heartbeats, ingest_answers
from backend.ingest_answers import Acceptance
from notifier import database_outage, external_check, process_watch
from notifier.external_check import FrontDoor
from notifier.job_failures import Steps
from notifier.process_watch import Vigil
from notifier.watchdog import Watchdog
from tests.faults.conftest import Remedy
from tests.monitor import Monitor
from tests.world import World, eventually

DUTY = "+447700900300"
SOON_S = 0.2
DISK_FULL, DAMAGED = "53100", "XX001"


class Storage:
    """PostgreSQL, which can be made to refuse what changes a table, with the error of a full disk or a damaged file."""

    def __init__(self, as_owner: Callable[[str], None]) -> None:
        self._as_owner = as_owner

    def breaks(self, table: str, code: str, when: str = "INSERT OR UPDATE", only: str = "true") -> None:
        self._as_owner(
            f"CREATE FUNCTION breaks_{table}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN IF {only} THEN RAISE EXCEPTION 'broken' USING ERRCODE = '{code}'; END IF; RETURN NEW; END $$"
        )
        self._as_owner(f"CREATE TRIGGER breaks BEFORE {when} ON {table} FOR EACH ROW EXECUTE FUNCTION breaks_{table}()")

    def mends(self, table: str) -> None:
        self._as_owner(f"DROP FUNCTION breaks_{table}() CASCADE")

    def renames(self, table: str, column: str, to: str) -> None:
        self._as_owner(f"ALTER TABLE {table} RENAME COLUMN {column} TO {to}")

    def says(self, statement: str) -> None:
        self._as_owner(statement)


@pytest.fixture
def storage(as_owner: Callable[[str], None]) -> Storage:
    """The storage of this test."""
    return Storage(as_owner)


def told(world: World, number: str | None, words: str) -> Callable[[], bool]:
    return lambda: any(message.to == number and words in message.body for message in world.doubles.messages)


@pytest.fixture
def web(world: World, monkeypatch: pytest.MonkeyPatch) -> Vigil:
    """The watch of the web process, for which seconds are moments; there is no watchdog, and no notifier."""
    world.stop_worker()
    world.checks_at_end = False
    monkeypatch.setattr(ingest_answers, "STANDS_AFTER_S", SOON_S)
    monkeypatch.setattr(database_outage, "AFTER_S", SOON_S)
    monkeypatch.setattr(process_watch, "UNTOLD_S", -1.0)
    settings = world.settings.changed(duty_line=DUTY, run_folder=str(world.folder))
    one = Vigil(settings, heartbeats.WEB, trouble=world.app.extensions["cordon.acceptance"].trouble)
    assert one.look()
    return one


def refuses(world: World, web: Vigil) -> None:
    assert world.tag.post(world.tag.fix(5_000.0)).status_code == 503
    web.look()


PAST, IN_IT = "The database does not answer", "Fixes are not accepted. Fixes of every tag refused for"


@pytest.mark.parametrize("code", [DISK_FULL, DAMAGED])
@pytest.mark.parametrize(
    ("tables", "words"),
    [
        (["fix"], IN_IT),
        (["tag_request"], IN_IT),
        (["fix", "alarm"], PAST),
        (["fix", "write_probe"], PAST),
        (["fix", "alarm:UPDATE"], PAST),
        (["fix", "alarm", "write_probe", "heartbeat"], PAST),
    ],
)
def test_whatever_keeps_fixes_from_being_kept_a_person_is_told(
    world: World, storage: Storage, web: Vigil, tables: list[str], code: str, words: str
) -> None:
    for name in tables:
        table, _, when = name.partition(":")
        storage.breaks(table, code, when or "INSERT OR UPDATE")

    def is_notified() -> bool:
        refuses(world, web)
        return told(world, DUTY, words)()

    eventually(is_notified, "the duty line is notified")
    for name in tables:
        storage.mends(name.partition(":")[0])
    assert world.tag.post(world.tag.fix(5_000.0)).status_code == 200

    def is_over() -> bool:
        web.look()
        return told(world, DUTY, f"Over: {words.partition('.')[0]}")()

    eventually(is_over, "the duty line is texted that it is over")


def test_without_a_count_of_refusals_no_one_is_told(world: World, storage: Storage, web: Vigil, remedy: Remedy) -> None:
    remedy.is_switched_off_by(web, "_trouble", lambda: None)
    storage.breaks("fix", DISK_FULL)

    def is_notified() -> bool:
        refuses(world, web)
        return told(world, world.supervisor.person.phone, IN_IT)()

    with remedy.decides():
        eventually(is_notified, "the supervisor is notified")


def test_one_tag_that_is_refused_again_and_again_is_told_while_the_others_are_taken(
    world: World, storage: Storage, web: Vigil
) -> None:
    other = world.new_wearer("Another Wearer", "LDN-2001")
    tag_id = db.database.execute_sql("SELECT id FROM tag WHERE serial = 'LDN-2001'").fetchone()[0]
    storage.breaks("fix", DISK_FULL, only=f"NEW.tag_id = {tag_id}")

    def is_notified() -> bool:
        assert world.tag.post(world.tag.fix(5_000.0)).status_code == 200
        assert other.post(other.fix(5_000.0)).status_code == 503
        web.look()
        return told(world, DUTY, "Fixes of 1 tag refused")()

    eventually(is_notified, "the duty line is notified")
    assert not any("LDN-2001" in message.body for message in world.doubles.messages)


def test_what_passes_by_itself_is_told_to_no_one(world: World) -> None:
    at = [0.0]
    counted = Acceptance(lambda: at[0])

    def says(seconds: float, *answers: tuple[str, int]) -> str | None:
        at[0] += seconds
        for serial, status in answers:
            counted.answered(serial, status)
        return counted.trouble()

    assert says(0, ("a", 503), ("b", 200)) is None
    # The tag sends again, and is taken: not one of these is trouble, in whatever order they come.
    assert says(14, ("a", 200)) is None
    assert says(60, ("a", 503), ("a", 401), ("b", 200)) is None
    assert says(60, ("a", 503)) is None
    assert says(5, ("b", 200)) is None
    assert says(15) is None
    # The same one again; three at once; all of them.
    assert says(15, ("a", 503)) == "Fixes of 1 tag refused for 35 s"
    assert says(0, ("a", 200)) is None
    assert says(0, ("a", 503), ("c", 503), ("d", 500)) is None
    assert says(1, ("b", 200)) is None
    assert says(15) == "Fixes of 3 tags refused for 16 s"
    assert says(0, ("a", 200), ("c", 200), ("d", 422)) is None
    assert says(20, ("a", 503)) is None
    assert says(15) == "Fixes of every tag refused for 15 s"
    # A tag that is never heard of again says nothing of now.
    assert says(ingest_answers.FORGOTTEN_AFTER_S, ("b", 200)) is None
    world.reads_everything()


def test_a_web_server_is_heard_of_by_what_it_commits_and_not_because_it_lives(
    world: World, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeats._Process, "heart", heartbeats.Heart(heartbeats.WEB))
    world.stop_worker()
    world.tag.is_far_away()
    world.forward(20)
    storage.breaks("fix", DISK_FULL)
    assert world.tag.post(world.tag.fix(5_000.0)).status_code == 503
    assert world.api("GET", "/health").status_code == 200
    assert heartbeats.ages_s(clock.now())["web"] >= 20
    # Someone who comes through the front door has the database take a write.
    assert world.api("GET", "/ready").status_code == 200
    assert heartbeats.ages_s(clock.now())["web"] < 20
    world.forward(20)
    storage.mends("fix")
    assert world.tag.post(world.tag.fix(5_000.0)).status_code == 200
    eventually(lambda: heartbeats.ages_s(clock.now())["web"] < 20, "it is heard of")
    db.release_connection()


def test_ready_says_what_is_missing(world: World, storage: Storage) -> None:
    assert world.api("GET", "/ready").status_code == 200
    for begin, end, words in (
        ("DELETE FROM schema_migration WHERE name LIKE '0001%'", None, "not migrated: 1 steps are missing"),
        ("INSERT INTO schema_migration (name, applied) VALUES ('0001_first_schema', now())", None, ""),
        # A release that is ahead may be on its way.
        ("INSERT INTO schema_migration (name, applied) VALUES ('9999_later', now())", None, ""),
        (None, "write_probe", "takes no writes"),
    ):
        if begin:
            storage.says(begin)
        if end:
            storage.breaks(end, DISK_FULL)
        db.release_connection()

        def answer(words: str = words) -> bool:
            answer = world.api("GET", "/ready")
            return words in answer.text if words else answer.status_code == 200

        eventually(answer, words or "it is ready")
    assert world.api("GET", "/ready").status_code == 503


@pytest.mark.parametrize("listens", ["nobody", "somebody who never answers", "somebody who refuses"])
def test_a_front_door_that_takes_nothing_is_told_and_the_monitor_outside_no_longer_hears_that_all_is_well(
    world: World, monkeypatch: pytest.MonkeyPatch, remedy: Remedy, listens: str
) -> None:
    remedy.is_switched_off_by(FrontDoor, "trouble", lambda _: None)
    monkeypatch.setattr(external_check, "STANDS_AFTER_S", 0.0)
    monkeypatch.setattr(external_check, "WITHIN_S", SOON_S)
    world.stop_worker()
    world.checks_at_end = False
    outside = Monitor()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        refusing = Monitor()
        refusing.status = 503
        url = {
            "nobody": "http://127.0.0.1:9",
            "somebody who never answers": f"http://127.0.0.1:{silent.getsockname()[1]}",
            "somebody who refuses": refusing.url,
        }[listens]
        dog = Watchdog(world.settings.changed(front_door_url=url, deadman_url=outside.url))
        heartbeats.beat("notifier:test:1", clock.now())
        assert dog.look(clock.now())
        assert dog.ping()
        with remedy.decides():
            assert not dog.looks._door.knock()
            assert dog.look(clock.now())
            dog.tell(clock.now())
            eventually(told(world, world.supervisor.person.phone, "Fixes are not accepted. The front door"), "told")
            assert not dog.ping()
        refusing.close()
    outside.close()


def test_a_front_door_that_is_open_is_told_to_no_one(world: World) -> None:
    door = FrontDoor(world.settings)
    assert door.knock()
    assert door.trouble() is None
    world.reads_everything()


def test_a_watchdog_that_is_silent_is_told_by_whatever_process_works(world: World, remedy: Remedy) -> None:
    remedy.is_switched_off_by(Vigil, "_look_at_watchdog", lambda *_: None)
    world.stop_worker()
    one = Vigil(world.settings.changed(run_folder=str(world.folder)), heartbeats.NOTIFIER)
    heartbeats.beat("watchdog:test:1", clock.now())
    assert one.look()
    world.expect_nothing_more()
    world.clock.forward(process_watch.WATCHDOG_SILENT_AFTER_S + 1)
    assert one.look()
    world.clock.forward(process_watch.UNTOLD_S + 1)
    with remedy.decides():
        assert one.look()
        world.supervisor.expects_sms("A part of the service is silent. Watchdog last heard of")
    # What became of the text is asked.
    assert one.look()
    dog = Watchdog(world.settings)
    heartbeats.beat("notifier:test:1", clock.now())
    assert dog.look(clock.now())
    Vigil(world.settings.changed(run_folder=str(world.folder)), heartbeats.WATCHDOG, dog.steps).look()
    dog.tell(clock.now())
    if remedy.is_on:
        world.supervisor.expects_sms("Over: A part of the service is silent.")


def test_a_look_that_fails_again_and_again_is_told(
    world: World, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_watch, "SETTLES_S", 0.0)
    world.stop_worker()
    at = [0.0]
    dog = Watchdog(world.settings)
    dog.steps = Steps(lambda: at[0])
    one = Vigil(world.settings.changed(run_folder=str(world.folder)), heartbeats.WATCHDOG, dog.steps)
    storage.renames("outage", "settled_at", "damaged")
    for _ in range(5):
        heartbeats.beat("notifier:test:1", clock.now())
        assert not dog.look(clock.now())
        assert one.look()
        at[0] += 5.0
    dog.tell(clock.now())
    world.supervisor.expects_sms(
        "A part of the service fails at its work. Watchdog: outages for 20 s (ProgrammingError)"
    )
    storage.renames("outage", "damaged", "settled_at")
    for _ in range(4):
        assert dog.look(clock.now())
        assert one.look()
        at[0] += 5.0
    dog.tell(clock.now())
    world.supervisor.expects_sms("Over: A part of the service fails at its work.")


def test_a_notifier_whose_deliveries_fail_is_heard_of_no_more(world: World, storage: Storage) -> None:
    world.checks_at_end = False
    eventually(lambda: _age_s() < 1, "the notifier is heard of")
    storage.breaks("attempt", DAMAGED)
    world.officer.has_app()
    world.tag.walks_in()
    worker = world.worker
    assert worker is not None
    eventually(lambda: not worker.steps.are_well("deliveries"), "a delivery fails")
    world.clock.forward(30)
    # It looks on, and does not say that it does its work.
    assert _age_s() >= 30
    assert worker.steps.failing() == []


def _age_s() -> float:
    try:
        return heartbeats.ages_s(clock.now()).get("notifier", 1e9)
    finally:
        db.release_connection()
