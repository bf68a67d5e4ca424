"""Writes the parts of ``docs/`` that are made from the code; ``make docs`` runs it, and a test fails where they differ.

Made are the codemap from the first sentence of each module, the table of settings from their fields, and the table of
which package writes which table of the database.
"""

from __future__ import annotations

import ast
from pathlib import Path

from backend.own_pages.words import ENGLISH
from backend.people.wordings import ON_THEIR_PHONE, QUESTIONS
from backend.settings import as_markdown
from notifier import incoming_calls, messages
from notifier.protected_person_texts import NOTHING, TEXTS
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


MESSAGES_HEAD = """# Messages to protected people

Everything that can reach a protected person, or a person who has their phone. Made by `make docs` from the code that
sends it; `tests/notifier/test_protected_person_texts.py` tries each row in each state.

| by | what it says | who chose the words | when | what it reveals |
|---|---|---|---|---|
"""


def messages_page() -> str:
    """Return the table of what can reach a protected person."""
    rows = [
        ("text", _asked(text.wording), "they did, each a version that is kept", text.when, text.reveals)
        for text in (*TEXTS.values(), NOTHING)
    ]
    on_phone = {one.name for one in ON_THEIR_PHONE}
    rows += [
        (
            "notice on their phone",
            f"{_asked(text.wording)}, under a name such as Recipes",
            "they did, each a version that is kept",
            text.when,
            "what their own words say, and the name and icon that they chose",
        )
        for text in (*TEXTS.values(), NOTHING)
        if text.wording in on_phone
    ]
    code = "the product; neutral"
    rows += [
        (
            "text",
            f"“{messages.code('123456', is_for_victim=True)}”",
            code,
            "an officer verifies their number with them",
            "nothing",
        ),
        (
            "text",
            "the address of a link, and nothing else",
            code,
            "an officer invites them, they asked for it by text, and a text is safe",
            "a host name that says nothing, and ten random letters",
        ),
        (
            "call that they place",
            f"“{incoming_calls.WORDS}” “{incoming_calls.THANKS}”",
            code,
            "anyone calls",
            "nothing",
        ),
        ("page before the passcode", "a name such as Notes, a passcode, one button", "they did", "always", "nothing"),
        (
            "page after the button",
            f"“{ENGLISH['sent']}” “{ENGLISH['sent_urgent']}”",
            code,
            "a call is stored",
            "a call",
        ),
        ("page after the second passcode", "an empty page", "they did", "always, as after “I am safe”", "nothing"),
        (
            "page after the passcode",
            f"“{ENGLISH['watched']}” “{ENGLISH['not_watched']}” “{ENGLISH['officer_knows']}”",
            "they did: plain or coded",
            "the passcode was entered",
            "that someone watches; never where the wearer is, nor how near",
        ),
    ]
    return MESSAGES_HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _asked(wording: str) -> str:
    return next(one.ask for one in QUESTIONS if one.name == wording)


PAGES = {
    "messages-to-protected-people.md": messages_page,
    "codemap.md": codemap,
    "record.md": record,
    "settings.md": settings_page,
}


def main() -> None:
    """Write each page that differs."""
    for name, make in PAGES.items():
        text = make()
        if not (DOCS / name).exists() or (DOCS / name).read_text() != text:
            (DOCS / name).write_text(text)
            print(f"written: docs/{name}")


if __name__ == "__main__":
    main()
