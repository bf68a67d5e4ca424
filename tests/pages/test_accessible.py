"""Every page of staff and of the police by axe-core at WCAG 2.2 AA; keyboard, zoom and forced colours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from backend import clock, db, police_codes
from tests.pages.actions import expect_to_fit, shot, sign_in, window
from tests.world import World

AXE = Path(__file__).parent.parent.parent / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
LOOK = """async (rules) => {
  const found = await axe.run(document, { runOnly: { type: "tag", values: rules } });
  const places = (one) => one.nodes.map((node) => node.target.join(" ")).slice(0, 3).join(" | ");
  return found.violations.map((one) => `${one.id}: ${places(one)}`);
}"""


def violations(page: Page) -> Any:
    """Return what axe finds on the page as it stands; the content policy of the page keeps other scripts out."""
    page.evaluate(AXE.read_text())
    return page.evaluate(LOOK, RULES)


def pages_of(world: World) -> list[str]:
    alert_id = world.officer.alert()["id"]
    wearer_id = world.wearer.id
    return [
        "/officer",
        f"/officer/alerts/{alert_id}",
        "/alerts",
        "/board",
        "/cases",
        f"/cases/{wearer_id}",
        f"/cases/{wearer_id}/safety-plan",
        "/rota",
        "/escalation",
        "/escalation/default",
        "/supervisor",
        "/supervisor/choices",
        "/number",
        "/reachable",
        "/team",
        "/no-such-page",
    ]


@pytest.mark.parametrize("screen", ["phone", "desk"])
def test_axe_finds_nothing_on_any_page_of_staff(quiet: World, screen: str, request: pytest.FixtureRequest) -> None:
    context: BrowserContext = request.getfixturevalue(screen)
    quiet.tag.is_far_away()
    quiet.tag.walks_in()
    page, _ = sign_in(context, quiet, "grace@cordon.example", "/officer")
    found = {}
    for path in pages_of(quiet):
        page.goto(f"{quiet.url}{path}")
        page.wait_for_load_state("networkidle" if not path.startswith("/officer") else "load")
        if path.startswith("/officer/alerts"):
            expect(page.locator("[data-action=alert_raised]")).to_be_visible()
            page.get_by_role("button", name="Hand over to the police").click()
            expect(page.locator(".brief__line").first).to_be_visible()
        elif path == "/officer":
            expect(page.locator("[data-alert-id]").first).to_be_visible()
        found[path] = violations(page)
    # Once the target is missed, the board's rows are drawn louder.
    quiet.clock.forward(200)
    page.goto(f"{quiet.url}/board")
    expect(page.locator("[data-late=yes]")).to_be_visible()
    found["/board, late"] = violations(page)
    assert {path: said for path, said in found.items() if said} == {}


def test_axe_finds_nothing_on_pages_without_an_account(quiet: World, phone: BrowserContext) -> None:
    quiet.tag.is_far_away()
    quiet.tag.walks_in()
    key = quiet.settings.signing_key()
    made = police_codes.make(quiet.officer.person, quiet.officer.alert()["id"], key, clock.now())
    db.release_connection()
    page = phone.new_page()
    page.goto(f"{quiet.url}/sign-in")
    assert violations(page) == []
    page.goto(f"{quiet.url}/police")
    assert violations(page) == []
    page.get_by_label("Code").fill("1")
    page.get_by_role("button", name="Open the alert").click()
    assert violations(page) == []
    page.get_by_label("Code").fill(made.code)
    page.get_by_role("button", name="Open the alert").click()
    expect(page.locator("[data-brief]")).to_be_visible()
    assert violations(page) == []


@pytest.mark.parametrize("zoom", [2, 4])
def test_pages_fit_at_200_and_400_per_cent(quiet: World, browser: Browser, zoom: int) -> None:
    quiet.tag.is_far_away()
    quiet.tag.walks_in()
    # A screen of 1,280 pixels at 400 % leaves 320 of them.
    screen = {"viewport": {"width": 1_280 // zoom, "height": 1_024 // zoom}, "device_scale_factor": zoom}
    with window(browser, **screen) as context:
        page, _ = sign_in(context, quiet, "grace@cordon.example", "/officer")
        for path in pages_of(quiet):
            page.goto(f"{quiet.url}{path}")
            expect_to_fit(page)


def test_an_alert_is_acknowledged_and_handed_to_the_police_by_keyboard_in_forced_colours(
    quiet: World, browser: Browser
) -> None:
    quiet.tag.is_far_away()
    quiet.tag.walks_in()
    with window(browser, viewport={"width": 1_000, "height": 800}, forced_colors="active") as context:
        page, complaints = sign_in(context, quiet, "amina@cordon.example", "/officer")
        expect(page.locator("[data-alert-id]").first).to_be_visible()
        _press_until(page, ".card", "Tab")
        page.keyboard.press("Enter")
        expect(page.locator("[data-action=alert_raised]")).to_be_visible()
        _press_until(page, "[data-do=acknowledge]", "Tab")
        page.keyboard.press("Enter")
        expect(page.locator("[data-who=me]")).to_be_visible()
        _press_until(page, ".police__open", "Shift+Tab")
        page.keyboard.press("Enter")
        expect(page.locator(".brief__line").first).to_be_visible()
        _press_until(page, "#police-reference", "Tab")
        page.keyboard.type("CAD 7")
        page.keyboard.press("Enter")
        expect(page.locator("[data-handed-over='CAD 7']")).to_be_visible()
        shot(page, "accessible-forced-colours")
        assert complaints == []


def _press_until(page: Page, selector: str, key: str) -> None:
    """Go on by keyboard until the focus is on such an element."""
    for _ in range(80):
        page.keyboard.press(key)
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"the keyboard never reaches {selector}")
