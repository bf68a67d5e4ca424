"""Tags by the page of the case, in a real browser: swapped in one action, taken off once asked back, and as it was."""

from __future__ import annotations

from datetime import date

from playwright.sync_api import BrowserContext, expect

from tests.pages.actions import expect_to_fit, fill_date, shot, sign_in
from tests.world import World


def test_a_tag_is_swapped_and_taken_off_by_the_page_of_the_case(world: World, phone: BrowserContext) -> None:
    world.new_tag("LDN-0099", None)
    page, complaints = sign_in(phone, world, "amina@cordon.example", f"/cases/{world.wearer.id}")
    page.get_by_role("link", name="Change or see earlier tags").click()
    page.get_by_role("link", name="Swap it for another").click()
    page.get_by_role("button", name="Swap the tags").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter why the tag is changed.")
    page.get_by_label("The tag that they wear from now on").select_option("LDN-0099")
    page.get_by_label("Why").fill("The strap was worn through.")
    shot(page, "tag-swap-390")
    expect_to_fit(page)
    page.get_by_role("button", name="Swap the tags").click()
    expect(page.locator("[data-done]")).to_contain_text("The tag is swapped.")
    expect(page.locator("[data-activation]")).to_have_count(2)
    expect(page.locator("[data-activation]").first).to_contain_text("Worn now")
    expect(page.locator("[data-activation]").last).to_contain_text("Taken off: The strap was worn through.")
    page.get_by_role("link", name="Take it off").click()
    page.get_by_label("Why").fill("He is in hospital.")
    page.get_by_role("button", name="Take the tag off").click()
    expect(page.get_by_text(f"no tag of {world.wearer.name} is judged")).to_be_visible()
    expect(page.get_by_text("Nothing is saved yet.")).to_be_visible()
    shot(page, "tag-off-confirm-390")
    page.get_by_role("link", name="Go back without saving").click()
    expect(page.get_by_role("heading", name="Take tag LDN-0099 off")).to_be_visible()
    page.get_by_label("Why").fill("He is in hospital.")
    page.get_by_role("button", name="Take the tag off").click()
    page.get_by_role("button", name="Save it all the same").click()
    expect(page.locator("[data-no-tag]")).to_contain_text("No tag is worn")
    shot(page, "tag-none-390")
    page.get_by_role("link", name="Back to the case").click()
    expect(page.locator("[data-life]")).to_have_text("Not judged: no tag")
    expect(page.locator("[data-gaps]")).to_contain_text("no tag is worn, so nothing is judged")
    page.get_by_role("link", name="Change or see earlier tags").click()
    page.get_by_role("link", name="Fit a tag").click()
    page.get_by_label("The tag that they wear from now on").select_option("LDN-0099")
    page.get_by_label("Why").fill("Back from hospital.")
    page.get_by_role("button", name="Fit the tag").click()
    page.get_by_role("link", name="Back to the case").click()
    expect(page.locator("[data-tag]")).to_have_text("LDN-0099")
    fill_date(page, "Show the case as it was on", date(2020, 1, 1))
    page.get_by_role("button", name="Show").click()
    expect(page.locator("[data-tag]")).to_have_text("None")
    page.get_by_role("link", name="See earlier tags").click()
    expect(page.get_by_text("As it was at the end of 1 January 2020.")).to_be_visible()
    expect(page.locator("[data-activation]")).to_have_count(0)
    assert [line for line in complaints if "409" not in line and "422" not in line] == []
    world.reads_everything()
