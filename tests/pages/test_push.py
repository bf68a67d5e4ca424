"""Warnings on a closed app in a real browser: the menu, the service worker, the lock screen and the receipts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from backend import db, push_subscriptions
from backend.models import Device, Receipt, Socket
from tests.pages.actions import OUTPUT, PHONE, expect_to_fit, sign_in, window
from tests.world import World, eventually

EMAIL = "amina@cordon.example"
TAP = """async () => {
  const [notification] = await self.registration.getNotifications();
  self.dispatchEvent(new NotificationEvent("notificationclick", { notification }));
}"""
# A headless browser has no push service. This gives it the subscriptions that one would have given, one after the
# other, and nothing else: permission, service worker, page and server are the real ones.
PUSH_SERVICE = """(service) => {
  const kept = globalThis.localStorage ?? { held: "-1", given: "0", setItem(name, value) { this[name] = value; } };
  if (!kept.held) kept.setItem("held", "-1");
  if (!kept.given) kept.setItem("given", "0");
  const subscription = (number) => ({
    endpoint: service.subscriptions[number].endpoint,
    options: { userVisibleOnly: true },
    toJSON: () => service.subscriptions[number],
    unsubscribe: async () => { kept.setItem("held", "-1"); return true; },
  });
  PushManager.prototype.subscribe = async (options) => {
    if (options.applicationServerKey !== service.key) throw new Error("another key");
    const number = Number(kept.given);
    if (!service.subscriptions[number]) throw new DOMException("no push service", "AbortError");
    kept.setItem("given", String(number + 1));
    kept.setItem("held", String(number));
    return subscription(number);
  };
  PushManager.prototype.getSubscription = async () => (kept.held === "-1" ? null : subscription(Number(kept.held)));
}"""
GIVE_UP = "localStorage.setItem('held', '-1')"
NOTIFICATIONS = """async () => (await (await navigator.serviceWorker.ready).getNotifications()).map(
  ({ title, body, tag, renotify, requireInteraction, silent, data }) =>
    ({ title, body, tag, renotify, requireInteraction, silent, path: data.path })
)"""


@pytest.fixture
def phone(whole_browser: Browser, world: World) -> Iterator[BrowserContext]:
    with window(whole_browser, **PHONE) as context:
        yield context
    eventually(lambda: open_sockets() == 0, "the server has seen the pages go: the database is closed after this")


def open_app(phone: BrowserContext, world: World, email: str = EMAIL) -> tuple[Page, list[str]]:
    """Sign in to the app, and wait until it is live: nothing is under way when the test ends."""
    page, complaints = sign_in(phone, world, email, "/officer")
    expect(page.locator("#live-state")).to_have_attribute("data-state", "live")
    return page, complaints


def allow(page: Page, setting: str = "granted") -> None:
    """Answer the browser's question about notifications, as its settings would."""
    cdp = page.context.new_cdp_session(page)
    context_id = cdp.send("Target.getTargetInfo")["targetInfo"]["browserContextId"]
    permission = {"permission": {"name": "notifications"}, "setting": setting, "browserContextId": context_id}
    cdp.send("Browser.setPermission", permission)


def push_service(phone: BrowserContext, world: World, count: int = 1) -> dict[str, Any]:
    """Give this browser a push service that can subscribe it ``count`` times; with what it will give."""
    key = push_subscriptions.public_key(world.settings)
    owner = world.officer.person.phone or ""
    service = {"key": key, "subscriptions": [world.doubles.webpush.subscribe(owner, key) for _ in range(count)]}
    phone.add_init_script(f"({PUSH_SERVICE})({json.dumps(service)})")
    return service


def turn_on(page: Page) -> None:
    page.get_by_label("Menu").click()
    page.get_by_role("button", name="Warn me on this phone").click()
    state(page, "on")
    page.keyboard.press("Escape")


def state(page: Page, name: str) -> None:
    expect(page.locator("#push")).to_have_attribute("data-state", name)


def devices() -> list[tuple[str, str | None]]:
    """Return the endpoints that this service knows, with why they were ended."""
    try:
        return [(row.token, row.ended_because) for row in Device.select().order_by(Device.id)]
    finally:
        db.release_connection()


def open_sockets() -> int:
    try:
        return Socket.select().count()
    finally:
        db.release_connection()


def told() -> list[str]:
    try:
        return sorted(row.kind for row in Receipt.select().where(Receipt.channel == "push"))
    finally:
        db.release_connection()


