"""A protected person's own page in a real browser on a phone: invitation, help, the second passcode, the way out."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from backend import clock, db, shared_location
from tests.cases import ENDING, NEAR, OVER
from tests.own_pages import PIN, SECOND, invite
from tests.pages.actions import PHONE, expect_to_fit, shot, sign_in, window
from tests.stories.test_help_messages import helps
from tests.stories.test_help_messages import theirs as theirs_texts
from tests.stories.test_own_page_help import rung_at_once
from tests.world import World


class Weather(BaseHTTPRequestHandler):
    """The page to which the way out leads, on another host."""

    came_from: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        if self.path == "/weather":
            self.came_from.append(self.headers.get("Referer"))
        body = b"<!doctype html><title>Weather</title><p>Rain.</p>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def away(world: World) -> Iterator[str]:
    """Where the way out leads in these tests."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Weather) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        url = f"http://localhost:{server.server_port}/weather"
        world.app.extensions["cordon.settings"] = world.settings.changed(own_pages_exit_url=url)
        yield url
        server.shutdown()


@pytest.fixture
def theirs(browser: Browser) -> Iterator[BrowserContext]:
    """Their phone."""
    with window(browser, **PHONE) as context:
        yield context


def takes_up(context: BrowserContext, world: World) -> tuple[Page, list[str]]:
    """Take up an invitation by hand; the list fills with requests to anybody else."""
    page = context.new_page()
    others: list[str] = []
    page.on("request", lambda one: None if one.url.startswith(world.url) else others.append(one.url))
    made = invite(world)
    page.goto(f"{world.url}/p/a/{made.link}")
    shot(page, "own-code-390")
    expect_to_fit(page)
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("That is not right")
    page.get_by_label("Code").fill(made.code)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Passcode", exact=True).fill(PIN)
    page.get_by_label("Type it again").fill(PIN)
    page.get_by_label("A second passcode").fill(SECOND)
    shot(page, "own-passcode-390")
    expect_to_fit(page)
    page.get_by_role("button", name="Save").click()
    page.get_by_label("Recipes").check()
    page.get_by_label("Contact us").check()
    shot(page, "own-look-390")
    expect_to_fit(page)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[data-status]")).to_be_visible()
    return page, others


def test_an_invitation_is_read_out_taken_up_and_shows_how_it_stands(
    world: World, theirs: BrowserContext, desk: BrowserContext
) -> None:
    world.tag.is_far_away()
    staff, _ = sign_in(desk, world, "amina@cordon.example", f"/cases/{world.wearer.id}")
    staff.get_by_role("link", name=world.victim.name).click()
    staff.get_by_role("link", name="Open their own page").click()
    staff.get_by_label("How and when they asked for it").fill("On the phone, at 10.")
    staff.get_by_role("button", name="Make a link and a code").click()
    expect(staff.locator("[data-code]")).to_have_text(re.compile(r"^\d{6}$"))
    shot(staff, "own-officer-1280")
    page, others = takes_up(theirs, world)
    expect(page).to_have_title("Recipes")
    expect(page.locator("[data-status]")).to_contain_text("You are being watched over. Last checked at")
    shot(page, "own-home-390")
    expect_to_fit(page)
    page.get_by_role("button", name="Lock").click()
    expect(page.get_by_role("heading", name="Recipes")).to_be_visible()
    shot(page, "own-door-390")
    expect_to_fit(page)
    assert "ordon" not in page.content()
    assert others == []
    staff.reload()
    world.reads_everything()


def test_help_at_night_by_the_button_without_and_with_words_and_without_a_network(
    world: World, theirs: BrowserContext
) -> None:
    page, _ = takes_up(theirs, world)
    page.get_by_role("button", name="Lock").click()
    page.get_by_role("button", name="Contact us").click()
    expect(page.get_by_role("status")).to_contain_text("Sent at")
    rung_at_once(world)
    shot(page, "own-sent-390")
    expect_to_fit(page)
    page.get_by_label("Add a few words").fill("Someone is at the door")
    page.get_by_role("button", name="Send these words").click()
    expect(page.get_by_role("status")).to_contain_text("Sent at")
    rung_at_once(world)
    assert "Someone is at the door" in helps(world)[0]["reasons"][-2]
    theirs.set_offline(True)
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_role("alert")).to_contain_text("Not sent. Try again. If you cannot wait, call 999.")
    shot(page, "own-offline-390")
    theirs.set_offline(False)
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_role("alert")).to_be_hidden()
    world.reads_everything()


def test_the_second_passcode_shows_an_empty_page_and_rings(world: World, theirs: BrowserContext) -> None:
    page, _ = takes_up(theirs, world)
    page.get_by_role("button", name="Lock").click()
    page.get_by_label("Passcode").fill(SECOND)
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_text("You have no recipes yet.")).to_be_visible()
    rung_at_once(world)
    shot(page, "own-decoy-390")
    expect_to_fit(page)
    page.go_back()
    page.goto(f"{world.url}/p/look")
    expect(page.get_by_text("You have no recipes yet.")).to_be_visible()
    world.reads_everything()


