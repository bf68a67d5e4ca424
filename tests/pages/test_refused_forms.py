"""Forms of a case on a phone: what was typed in one that is refused is still there, and a button does what it says."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import BrowserContext, expect

from backend import clock, db
from backend.people import consent
from backend.record import reading
from backend.record.facts import Terms
from tests import cases
from tests.pages.actions import expect_to_fit, shot, sign_in
from tests.world import World


def test_what_was_typed_in_a_form_that_is_refused_is_still_there_and_open(
    world: World,
    phone: BrowserContext,
) -> None:
    page, complaints = sign_in(phone, world, "amina@cordon.example", f"/cases/{world.wearer.id}")
    laura = page.locator(f"[data-victim='{world.victim.id}']")
    laura.get_by_text("Record that they agree to texts").click()
    laura.get_by_label("The number that is safe for them").fill("+447700900201")
    laura.get_by_label("Their words for: the wearer is near").fill("Your book has arrived.")
    laura.get_by_label("Their words for: protection is about to end").fill("The library closes.")
    laura.get_by_role("button", name="Record their consent").click()
    expect(page.get_by_role("alert")).to_contain_text("There is a problem")
    # The summary leads to the field, which says the same.
    page.get_by_role("link", name="Enter their words for: it is over.").click()
    expect(laura.get_by_label("Their words for: it is over")).to_be_focused()
    expect(laura.locator(".govuk-error-message")).to_have_count(1)
    shot(page, "case-refused-field-390")
    expect(laura.get_by_label("Their words for: the wearer is near")).to_have_value("Your book has arrived.")
    expect(laura.get_by_label("Their words for: protection is about to end")).to_be_visible()
    expect_to_fit(page)
    expect(laura.get_by_label("The number that is safe for them")).to_have_value("+447700900201")
    laura.get_by_label("Their words for: it is over").fill("Your book was collected.")
    laura.get_by_label("Their words for: we have your message (optional)").fill("Thanks for your order.")
    laura.get_by_role("button", name="Record their consent").click()
    expect(page.locator("[data-done]")).to_contain_text("Their consent to texts is recorded.")
    shot(page, "case-done-390")
    expect(page.locator(".govuk-error-summary")).to_have_count(0)
    held = consent.sms_consent(world.victim)
    db.release_connection()
    assert held is not None
    assert held.wording_ending == "The library closes."
    assert held.wording_help == "Thanks for your order."
    # Days and boxes come back as well as words.
    zone = page.locator("[data-zone]")
    zone.get_by_text("Change or remove this zone").click()
    zone.get_by_label("Radius, metres").fill("400")
    zone.get_by_label("Mon").first.check()
    zone.get_by_label("The version at hand was wrong all along").check()
    zone.locator("[id^='why-zone']").fill("Metres and yards.")
    zone.get_by_role("button", name="Save the new version").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter the days, a start time and an end time.")
    expect(zone.get_by_label("Radius, metres")).to_have_value("400")
    expect(zone.get_by_label("Mon").first).to_be_checked()
    expect(zone.get_by_label("Tue").first).not_to_be_checked()
    expect(zone.get_by_label("The version at hand was wrong all along")).to_be_checked()
    expect(zone.locator("[id^='why-zone']")).to_have_value("Metres and yards.")
    assert [line for line in complaints if "422" not in line] == []
    world.reads_everything()


def test_a_suspended_order_whose_last_day_is_varied_stays_suspended(
    world: World,
    phone: BrowserContext,
) -> None:
    now = clock.now()
    made = cases.order(world, world.zone.from_at, now + timedelta(days=20))
    cases.rests_on(world, made)
    cases.vary(world, made, Terms(world.zone.from_at, now + timedelta(days=20), is_suspended=True), now)
    page, complaints = sign_in(phone, world, "amina@cordon.example", f"/cases/{world.wearer.id}")
    order = page.locator(f"[data-order='{made.id}']")

    def vary(button: str) -> None:
        order.get_by_text("Enter a variation").click()
        order.locator("[id^='why-order']").fill("Varied by the court.")
        order.get_by_role("button", name=button).click()

    vary("Save the variation, still suspended")
    expect(order).to_contain_text("Suspended")
    expect(page.locator(".case-entry").filter(has_text="Varied by the court.")).to_have_count(1)
    assert not reading.case(world.wearer.id).zones_in_force(clock.now())
    db.release_connection()
    vary("Save and let the order be in force")
    expect(page.locator(".case-entry").filter(has_text="Varied by the court.")).to_have_count(2)
    assert reading.case(world.wearer.id).zones_in_force(clock.now())
    db.release_connection()
    assert complaints == []
    world.reads_everything()
