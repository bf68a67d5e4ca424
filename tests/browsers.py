"""The browser of the tests: Debian's chromium, one for all tests of a process."""

from __future__ import annotations

from playwright.sync_api import Browser, Playwright

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
CHROMIUM = "/usr/bin/chromium"


def launch(playwright: Playwright) -> Browser:
    """Start the browser."""
    return playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)


class OneBrowser:
    """One browser for all tests of a process: starting one takes longer than many a test."""

    def __init__(self, playwright: Playwright) -> None:
        self._playwright = playwright
        self._browser: Browser | None = None

    def get(self) -> Browser:
        """Return the browser; another one where the last has crashed."""
        if self._browser is None or not self._browser.is_connected():
            self._browser = launch(self._playwright)
        return self._browser

    def forget(self) -> None:
        """Close every window that a test has left open, with all that is stored in it."""
        if self._browser is not None and self._browser.is_connected():
            for context in self._browser.contexts:
                context.close()

    def close(self) -> None:
        """End the browser."""
        if self._browser is not None:
            self._browser.close()