def test_the_service_worker_controls_the_app_and_a_browser_without_a_push_service_says_so(
    world: World, phone: BrowserContext
) -> None:
    page, _ = open_app(phone, world)
    scope = page.evaluate("navigator.serviceWorker.ready.then((registration) => registration.scope)")
    assert scope == f"{world.url}/officer"
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    allow(page)
    page.get_by_label("Menu").click()
    state(page, "off")
    page.get_by_role("button", name="Warn me on this phone").click()
    state(page, "failed")
    expect(page.locator("#push")).to_contain_text("Not turned on: the browser’s push service did not answer.")
    expect_to_fit(page)
    assert devices() == []


def test_a_browser_that_refuses_notifications_is_told_how_to_change_that(world: World, phone: BrowserContext) -> None:
    page, complaints = open_app(phone, world)
    allow(page, "denied")
    page.get_by_label("Menu").click()
    state(page, "refused")
    expect(page.locator("#push")).to_contain_text("In its settings for this site allow notifications")
    expect(page.get_by_role("button", name="Warn me on this phone")).to_be_hidden()
    expect_to_fit(page)
    OUTPUT.mkdir(exist_ok=True)
    page.screenshot(path=OUTPUT / "officer-push-refused-390.png")
    assert complaints == []


def test_a_browser_that_cannot_do_it_says_so(world: World, phone: BrowserContext) -> None:
    phone.add_init_script("delete window.PushManager")
    page, complaints = open_app(phone, world)
    page.get_by_label("Menu").click()
    state(page, "unsupported")
    assert complaints == []


def test_one_tap_turns_warnings_on_and_a_push_is_shown_and_proved_and_opens_its_alert(
    world: World, phone: BrowserContext
) -> None:
    OUTPUT.mkdir(exist_ok=True)
    endpoint = push_service(phone, world)["subscriptions"][0]["endpoint"]
    page, complaints = open_app(phone, world)
    allow(page)
    page.get_by_label("Menu").click()
    state(page, "off")
    page.screenshot(path=OUTPUT / "officer-push-off-390.png")
    page.get_by_role("button", name="Warn me on this phone").click()
    state(page, "on")
    expect_to_fit(page)
    page.screenshot(path=OUTPUT / "officer-push-on-390.png")
    assert devices() == [(endpoint, None)]
    page.reload()
    state(page, "on")

    cdp = phone.new_cdp_session(page)
    registrations: list[str] = []
    cdp.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: registrations.extend(item["registrationId"] for item in event["registrations"]),
    )
    cdp.send("ServiceWorker.enable")
    world.tag.is_far_away()
    world.tag.walks_in()
    received = world.expect_push(endpoint, "Please acknowledge")
    while not registrations:
        page.wait_for_timeout(20)
    assert told() == []
    cdp.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": world.url, "registrationId": registrations[-1], "data": received.payload},
    )
    eventually(lambda: page.evaluate(NOTIFICATIONS), "the notification")
    path = f"/officer/alerts/{received.data['alert_id']}"
    assert page.evaluate(NOTIFICATIONS) == [
        {
            "title": "Cordon",
            "body": received.body,
            "tag": f"alert-{received.data['alert_id']}",
            "renotify": True,
            "requireInteraction": True,
            "silent": False,
            "path": path,
        }
    ]
    eventually(lambda: told() == ["displayed", "received"], "the receipts of the service worker")
    # No one can tap a headless browser's lock screen: the test tells the service worker that someone did.
    phone.service_workers[0].evaluate(TAP)
    page.wait_for_url(world.url + path)
    expect(page.locator(".status")).to_have_attribute("data-handling", "open")
    eventually(lambda: told() == ["displayed", "opened", "received"], "the receipt of the tap")
    assert page.evaluate(NOTIFICATIONS) == []
    assert complaints == []
    world.reads_everything()


def test_warnings_are_turned_off_in_the_menu_and_by_signing_out(world: World, phone: BrowserContext) -> None:
    first, second = [s["endpoint"] for s in push_service(phone, world, 2)["subscriptions"]]
    page, complaints = open_app(phone, world)
    allow(page)
    turn_on(page)
    page.get_by_label("Menu").click()
    page.get_by_role("button", name="Stop warning this phone").click()
    state(page, "off")
    assert devices() == [(first, "removed")]
    page.get_by_role("button", name="Warn me on this phone").click()
    state(page, "on")
    assert devices() == [(first, "removed"), (second, None)]
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{world.url}/sign-in")
    assert devices() == [(first, "removed"), (second, "removed")]
    assert page.evaluate("localStorage.getItem('held')") == "-1"
    assert complaints == []


