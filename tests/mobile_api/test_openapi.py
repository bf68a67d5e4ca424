"""The description of the interface: sound by Redocly, and good enough that generated clients tell a whole story."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from backend import clock
from tests import cases
from tests.world import HOME, PASSWORD, World

ROOT = Path(__file__).parent.parent.parent
CLIENTS = ROOT / "tests" / "clients"


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def of_node(package: str, script: str) -> list[str | Path]:
    return ["node", ROOT / "node_modules" / package / script]


@pytest.fixture
def description(world: World, tmp_path: Path) -> Path:
    """The description as it is served, in a file."""
    path = tmp_path / "openapi.json"
    path.write_text(world.api("GET", "/v1/openapi.json").text)
    return path


@pytest.fixture
def told(world: World) -> dict[str, Any]:
    """What the stories of generated clients need to know, while an alert is open."""
    spare = world.new_tag("LDN-0099", None)
    world.tag.walks_in()
    return {
        "url": world.url,
        "email": world.officer.person.email,
        "password": PASSWORD,
        "case": {
            "wearer": "Owen Price",
            "victim": "Sofia Marino",
            "place": "Elm",
            "kind": "dapo",
            "reference": "DAPO 88/26",
            "starts_at": (clock.now() - timedelta(days=1)).isoformat(),
            "condition": "Not to enter Hornsey Road, N7.",
            "zone": cases.circle(*HOME),
            "serial": spare.serial,
        },
    }


def expect_whole_story(said: str, world: World) -> None:
    assert json.loads(said) == {
        "handling": "acknowledged",
        "by": "Amina Yusuf",
        "wearer": "Owen Price",
        "conditions": ["Not to enter Hornsey Road, N7."],
        "refused": ["serial"],
    }
    world.reads_everything()


def test_every_route_of_the_api_is_described_each_by_an_id_of_its_own(world: World) -> None:
    described = world.api("GET", "/v1/openapi.json").json()
    validate(described)
    routes = {
        (rule.rule.replace("<int:", "{").replace("<", "{").replace(">", "}"), method)
        for rule in world.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/v1/")
    }
    listed = {(path, method.upper()) for path, item in described["paths"].items() for method in item}
    assert routes <= listed
    operations = [operation for item in described["paths"].values() for operation in item.values()]
    ids = [operation["operationId"] for operation in operations]
    assert len(ids) == len(set(ids))
    for operation in operations:
        numbers = [one for one in operation["parameters"] if one["in"] == "path" and one["name"].endswith("_id")]
        types = {one["schema"]["type"] for one in numbers if one["name"] != "attempt_id"}
        assert types <= {"integer"}, operation["operationId"]
    assert described["servers"] == [{"url": world.url}]


def test_redocly_finds_no_error_in_the_description(description: Path) -> None:
    run(*of_node("@redocly/cli", "bin/cli.js"), "lint", description, "--config", ROOT / "redocly.yaml", cwd=ROOT)


def test_a_client_made_by_openapi_typescript_tells_a_whole_story(
    world: World, told: dict[str, Any], description: Path, tmp_path: Path
) -> None:
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    shutil.copy(CLIENTS / "story.ts", tmp_path)
    run(*of_node("openapi-typescript", "bin/cli.js"), description, "-o", "schema.d.ts", cwd=tmp_path)
    strictly = ["--strict", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler"]
    libraries = ["--lib", "es2022,dom", "--skipLibCheck"]
    (tmp_path / "env.d.ts").write_text("declare const process: { argv: string[] };")
    run(*of_node("typescript", "bin/tsc"), *strictly, *libraries, "story.ts", "env.d.ts", cwd=tmp_path)
    expect_whole_story(run("node", "story.js", json.dumps(told), cwd=tmp_path), world)


def test_a_client_made_by_openapi_python_client_tells_a_whole_story(
    world: World, told: dict[str, Any], description: Path, tmp_path: Path
) -> None:
    config = tmp_path / "config.yml"
    config.write_text("project_name_override: cordon_client\npackage_name_override: cordon_client\npost_hooks: []\n")
    command = [Path(sys.executable).parent / "openapi-python-client", "generate", "--path", description]
    made = run(*command, "--meta", "none", "--output-path", "cordon_client", "--config", config, cwd=tmp_path)
    assert "WARNING" not in made, made
    shutil.copy(CLIENTS / "story.py", tmp_path)
    expect_whole_story(run(sys.executable, "story.py", json.dumps(told), cwd=tmp_path), world)
