"""Every number that a judgement rests on says why it is what it is, or where it comes from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ZONES = Path(__file__).parents[2] / "zones"
# A constant of a module, or a field of the model, that is a number; derived ones have the reason of what they are of.
CONSTANT = re.compile(r"^(?:_?[A-Z][A-Z0-9_]*|    \w+: (?:float|int)) = -?[0-9]")
BLOCK = re.compile(r"^(?:_?[A-Z][A-Z0-9_, ]*|    \w+: (?:float|int)) = ")


def without_reason(text: str) -> list[str]:
    """Return the constants of which no comment stands above the block of constants that they are in."""
    found, has_reason = [], False
    for line in text.splitlines():
        if line.lstrip().startswith("#"):
            has_reason = True
        elif CONSTANT.match(line) and not has_reason:
            found.append(line.strip())
        elif not BLOCK.match(line):
            has_reason = False
    return found


@pytest.mark.parametrize("path", sorted(ZONES.glob("*.py")), ids=lambda path: path.stem)
def test_every_constant_has_a_reason(path: Path) -> None:
    text = path.read_text()
    if path.stem != "evidence":
        # Elsewhere a number in a class is the default of a field, which says in its docstring what it means.
        text = "\n".join(line for line in text.splitlines() if not line.startswith("    "))
    assert without_reason(text) == []


def test_one_without_a_reason_is_found() -> None:
    assert without_reason("A = 1\n\n# Because.\nB = 2\nC = 3\n\nD = 4\n") == ["A = 1", "D = 4"]
