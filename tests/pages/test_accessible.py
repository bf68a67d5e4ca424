"""Every page of staff and of the police by axe-core at WCAG 2.2 AA; keyboard, zoom and forced colours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from backend import clock, db, police_codes
from tests.pages.actions import expect_to_fit, shot, sign_in, window
from tests.pages.routes import full_record, pages_of_administrators, pages_of_staff
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


def load(page: Page, world: World, path: str) -> None:
    """Open a page, and wait for what its script draws."""
    page.goto(f"{world.url}{path}")
    page.wait_for_load_state("load")
    if path.startswith("/officer/alerts"):
        expect(page.locator("[data-action=alert_raised]")).to_be_visible()
    elif path == "/officer":
        expect(page.locator("[data-alert-id]").first).to_be_visible()


@pytest.mark.parametrize("screen", ["phone", "desk"])
def test_axe_finds_nothing_on_any_page_of_staff(quiet: World, screen: str, request: pytest.FixtureRequest) -> None:
    context: BrowserContext = request.getfixturevalue(screen)
    values = full_record(quiet)
    page, _ = sign_in(context, quiet, "grace@cordon.example", "/officer")
    found = {}
    for _, path in pages_of_staff(quiet, values):
        load(page, quiet, path)
        if path.startswith("/officer/alerts"):
            page.get_by_role("button", name="Hand over to the police").click()
            expect(page.locator(".brief__line").first).to_be_visible()
        found[path] = violations(page)
    # Once the target is missed, the board's rows are drawn louder.
    quiet.clock.forward(200)
    page.goto(f"{quiet.url}/board")
    expect(page.locator("[data-late=yes]")).to_be_visible()
    found["/board, late"] = violations(page)
    # A form that is refused says so at its fields.
    page.goto(f"{quiet.url}/cases/{quiet.wearer.id}/orders/new")
    page.get_by_role("button", name="Record the order").click()
    expect(page.get_by_role("alert")).to_be_visible()
    found["refused"] = violations(page)
    assert {path: said for path, said in found.items() if said} == {}


def test_axe_finds_nothing_on_pages_of_administrators(quiet: World, phone: BrowserContext) -> None:
    paths = pages_of_administrators(quiet)
    page, _ = sign_in(phone, quiet, "ivy@cordon.example", "/administrator")
    found = {}
    for path in paths:
        page.goto(f"{quiet.url}{path}")
        expect_to_fit(page)
        found[path] = violations(page)
    assert {path: said for path, said in found.items() if said} == {}
    assert len(paths) > 9


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
    values = full_record(quiet)
    # A screen of 1,280 pixels at 400 % leaves 320 of them.
    screen = {"viewport": {"width": 1_280 // zoom, "height": 1_024 // zoom}, "device_scale_factor": zoom}
    with window(browser, **screen) as context:
        page, _ = sign_in(context, quiet, "grace@cordon.example", "/officer")
        for _, path in pages_of_staff(quiet, values):
            page.goto(f"{quiet.url}{path}")
            expect_to_fit(page)


# Marks what the keyboard can reach, and returns how many there are: of radio buttons the keyboard enters one a group.
MARK = """() => {
  const groups = new Set();
  const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")];
  const shown = all.filter((one) => {
    if (one.disabled || one.type === "hidden" || one.tabIndex < 0) return false;
    if (!one.checkVisibility({ visibilityProperty: true })) return false;
    if (one.type !== "radio") return true;
    const group = `${one.form?.action} ${one.name}`;
    return !groups.has(group) && groups.add(group);
  });
  const key = (one) => one.type === "radio" ? `${one.form?.action} ${one.name}` : one;
  globalThis.reached = new Set();
  globalThis.unmarked = [];
  document.addEventListener("focusin", ({ target }) => {
    reached.add(key(target));
    const at = ["radio", "checkbox"].includes(target.type) ? [target.labels[0], "::before"] : [target, null];
    const look = getComputedStyle(...at);
    if (look.outlineStyle === "none") unmarked.push(target.outerHTML.slice(0, 120));
  });
  const left = () => shown.filter((one) => one.isConnected && !reached.has(key(one)));
  globalThis.notReached = () => left().map((one) => one.outerHTML.slice(0, 120));
  return shown.length;
}"""


def test_every_control_of_every_page_is_reached_by_keyboard_and_shows_it_in_forced_colours(
    quiet: World, browser: Browser
) -> None:
    values = full_record(quiet)
    left: dict[str, Any] = {}
    with window(browser, viewport={"width": 1_000, "height": 800}, forced_colors="active") as context:
        page, _ = sign_in(context, quiet, "grace@cordon.example", "/officer")
        for _, path in pages_of_staff(quiet, values):
            load(page, quiet, path)
            for _ in range(page.evaluate(MARK) + 12):
                page.keyboard.press("Tab")
            said = [*page.evaluate("notReached()"), *(f"no outline: {one}" for one in page.evaluate("unmarked"))]
            if said:
                left[path] = said
    assert left == {}


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
