"""The alert's page as people act together: the police, colleagues, the case; and alerts that are found again later."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, BrowserContext, expect

from backend import clock, db
from backend.cases import monitoring_status, safety_plans
from backend.cases.monitoring_status import Risk
from backend.models import PoliceHandover
from backend.people import police_rooms
from tests.pages.actions import PHONE, expect_to_fit, shot, sign_in, window
from tests.world import World


def in_danger(world: World) -> None:
    world.tag.is_far_away()
    world.tag.walks_in()
    db.release_connection()


def test_the_police_have_it_with_two_taps_and_one_field(quiet: World, phone: BrowserContext) -> None:
    person, now = quiet.officer.person, clock.now()
    police_rooms.put(quiet.supervisor.person, "Met control room", "020 7946 0999", now)
    monitoring_status.assess_risk(person, quiet.wearer.id, Risk.HIGH, now, now, why="Panel.")
    safety_plans.write(person, quiet.wearer.id, "Stay inside.\nCall 999.", now, now, why="Agreed.")
    in_danger(quiet)
    page, complaints = sign_in(phone, quiet, "amina@cordon.example", "/officer")
    page.locator("[data-kind=zone]").get_by_role("link").click()
    panel = page.get_by_role("region", name="Police")
    panel.get_by_role("button", name="Hand over to the police").click()
    expect(panel.locator(".brief__line")).to_have_count(10)
    expect(panel).to_contain_text("Risk of serious harm: high")
    expect(panel).to_contain_text("Stay inside.")
    panel.get_by_label("Their reference").fill("CAD 4471")
    expect_to_fit(page)
    shot(page, "together-police-390")
    panel.get_by_role("button", name="Record the handover").click()
    expect(panel.locator("[data-handed-over='CAD 4471']")).to_contain_text(
        "Met control room has it, reference CAD 4471"
    )
    expect(page.locator("[data-action=handed_to_police]")).to_be_visible()
    expect_to_fit(page)
    assert PoliceHandover.select().count() == 1
    db.release_connection()
    case = page.locator("[data-panel=case]")
    expect(case.locator("[data-known=protected]")).to_contain_text("Laura Bennett")
    expect(case.locator("[data-known=risk]")).to_contain_text("High")
    expect(case.locator("[data-known=plan]")).to_contain_text("Call 999.")
    assert complaints == []


def test_a_handover_without_a_reference_says_what_is_missing(quiet: World, narrow: BrowserContext) -> None:
    in_danger(quiet)
    page, complaints = sign_in(narrow, quiet, "amina@cordon.example", "/officer")
    page.locator("[data-kind=zone]").get_by_role("link").click()
    panel = page.get_by_role("region", name="Police")
    panel.get_by_role("button", name="Hand over to the police").click()
    force, reference = panel.get_by_label("Police force"), panel.get_by_label("Their reference")
    expect(force).not_to_have_value("")
    force.fill("")
    panel.get_by_role("button", name="Record the handover").click()
    # All at once, each above the form as a link and at its field.
    errors = panel.get_by_role("alert").get_by_role("link")
    expect(errors).to_have_text(["Enter the reference that the control room gave you.", "Enter the police force."])
    expect(reference).to_be_focused()
    expect(reference).to_have_accessible_description(re.compile("Enter the reference"))
    expect(force).to_have_attribute("aria-invalid", "true")
    errors.nth(1).click()
    expect(force).to_be_focused()
    expect_to_fit(page)
    assert complaints == []


def test_the_police_see_the_alert_with_a_code_that_was_read_out(
    quiet: World, phone: BrowserContext, browser: Browser
) -> None:
    in_danger(quiet)
    page, complaints = sign_in(phone, quiet, "amina@cordon.example", "/officer")
    page.locator("[data-kind=zone]").get_by_role("link").click()
    panel = page.get_by_role("region", name="Police")
    panel.get_by_role("button", name="Hand over to the police").click()
    panel.get_by_role("button", name="Make a code for the police").click()
    code = panel.locator("[data-code]").get_attribute("data-code")
    assert code is not None
    expect(panel).to_contain_text(f"{quiet.url}/police")
    shot(page, "together-code-390")
    with window(browser, **PHONE) as theirs:
        police = theirs.new_page()
        police.goto(f"{quiet.url}/police")
        police.get_by_label("Code").fill("123")
        police.get_by_role("button", name="Open the alert").click()
        expect(police.get_by_role("alert")).to_contain_text("This code is not valid.")
        police.get_by_label("Code").fill(code)
        police.get_by_role("button", name="Open the alert").click()
        expect(police.locator("[data-brief]")).to_contain_text("Daniel Marsh")
        assert "Daniel" not in police.title()
        expect_to_fit(police)
        shot(police, "together-police-page-390")
        panel.get_by_role("button", name="End the code now").click()
        expect(panel).to_contain_text("The code has ended.")
        expect(page.locator("[data-action=police_page_opened]")).to_contain_text("The police opened this alert")
        police.reload()
        expect(police.get_by_role("alert")).to_contain_text("This code cannot be used any more.")
    assert complaints == []


def test_colleagues_take_over_hand_on_and_write_notes(quiet: World, phone: BrowserContext) -> None:
    in_danger(quiet)
    quiet.colleague.acknowledges()
    page, complaints = sign_in(phone, quiet, "amina@cordon.example", "/officer")
    page.locator("[data-kind=zone]").get_by_role("link").click()
    panel = page.get_by_role("region", name="Colleagues")
    panel.get_by_role("button", name="Take over from Ben Carter").click()
    expect(page.locator("[data-who=me]")).to_contain_text("You are acting since")
    expect(page.locator("[data-action=taken_over]")).to_contain_text("Amina Yusuf took it over from Ben Carter")
    panel.get_by_label("Note for colleagues").fill("The sister is with them.")
    panel.get_by_role("button", name="Add note").click()
    expect(page.locator("[data-action=noted]")).to_contain_text("Amina Yusuf wrote: The sister is with them.")
    panel.get_by_role("button", name="Hand to a colleague").click()
    expect(panel.get_by_role("button", name="Ring Ben Carter")).to_be_visible()
    expect_to_fit(page)
    shot(page, "together-colleagues-390")
    panel.get_by_role("button", name="Ring Ben Carter").click()
    expect(page.locator("[data-action=handed_to]")).to_contain_text(
        "Amina Yusuf handed it to Ben Carter, who is called now"
    )
    expect(page.locator("[data-who=none]")).to_contain_text("handed to a colleague. It needs their answer.")
    assert complaints == []


def test_every_staff_page_says_that_an_alert_waits(quiet: World, phone: BrowserContext) -> None:
    page, complaints = sign_in(phone, quiet, "amina@cordon.example", "/rota")
    strip = page.locator("[data-alert-strip]")
    expect(strip).to_be_hidden()
    expect(page.get_by_role("navigation").get_by_role("link", name="Live alerts")).to_be_visible()
    in_danger(quiet)
    page.reload()
    expect(strip).to_contain_text("1 unanswered alert")
    expect(strip).to_contain_text("Breach")
    expect_to_fit(page)
    shot(page, "together-strip-390")
    quiet.officer.acknowledges()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(strip).to_be_hidden()
    page.goto(f"{quiet.url}/cases/{quiet.wearer.id}/safety-plan")
    page.get_by_role("button", name="Save the plan").click()
    expect(page.get_by_role("alert").first).to_contain_text("Enter why the plan changes")
    page.get_by_label("Safety plan", exact=True).fill("Stay inside.")
    page.get_by_label("Why it changes").fill("Agreed today.")
    page.get_by_role("button", name="Save the plan").click()
    expect(page.get_by_text("The safety plan is saved.")).to_be_visible()
    expect_to_fit(page)
    shot(page, "together-plan-390")
    assert [one for one in complaints if "422" not in one] == []


def test_an_alert_is_found_again_after_it_was_closed(quiet: World, phone: BrowserContext, desk: BrowserContext) -> None:
    in_danger(quiet)
    quiet.officer.acknowledges()
    quiet.officer.records_outcome()
    page, complaints = sign_in(phone, quiet, "amina@cordon.example", "/alerts")
    found = page.locator("[data-found]")
    expect(found).to_contain_text("Daniel Marsh")
    expect(found).to_contain_text("Closed: Police informed")
    page.get_by_label("Code, name or place").fill("nobody of that name")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("[data-none]")).to_contain_text("No alert matches.")
    page.get_by_label("Code, name or place").fill("marsh")
    page.get_by_role("button", name="Search").click()
    expect(found.get_by_role("link")).to_have_count(1)
    assert re.search("marsh", page.url, re.I) is None
    expect_to_fit(page)
    shot(page, "together-search-390")
    found.get_by_role("link").click()
    expect(page.locator("[data-who=closed]")).to_contain_text("Police informed")
    wide, more = sign_in(desk, quiet, "grace@cordon.example", "/alerts")
    expect(wide.locator("[data-found]")).to_contain_text("Daniel Marsh")
    shot(wide, "together-search-desk")
    assert complaints + more == []
