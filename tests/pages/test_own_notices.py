"""Notices on a protected person's phone in a real browser: turned on, shown, tapped, and gone with all that it kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.own_pages import PIN
from tests.pages.actions import PHONE, expect_to_fit, shot, window
from tests.pages.test_accessible import violations
from tests.pages.test_own_pages_accessible import opens
from tests.pages.test_push import allow, push_service
from tests.world import World, eventually

SHOWN = """async () => {
  const registrations = await navigator.serviceWorker.getRegistrations();
  const shown = (await Promise.all(registrations.map((one) => one.getNotifications()))).flat();
  const keys = ["title", "body", "icon", "badge", "tag", "data", "actions"];
  return shown.map((one) => Object.fromEntries(keys.map((key) => [key, one[key]])));
}"""
KEPT = """async () => ({
  scopes: (await navigator.serviceWorker.getRegistrations()).map((one) => new URL(one.scope).pathname),
  caches: (await caches.keys()).length,
  bases: (await indexedDB.databases()).length,
})"""
TAP = """async () => {
  const [notification] = await self.registration.getNotifications();
  self.clients.openWindow = async (path) => { self.opened = path; };
  self.dispatchEvent(new NotificationEvent("notificationclick", { notification }));
}"""


@pytest.fixture
def theirs(whole_browser: Browser) -> Iterator[BrowserContext]:
    """Their phone, with a browser that notices can be shown in."""
    with window(whole_browser, **PHONE) as context:
        yield context


def asks(page: Page) -> None:
    page.get_by_role("link", name="Your messages").click()
    page.get_by_role("link", name="Notices on this phone").click()
    page.get_by_label("Your words for: danger is near").fill("Two eggs, one lemon.")
    page.get_by_label("Your words for: it is over").fill("Let it cool.")
    page.get_by_label("Recipes").check()
    page.get_by_role("button", name="Turn notices on").click()


def test_turned_on_shown_tapped_and_turned_off_with_nothing_left(world: World, theirs: BrowserContext) -> None:
    push_service(theirs, world)
    page = opens(theirs, world)
    others: list[str] = []
    page.on("request", lambda one: None if one.url.startswith(world.url) else others.append(one.url))
    registrations: list[str] = []
    cdp = theirs.new_cdp_session(page)
    cdp.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: registrations.extend(
            one["registrationId"] for one in event["registrations"] if not one.get("isDeleted")
        ),
    )
    cdp.send("ServiceWorker.enable")
    allow(page)
    asks(page)
    expect(page.get_by_role("status")).to_have_text("Notices are on.")
    shot(page, "own-notices-390")
    expect_to_fit(page)
    assert violations(page) == []
    assert page.evaluate(KEPT) == {"scopes": ["/p/f/"], "caches": 0, "bases": 0}
    world.tag.is_far_away()
    world.tag.stays_inside()
    eventually(lambda: world.doubles.webpush.received, "the notice")
    payload = world.doubles.webpush.received[0].payload
    push = {"origin": world.url, "registrationId": registrations[-1], "data": payload}
    cdp.send("ServiceWorker.deliverPushMessage", push)
    eventually(lambda: page.evaluate(SHOWN), "the notice on the lock screen")
    shown = {"title": "Recipes", "body": "Two eggs, one lemon.", "tag": "n", "data": None, "actions": []}
    icons = {"icon": f"{world.url}/p/f/recipes.png", "badge": f"{world.url}/p/f/badge.png"}
    assert page.evaluate(SHOWN) == [shown | icons]
    theirs.service_workers[0].evaluate(TAP)
    eventually(lambda: theirs.service_workers[0].evaluate("self.opened") == "/p", "the page that asks for the passcode")
    assert page.evaluate(SHOWN) == []
    # One that was not tapped goes with the consent, and so does all that the browser kept for it.
    cdp.send("ServiceWorker.deliverPushMessage", push)
    eventually(lambda: page.evaluate(SHOWN), "the notice on the lock screen")
    page.get_by_role("button", name="Turn notices off").click()
    expect(page.get_by_role("button", name="Turn notices on")).to_be_visible()
    gone = {"scopes": [], "caches": 0, "bases": 0}
    eventually(lambda: page.evaluate(KEPT) == gone, "nothing is kept")
    assert others == []
    world.reads_everything()


def test_a_page_that_was_ended_takes_its_notices_off_the_phone(world: World, theirs: BrowserContext) -> None:
    push_service(theirs, world)
    page = opens(theirs, world)
    allow(page)
    asks(page)
    expect(page.get_by_role("status")).to_have_text("Notices are on.")
    theirs.clear_cookies()
    page.goto(f"{world.url}/p")
    expect(page.get_by_text("There is nothing here.")).to_be_visible()
    eventually(lambda: page.evaluate(KEPT)["scopes"] == [], "nothing is kept")


@pytest.mark.parametrize("how", ["refused", "no push service"])
def test_a_phone_that_cannot_says_so_and_keeps_their_words(world: World, theirs: BrowserContext, how: str) -> None:
    page = opens(theirs, world)
    allow(page, "denied" if how == "refused" else "granted")
    asks(page)
    expect(page.get_by_role("alert")).to_have_text("Not turned on. Look at your phone's settings, and try again.")
    expect(page.get_by_label("Your words for: danger is near")).to_have_value("Two eggs, one lemon.")
    shot(page, "own-notices-refused-390")


def test_without_javascript_it_says_that_this_phone_cannot(world: World, browser: Browser) -> None:
    with window(browser, **PHONE, java_script_enabled=False) as context:
        page = opens(context, world)
        asks(page)
        expect(page.get_by_role("alert")).to_have_text("This phone cannot show them. Your texts work all the same.")
        page.goto(f"{world.url}/p")
        page.get_by_role("button", name="Lock").click()
        page.get_by_label("Passcode").fill(PIN)
        page.get_by_role("button", name="Open").click()
        expect(page.locator("[data-status]")).to_be_visible()
