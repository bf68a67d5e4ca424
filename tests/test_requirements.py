"""Every package that is installed is pinned with its hashes, and from no host by name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PIN = re.compile(r"^([a-z0-9._-]+)==(\S+)", re.MULTILINE)


def pins(text: str) -> dict[str, str]:
    """Return the versions of the packages that a file names."""
    without_extras = re.sub(r"\[[^\]]*\]==", "==", text.lower())
    return {re.sub(r"[._-]+", "-", name): version for name, version in PIN.findall(without_extras)}


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_each_package_is_pinned_with_hashes_and_from_no_host_by_name(name: str) -> None:
    text = (ROOT / f"{name}.txt").read_text()
    packages = re.findall(r"^[A-Za-z].*(?:\n +--hash.*)*", text, re.MULTILINE)
    assert packages
    assert [one for one in packages if "==" not in one or "--hash=sha256:" not in one] == []
    assert "://" not in text
    assert "--index" not in text


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_what_is_asked_for_is_what_is_pinned(name: str) -> None:
    asked = pins((ROOT / f"{name}.in").read_text())
    assert asked
    assert pins((ROOT / f"{name}.txt").read_text()).items() >= asked.items()


def test_tests_run_on_the_versions_that_the_product_is_installed_with() -> None:
    product = pins((ROOT / "requirements.txt").read_text())
    assert pins((ROOT / "requirements-dev.txt").read_text()).items() >= product.items()
