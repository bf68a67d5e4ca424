"""Every page of a protected person's own by axe-core, on a phone, in large text, without JavaScript, and its errors."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from backend import clock, db, shared_location
from backend.cases import contact_details
from tests.cases import ENDING, NEAR, OVER, chosen
from tests.own_pages import PIN, SECOND, invite
from tests.pages.actions import PHONE, expect_to_fit, shot, window
from tests.pages.test_accessible import violations
from tests.world import World

BEHIND = ("", "/messages", "/messages/words", "/notices", "/places", "/phone", "/look", "/start", "/ok", "/call")


@pytest.fixture
def theirs(browser: Browser) -> Iterator[BrowserContext]:
    """Their phone, of the size that most have."""
    with window(browser, **{**PHONE, "viewport": {"width": 390, "height": 844}}) as context:
        yield context


@pytest.fixture
def plain(browser: Browser) -> Iterator[BrowserContext]:
    """Their phone with JavaScript off."""
    with window(browser, **PHONE, java_script_enabled=False) as context:
        yield context


def opens(context: BrowserContext, world: World) -> Page:
    """Take up an invitation and open the page."""
    page = context.new_page()
    made = invite(world)
    page.goto(f"{world.url}/p/a/{made.link}")
    page.get_by_label("Code").fill(made.code)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Passcode", exact=True).fill(PIN)
    page.get_by_label("Type it again").fill(PIN)
    page.get_by_label("A second passcode").fill(SECOND)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[data-status]")).to_be_visible()
    return page


def fill_the_world(world: World) -> None:
    """Let there be something on every page."""
    contact_details.agree(
        world.officer.person,
        world.wearer.id,
        world.victim.id,
        world.victim.phone or "",
        chosen(NEAR, OVER, ENDING),
        clock.now(),
    )
    shared_location.agree(
        world.officer.person, world.victim.id, [world.wearer.id], 200.0, 300.0, "Wherever they are", clock.now()
    )
    db.release_connection()
    world.tag.is_far_away()


def test_axe_finds_nothing_and_all_fits_on_every_page_of_theirs(world: World, theirs: BrowserContext) -> None:
    fill_the_world(world)
    page = opens(theirs, world)
    page.get_by_role("button", name="Help").click()
    expect(page.get_by_role("status")).to_contain_text("Sent at")
    found = {"sent": violations(page)}
    for path in BEHIND:
        page.goto(f"{world.url}/p{path}")
        expect_to_fit(page)
        shot(page, f"own-every{path.replace('/', '-')}-390")
        found[path] = violations(page)
    page.goto(f"{world.url}/p/places")
    page.get_by_role("button", name="Send to my officer").click()
    expect(page.get_by_role("alert")).to_be_visible()
    found["places, refused"] = violations(page)
    page.goto(f"{world.url}/p")
    page.get_by_role("button", name="Lock").click()
    found["door"] = violations(page)
    page.get_by_label("Passcode").fill("not this one")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("alert")).to_be_visible()
    found["door, wrong"] = violations(page)
    page.goto(f"{world.url}/p/a/ABCDEFGHJK")
    found["code"] = violations(page)
    page.goto(f"{world.url}/p/nowhere")
    found["error"] = violations(page)
    page.goto(f"{world.url}/p")
    page.get_by_label("Passcode").fill(SECOND)
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_text("You have no notes yet.")).to_be_visible()
    found["decoy"] = violations(page)
    assert {path: said for path, said in found.items() if said} == {}
    world.settle()
    world.reads_everything()


@pytest.mark.parametrize("path", BEHIND)
def test_large_text_fits_every_page_of_theirs(world: World, browser: Browser, path: str) -> None:
    fill_the_world(world)
    with window(browser, viewport={"width": 320, "height": 640}, has_touch=True, is_mobile=True) as context:
        page = opens(context, world)
        page.goto(f"{world.url}/p{path}")
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        expect_to_fit(page)
    world.reads_everything()


def test_every_page_of_theirs_works_without_javascript(world: World, plain: BrowserContext) -> None:
    fill_the_world(world)
    page = opens(plain, world)
    page.get_by_role("link", name="Your messages").click()
    page.get_by_role("link", name="Change them").click()
    page.get_by_label("Your words for: it is over").fill("Your book is back.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your book is back.")).to_be_visible()
    page.get_by_role("button", name="Stop all texts now").click()
    expect(page.get_by_text("No texts are sent to you.")).to_be_visible()
    page.get_by_role("link", name="Back").click()
    page.get_by_role("link", name="Your places").click()
    page.get_by_label("A place should be added").check()
    page.get_by_label("Say it in a few words").fill("My sister's flat")
    page.get_by_role("button", name="Send to my officer").click()
    expect(page.get_by_role("status")).to_contain_text("Sent to your officer.")
    page.get_by_role("link", name="Back").click()
    page.get_by_role("link", name="This phone").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("[data-phone]")).to_contain_text("Paused.")
    page.get_by_role("link", name="Back").click()
    page.get_by_role("link", name="I am safe").click()
    page.get_by_label("Passcode").fill(PIN)
    page.get_by_role("button", name="I am safe").click()
    expect(page.get_by_text("You have no notes yet.")).to_be_visible()
    world.settle()
    world.reads_everything()


def test_the_back_button_after_the_way_out_shows_nothing_of_theirs(world: World, theirs: BrowserContext) -> None:
    page = opens(theirs, world)
    world.app.extensions["cordon.settings"] = world.settings.changed(own_pages_exit_url=f"{world.url}/health")
    page.goto(f"{world.url}/p")
    page.get_by_role("link", name="Close this page").click()
    page.wait_for_url(f"{world.url}/health")
    page.go_back()
    expect(page.locator("body")).not_to_contain_text("watched over")
    expect(page.locator("body")).not_to_contain_text("Your messages")
