"""What waits for an answer is counted alike on the list, the strip and the board, in the figures and in metrics."""

from __future__ import annotations

import re
from itertools import product

import pytest

from backend import alerts, clock, db, lifecycle
from backend.alert_kinds import KINDS
from backend.escalation.steps import Who
from backend.models import Alert, AlertKind, AuditEntry, Handling
from backend.models.alerts import NEEDS_ANSWER
from tests.stories.test_statements import signed_in
from tests.world import World
from zones import Certainty


@pytest.fixture
def quiet(world: World) -> World:
    """The world with the notifier stopped: no message is looked at here."""
    world.stop_worker()
    return world


def page(world: World, path: str, person: str) -> str:
    return signed_in(world, person).get(world.url + path, timeout=20).text


def write_notice(world: World) -> Alert:
    alerts.raise_notice(world.wearer, world.zone, ["The licence ends tomorrow."], clock.now(), (Who.OFFICER,))
    notice = Alert.select().where(Alert.kind == AlertKind.NOTICE).get()
    db.release_connection()
    return notice


def test_a_notice_and_a_withdrawn_alert_are_not_unanswered_anywhere(quiet: World) -> None:
    quiet.tag.is_far_away()
    quiet.tag.walks_in()
    write_notice(quiet)
    copied = {**Alert.select().where(Alert.kind == AlertKind.ZONE).dicts().get()}
    del copied["id"]
    Alert.create(**{**copied, "code": "WDRAWN", "certainty": Certainty.WITHDRAWN, "is_over": True})
    db.release_connection()
    quiet.clock.forward(1)

    listed = quiet.officer.api("GET", "/v1/alerts?status=live").json()
    assert listed["counts"] == {"unanswered": 1, "acknowledged": 0, "no_answer_needed": 2, "closed": 0}
    assert [one["needs_answer"] for one in listed["alerts"]] == [True, False, False]
    totals = quiet.supervisor.api("GET", "/v1/reports/response-times").json()["totals"]
    assert [one["id"] for one in totals["unacknowledged"]] == [listed["alerts"][0]["id"]]
    assert 'data-total="unacknowledged">1<' in page(quiet, "/supervisor", "grace@cordon.example")
    board = page(quiet, "/board", "grace@cordon.example")
    assert "1 unanswered" in board
    assert board.count("Needs no answer") == 2
    assert "Notice, over" not in board
    assert re.search(r"data-strip-count>1 unanswered alert<", page(quiet, "/rota", "amina@cordon.example"))


def test_of_a_notice_no_one_else_is_asked_when_a_person_cannot_act(quiet: World) -> None:
    notice = write_notice(quiet)
    answer = quiet.officer.api("POST", f"/v1/alerts/{notice.id}/cannot")
    assert answer.status_code == 200
    assert not AuditEntry.select().where(AuditEntry.alert == notice, AuditEntry.action == "cannot").exists()
    db.release_connection()


def test_the_rule_of_the_record_is_the_rule_in_the_database(quiet: World) -> None:
    quiet.tag.is_far_away()
    quiet.tag.walks_in()
    copied = {**Alert.select().dicts().get()}
    del copied["id"]
    for number, (kind, certainty, handling) in enumerate(product(AlertKind, Certainty, Handling)):
        row = Alert.create(
            **{**copied, "code": f"T{number}", "kind": kind, "certainty": certainty, "handling": handling}
        )
        assert lifecycle.needs_answer(kind, certainty, handling) == (
            Alert.select().where(Alert.id == row.id, NEEDS_ANSWER).exists()
        )
    db.release_connection()


@pytest.mark.parametrize("kind", list(AlertKind))
def test_what_people_are_asked_about_step_by_step_needs_an_answer(kind: AlertKind) -> None:
    assert lifecycle.needs_answer(kind, Certainty.CONFIRMED, Handling.OPEN) == KINDS[kind].escalates
