"""What browser tests share: how long they wait for what they expect, and the engine below the pages."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.conftest import fresh_database

# It costs nothing while the page keeps its promise.
EXPECTED_WITHIN_MS = 20_000

expect.set_options(timeout=EXPECTED_WITHIN_MS)


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh database of the default engine: stories and the interface run on both, and a page shows what these say.

    The story of the whole line in a browser asks for both by itself.
    """
    yield from fresh_database(request, tmp_path)
