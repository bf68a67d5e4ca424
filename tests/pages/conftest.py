"""How long a browser test waits for what it expects: it costs nothing while the page keeps its promise."""

from playwright.sync_api import expect

EXPECTED_WITHIN_MS = 20_000

expect.set_options(timeout=EXPECTED_WITHIN_MS)
