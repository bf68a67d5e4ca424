"""The browser of the tests: Debian's chromium, one for all tests of a process, without its windows where it can be."""

from __future__ import annotations

import shutil

from playwright.sync_api import Browser, Playwright

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
CHROMIUM = "/usr/bin/chromium"
# The same engine without tabs and toolbars: opening a page takes it a fifth of the processor time. It has no
# notifications.
WITHOUT_WINDOWS = shutil.which("chromium-headless-shell") or CHROMIUM


def launch(playwright: Playwright, executable: str = CHROMIUM) -> Browser:
    """Start the browser."""
    return playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)


class OneBrowser:
    """One browser for all tests of a process: starting one takes longer than many a test."""

    def __init__(self, playwright: Playwright, executable: str) -> None:
        self._playwright = playwright
        self._executable = executable
        self._browser: Browser | None = None

    def get(self) -> Browser:
        """Return the browser; another one where the last has crashed."""
        if self._browser is None or not self._browser.is_connected():
            self._browser = launch(self._playwright, self._executable)
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
