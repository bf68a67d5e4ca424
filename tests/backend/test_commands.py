"""Commands: one definition of each operation, read alike from a form, a body and a row."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError
from werkzeug.datastructures import MultiDict

from backend.cases.commands import typed
from backend.cases.commands.base import Command, InvalidFields, problems_of
from backend.cases.commands.monitoring import SuspendCase
from backend.cases.commands.opening import OpenCase
from backend.cases.commands.orders import VaryOrder
from backend.cases.commands.people import RestrictCase
from backend.record.facts import LONDON

ROOT = Path(__file__).parent.parent.parent
NOW = datetime(2026, 11, 24, 20, tzinfo=UTC)
# What a page may ask of its form besides a command: which button or way was chosen, and what to show again.
OF_FORMS = {"answers", "ask_back", "build", "build_of", "is_as", "keep_anchors", "keep_version", "number_chosen"}
OF_FORMS |= {"pressed", "sent_again", "visitor"}


def test_a_form_and_a_body_make_the_same_command() -> None:
    form = MultiDict(
        {
            "life": "hospital",
            "expected_end": "2026-12-01",
            "from_day": "2026-11-24",
            "from_time": "21:00",
            "why": " Ill. ",
            "version": "7",
        }
    )
    body = {
        "reason": "hospital",
        "expected_end_at": "2026-12-02T00:00:00Z",
        "from_at": "2026-11-24T21:00:00Z",
        "why": "Ill.",
        "version": 7,
    }
    assert typed.read(SuspendCase, form, NOW) == SuspendCase.model_validate(body)


def test_everything_that_is_wrong_with_a_form_is_said_at_once_each_by_its_field() -> None:
    form = MultiDict({"life": "holiday", "expected_end": "soon", "from_day": "24 November", "version": "7"})
    with pytest.raises(InvalidFields) as refused:
        typed.read(SuspendCase, form, NOW)
    assert {one.field: one.detail for one in refused.value.problems} == {
        "why": "Enter why.",
        "from_day": "Enter the day from which it holds as a day, a month and a year.",
        "life": "Choose what has changed.",
        "expected_end": "Enter the day on which it is expected to end as a day, a month and a year.",
    }


def test_a_body_is_refused_in_the_same_words_by_the_names_of_its_own_fields() -> None:
    with pytest.raises(ValidationError) as refused:
        SuspendCase.model_validate({"reason": "holiday", "from_at": "2026-11-24T21:00:00Z"})
    said = {one.field: one.detail for one in problems_of(refused.value, SuspendCase)}
    assert (said["reason"], said["why"]) == ("Choose what has changed.", "Enter why.")
    assert set(said) == {"reason", "why", "expected_end_at", "version"}


def test_a_row_of_a_table_makes_the_command_under_the_names_of_its_columns() -> None:
    row = typed.Row({"order_starts_on": "2026-11-01", "order_ends_on": "2026-12-24", "victim": "", "wearer": "Daniel"})
    called = {"starts_at": "order_starts_on", "ends_at": "order_ends_on", "kind": "order_kind"}
    with pytest.raises(InvalidFields) as refused:
        typed.read(OpenCase, row, NOW, {"zone": {}}, called)
    fields = {one.field for one in refused.value.problems}
    assert {"order_kind", "victim", "place", "reference", "condition", "serial"} == fields


def test_a_last_day_is_whole_and_no_instant_stays_as_it_is_where_the_form_leaves_it_empty() -> None:
    form = MultiDict({"ends_on": "2026-12-24", "why": "Longer.", "version": "7"})
    command = typed.read(VaryOrder, form, NOW)
    assert command.ends_at == datetime(2026, 12, 25, tzinfo=LONDON)
    assert (command.starts_at, command.is_suspended, command.removes_end) == (None, None, False)
    back = MultiDict({"why": "Back.", "is_suspended": "no", "version": "7"})
    assert typed.read(VaryOrder, back, NOW).is_suspended is False


def test_no_one_chosen_opens_a_case_to_the_team() -> None:
    assert typed.read(RestrictCase, MultiDict({"why": "Over.", "version": "7"}), NOW).people is None
    chosen = MultiDict([("why", "So."), ("people", "3"), ("people", "4"), ("version", "7")])
    assert typed.read(RestrictCase, chosen, NOW).people == [3, 4]


def test_an_order_cannot_be_given_an_end_and_have_it_removed() -> None:
    with pytest.raises(ValidationError):
        VaryOrder(why="So.", from_at=NOW, ends_at=NOW, removes_end=True, version=7)


def _functions_of_forms(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    return {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "backend.web.forms"
        for alias in node.names
    }


@pytest.mark.parametrize("path", sorted((ROOT / "backend/web/case_pages").glob("*.py")), ids=lambda path: path.stem)
def test_a_page_of_cases_reads_the_fields_of_its_form_by_commands_alone(path: Path) -> None:
    assert _functions_of_forms(path) <= OF_FORMS
    reads = [
        node.attr
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "request.form"
    ]
    assert reads == []


@pytest.mark.parametrize("path", sorted((ROOT / "mobile_api/cases").glob("*.py")), ids=lambda path: path.stem)
def test_a_route_of_cases_reads_its_body_by_a_command_alone(path: Path) -> None:
    every = {kind.__name__ for kind in _kinds(Command)} | {"command", "body", "SearchIn"}
    tree = ast.parse(path.read_text())
    read = {
        ast.unparse(node.args[0])
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "read"
    }
    assert read <= every
    assert "get_json" not in path.read_text()


def _kinds(kind: type[Command]) -> list[type[Command]]:
    return [kind, *(one for below in kind.__subclasses__() for one in _kinds(below))]
