"""A place is found by its postcode when a zone is drawn, and the page says what the outline gives away."""

from __future__ import annotations

import json
import re
from datetime import timedelta

from playwright.sync_api import BrowserContext, expect

from backend import clock, db, places
from tests import cases
from tests.backend.test_places import NAMES, POSTCODES
from tests.pages.actions import expect_to_fit, shot, sign_in
from tests.world import HOME, World


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
    expect(outline).to_contain_text(
        "The middle of this circle is the address: the outline in the order gives the address"
    )
    expect(outline).to_contain_text("away to within about 10 m")
    # What the zone covers is said by the names that lie in it, which stand on the map as well.
    expect(page.locator("[data-outline-covers]")).to_have_text("In it: Finsbury Park Station.")
    expect(page.locator(".case-map__name", has_text="Finsbury Park Station")).to_be_attached()
    expect_to_fit(page)
    shot(page, "place-found-390")
    page.get_by_role("button", name="Move the middle away from the address").click()
    expect(outline).to_contain_text(re.compile(r"The middle was moved by \d{3} m and the circle widened by as much"))
    moved = int(re.findall(r"moved by (\d+) m", outline.inner_text())[0])
    assert 170 <= moved <= 310
    expect(page.get_by_label("Radius", exact=True)).to_have_value(str(500 + moved))
    assert page.get_by_label("Latitude").input_value() != "51.564500"
    expect(page.locator("[data-outline-offset]")).to_be_hidden()
    expect_to_fit(page)
    page.get_by_label("Find a postcode or a place").fill("zz")
    page.get_by_role("button", name="Find", exact=True).click()
    expect(page.locator("[data-place-said]")).to_contain_text("Nothing found. Enter at least three letters")
    page.get_by_label("Find a postcode or a place").fill("ZZ99 9ZZ")
    page.get_by_role("button", name="Find", exact=True).click()
    expect(page.locator("[data-place-said]")).to_contain_text("Cordon knows no postcode or place of this name.")
    assert complaints == []


def test_a_radius_is_typed_in_miles_wherever_a_circle_is(quiet: World, phone: BrowserContext) -> None:
    page, complaints = sign_in(phone, quiet, "amina@cordon.example", f"/cases/{quiet.wearer.id}/protect")
    page.get_by_label("Latitude").fill("51.5")
    page.get_by_label("Longitude").fill("-0.2")
    page.get_by_label("Radius", exact=True).fill("0.5")
    page.get_by_label("Unit").select_option("miles")
    expect(page.locator("[data-outline-said]")).to_contain_text("everything within 805 m of its middle")
    page.get_by_role("button", name="Protect it now").click()
    expect(page.locator("[data-zone]").last).to_contain_text("the circle of 805 m")
    # No map here has tiles: rings say how far everything is.
    expect(page.locator(".case-map__ring")).to_have_count(6)
    expect(page.locator(".case-map__distance").first).to_have_text("500 m")
    shot(page, "case-map-rings-390")
    page.get_by_role("link", name="Change the zone of New place").click()
    page.get_by_label("Radius", exact=True).fill("1")
    page.get_by_label("Unit").select_option("miles")
    page.get_by_label("Why").fill("Wider.")
    page.get_by_role("button", name="Save the new version").click()
    expect(page.locator("[data-zone]").last).to_contain_text("the circle of 1,609 m (1.0 miles)")
    assert complaints == []


