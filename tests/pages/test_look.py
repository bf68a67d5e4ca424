"""What every staff page owes its reader: nothing cut off on a narrow phone, nothing refused, a state that is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.world import PASSWORD, World

NARROW = {"width": 320, "height": 640}
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
# A text is cut when it reaches over the edge of the screen, even where its box hides that.
CUT_TEXTS = """() => [...document.querySelectorAll("main *, header *")].filter(
  (e) => !e.children.length && e.textContent.trim() && e.getClientRects().length
    && !e.closest(".visually-hidden, .govuk-visually-hidden, thead, svg")
    && (e.getBoundingClientRect().right > innerWidth + 1 || e.getBoundingClientRect().left < -1)
).map((e) => e.textContent)"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=NARROW, has_touch=True, is_mobile=True)
    context.set_default_timeout(30_000)
    yield context
    context.close()


@pytest.fixture
def quiet(world: World) -> World:
    """The world with the notifier stopped: only the page and its socket speak."""
    world.stop_worker()
    return world


def sign_in(phone: BrowserContext, world: World, email: str, path: str) -> tuple[Page, list[str]]:
    """Open ``path`` as this person; the list fills with whatever the browser complains of."""
    page = phone.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if line.type in ("error", "warning") else None)
    page.goto(f"{world.url}/sign-in?next={path}")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{world.url}{path}")
    return page, complaints


def expect_to_fit(page: Page) -> None:
    """Fail when the page scrolls sideways or cuts a text, once it is there: it may be about to be another."""
    page.wait_for_load_state()
    page.wait_for_function("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert page.evaluate(CUT_TEXTS) == []


def test_every_page_fits_a_narrow_phone_and_the_browser_refuses_nothing(quiet: World, phone: BrowserContext) -> None:
    quiet.wearer.name = "Bartholomew Featherstonehaugh-Cholmondeley"
    quiet.wearer.save()
    page, complaints = sign_in(phone, quiet, "amina@cordon.example", "/officer")
    expect(page.locator("#live-state")).to_have_attribute("data-state", "live")
    expect(page.get_by_text("No open alerts.")).to_be_visible()
    expect_to_fit(page)
    quiet.tag.is_far_away()
    quiet.tag.walks_in()
    card = page.locator("[data-group=unanswered] [data-alert-id]")
    expect(card).to_contain_text("Breach")
    expect(page).to_have_title("(1) Live alerts – Cordon")
    expect_to_fit(page)
    card.get_by_role("link").click()
    expect(page.locator("[data-action=alert_raised]")).to_be_visible()
    expect_to_fit(page)
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("[data-who=me]")).to_contain_text("You are acting since")
    page.get_by_label("Police informed").check()
    expect_to_fit(page)
    page.get_by_role("button", name="Record outcome").click()
    expect(page.locator("[data-who=closed]")).to_contain_text("Police informed")
    supervisor, more = sign_in(phone, quiet, "grace@cordon.example", "/supervisor")
    expect(supervisor.locator("[data-stage=outcome][data-at]")).to_be_visible()
    expect_to_fit(supervisor)
    assert complaints + more == []


def test_where_sockets_are_blocked_the_page_says_so_and_polls(quiet: World, phone: BrowserContext) -> None:
    phone.route("**/socket.io/**", lambda route: route.abort())
    page, _ = sign_in(phone, quiet, "amina@cordon.example", "/officer")
    expect(page.locator("#live-state")).to_contain_text("checking every 5 s (no live connection)")
    expect_to_fit(page)
    quiet.tag.is_far_away()
    quiet.tag.walks_in()
    expect(page.locator("[data-group=unanswered] [data-alert-id]")).to_contain_text("Breach", timeout=10_000)


def test_an_acknowledgement_without_signal_says_so_and_goes_when_it_is_back(
    quiet: World, phone: BrowserContext
) -> None:
    quiet.tag.is_far_away()
    quiet.tag.walks_in()
    page, _ = sign_in(phone, quiet, "amina@cordon.example", "/officer")
    page.locator("[data-alert-id]").get_by_role("link").click()
    expect(page.locator("[data-action=alert_raised]")).to_be_visible()
    phone.set_offline(True)
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("#live-state")).to_contain_text("offline")
    expect(page.locator("#bar")).to_contain_text("Not recorded yet")
    assert quiet.officer.alert()["handling"] == "open"
    expect_to_fit(page)
    phone.set_offline(False)
    expect(page.locator("[data-who=me]")).to_be_visible()
    assert quiet.officer.alert()["handling"] == "acknowledged"
