"""What a hand does in the pages' browser: opens a window, signs in, looks whether a page fits, and takes a picture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from tests.world import PASSWORD, World

OUTPUT = Path(__file__).parent.parent.parent / "test-output"
# The screen of a phone of today.
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}
# A text is cut when it reaches over the edge of the screen, even where its box hides that. A map ends somewhere: names
# of places may go on beyond it.
CUT_TEXTS = """() => [...document.querySelectorAll("main *, header *")].filter(
  (e) => !e.children.length && e.textContent.trim() && e.getClientRects().length
    && !e.closest(".visually-hidden, .govuk-visually-hidden, thead, svg, .case-map__name")
    && (e.getBoundingClientRect().right > innerWidth + 1 || e.getBoundingClientRect().left < -1)
).map((e) => e.textContent)"""


@contextmanager
def window(browser: Browser, **screen: Any) -> Iterator[BrowserContext]:
    """Open the browser on such a screen, signed in as no one, and close it at the end."""
    context = browser.new_context(**screen)
    context.set_default_timeout(30_000)
    try:
        yield context
    finally:
        context.close()


# The day stands before a time that is not of today, as the browser has it: a test may run at any hour.
TIME = r"(?:\d\d? \w+, )?\d\d:\d\d:\d\d"
SHORT_TIME = r"(?:\d\d? \w+, )?\d\d:\d\d"
# The three fields of a date.
DATE = ("Day", "Month", "Year")
# Those of the alert itself, not of its case.
FACTS = ".facts:not([data-panel=case] *)"


def sign_in(context: BrowserContext, world: World, email: str, path: str) -> tuple[Page, list[str]]:
    """Open ``path`` as this person; the list fills with whatever the browser complains of."""
    return _signed_in(context, world, email, path, f"/sign-in?next={path}", ("error", "warning"))


def sign_in_when_asked(context: BrowserContext, world: World, email: str, path: str) -> tuple[Page, list[str]]:
    """Open ``path`` as someone whom it asks to sign in first; the list fills with errors, and not with warnings."""
    return _signed_in(context, world, email, path, path, ("error",))


def _signed_in(
    context: BrowserContext, world: World, email: str, path: str, first: str, complains: tuple[str, ...]
) -> tuple[Page, list[str]]:
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if line.type in complains else None)
    page.goto(f"{world.url}{first}")
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{world.url}{path}")
    return page, complaints


def date_of(page: Page, legend: str) -> str:
    """Return the day that the three fields of a date hold, as 2026-11-24, or nothing where they are empty."""
    day, month, year = (page.get_by_role("group", name=legend).get_by_label(part).input_value() for part in DATE)
    return f"{year}-{month:0>2}-{day:0>2}" if day or month or year else ""


def fill_date(page: Page, legend: str, day: date | None) -> None:
    """Enter a day in the three fields of a date, or empty them."""
    texts = (day.day, day.month, day.year) if day else ("", "", "")
    for part, text in zip(DATE, texts, strict=True):
        page.get_by_role("group", name=legend).get_by_label(part).fill(str(text))


def expect_to_fit(page: Page) -> None:
    """Fail when the page scrolls sideways or cuts a text, once it is there: it may be about to be another."""
    page.wait_for_load_state()
    page.wait_for_function("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    cut = page.evaluate(CUT_TEXTS)
    assert cut == [], cut


def shot(page: Page, name: str) -> None:
    """Keep a picture of the whole page."""
    OUTPUT.mkdir(exist_ok=True)
    page.screenshot(path=OUTPUT / f"{name}.png", full_page=True)
