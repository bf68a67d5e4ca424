"""Each table has few writers, and docs/record.md names them all: rows are written where their rules are."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

from backend.models import TABLES

ROOT = Path(__file__).parent.parent
WRITES = {
    "create",
    "insert",
    "insert_many",
    "update",
    "delete",
    "replace",
    "get_or_create",
    "delete_by_id",
    "set_by_id",
}
BULK_WRITES = {"insert_rows", "update_rows"}
NAMES = {table.__name__ for table in TABLES}
# Where a statement is written out.
STATEMENT = re.compile(r'(?:UPDATE|INSERT INTO|DELETE FROM) "?(\w+)"?')
BY_TABLE = {table._meta.table_name: table.__name__ for table in TABLES}


def writers() -> dict[str, set[str]]:
    """Return, for each table, the packages and modules whose code writes rows of it by its model's name."""
    found: dict[str, set[str]] = defaultdict(set)
    for package in ("backend", "notifier", "mobile_api"):
        for path in (ROOT / package).rglob("*.py"):
            inside = path.relative_to(ROOT / package).parts
            if package == "backend" and inside[0] in ("migrations", "models"):
                continue
            owner = package if package != "backend" else inside[0].removesuffix(".py")
            for table in _written(ast.parse(path.read_text())):
                found[table].add(owner)
    return found


def _written(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= {BY_TABLE.get(table, "") for table in STATEMENT.findall(node.value)}
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
        if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and name in WRITES:
            found.add(called.value.id)
        if name in BULK_WRITES and node.args and isinstance(node.args[0], ast.Name):
            found.add(node.args[0].id)
    return found & NAMES


def documented() -> dict[str, set[str]]:
    """Return the table "Who writes which table" of docs/record.md."""
    text = (ROOT / "docs" / "record.md").read_text()
    section = text.split("## Who writes which table\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\w+) \| (.+?) \|$", section, re.MULTILINE)
    return {table: set(re.findall(r"`(\w+)`", names)) for table, names in rows if table != "table"}


def test_every_table_is_written_only_where_the_architecture_says() -> None:
    assert documented() == writers()
