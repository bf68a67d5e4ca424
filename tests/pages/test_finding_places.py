"""A place is found by its postcode when a zone is drawn, and the page says what the outline gives away."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, expect

from backend import db, places
from tests.backend.test_places import NAMES, POSTCODES
from tests.pages.actions import expect_to_fit, shot, sign_in
from tests.world import World


def load() -> None:
    places.load(POSTCODES.splitlines())
    places.load(NAMES.splitlines())
    db.release_connection()


def test_a_postcode_gives_the_middle_and_the_page_says_what_it_gives_away(quiet: World, phone: BrowserContext) -> None:
    load()
    page, complaints = sign_in(phone, quiet, "amina@cordon.example", f"/cases/{quiet.wearer.id}/protect")
    page.get_by_label("Find a postcode or a place").fill("n4 2aa")
    page.keyboard.press("Enter")
    page.get_by_role("button", name=re.compile("N4  ?2AA, Postcode")).click()
    expect(page.get_by_label("Latitude")).to_have_value("51.564500")
    expect(page.get_by_label("Longitude")).to_have_value("-0.103500")
    outline = page.locator("[data-outline-said]")
    expect(outline).to_contain_text("This zone covers everything within 500 m of its middle, 1 km across.")
    expect(outline).to_contain_text("gives the address away to within about 10 m")
    expect_to_fit(page)
    shot(page, "place-found-390")
    page.get_by_role("button", name="Move the middle away from the address").click()
    expect(outline).to_contain_text(re.compile(r"The middle was moved by \d{3} m and the circle widened by as much"))
    moved = int(re.findall(r"moved by (\d+) m", outline.inner_text())[0])
    assert 170 <= moved <= 310
    expect(page.get_by_label("Radius, metres")).to_have_value(str(500 + moved))
    assert page.get_by_label("Latitude").input_value() != "51.564500"
    expect(page.locator("[data-outline-offset]")).to_be_hidden()
    expect_to_fit(page)
    page.get_by_label("Find a postcode or a place").fill("zz")
    page.get_by_role("button", name="Find", exact=True).click()
    expect(page.locator("[data-place-said]")).to_contain_text("Nothing found. Enter at least three letters")
    assert complaints == []


def test_a_map_without_tiles_has_the_names_of_places_near_by(quiet: World, phone: BrowserContext) -> None:
    load()
    quiet.tag.is_far_away()
    quiet.tag.walks_in()
    page, complaints = sign_in(phone, quiet, "amina@cordon.example", "/officer")
    page.locator("[data-kind=zone]").get_by_role("link").click()
    expect(page.locator("[data-nearest]")).to_contain_text(re.compile(r"m east of Finsbury Park Station"))
    expect(page.locator(".map__name", has_text="Finsbury Park Station")).to_be_attached()
    expect_to_fit(page)
    shot(page, "place-names-390")
    assert complaints == []
