"""How many taps an officer needs from a push to the end of an alert; each journey prints how long it took (``-s``)."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from backend import clock, db
from backend.people import consent, police_rooms
from tests.pages.actions import PHONE, shot, window
from tests.pages.test_push import NOTIFICATIONS, TAP, allow, open_app, open_sockets, push_service, state, turn_on
from tests.world import World, eventually


class Thumb:
    """One thumb on one phone: counts what it taps and which fields it fills."""

    def __init__(self) -> None:
        self.taps = 0
        self.fields = 0

    def taps_on(self, what: Locator) -> None:
        self.taps += 1
        what.tap()

    def fills(self, what: Locator, text: str) -> None:
        """Fill a field that has the thumb's attention already, or is tapped for it: a field counts as one."""
        self.fields += 1
        what.fill(text)

    @contextmanager
    def journey(self, name: str, taps: int, fields: int = 0) -> Iterator[None]:
        """Fail where a journey needs another number of taps or fields; print how long it took."""
        self.taps = self.fields = 0
        began = time.perf_counter()
        yield
        print(f"\n{name}: {self.taps} taps, {self.fields} fields, {time.perf_counter() - began:.1f} s")
        assert (self.taps, self.fields) == (taps, fields), name


@pytest.fixture
def phone(browser: Browser, world: World) -> Iterator[BrowserContext]:
    with window(browser, **PHONE) as context:
        yield context
    eventually(lambda: open_sockets() == 0, "the server has seen the pages go: the database is closed after this")


def pushed(page: Page, phone: BrowserContext, world: World, endpoint: str) -> str:
    """Let the wearer walk in, and the push about it come to the lock screen; return the path of its alert."""
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
    message = {"origin": world.url, "registrationId": registrations[-1], "data": received.payload}
    cdp.send("ServiceWorker.deliverPushMessage", message)
    eventually(lambda: page.evaluate(NOTIFICATIONS), "the notification")
    return f"/officer/alerts/{received.data['alert_id']}"


def test_from_a_push_to_the_outcome_each_journey_takes_the_taps_that_it_should(
    world: World, whole_phone: BrowserContext
) -> None:
    phone, now = whole_phone, clock.now()
    consent.allow_calls(world.victim, "Before 5 pm.", world.officer.person, now)
    police_rooms.put(world.supervisor.person, "Met control room", "020 7946 0999", now)
    db.release_connection()
    endpoint = push_service(phone, world)["subscriptions"][0]["endpoint"]
    page, complaints = open_app(phone, world)
    allow(page)
    turn_on(page)
    state(page, "on")
    path = pushed(page, phone, world, endpoint)
    thumb = Thumb()
    with thumb.journey("push to acknowledged", taps=2):
        # No one can tap a headless browser's lock screen: the test tells the service worker that someone did.
        thumb.taps += 1
        phone.service_workers[0].evaluate(TAP)
        page.wait_for_url(world.url + path)
        thumb.taps_on(page.get_by_role("button", name="Acknowledge"))
        expect(page.locator("[data-who=me]")).to_be_visible()
    with thumb.journey("from there to calling the protected person", taps=2):
        row = page.locator("[data-who=protected]")
        thumb.taps_on(row.get_by_role("button", name="Show number"))
        call = row.get_by_role("link", name=re.compile("^Call"))
        expect(call).to_have_attribute("href", f"tel:{world.victim.phone}")
        # The last tap is the link's: what the phone does with it is the phone's.
        call.evaluate("link => link.addEventListener('click', (event) => event.preventDefault())")
        thumb.taps_on(call)
    with thumb.journey("police handover", taps=2, fields=1):
        panel = page.get_by_role("region", name="Police")
        thumb.taps_on(panel.get_by_role("button", name="Hand over to the police"))
        expect(panel.locator(".brief__line")).to_have_count(10)
        thumb.fills(panel.get_by_label("Their reference"), "CAD 4471")
        thumb.taps_on(panel.get_by_role("button", name="Record the handover"))
        expect(panel.locator("[data-handed-over='CAD 4471']")).to_be_visible()
    shot(page, "journey-handed-over-390")
    world.tag.leaves()
    expect(page.locator("[data-action=alert_withdrawn]")).to_be_visible()
    with thumb.journey("outcome", taps=2):
        thumb.taps_on(page.get_by_label("Police informed"))
        thumb.taps_on(page.get_by_role("button", name="Record outcome"))
        expect(page.locator("[data-who=closed]")).to_contain_text("Police informed")
    shot(page, "journey-closed-390")
    assert complaints == []
    world.checks_at_end = False
