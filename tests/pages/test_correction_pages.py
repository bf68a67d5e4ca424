"""What was recorded in error is corrected on the pages of a case, in a real browser, and both versions are shown."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import BrowserContext, Locator, Page, expect

from backend import clock, db
from backend.cases import monitoring_status, officers, writing
from backend.cases.monitoring_status import Risk, Suspended
from backend.record import reading
from tests import cases
from tests.pages.actions import expect_to_fit, fill_date, shot, sign_in
from tests.world import World


def entries(page: Page, text: str) -> Locator:
    return page.locator(".case-entry").filter(has_text=text)


def correct(page: Page, text: str) -> None:
    """Open the correction of the newest entry about something that stands."""
    entries(page, text).get_by_role("link", name="Correct this entry").first.click()
    page.get_by_label("What was wrong").fill("Read off the wrong line.")


def save(page: Page) -> None:
    page.get_by_role("button", name="Save the correction").click()


def test_terms_conditions_officer_life_and_risk_are_corrected_from_the_history_on_a_phone(
    world: World,
    phone: BrowserContext,
) -> None:
    person, now = world.officer.person, clock.now()
    made = cases.order(world, now - timedelta(days=9), now + timedelta(days=9))
    cases.rests_on(world, made)
    writing.add_condition(person, made.id, "4", "Not to enter Elm Rd", now, now)
    officers.hand_over(person, world.wearer.id, world.colleague.person.id, now, now, why="A new post.")
    monitoring_status.assess_risk(person, world.wearer.id, Risk.LOW, now, now, why="Assessed.")
    until = now + timedelta(days=2)
    monitoring_status.suspend(
        person, world.wearer.id, Suspended.HOSPITAL, now, until, now, why="Ill.", is_confirmed=True
    )
    db.release_connection()
    page, complaints = sign_in(phone, world, "amina@cordon.example", f"/cases/{world.wearer.id}/history")
    correct(page, "Case: suspended")
    page.get_by_label("The case").select_option("Monitored: it was never so")
    save(page)
    expect(entries(page, "Case: active")).to_contain_text("In place of: suspended (hospital), from")
    expect(entries(page, "Case: suspended").first).to_contain_text("(recorded in error)")
    # A zone that was drawn too small was so since it began.
    page.get_by_role("link", name="Back to the case").click()
    page.locator("[data-zone]").get_by_role("link", name="Change").click()
    page.get_by_label("Radius", exact=True).fill("300")
    page.get_by_label("This version was wrong from its beginning").check()
    page.get_by_label("Why").fill("Metres and yards.")
    page.get_by_role("button", name="Save the new version").click()
    page.get_by_role("link", name="Read or correct the history").click()
    expect(entries(page, "the circle of 300 m").first).to_contain_text(
        "In place of: zone. The person on probation must keep out of the circle of 250 m"
    )
    assert reading.versions_of_zones(world.wearer.id)[-1][0].from_at == world.zone.from_at
    db.release_connection()
    correct(page, "Risk of serious harm: low")
    page.get_by_label("Risk of serious harm").select_option("Very high")
    page.get_by_label("What was wrong").fill("")
    save(page)
    expect(page.get_by_role("alert")).to_contain_text("Enter why.")
    expect(page.get_by_label("Risk of serious harm")).to_have_value("very_high")
    page.get_by_label("What was wrong").fill("Another man’s assessment.")
    save(page)
    expect(entries(page, "Risk of serious harm: very high")).to_contain_text("In place of: low, from")
    correct(page, "Responsible officer: Ben Carter")
    page.get_by_label("Responsible officer").select_option("Amina Yusuf")
    save(page)
    page.get_by_role("link", name="Back to the case").click()
    expect(page.locator("[data-officer]")).to_have_text("Amina Yusuf")
    page.get_by_role("link", name="Read or correct the history").click()
    correct(page, "Not to enter Elm Rd")
    page.get_by_label("The condition, in the words of the order").fill("Not to enter Elm Road, N7.")
    save(page)
    page.get_by_role("link", name="Back to the case").click()
    expect(page.locator("[data-order]")).to_contain_text("4. Not to enter Elm Road, N7.")
    page.get_by_role("link", name="Read or correct the history").click()
    correct(page, "Order: terms")
    expect(page.locator("[data-wrong]")).to_contain_text("LIC-2041")
    # An end that is too early takes protection away, and is asked back before it is saved.
    fill_date(page, "Last day", (now + timedelta(days=3)).date())
    expect_to_fit(page)
    shot(page, "correct-terms-390")
    save(page)
    expect(page.get_by_role("heading", name="Read this before it is saved")).to_be_visible()
    page.get_by_role("link", name="Go back without saving").click()
    page.get_by_label("What was wrong").fill("The second page was missing.")
    fill_date(page, "Last day", (now + timedelta(days=60)).date())
    page.get_by_label("From which document (optional)").fill("Licence, p. 3")
    save(page)
    newest = entries(page, "Order: terms").first
    expect(newest).to_contain_text("In place of: from")
    expect(newest).to_contain_text("[Licence, p. 3]")
    shot(page, "corrected-390")
    expect_to_fit(page)
    assert [line for line in complaints if "422" not in line and "409" not in line] == []
    world.reads_everything()


def test_a_cover_by_the_wrong_colleague_is_corrected_on_its_page(world: World, desk: BrowserContext) -> None:
    now, absent = clock.now(), world.officer.person
    officers.cover(absent, absent.id, world.supervisor.person.id, now, now + timedelta(days=5), now, why="Leave.")
    db.release_connection()
    page, complaints = sign_in(desk, world, "grace@cordon.example", f"/people/{absent.id}/cover")
    page.get_by_role("link", name="Correct this cover").click()
    expect(page.locator("[data-wrong]")).to_contain_text("Grace Okafor covers from")
    page.get_by_label("Who covers").select_option("Ben Carter")
    page.get_by_label("What was wrong").fill("It is Ben.")
    shot(page, "correct-cover-1280")
    page.get_by_role("button", name="Save the correction").click()
    assert reading.responsible_officer_id(world.wearer, now + timedelta(days=1)) == world.colleague.person.id
    db.release_connection()
    page.goto(f"{world.url}/people/{absent.id}/cover")
    expect(page.locator("[data-cover]").first).to_contain_text("Ben Carter")
    expect(page.locator("[data-cover]").nth(1)).to_contain_text("(recorded in error)")
    assert complaints == []
