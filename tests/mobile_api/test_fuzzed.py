"""Whatever a person of any role sends: no failure of ours, no status and no shape that the description does not have.

``make fuzz`` gives each role two minutes; in an ordinary run each has a few seconds.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from backend.models import Role
from tests.world import World

FUZZED_FOR_S = int(os.environ.get("CORDON_TEST_FUZZ_S", "5"))
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
# After these whoever asks has no session any more, and every further answer would be 401.
ENDING = ("sign_out", "sign_out_everywhere", "let_colleague_leave", "reset_password")


@pytest.mark.timeout(FUZZED_FOR_S + 170)
@pytest.mark.parametrize("role", [None, *Role])
def test_nothing_that_a_person_of_any_role_sends_is_a_failure_or_answered_undescribed(
    world: World, role: Role | None, tmp_path: Path
) -> None:
    world.tag.walks_in()
    world.stop_worker()
    # Whatever is sent here may notify people: that is no part of this promise.
    world.checks_at_end = False
    description = tmp_path / "openapi.json"
    description.write_text(world.api("GET", "/v1/openapi.json").text)
    command = [Path(sys.executable).parent / "schemathesis", "run", description, "--url", world.url]
    command += ["--checks", CHECKS, "--phases", "examples,coverage,fuzzing", "--max-time", str(FUZZED_FOR_S)]
    command += ["--seed", "1", "--no-color", "--warnings", "off", "--suppress-health-check", "all"]
    if role is not None:
        phone = world.officer if role is Role.OFFICER else world.person(role, "Ivy Chen", "+447700900190")
        command += ["--header", f"Authorization: Bearer {phone.token}"]
    for name in ENDING:
        command += ["--exclude-operation-id", name]
    done = subprocess.run([str(part) for part in command], cwd=tmp_path, capture_output=True, text=True, check=False)
    print(done.stdout[-20_000:])
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]
