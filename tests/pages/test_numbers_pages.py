"""Numbers in a real browser: an officer proves their own on a phone, and theirs while speaking with them."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, expect

from backend import clock, db
from backend.models import Role, Verification
from backend.people import numbers
from tests.pages.actions import expect_to_fit, shot, sign_in
from tests.world import World

NEW = "+447700900177"


def code_of(body: str) -> str:
    found = re.search(r"\d{6}", body)
    assert found, body
    return found.group()


def test_an_officer_proves_their_number_on_a_phone(world: World, phone: BrowserContext) -> None:
    officer = world.person(Role.OFFICER, "Nia Evans", NEW, is_proved=False)
    db.release_connection()
    page, complaints = sign_in(phone, world, "nia@cordon.example", "/officer")
    expect(page.locator("[data-number-prompt]")).to_contain_text("verify your number")
    expect_to_fit(page)
    shot(page, "number-prompt-390")
    page.locator("[data-number-prompt] a").click()
    expect(page.locator("[data-standing=unproved]")).to_contain_text("ending in 177")
    assert NEW not in page.content()
    expect_to_fit(page)
    shot(page, "number-unproved-390")
    page.get_by_role("button", name="Text me a code").click()
    code = code_of(world.expect_sms(NEW, "Your code is").body)
    page.get_by_label("Code of 6 digits").fill("000000" if code != "000000" else "111111")
    page.get_by_role("button", name="Verify my number").click()
    expect(page.get_by_role("alert")).to_contain_text("This is not the code")
    expect_to_fit(page)
    shot(page, "number-wrong-390")
    page.get_by_label("Code of 6 digits").fill(code)
    page.get_by_role("button", name="Verify my number").click()
    expect(page.locator("[data-standing=proved]")).to_contain_text("Warnings go to your number")
    expect_to_fit(page)
    shot(page, "number-proved-390")
    assert numbers.is_proved(officer.person)
    page.goto(world.url + "/officer")
    expect(page.locator("#live-state")).to_be_visible()
    expect(page.locator("[data-number-prompt]")).to_have_count(0)
    assert [said for said in complaints if "422" not in said] == []


def test_their_number_and_the_wearers_are_kept_on_the_page_of_the_case(
    world: World,
    phone: BrowserContext,
) -> None:
    world.victim_consents()
    Verification.delete().where(Verification.victim == world.victim).execute()
    db.release_connection()
    page, complaints = sign_in(phone, world, "amina@cordon.example", f"/cases/{world.wearer.id}")
    expect(page.locator("[data-victim]")).to_contain_text("number not verified")
    expect(page.locator("[data-gaps]")).to_contain_text("is not verified, so no text goes to them")
    page.get_by_role("link", name=world.victim.name).click()
    page.get_by_role("link", name="Verify their number").click()
    page.get_by_role("button", name="Text them a code").click()
    code = code_of(world.expect_sms(world.victim.phone, "Your code is").body)
    expect(page.get_by_label("The code that they read out")).to_be_visible()
    expect_to_fit(page)
    shot(page, "case-number-390")
    page.get_by_label("The code that they read out").fill(code)
    page.get_by_role("button", name="Verify their number").click()
    expect(page.locator("[data-victim]")).to_contain_text("Agreed to texts")
    page.get_by_role("link", name="Back to the case").click()
    page.get_by_role("link", name="Change the phone numbers of the person on probation").click()
    page.get_by_label("A phone number of the person on probation").fill("07700 900666")
    page.get_by_role("button", name="Record their number").click()
    expect(page.locator("[data-number]")).to_contain_text("+447700900666")
    page.get_by_label("A phone number of the person on probation").fill(world.victim.phone)
    page.get_by_role("button", name="Record their number").click()
    expect(page.locator("[data-done]")).to_contain_text("A second person confirms it.")
    # A person who declared it is not asked to confirm it.
    expect(page.get_by_role("button", name="Confirm")).to_have_count(0)
    expect_to_fit(page)
    shot(page, "case-wearer-number-390")
    page.get_by_role("link", name="Back").click()
    expect(page.locator("[data-held]")).to_contain_text("Texts about this case are held")
    assert numbers.is_proved(world.victim)
    assert complaints == []


def test_a_second_person_confirms_a_declared_number_on_the_page_and_the_supervisor_takes_it_back(
    world: World, desk: BrowserContext
) -> None:
    world.victim_consents()
    numbers.record(world.officer.person, world.wearer.id, world.victim.phone, clock.now())
    db.release_connection()
    page, complaints = sign_in(desk, world, "grace@cordon.example", f"/cases/{world.wearer.id}")
    expect(page.locator("[data-held]")).to_be_visible()
    page.get_by_role("link", name="Change the phone numbers of the person on probation").click()
    expect(page.locator("[data-number]")).to_contain_text("To confirm")
    page.locator("[data-number]").get_by_role("button", name="Confirm").click()
    expect(page.locator("[data-number]")).to_contain_text("Confirmed")
    expect_to_fit(page)
    shot(page, "case-wearer-number-1280")
    page.locator("[data-number]").get_by_role("button", name="Not theirs").click()
    expect(page.locator("[data-number]")).to_have_count(0)
    page.get_by_role("link", name="Back").click()
    expect(page.locator("[data-held]")).to_have_count(0)
    assert complaints == []


def test_an_administrator_sees_whose_number_is_missing_and_changes_one(
    world: World,
    desk: BrowserContext,
) -> None:
    world.person(Role.ADMINISTRATOR, "Ivy Chen", None)
    db.release_connection()
    page, complaints = sign_in(desk, world, "ivy@cordon.example", "/administrator")
    row = page.locator(f"[data-person='{world.colleague.person.id}']")
    expect(row.locator("[data-number=proved]")).to_be_visible()
    row.get_by_role("link", name="Change the number").click()
    page.get_by_label("New number").fill("07700 900177")
    page.get_by_role("button", name="Change the number").click()
    expect(page.locator("[data-done]")).to_contain_text("A code goes to the new number")
    expect(row.locator("[data-number=unproved]")).to_be_visible()
    shot(page, "administrator-number-1280")
    world.expect_sms(NEW, "Your code is")
    assert complaints == []
