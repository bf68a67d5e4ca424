"""How everyone is doing now: four silences that are never mixed, batteries, and an answer to "where are they?"."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import requests

from backend import clock, db
from backend.cases import caseload_health, monitoring_status
from backend.cases.monitoring_status import Suspended
from backend.models import Alert, AlertKind, AuditEntry, Fix
from backend.silence.battery_notices import notify_of_batteries
from tests.world import PASSWORD, World


def _rows(world: World) -> dict[str, dict[str, Any]]:
    answer = world.officer.api("GET", "/v1/wearers")
    assert answer.status_code == 200, answer.text
    return {row["wearer"]["name"]: row for row in answer.json()["wearers"]}


@pytest.fixture
def quiet(world: World) -> World:
    """The world with the notifier stopped."""
    world.stop_worker()
    return world


def test_each_silence_is_said_for_what_it_is_and_need_comes_first(quiet: World) -> None:
    world = quiet
    never = world.new_wearer("Never Reported", "LDN-0002")
    blind = world.new_wearer("Blind Tag", "LDN-0003")
    gone = world.new_wearer("Gone Dark", "LDN-0004")
    cut = world.new_wearer("Strap Cut", "LDN-0005")
    for tag in (gone, cut, blind):
        tag.reports(tag.fix(5_000.0))
    world.clock.forward(60)
    cut.post(cut.fix(5_000.0), events=[{"kind": "strap_open", "time": clock.now().isoformat()}])
    world.clock.forward(120)
    world.tag.reports(world.tag.fix(5_000.0, battery_pct=71))
    blind.post(events=[{"kind": "gnss_lost", "time": clock.now().isoformat()}])
    rows = _rows(world)
    assert {name: row["state"] for name, row in rows.items()} == {
        "Never Reported": "never_reported",
        "Blind Tag": "blind",
        "Gone Dark": "no_contact",
        "Strap Cut": "switched_off",
        "Daniel Marsh": "reporting",
    }
    # An unanswered tamper first, then what never reported, and the tag that is well comes last.
    assert next(iter(rows)) == "Strap Cut"
    assert list(rows)[1] == "Never Reported"
    assert list(rows)[-1] == "Daniel Marsh"
    assert rows["Daniel Marsh"]["where"] == "Away from every zone"
    assert rows["Daniel Marsh"]["battery_pct"] == 71
    assert rows["Never Reported"]["where"] == "No position yet"
    assert [one["words"] for one in rows["Strap Cut"]["alerts"]] == ["Tag strap opened"]
    assert AuditEntry.select().where(AuditEntry.action == "caseload_viewed").count() == 1
    db.release_connection()
    world.checks_at_end = False
    assert never.sent == 0


def test_away_from_every_zone_is_said_only_where_each_zone_in_force_says_so(quiet: World) -> None:
    world = quiet

    def where() -> str:
        return str(_rows(world)["Daniel Marsh"]["where"])

    world.tag.is_far_away()
    world.tag.walks_in()
    assert where() == "In the exclusion zone at Home"
    person, now = world.supervisor.person, clock.now()
    until = now + timedelta(days=5)
    monitoring_status.suspend(
        person, world.wearer.id, Suspended.CUSTODY, now, until, now, why="Arrested.", is_confirmed=True
    )
    db.release_connection()
    assert where() == "No zone is in force to judge it by"
    world.checks_at_end = False


def test_a_caseload_of_many_takes_as_many_statements_as_one_of_one(quiet: World) -> None:
    world = quiet

    def statements() -> int:
        with _counted() as seen:
            caseload_health.caseload_of(world.officer.person, world.settings, clock.now())
        return len(seen)

    few = statements()
    for number in range(12):
        tag = world.new_wearer(f"Wearer {number}", f"LDN-1{number:03}")
        tag.reports(tag.fix(5_000.0))
    assert statements() == few
    db.release_connection()
    world.checks_at_end = False


@contextmanager
def _counted() -> Iterator[list[str]]:
    seen: list[str] = []
    real = db.database.obj.execute_sql

    def execute(sql: str, *more: Any, **named: Any) -> Any:
        seen.append(sql)
        return real(sql, *more, **named)

    db.database.obj.execute_sql = execute
    try:
        yield seen
    finally:
        del db.database.obj.execute_sql


def test_who_asks_where_someone_is_gets_the_newest_fix_and_is_on_record(quiet: World) -> None:
    world = quiet
    world.tag.reports(world.tag.fix(5_000.0))
    path = f"/v1/wearers/{world.wearer.id}/whereabouts"
    assert world.officer.api("POST", path, json={"reason": " "}).status_code == 422
    answer = world.officer.api("POST", path, json={"reason": "The protected person has called."}).json()
    fix = Fix.get()
    assert (answer["lat"], answer["lon"]) == (fix.lat, fix.lon)
    assert answer["next_due_at"] is not None
    entry = AuditEntry.get(AuditEntry.action == "whereabouts_asked")
    assert entry.detail["reason"] == "The protected person has called."
    assert entry.actor == f"person:{world.officer.person.id}"
    world.clock.forward(600)
    assert world.officer.api("POST", path, json={"reason": "Again."}).json()["next_due_at"] is None
    db.release_connection()


def test_a_battery_that_runs_low_by_day_is_told_once_to_who_is_responsible(world: World) -> None:
    for minutes in range(5):
        world.tag.reports(world.tag.fix(5_000.0, battery_pct=40 - 6 * minutes))
        world.clock.forward(900)
    assert notify_of_batteries(clock.now()) <= 1
    assert notify_of_batteries(clock.now()) == 0
    notice = Alert.get(Alert.kind == AlertKind.NOTICE)
    assert notice.event == "battery_low"
    assert "The tag's battery is at 16 %. At its present use it is empty about" in notice.reasons[0]
    db.release_connection()
    world.officer.expects_sms("Notice")
    world.expect_nothing_more()


def _signed_in(world: World) -> requests.Session:
    visitor = requests.Session()
    page = visitor.get(world.url + "/sign-in", timeout=20).text
    token = page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    form = {"email": world.officer.person.email, "password": PASSWORD, "csrf_token": token}
    assert visitor.post(world.url + "/sign-in", data=form, timeout=20).status_code == 200
    return visitor


def test_every_page_says_what_the_evidence_says_and_nothing_is_green_that_was_not_heard_of(quiet: World) -> None:
    world = quiet
    world.new_wearer("Never Reported", "LDN-0002")
    gone = world.new_wearer("Gone Dark", "LDN-0004")
    gone.reports(gone.fix(5_000.0, battery_pct=41))
    world.clock.forward(7_500)
    world.tag.reports(world.tag.fix(5_000.0))
    visitor = _signed_in(world)
    expected = {
        "Never Reported": ("never_reported", "off", "Never reported for 40 days", "No position yet"),
        "Gone Dark": ("no_contact", "off", "No contact for 2 h 5 min", "Newest position 2 h 5 min ago"),
        "Daniel Marsh": ("reporting", "on", "Reporting", "Newest position"),
    }
    for path in ("/cases", "/cases/health"):
        text = visitor.get(world.url + path, timeout=20).text
        assert "Monitored" not in text
        for state, colour, words, _ in expected.values():
            assert f'case-tag case-tag--{colour}" data-reporting="{state}">{words}' in text, (path, state)
    # A page that brings itself up to now is one look, not one every few seconds.
    assert AuditEntry.select().where(AuditEntry.action == "caseload_viewed").count() == 1
    visitor.get(world.url + "/cases/health", timeout=20)
    assert AuditEntry.select().where(AuditEntry.action == "caseload_viewed").count() == 1
    db.release_connection()
    for row in _rows(world).values():
        state, colour, words, evidence = expected[row["wearer"]["name"]]
        text = visitor.get(f"{world.url}/cases/{row['wearer']['id']}", timeout=20).text
        assert f'case-tag case-tag--{colour}" data-reporting="{state}">{words}' in text
        assert f"<span data-evidence>{evidence}" in text
        assert "Battery: 41 %" in text or state != "no_contact"
    db.release_connection()
    world.checks_at_end = False


@pytest.mark.parametrize(("kind", "pct"), [("battery_low", 20), ("BATTERY_LEV_5PERCENT", 5)])
def test_a_tag_that_sends_no_levels_and_says_that_little_is_left_is_told_of(world: World, kind: str, pct: int) -> None:
    world.tag.reports(world.tag.fix(5_000.0))
    world.tag.post(events=[{"kind": kind, "at": clock.now().isoformat()}])
    notify_of_batteries(clock.now())
    notice = Alert.get(Alert.kind == AlertKind.NOTICE)
    assert notice.reasons[0] == f"The tag's battery is at {pct} %."
    db.release_connection()
    world.reads_everything()


def test_a_level_that_was_just_sent_says_it_better_than_an_event(world: World) -> None:
    world.tag.reports(world.tag.fix(5_000.0, battery_pct=61))
    world.tag.post(events=[{"kind": "battery_low", "at": clock.now().isoformat()}])
    assert _rows(world)["Daniel Marsh"]["battery_pct"] == 61
    db.release_connection()
