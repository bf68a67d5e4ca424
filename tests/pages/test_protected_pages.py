"""Protected people of a case in a real browser: found, chosen, entered anew, a child, and the wrong one taken out."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, expect

from backend import clock, db
from backend.models import Victim, Wearer
from tests.pages.actions import expect_to_fit, shot, sign_in
from tests.world import World


def test_a_second_protected_person_and_a_child_are_entered_on_a_phone_and_a_known_one_is_chosen(
    world: World,
    phone: BrowserContext,
) -> None:
    other = Wearer.create(
        team=world.team, name="Owen Price", responsible_officer=world.officer.person, created_at=clock.now()
    )
    db.release_connection()
    page, complaints = sign_in(phone, world, "amina@cordon.example", f"/cases/{other.id}")
    page.get_by_role("link", name="Add a protected person or a child").click()
    page.get_by_label("Part of their name").fill("Lara")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("status")).to_contain_text("No person that you may see has this name.")
    page.get_by_label("Part of their name").fill("benn")
    page.get_by_role("button", name="Find").click()
    expect(page.locator("[data-found='1']")).to_contain_text("Protected from Daniel Marsh")
    shot(page, "victim-found-390")
    expect_to_fit(page)
    page.get_by_role("button", name="Add them to this case").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose who they are.")
    # A person who types their name anew is asked whether it is they.
    page.get_by_label("Name", exact=True).fill("Laura Bennett")
    page.locator("form", has=page.get_by_label("Name", exact=True)).get_by_label("Why").fill("DAPO.")
    page.get_by_role("button", name="Add to this case").click()
    expect(page.get_by_role("alert")).to_contain_text("Laura Bennett is recorded already in the case of Daniel Marsh.")
    shot(page, "victim-known-390")
    expect_to_fit(page)
    page.get_by_label("Laura Bennett").check()
    page.locator("form", has=page.get_by_label("Name", exact=True)).get_by_label("Why").fill("DAPO.")
    page.get_by_role("button", name="Add to this case").click()
    laura = page.locator(f"[data-victim='{world.victim.id}']")
    expect(laura.locator("[data-unplaced]")).to_contain_text("No zone of this case protects Laura Bennett yet.")
    page.get_by_role("link", name="Back to the case").click()
    page.get_by_role("link", name="Add a protected person or a child").click()
    page.get_by_label("Name", exact=True).fill("Mia Bennett")
    page.get_by_label("A child", exact=True).check()
    page.get_by_label("For a child").select_option("Laura Bennett")
    page.locator("form", has=page.get_by_label("Name", exact=True)).get_by_label("Why").fill("DAPO.")
    expect_to_fit(page)
    shot(page, "victim-new-390")
    page.get_by_role("button", name="Add to this case").click()
    child = page.locator("main").filter(has_text="Mia Bennett")
    expect(child).to_contain_text("Child, reached through Laura Bennett")
    # A child has no number and no texts of their own.
    expect(child.get_by_role("link", name="texts")).to_have_count(0)
    page.get_by_role("link", name="Change who is texted").click()
    page.get_by_label("The adult to text").select_option("No one")
    page.get_by_label("Why").fill("She asked for it.")
    page.get_by_role("button", name="Save who is texted").click()
    expect(page.locator("main")).to_contain_text("officers are warned and no text is sent")
    shot(page, "victims-390")
    expect_to_fit(page)
    page.get_by_role("link", name="Entered here in error").click()
    page.get_by_label("Why").fill("His sister’s child.")
    page.get_by_role("button", name="Take out of this case").click()
    expect(page.locator("[data-victim]")).to_have_count(1)
    page.get_by_role("link", name="Read or correct the history").click()
    expect(page.get_by_text("Mia Bennett is not in this case")).to_be_visible()
    assert Victim.select().count() == 2
    db.release_connection()
    assert [line for line in complaints if "422" not in line and "409" not in line] == []
    world.reads_everything()


def test_a_new_case_for_someone_who_is_recorded_asks_who_they_are_and_fits_a_narrow_phone(
    world: World,
    narrow: BrowserContext,
) -> None:
    world.new_tag("LDN-0099", None)
    page, complaints = sign_in(narrow, world, "amina@cordon.example", "/cases/new")
    for label, value in (
        ("Person on probation", "Owen Price"),
        ("Protected person", "Laura Bennett"),
        ("Reference", "DAPO 88/26"),
        ("The condition, in the words of the order", "Not to enter Elm Road."),
        ("Name of the place", "Work"),
        ("Latitude", "51.5"),
        ("Longitude", "-0.1"),
    ):
        page.get_by_label(label).fill(value)
    page.get_by_label("Serial of the tag that they wear from now on").select_option("LDN-0099")
    page.get_by_role("button", name="Open the case").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose them, or say that this is another person")
    expect_to_fit(page)
    shot(page, "case-new-known-320")
    page.get_by_label("Laura Bennett").check()
    page.get_by_role("button", name="Open the case").click()
    expect(page.locator(f"[data-victim='{world.victim.id}']")).to_contain_text("Laura Bennett")
    assert Victim.select().count() == 1
    db.release_connection()
    assert [line for line in complaints if "409" not in line] == []
    world.reads_everything()
