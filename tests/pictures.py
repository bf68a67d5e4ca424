"""Takes the pictures of the README from a demo that runs: ``make run`` in one window, this in another.

The pictures are files of ``docs/img``. Look at them before they are committed.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from backend.demo import PASSWORD
from tests.browsers import launch
from tests.pages.actions import PHONE

FOLDER = Path(__file__).parent.parent / "docs" / "img"
SMALL = {**PHONE, "device_scale_factor": 1}
DESK = {"viewport": {"width": 1280, "height": 1000}}
WAIT_MS = 180_000


def signed_in(browser: Browser, url: str, email: str, path: str, **screen: object) -> Page:
    """Return a page of the demo as this person sees it."""
    page = browser.new_context(**screen).new_page()  # type: ignore[arg-type]
    page.goto(f"{url}/sign-in?next={path}")
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{url}{path}")
    return page


def take(url: str) -> None:
    """Wait for the first alert of the demo, and take every picture."""
    with sync_playwright() as started:
        browser = launch(started)
        phone = signed_in(browser, url, "amina@cordon.example", "/officer", **SMALL)
        breach = phone.locator("[data-kind=zone]", has_text="Breach").first
        expect(breach).to_be_visible(timeout=WAIT_MS)
        breach.get_by_role("link").first.click()
        expect(phone.locator("[data-action=alert_raised]")).to_be_visible()
        phone.screenshot(path=FOLDER / "officer-alert.png", animations="disabled")
        phone.locator("[data-do=acknowledge]").click()
        expect(phone.locator("[data-who=me]")).to_be_visible()
        desk = signed_in(browser, url, "grace@cordon.example", "/supervisor", **DESK)
        desk.screenshot(path=FOLDER / "supervisor.png", animations="disabled")
        desk.goto(f"{url}/cases")
        desk.get_by_role("link", name="Daniel Marsh").click()
        expect(desk.locator(".leaflet-container path").first).to_be_attached()
        desk.screenshot(path=FOLDER / "case.png", animations="disabled")
        browser.close()


if __name__ == "__main__":
    take(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")