def test_a_subscription_that_the_browser_gave_up_is_replaced_or_missed_aloud(
    world: World, phone: BrowserContext
) -> None:
    OUTPUT.mkdir(exist_ok=True)
    first, second = [s["endpoint"] for s in push_service(phone, world, 2)["subscriptions"]]
    page, complaints = open_app(phone, world)
    allow(page)
    turn_on(page)
    page.evaluate(GIVE_UP)
    page.reload()
    state(page, "on")
    eventually(lambda: devices() == [(first, "removed"), (second, None)], "the new subscription took its place")
    page.evaluate(GIVE_UP)
    page.reload()
    expect(page.locator("#live-state")).to_have_attribute("data-state", "live")
    state(page, "lost")
    eventually(lambda: devices() == [(first, "removed"), (second, "removed")], "it counts as a way to her no more")
    expect(page.get_by_label("Menu. Warnings to this phone have stopped")).to_be_visible()
    page.screenshot(path=OUTPUT / "officer-push-lost-390.png")
    page.get_by_label("Menu. Warnings to this phone have stopped").click()
    expect(page.locator("#push")).to_contain_text("Turn it on again")
    expect_to_fit(page)
    assert complaints == []


def test_the_service_worker_subscribes_again_by_itself_when_the_browser_renews_it(
    world: World, phone: BrowserContext
) -> None:
    service = push_service(phone, world, 2)
    first, second = [s["endpoint"] for s in service["subscriptions"]]
    page, _ = open_app(phone, world)
    allow(page)
    turn_on(page)
    worker = phone.service_workers[0]
    worker.evaluate(PUSH_SERVICE, {**service, "subscriptions": service["subscriptions"][1:]})
    worker.evaluate("self.dispatchEvent(new ExtendableEvent('pushsubscriptionchange'))")
    eventually(lambda: devices() == [(first, "removed"), (second, None)], "the new subscription took its place")


def test_the_one_who_signs_in_next_on_this_phone_gets_none_of_the_last_persons_warnings(
    world: World, phone: BrowserContext
) -> None:
    push_service(phone, world)
    page, _ = open_app(phone, world)
    allow(page)
    turn_on(page)
    phone.clear_cookies()
    other, complaints = open_app(phone, world, "ben@cordon.example")
    state(other, "off")
    assert other.evaluate("localStorage.getItem('held')") == "-1"
    assert complaints == []


ACKNOWLEDGE = """async () => {
  const [notification] = await self.registration.getNotifications();
  self.dispatchEvent(new NotificationEvent("notificationclick", { notification, action: "acknowledge" }));
}"""


def test_a_warning_is_acknowledged_from_its_notification_to_the_danger_that_it_told_of(
    world: World, phone: BrowserContext
) -> None:
    endpoint = push_service(phone, world)["subscriptions"][0]["endpoint"]
    page, complaints = open_app(phone, world)
    allow(page)
    turn_on(page)
    cdp = phone.new_cdp_session(page)
    registrations: list[str] = []
    cdp.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: registrations.extend(item["registrationId"] for item in event["registrations"]),
    )
    cdp.send("ServiceWorker.enable")
    world.tag.is_far_away()
    world.tag.walks_in()
    received = world.expect_push(endpoint, "Please acknowledge")
    assert received.data["danger"] == str(world.officer.alert()["danger"])
    while not registrations:
        page.wait_for_timeout(20)
    push = {"origin": world.url, "registrationId": registrations[-1], "data": received.payload}
    cdp.send("ServiceWorker.deliverPushMessage", push)
    eventually(lambda: page.evaluate(NOTIFICATIONS), "the notification")
    phone.service_workers[0].evaluate(ACKNOWLEDGE)
    eventually(lambda: world.officer.alert()["handling"] == "acknowledged", "the acknowledgement")
    said = "Acknowledged. Tap to open it and say what came of it."
    eventually(lambda: [one["body"] for one in page.evaluate(NOTIFICATIONS)] == [said], "what came of it")
    assert world.officer.alert()["acknowledgement"]["by"]["name"] == "Amina Yusuf"
    assert complaints == []
    world.checks_at_end = False
