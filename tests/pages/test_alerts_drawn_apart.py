"""An alert that the page cannot draw hides no other, and a part of one hides neither the rest nor its buttons."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import BrowserContext, Route, expect

from backend import clock, db
from tests.pages.actions import shot, sign_in
from tests.world import World


def test_one_alert_that_cannot_be_drawn_hides_no_other(quiet: World, phone: BrowserContext) -> None:
    quiet.tag.is_far_away()
    quiet.tag.walks_in()
    assert quiet.tag.post(events=[{"kind": "strap_open", "at": clock.now().isoformat()}]).status_code == 200
    db.release_connection()

    def spoil(route: Route) -> None:
        """Answer as the server does, but for the alert of the zone, which has no wearer."""
        answer = route.fetch()
        found: dict[str, Any] = answer.json()
        for alert in found["alerts"]:
            if alert["kind"] == "zone":
                alert |= {"wearer": None, "protected_person": None}
        route.fulfill(response=answer, json=found)

    phone.route("**/officer/list*", spoil)
    phone.route("**/v1/alerts?*", spoil)
    page, _ = sign_in(phone, quiet, "amina@cordon.example", "/officer")
    expect(page.locator("[data-alert-id]")).to_have_count(2)
    spoilt = page.locator("[data-kind=zone]")
    expect(spoilt).to_contain_text("This alert cannot be shown here. Open it.")
    expect(page.locator("[data-kind=tamper]")).to_contain_text(quiet.wearer.name)
    shot(page, "list-one-not-drawn-390")
    spoilt.get_by_role("link").click()
    expect(page.get_by_role("button", name="Acknowledge")).to_be_visible()
    phone.unroute_all(behavior="wait")


def test_a_part_that_cannot_be_drawn_hides_neither_the_rest_nor_the_buttons(
    quiet: World, phone: BrowserContext
) -> None:
    quiet.tag.is_far_away()
    quiet.tag.walks_in()
    db.release_connection()
    number = quiet.officer.alert()["id"]

    def spoil(route: Route) -> None:
        answer = route.fetch()
        found = answer.json() | {"told": None}
        route.fulfill(response=answer, json=found)

    phone.route(f"**/v1/alerts/{number}", spoil)
    page, _ = sign_in(phone, quiet, "amina@cordon.example", f"/officer/alerts/{number}")
    expect(page.locator("[data-action=alert_raised]")).to_be_visible()
    expect(page.get_by_role("region", name="Police")).to_be_visible()
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("[data-who=me]")).to_be_visible()
    phone.unroute_all(behavior="wait")
