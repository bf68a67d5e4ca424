"""The documentation says what the code does: every setting, command, route, error code and word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from backend.errors import every_error
from backend.models import TABLES
from backend.settings import Settings, as_markdown, unit_of, variable
from backend.vocabulary import What
from backend.web.problems import CODES_BY_STATUS
from tests import documents
from wsgi import create_app

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PRODUCT = ("zones", "backend", "notifier", "mobile_api")


def sources() -> list[Path]:
    return [ROOT / "wsgi.py", *(path for name in PRODUCT for path in (ROOT / name).rglob("*.py"))]


@pytest.fixture
def app() -> Flask:
    return create_app(Settings(database_url="postgresql:///docs", secret_key="a key for tests only"))


def test_every_setting_is_documented_with_unit_default_and_help() -> None:
    assert as_markdown() in (DOCS / "settings.md").read_text()
    assert all(unit_of(name) and item.description for name, item in Settings.model_fields.items())


def test_settings_are_read_from_their_variables_and_a_wrong_one_is_named() -> None:
    assert Settings.from_environ({variable("lease_s"): "3.5"}).lease_s == 3.5
    with pytest.raises(ValueError, match="CORDON_MAX_BODY_BYTES: Input should be a valid integer"):
        Settings.from_environ({"CORDON_MAX_BODY_BYTES": "large"})


def test_every_error_code_is_documented() -> None:
    text = (DOCS / "errors.md").read_text()
    for kind in every_error():
        assert f"| {kind.status} | `{kind.code}` |" in text, kind.code
    for status, code in CODES_BY_STATUS.items():
        assert f"`{code}`" in text, (status, code)
    written = "".join(path.read_text() for path in sources())
    for code in re.findall(r'(?:FixRefused|ZoneRefused|Refusal)\(\s*"(\w+)"', written):
        assert f"`{code}`" in text, code


def test_every_documented_code_is_one_that_code_makes() -> None:
    written = "".join(path.read_text() for path in sources())
    made = {kind.code for kind in every_error() if re.search(rf"(?<!class ){kind.__name__}\(", written)}
    made |= set(CODES_BY_STATUS.values())
    made |= set(re.findall(r'(?:Refused|Refusal)\(\s*(?:[\w.]+,\s*)?"(\w+)"', written))
    made |= set(re.findall(r'\d{3}: \("(\w+)"', written))
    cells = []
    for line in (DOCS / "errors.md").read_text().splitlines():
        if line.startswith("| "):
            first, second = line.split("|")[1:3]
            cells.append(second if first.strip().isdigit() else first)
    documented = [code for cell in cells for code in re.findall(r"`([a-z_]+)`", cell)]
    assert len(documented) > 80
    assert {code for code in documented if code not in made} == set()


def test_every_command_is_documented(app: Flask) -> None:
    text = (DOCS / "operations.md").read_text()
    for name in set(app.cli.list_commands(None)) - {"run", "shell", "routes"}:  # type: ignore[arg-type]
        assert f"flask --app wsgi {name}" in text, name


def test_every_route_of_the_api_is_documented(app: Flask) -> None:
    text = (DOCS / "api.md").read_text()
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(("/v1/", "/health", "/ready")):
            assert re.sub(r"<\w+:", "<", rule.rule) in text, rule.rule


def test_every_documented_route_of_the_api_exists_with_its_method(app: Flask) -> None:
    known = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"<\1>", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }
    for page in DOCS.rglob("*.md"):
        for method, path in re.findall(r"`(GET|POST|PUT|PATCH|DELETE) (/[^\s`?]*)[^`]*`", page.read_text()):
            assert (method, path) in known, f"{page.name}: {method} {path}"


def test_every_promise_to_protected_people_names_tests_that_there_are() -> None:
    promised = re.findall(r"`(test_\w+)`", (DOCS / "promises-to-protected-people.md").read_text())
    written = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    assert len(promised) > 50
    assert [name for name in promised if f"def {name}(" not in written] == []


def test_what_the_record_is_said_to_be_kept_in_is_a_table_a_column_or_a_kind_of_fact() -> None:
    tables = {model._meta.table_name: set(model._meta.columns) for model in TABLES}
    known = {*tables, *What, *(column for columns in tables.values() for column in columns)}
    part = (DOCS / "record.md").read_text().split("## Which table answers what")[1].split("\n## ")[0]
    named = re.findall(r"`([a-z_]+(?:\.[a-z_]+)?)`", part)
    assert len(named) > 60
    for name in named:
        table, _, column = name.partition(".")
        if column:
            # As Python calls it, which for a row of another table is without "_id".
            assert {column, f"{column}_id"} & tables[table], name
        else:
            assert name in known or f"{name}_id" in known, name


def test_every_make_target_has_its_line_of_help() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^\.PHONY: (\w+)$", makefile, re.MULTILINE):
        assert re.search(rf"^{target}:.*## ", makefile, re.MULTILINE), target


def test_every_module_says_in_a_sentence_what_it_owns() -> None:
    for path in sources():
        assert path.read_text().startswith('"""'), path


def test_every_link_of_the_documentation_leads_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("name", sorted(documents.PAGES))
def test_what_is_made_from_the_code_is_as_the_code_is_now(name: str) -> None:
    assert (DOCS / name).read_text() == documents.PAGES[name](), "run make docs"


def test_the_words_of_the_glossary_are_in_order_of_the_line_and_each_has_one_meaning() -> None:
    words = re.findall(r"^\| ([\w ]+) \| ", (DOCS / "glossary.md").read_text(), re.MULTILINE)
    assert len(words) == len(set(words)) > 30


def test_the_product_speaks_only_of_itself() -> None:
    for path in [*sources(), *DOCS.rglob("*.md"), ROOT / "README.md"]:
        text = path.read_text()
        assert "../shared" not in text, path


def test_each_decision_has_a_number_of_its_own_in_its_name_and_its_title() -> None:
    paths = sorted((DOCS / "adr").glob("*.md"))
    numbers = [path.name[:4] for path in paths]
    assert len(set(numbers)) == len(numbers)
    assert [path.read_text()[:8] for path in paths] == [f"# {number}: " for number in numbers]
