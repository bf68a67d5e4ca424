"""Writes the parts of ``docs/`` that are made from the code; ``make docs`` runs it, and a test fails where they differ.

Made are the codemap from the first sentence of each module, the table of settings from their fields, and the table of
which package writes which table of the database.
"""

from __future__ import annotations

import ast
from pathlib import Path

from backend.settings import as_markdown
from tests.test_writers import writers

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PACKAGES = ("zones", "backend", "mobile_api", "notifier")
HEAD = """# Codemap

What each module owns: the first sentence of its docstring. Made by `make docs`; edit the docstring, not this page.

| module | what it owns |
|---|---|
"""
WRITERS = "## Who writes which table\n"
SETTINGS = "| variable |"


def codemap() -> str:
    """Return the page: every module of the product in the order of its path, packages before what is in them."""
    paths = [ROOT / "wsgi.py"]
    for package in PACKAGES:
        paths += sorted((ROOT / package).rglob("*.py"), key=lambda path: (*path.parent.parts, _rank(path)))
    rows = []
    for path in paths:
        if "migrations" in path.parts:
            continue
        where = path.relative_to(ROOT)
        name = f"{where.parent}/" if path.name == "__init__.py" else str(where)
        said = ast.get_docstring(ast.parse(path.read_text())) or ""
        first = " ".join(said.split("\n\n")[0].split())
        rows.append(f"| `{name}` | {first} |")
    return HEAD + "\n".join(rows) + "\n"


def _rank(path: Path) -> str:
    return "" if path.name == "__init__.py" else path.name


def written_tables() -> str:
    """Return the rows of the table of writers, by the names of the models."""
    return "\n".join(
        f"| {table} | {', '.join(f'`{owner}`' for owner in sorted(owners))} |"
        for table, owners in sorted(writers().items())
    )


def record() -> str:
    """Return docs/record.md with its table of writers made anew."""
    text = (DOCS / "record.md").read_text()
    head, _, rest = text.partition(WRITERS)
    before, _, after = rest.partition("|---|---|\n")
    tail = after[after.index("\n\n") :] if "\n\n" in after else "\n"
    return f"{head}{WRITERS}{before}|---|---|\n{written_tables()}{tail}"


def settings_page() -> str:
    """Return docs/settings.md with its table made anew; what stands around the table is written by hand."""
    text = (DOCS / "settings.md").read_text()
    table = as_markdown()
    begin = text.index(table.split("\n", 1)[0])
    tail = text[begin:].partition("\n\n")[2]
    return text[:begin] + table.rstrip("\n") + (f"\n\n{tail}" if tail else "\n")


PAGES = {"codemap.md": codemap, "record.md": record, "settings.md": settings_page}


def main() -> None:
    """Write each page that differs."""
    for name, make in PAGES.items():
        text = make()
        if not (DOCS / name).exists() or (DOCS / name).read_text() != text:
            (DOCS / name).write_text(text)
            print(f"written: docs/{name}")


if __name__ == "__main__":
    main()
