"""Forms of a case on a phone: what was typed in one that is refused is still there, and a button does what it says."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import Browser, BrowserContext, expect

from backend import clock, db
from backend.people import consent
from backend.record import reading
from backend.record.facts import Terms
from tests import cases
from tests.pages.actions import expect_to_fit, shot, sign_in, sign_in_when_asked, window
from tests.pages.routes import full_record, pages_of_staff
from tests.world import World


def test_what_was_typed_in_a_form_that_is_refused_is_still_there_and_open(
    world: World,
    phone: BrowserContext,
) -> None:
    page, complaints = sign_in(phone, world, "amina@cordon.example", f"/cases/{world.wearer.id}")
    page.get_by_role("link", name=world.victim.name).click()
    page.get_by_role("link", name="Record that they agree to texts").click()
    laura = page.locator("main")
    laura.get_by_label("The number that is safe for them").fill("+447700900201")
    laura.get_by_label("Your words for: danger is near").fill("Your book has arrived.")
    laura.get_by_label("Your words for: watching is about to end").fill("The library closes.")
    laura.get_by_role("button", name="Record their consent").click()
    expect(page.get_by_role("alert")).to_contain_text("There is a problem")
    # The summary leads to the field, which says the same.
    page.get_by_role("link", name="Enter their words for: it is over.").click()
    expect(laura.get_by_label("Your words for: it is over")).to_be_focused()
    expect(laura.locator(".govuk-error-message")).to_have_count(1)
    shot(page, "case-refused-field-390")
    expect(laura.get_by_label("Your words for: danger is near")).to_have_value("Your book has arrived.")
    expect(laura.get_by_label("Your words for: watching is about to end")).to_be_visible()
    expect_to_fit(page)
    expect(laura.get_by_label("The number that is safe for them")).to_have_value("+447700900201")
    laura.get_by_label("Your words for: it is over").fill("Your book was collected.")
    laura.get_by_label("Your words for: we have your message (if you want it)").fill("Thanks for your order.")
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
    page.get_by_role("link", name="Back to the case").click()
    page.locator("[data-zone]").get_by_role("link", name="Change").click()
    zone = page.locator("main")
    zone.get_by_label("Radius", exact=True).fill("400")
    zone.get_by_label("Mon").first.check()
    zone.get_by_label("This version was wrong from its beginning").check()
    zone.get_by_label("Why").fill("Metres and yards.")
    zone.get_by_role("button", name="Save the new version").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter the days, a start time and an end time.")
    expect(zone.get_by_label("Radius", exact=True)).to_have_value("400")
    expect(zone.get_by_label("Mon").first).to_be_checked()
    expect(zone.get_by_label("Tue").first).not_to_be_checked()
    expect(zone.get_by_label("This version was wrong from its beginning")).to_be_checked()
    expect(zone.get_by_label("Why")).to_have_value("Metres and yards.")
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
        order.get_by_role("link", name="Enter a variation").click()
        page.get_by_label("Why").fill("Varied by the court.")
        page.get_by_role("button", name=button).click()
        expect(page.locator("[data-done]")).to_contain_text("The variation is recorded.")

    vary("Save the variation, still suspended")
    expect(order).to_contain_text("Suspended")
    assert not reading.case(world.wearer.id).zones_in_force(clock.now())
    db.release_connection()
    vary("Save and let the order be in force")
    page.get_by_role("link", name="Read or correct the history").click()
    expect(page.locator(".case-entry").filter(has_text="Varied by the court.")).to_have_count(2)
    page.get_by_role("link", name="Back to the case").click()
    # The form has the last day: one tick takes it away.
    order.get_by_role("link", name="Enter a variation").click()
    page.get_by_label("The order has no end any more").check()
    page.get_by_label("Why").fill("Without an end.")
    page.get_by_role("button", name="Save the variation").click()
    expect(order).to_contain_text("without an end")
    assert reading.case(world.wearer.id).zones_in_force(clock.now())
    db.release_connection()
    assert complaints == []
    world.reads_everything()


# Forms that are sent empty, and how many things are wrong with each.
EMPTY = {
    "duty_pages.add_shift": 3,
    "case_pages.new_case": 8,
    "case_pages.add_condition": 5,
    "case_pages.protect": 3,
    "case_pages.add_order": 2,
    "case_pages.vary_order": 1,
    "case_pages.state_eligibility": 1,
    "case_pages.change_life": 3,
    "case_pages.assess_risk": 2,
    "case_pages.hand_over": 2,
    "case_pages.record_identity": 1,
    "case_pages.restrict": 1,
    "case_pages.hand_to_police": 2,
    "case_pages.recall": 1,
    "case_pages.reach_victim": 4,
    "case_pages.decline_warnings": 1,
    "case_pages.share_location": 1,
    "case_pages.prove_victims_number": 1,
    "case_pages.keep_wearers_numbers": 1,
    "case_pages.reach_through": 1,
    "case_pages.take_out": 1,
    "case_pages.add_victim": 1,
    "case_pages.fit_tag": 2,
    "case_pages.swap_tag": 2,
    "case_pages.take_tag_off": 1,
    "case_pages.remove_zone": 1,
}


def test_each_empty_form_says_everything_at_once_at_its_fields_with_links_that_need_no_script(
    quiet: World, browser: Browser
) -> None:
    values = full_record(quiet)
    with window(browser, viewport={"width": 390, "height": 844}, java_script_enabled=False) as context:
        page, _ = sign_in_when_asked(context, quiet, "grace@cordon.example", "/cases")
        found = {}
        for endpoint, path in pages_of_staff(quiet, values):
            if endpoint not in EMPTY:
                continue
            page.goto(f"{quiet.url}{path}")
            page.locator("main form").last.get_by_role("button").first.click()
            links = page.locator(".govuk-error-summary__list a")
            found[endpoint] = links.count()
            for link in links.all():
                target = (link.get_attribute("href") or "")[1:]
                expect(page.locator(f"[id='{target}']")).to_have_count(1)
                group = ".govuk-form-group--error"
                at_field = page.locator(f"{group}[id='{target}'], {group}:has([id='{target}'])")
                expect(at_field).not_to_have_count(0)
            expect(page.locator(".govuk-error-message")).not_to_have_count(0)
    assert found == EMPTY