def test_an_area_is_drawn_by_keyboard_alone_and_the_page_says_what_it_covers(
    quiet: World, desk: BrowserContext
) -> None:
    load()
    cases.order(quiet, clock.now() - timedelta(days=60), None)
    page, complaints = sign_in(desk, quiet, "amina@cordon.example", f"/cases/{quiet.wearer.id}/conditions/new")
    press = page.keyboard.press
    page.get_by_role("button", name="Draw an area instead").focus()
    press("Enter")
    # The map has the focus now, and moves with the arrow keys.
    here = page.get_by_role("button", name="Put a corner at the middle of the map")
    said = page.locator("[data-draw-said]")
    expect(said).to_contain_text("With a keyboard, move the map with the arrow keys")
    for count, keys in enumerate(([], ["ArrowRight"] * 2, ["ArrowDown"] * 2, ["ArrowLeft"] * 2), 1):
        page.locator(".leaflet-container").focus()
        for key in keys:
            before = page.locator(".leaflet-map-pane").get_attribute("style")
            press(key)
            expect(page.locator(".leaflet-map-pane")).not_to_have_attribute("style", before or "")
            expect(page.locator(".leaflet-pan-anim")).to_have_count(0)
        here.focus()
        press("Enter")
        expect(said).to_contain_text(f"{count} corner")
    page.get_by_role("button", name="Close the area").focus()
    press("Enter")
    expect(said).to_contain_text("An area of 4 corners.")
    expect(page.locator("[data-outline-said]")).to_contain_text("from west to east")
    expect(page.locator("[data-outline-offset]")).to_be_hidden()
    shape = json.loads(page.get_by_label("GeoJSON").input_value())
    assert len({tuple(corner) for corner in shape["coordinates"][0]}) == 4
    # An area around a name says that it lies in it.
    lat, lon = HOME[0] + 0.001, HOME[1] - 0.004
    ring = [[lon - 0.001, lat - 0.001], [lon + 0.001, lat - 0.001], [lon, lat + 0.002], [lon - 0.001, lat - 0.001]]
    page.get_by_label("GeoJSON").fill(json.dumps({"type": "Polygon", "coordinates": [ring]}))
    expect(page.locator("[data-outline-covers]")).to_have_text("In it: Finsbury Park Station.")
    expect(page.locator("[data-outline-said]")).to_contain_text("This zone covers 2 hectares, 138 m from west to east")
    shot(page, "area-by-keyboard-1280")
    assert complaints == []


def test_an_area_that_was_not_closed_goes_with_the_form_all_the_same(quiet: World, desk: BrowserContext) -> None:
    cases.order(quiet, clock.now() - timedelta(days=60), None)
    page, complaints = sign_in(desk, quiet, "amina@cordon.example", f"/cases/{quiet.wearer.id}/conditions/new")
    page.get_by_role("button", name="Draw an area instead").click()
    for count, (x, y) in enumerate(((80, 60), (240, 60), (240, 200)), 1):
        page.locator(".leaflet-container").click(position={"x": x, "y": y})
        expect(page.locator("[data-draw-said]")).to_contain_text(f"{count} corner")
    page.get_by_label("The condition, in the words of the order").fill("Not to enter the Elm estate.")
    page.get_by_label("Name of a new place").fill("Estate")
    page.get_by_label("Why").fill("Licence.")
    page.get_by_role("button", name="Show what it would have raised").click()
    expect(page.get_by_text("The person on probation must keep out of the area that is drawn.")).to_be_visible()
    assert complaints == []


def test_a_map_without_tiles_has_the_names_of_places_near_by(quiet: World, phone: BrowserContext) -> None:
    load()
    quiet.tag.is_far_away()
    quiet.tag.walks_in()
    page, complaints = sign_in(phone, quiet, "amina@cordon.example", "/officer")
    page.locator("[data-kind=zone]").get_by_role("link").click()
    expect(page.locator("[data-nearest]")).to_contain_text(re.compile(r"m east of Finsbury Park Station"))
    expect(page.locator(".map__name", has_text="Finsbury Park Station")).to_be_attached()
    # What is drawn with no tiles and no names loaded either.
    expect(page.locator(".map__ring").first).to_be_attached()
    expect(page.locator(".map__name", has_text="1 km")).to_be_attached()
    expect(page.locator(".legend")).to_contain_text("Distance from the middle of the zone")
    expect_to_fit(page)
    shot(page, "place-names-390")
    assert complaints == []