@pytest.mark.parametrize("how", ["click", "keys", "first in order"])
def test_the_way_out_replaces_the_page_and_back_does_not_lead_to_it(
    world: World, theirs: BrowserContext, away: str, how: str
) -> None:
    page, _ = takes_up(theirs, world)
    if how == "click":
        page.get_by_role("link", name="Close this page").click()
    elif how == "keys":
        for _ in range(3):
            page.keyboard.press("Shift")
    else:
        page.keyboard.press("Tab")
        expect(page.locator(":focus")).to_have_text("Close this page")
        page.keyboard.press("Enter")
    page.wait_for_url(away)
    # The page of the weather is not even told from where its visitor comes.
    assert set(Weather.came_from) == {None}
    page.go_back()
    expect(page.locator("body")).not_to_contain_text("watched over")
    page.goto(f"{world.url}/p")
    expect(page.get_by_label("Passcode")).to_be_visible()


def test_two_shifts_and_another_key_leave_nothing(world: World, theirs: BrowserContext) -> None:
    page, _ = takes_up(theirs, world)
    for key in ("Shift", "Shift", "a", "Shift"):
        page.keyboard.press(key)
    expect(page.locator("[data-status]")).to_be_visible()


def test_nothing_is_kept_on_the_phone_but_two_cookies_that_say_nothing(world: World, theirs: BrowserContext) -> None:
    page, _ = takes_up(theirs, world)
    kept = page.evaluate(
        """async () => ({
          local: localStorage.length,
          session: sessionStorage.length,
          caches: (await caches.keys()).length,
          workers: (await navigator.serviceWorker.getRegistrations()).length,
          bases: (await indexedDB.databases()).length,
        })"""
    )
    assert set(kept.values()) == {0}
    cookies = theirs.cookies()
    assert {one["name"] for one in cookies} == {"v", "s"}
    assert all(one["httpOnly"] and one["path"] == "/p" for one in cookies)
    answer = theirs.request.get(f"{world.url}/p")
    assert answer.headers["cache-control"] == "no-store"


def test_without_javascript_help_passcodes_and_the_way_out_work(world: World, browser: Browser, away: str) -> None:
    with window(browser, **PHONE, java_script_enabled=False) as context:
        page, _ = takes_up(context, world)
        page.get_by_role("button", name="Lock").click()
        page.get_by_role("button", name="Contact us").click()
        expect(page.get_by_role("status")).to_contain_text("Sent at")
        rung_at_once(world)
        page.get_by_role("link", name="Close this page").click()
        page.wait_for_url(away)
        world.reads_everything()


def test_large_text_fits_a_narrow_phone(world: World, browser: Browser) -> None:
    with window(browser, viewport={"width": 320, "height": 640}, has_touch=True, is_mobile=True) as context:
        page, _ = takes_up(context, world)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        expect_to_fit(page)
        shot(page, "own-home-large-320")


def test_texts_are_chosen_and_stopped_in_one_step_while_an_alert_stands(world: World, theirs: BrowserContext) -> None:
    page, _ = takes_up(theirs, world)
    page.get_by_role("link", name="Your messages").click()
    page.get_by_role("link", name="Choose your texts").click()
    page.get_by_label("Your words for: danger is near").fill(NEAR)
    page.get_by_label("Your words for: it is over").fill(OVER)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter your words for: watching is about to end")
    page.get_by_label("Your words for: watching is about to end").fill(ENDING)
    shot(page, "own-words-390")
    expect_to_fit(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(NEAR)).to_be_visible()
    shot(page, "own-messages-390")
    expect_to_fit(page)
    world.stop_worker()
    world.tag.is_far_away()
    world.tag.stays_inside()
    page.get_by_role("button", name="Stop all texts now").click()
    expect(page.get_by_text("No texts are sent to you.")).to_be_visible()
    shot(page, "own-stopped-390")
    world.start_worker()
    world.settle()
    assert theirs_texts(world) == []
    world.reads_everything()


def test_their_phone_is_shared_while_the_page_is_open_and_paused_with_one_tap(
    world: World, theirs: BrowserContext
) -> None:
    shared_location.agree(
        world.officer.person, world.victim.id, [world.wearer.id], 200.0, 300.0, "Wherever they are", clock.now()
    )
    db.release_connection()
    theirs.grant_permissions(["geolocation"], origin=world.url)
    theirs.set_geolocation({"latitude": 51.6, "longitude": -0.2, "accuracy": 9})
    page, others = takes_up(theirs, world)
    page.get_by_role("link", name="This phone").click()
    page.get_by_role("button", name="Share while this page is open").click()
    expect(page.get_by_role("status")).to_contain_text("Shared. Keep this page open.")
    shot(page, "own-phone-390")
    expect_to_fit(page)
    page.get_by_role("button", name="Share with an app, all the time").click()
    expect(page.locator("[data-token]")).to_be_visible()
    shot(page, "own-app-390")
    expect_to_fit(page)
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("[data-phone]")).to_contain_text("Paused. Nothing of where you are is kept.")
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("[data-phone]")).to_contain_text("This phone may say where it is.")
    assert others == []
    world.reads_everything()


def test_places_and_safe_fit_a_phone(world: World, theirs: BrowserContext) -> None:
    page, _ = takes_up(theirs, world)
    page.get_by_role("link", name="Your places").click()
    expect(page.locator("[data-places]")).to_contain_text("Home")
    shot(page, "own-places-390")
    expect_to_fit(page)
    page.get_by_role("link", name="Back").click()
    page.get_by_role("link", name="I am safe").click()
    page.get_by_label("Passcode").fill(PIN)
    shot(page, "own-safe-390")
    expect_to_fit(page)
    page.get_by_role("button", name="I am safe").click()
    expect(page.get_by_text("You have no recipes yet.")).to_be_visible()
    world.reads_everything()
