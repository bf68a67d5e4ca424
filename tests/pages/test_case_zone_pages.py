"""Conditions with their zones, eligibility and handovers on the pages of a case, in a real browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from backend import clock, db
from backend.models import Condition, PlaceZone
from backend.record.facts import LONDON
from tests import cases
from tests.pages.actions import expect_to_fit, fill_date, shot, sign_in, window
from tests.world import HOME, World

TRY = "Show what it would have raised"
SAVE = "Save the condition and its zone"


@pytest.fixture
def plain(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that runs no scripts."""
    with window(browser, viewport={"width": 390, "height": 844}, java_script_enabled=False) as context:
        yield context


def rows() -> list[PlaceZone]:
    try:
        return list(PlaceZone.select().order_by(PlaceZone.id))
    finally:
        db.release_connection()


def opened(context: BrowserContext, world: World) -> tuple[Page, list[str]]:
    """Open the form from the case, as an officer who has the licence in front of them would."""
    page, complaints = sign_in(context, world, "amina@cordon.example", f"/cases/{world.wearer.id}")
    page.get_by_role("link", name="Add a condition and its zone").click()
    return page, complaints


def test_a_circle_in_miles_is_tapped_on_the_map_tried_over_last_month_and_saved(
    quiet: World,
    desk: BrowserContext,
) -> None:
    work = cases.east_of(HOME, 5_000.0)
    for _ in range(2):
        quiet.forward(900)
        quiet.tag.stays(5_000.0, for_s=120, every_s=30)
        quiet.forward(900)
        quiet.tag.stays(20_000.0, for_s=120, every_s=30)
    cases.order(quiet, clock.now() - timedelta(days=60), clock.now() + timedelta(days=60))
    page, complaints = opened(desk, quiet)
    page.get_by_label("Its number in the order").fill("4")
    page.get_by_label("The condition, in the words of the order").fill("Not to go within 1 mile of Elm Road.")
    page.get_by_label("Name of a new place").fill("Work")
    page.locator(".leaflet-container").click(position={"x": 200, "y": 120})
    expect(page.get_by_label("Latitude")).not_to_have_value("")
    page.get_by_label("Latitude").fill(str(work[0]))
    page.get_by_label("Longitude").fill(str(work[1]))
    page.get_by_label("Radius", exact=True).fill("1")
    page.get_by_label("Unit").select_option("miles")
    shot(page, "condition-new-1280")
    page.get_by_role("button", name=TRY).click()
    # What is missing is said, and nothing that was entered is lost.
    expect(page.get_by_role("alert")).to_contain_text("Enter why.")
    expect(page.get_by_label("Unit")).to_have_value("miles")
    page.get_by_label("Why").fill("Licence varied.")
    page.get_by_role("button", name=TRY).click()
    expect(page.get_by_role("heading", name="2 alerts last month")).to_be_visible()
    expect(page.locator("[data-trial]")).to_contain_text("2 alerts in the last 30 days: 2 confirmed breaches.")
    expect(
        page.get_by_text(
            "The person on probation must keep out of the circle of 1,609 m (1.0 miles) around its middle."
        )
    ).to_be_visible()
    page.wait_for_function("document.querySelectorAll('.leaflet-container path.leaflet-interactive').length > 0")
    shot(page, "condition-check-1280")
    assert len(rows()) == 1
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_label("Why")).to_have_value("Licence varied.")
    page.get_by_role("button", name=TRY).click()
    page.get_by_role("button", name=SAVE).click()
    card = page.locator("[data-zone]").filter(has_text="Work")
    expect(card).to_contain_text("In force")
    expect(card).to_contain_text("Not to go within 1 mile of Elm Road.")
    expect(page.locator("[data-order]")).to_contain_text("4. Not to go within 1 mile of Elm Road.")
    shot(page, "condition-saved-1280")
    made = rows()[-1].feature["properties"]
    assert (made["radius_m"], made["wording"]) == (1609.344, "Not to go within 1 mile of Elm Road.")
    quiet.tag.reports(quiet.tag.fix(5_000.0))
    assert [alert.place.label for alert in cases.alerts()] == ["Work"]
    assert [line for line in complaints if "422" not in line and "409" not in line] == []


def test_a_curfew_is_entered_without_scripts_and_what_is_wrong_is_said_in_words(
    quiet: World,
    plain: BrowserContext,
) -> None:
    cases.order(quiet, clock.now() - timedelta(days=60), None)
    page, _ = opened(plain, quiet)
    expect(page.locator(".case-map")).to_be_hidden()

    def refused(words: str) -> None:
        page.get_by_role("button", name=TRY).click()
        expect(page.locator(".govuk-error-summary")).to_contain_text(words)

    refused("Tap the map, enter the middle of the circle, or paste a shape.")
    page.get_by_label("Latitude").fill(str(HOME[0]))
    page.get_by_label("Longitude").fill(str(HOME[1]))
    page.get_by_label("They must stay in, at the hours below").check()
    refused("Enter the hours of the curfew.")
    page.locator("#mo-1").check()
    page.locator("#su-1").check()
    page.locator("#begins_1").fill("19:00")
    refused("Enter the days, a start time and an end time.")
    page.locator("#ends_1").fill("07:00")
    refused("Write the condition in the words of the order.")
    page.get_by_label("The condition, in the words of the order").fill("To be at Elm House from 7 pm to 7 am.")
    page.get_by_label("Place", exact=True).select_option("Home (Laura Bennett)")
    page.get_by_label("Why").fill("Licence.")
    page.get_by_label("Warn this far").fill("0")
    page.get_by_role("button", name=TRY).click()
    expect(page.get_by_role("heading", name="No fixes to try it on")).to_be_visible()
    page.get_by_role("button", name=SAVE).click()
    expect(page.locator(".govuk-error-summary")).to_contain_text(
        "a place of theirs, no protected person's: name a new one."
    )
    page.get_by_label("Place", exact=True).select_option("A new place, named below")
    page.get_by_label("Name of a new place").fill("Curfew address")
    page.get_by_role("button", name=TRY).click()
    expect(page.get_by_text("In force: Mon, Sun from 19:00 to 07:00.")).to_be_visible()
    expect_to_fit_without_scripts(page)
    shot(page, "condition-check-390")
    page.get_by_role("button", name=SAVE).click()
    # The address lies in the zone that the wearer has to keep out of: that is asked back.
    page.get_by_role("button", name="Save it all the same").click()
    expect(page.locator("[data-zone]").filter(has_text="Curfew address")).to_contain_text(
        "The person on probation must stay in the circle"
    )
    zone = rows()[-1].feature
    assert zone["properties"]["schedule"] == {
        "timezone": "Europe/London",
        "weekly": [{"days": ["mo", "su"], "from": "19:00", "to": "07:00"}],
    }
    card = page.locator("[data-zone]").filter(has_text="Curfew address")
    card.get_by_role("link", name="Change").click()
    expect(page.get_by_label("Sun").first).to_be_checked()
    page.get_by_label("Sun").first.uncheck()
    page.get_by_label("Until").first.fill("06:00")
    page.get_by_label("Why").fill("Varied.")
    page.get_by_role("button", name="Save the new version").click()
    # Two nights become one, an hour shorter: what that takes away is said before it is saved.
    expect(page.locator("[data-doubts]")).to_contain_text("For 13 hours of each week")
    expect(page.locator("[data-will-be]")).to_contain_text("In force: Mon from 19:00 to 06:00.")
    page.get_by_role("button", name="Save these hours").click()
    expect(card).to_contain_text("In force: Mon from 19:00 to 06:00.")
    assert Condition.select().count() == 1
    db.release_connection()


def expect_to_fit_without_scripts(page: Page) -> None:
    box = page.locator("main").bounding_box()
    assert box is not None
    assert box["width"] <= 390


def test_a_pasted_shape_is_drawn_kept_without_its_properties_and_doubted_where_its_axes_are_swapped(
    quiet: World,
    phone: BrowserContext,
) -> None:
    made = cases.order(quiet, clock.now() - timedelta(days=60), clock.now() - timedelta(days=1))
    lat, lon = HOME
    ring = [[lon, lat], [lon + 0.01, lat], [lon + 0.01, lat + 0.01], [lon, lat + 0.01], [lon, lat]]

    def collection(corners: list[list[float]]) -> str:
        shape = {"type": "Polygon", "coordinates": [corners]}
        properties = {"address": "14 Elm Road", "kind": "inclusion"}
        feature = {"type": "Feature", "geometry": shape, "properties": properties}
        return json.dumps({"type": "FeatureCollection", "features": [feature]})

    page, complaints = opened(phone, quiet)
    expect(page.get_by_label("Of which order")).to_have_value(str(made.id))
    page.get_by_text("Paste a shape instead of a circle").click()
    page.get_by_label("The condition, in the words of the order").fill("Not to enter the Elm estate.")
    page.get_by_label("Name of a new place").fill("Estate")
    page.get_by_label("Why").fill("Licence.")
    expect_to_fit(page)
    page.get_by_label("GeoJSON").fill('{"type": "Polygon",\n "coordinates": [')
    page.get_by_role("button", name=TRY).click()
    expect(page.get_by_role("alert")).to_contain_text("The shape is not GeoJSON: it cannot be read near line 2.")
    page.get_by_label("GeoJSON").fill(collection([ring[0], ring[2], ring[1], ring[3], ring[0]]))
    page.get_by_role("button", name=TRY).click()
    expect(page.get_by_role("alert")).to_contain_text("crosses itself")
    page.get_by_label("GeoJSON").fill(collection([[y, x] for x, y in ring]))
    page.get_by_role("button", name=TRY).click()
    doubts = page.locator("[data-doubts]")
    expect(doubts).to_contain_text("Latitude and longitude may be swapped")
    expect(doubts).to_contain_text("The order LIC-2041 is not in force")
    page.get_by_role("button", name="Change it").click()
    drawn = page.locator(".leaflet-container path.leaflet-interactive")
    # The map draws when its script has run, which is after the page is there.
    expect(drawn).to_have_count(2)
    page.get_by_label("GeoJSON").fill(collection(ring))
    expect(drawn).to_have_count(2)
    expect_to_fit(page)
    shot(page, "condition-new-390")
    page.get_by_role("button", name=TRY).click()
    expect(doubts).to_contain_text("is not in force")
    expect(doubts).not_to_contain_text("swapped")
    expect_to_fit(page)
    page.get_by_role("button", name=SAVE).click()
    expect(page.get_by_text("This zone does not protect place Estate: its order ended")).to_be_visible()
    page.get_by_role("button", name="Save it all the same").click()
    expect(page.locator("[data-zone]").filter(has_text="Estate")).to_contain_text("Not in force")
    kept = rows()[-1].feature
    assert (kept["properties"]["kind"], "address" in kept["properties"]) == ("exclusion", False)
    assert [line for line in complaints if "422" not in line and "409" not in line] == []


def test_a_zone_is_changed_and_ended_by_its_page_with_what_lapses_in_words_and_stays_as_it_was(
    quiet: World,
    desk: BrowserContext,
) -> None:
    feature = {**quiet.zone.feature, "properties": {"id": "home", "kind": "exclusion", "radius_miles": 0.5}}
    PlaceZone.update(feature=feature).where(PlaceZone.id == quiet.zone.id).execute()
    db.release_connection()
    page, complaints = sign_in(desk, quiet, "amina@cordon.example", f"/cases/{quiet.wearer.id}")
    expect(page.locator("[data-zone]")).to_contain_text(
        "the circle of 805 m around its middle. Warns from 500 m outside."
    )
    page.get_by_role("link", name="Change the zone of Home").click()
    page.get_by_label("Radius", exact=True).fill("900")
    page.get_by_label("Buffer, metres").fill("100")
    page.get_by_label("Why").fill("Varied.")
    page.get_by_role("button", name="Save the new version").click()
    expect(page.locator("[data-zone]")).to_contain_text(
        "the circle of 900 m around its middle. Warns from 100 m outside."
    )
    page.get_by_role("link", name="Remove the zone of Home").click()
    zone = page.locator("[data-zone]")
    day = (clock.now().astimezone(LONDON) + timedelta(days=3)).date()
    fill_date(page, "From which day", day)
    page.get_by_label("Why").fill("The order ends.")
    page.get_by_role("button", name="Remove the zone").click()
    words = f"From {day.day} {day:%B %Y} no zone protects place Home."
    expect(page.get_by_text(words)).to_be_visible()
    expect(page.get_by_text("Nothing is saved yet.")).to_be_visible()
    page.get_by_role("link", name="Go back without saving").click()
    assert len(rows()) == 2
    fill_date(page, "From which day", day)
    page.get_by_label("Why").fill("The order ends.")
    page.get_by_role("button", name="Remove the zone").click()
    page.get_by_role("button", name="Save it all the same").click()
    expect(zone).to_contain_text("In force")
    page.get_by_role("link", name="Read or correct the history").click()
    expect(page.locator(".case-history")).to_contain_text("no zone")
    page.get_by_role("link", name="Back to the case").click()
    fill_date(page, "Show the case as it was on", (clock.now() - timedelta(days=3)).date())
    page.get_by_role("button", name="Show").click()
    expect(zone).to_contain_text("the circle of 805 m around its middle")
    expect(page.get_by_role("link", name="Add a condition and its zone")).to_have_count(0)
    assert [line for line in complaints if "409" not in line] == []


def test_whether_the_wearer_may_be_tagged_is_stated_on_the_case_by_version_and_blocks_nothing(
    quiet: World,
    phone: BrowserContext,
) -> None:
    cases.order(quiet, clock.now() - timedelta(days=60), None)
    page, complaints = sign_in(phone, quiet, "amina@cordon.example", f"/cases/{quiet.wearer.id}")
    stated = page.locator("[data-eligible]")
    expect(stated).to_contain_text("It is not recorded whether this order may require a tag.")

    def state(why: str, *answers: tuple[str, str]) -> None:
        page.get_by_role("link", name="State whether the person on probation may be tagged").click()
        for question, answer in answers:
            page.get_by_role("group", name=question).get_by_label(answer, exact=True).check()
        page.get_by_label("Why").fill(why)
        page.get_by_role("button", name="Save the answers").click()

    state("", ("18 or older", "Yes"))
    expect(page.get_by_role("alert")).to_contain_text("Enter why.")
    # The form that was refused has what was answered.
    expect(page.get_by_role("group", name="18 or older").get_by_label("Yes", exact=True)).to_be_checked()
    day = (clock.now() - timedelta(days=10)).astimezone(LONDON).date()
    fill_date(page, "From which day", day)
    page.get_by_role("group", name="18 or older").get_by_label("Yes", exact=True).check()
    page.get_by_role("group", name="Accommodation where the tag").get_by_label("No", exact=True).check()
    page.get_by_label("Why").fill("Checked at release.")
    shot(page, "eligibility-390")
    expect_to_fit(page)
    page.get_by_role("button", name="Save the answers").click()
    expect(stated).to_contain_text("Not known: high or very high risk of serious harm.")
    expect(stated).to_contain_text("Not met: accommodation where the tag can be charged.")
    expect(page.locator("[data-life]")).to_contain_text("Never reported")
    rest = ("High or very high risk", "Domestic-abuse offence", "Accommodation where the tag")
    state("He has a room now.", *((question, "Yes") for question in rest))
    expect(stated).to_contain_text("every fact that it asks for is given")
    page.get_by_role("link", name="Read or correct the history").click()
    expect(page.locator(".case-history")).to_contain_text("accommodation where the tag can be charged: no")
    page.get_by_role("link", name="Back to the case").click()
    # The earlier answer stands for its own time.
    fill_date(page, "Show the case as it was on", day)
    page.get_by_role("button", name="Show").click()
    expect(stated).to_contain_text("Not met: accommodation where the tag can be charged.")
    expect(page.get_by_text("State whether the person on probation may be tagged")).to_have_count(0)
    assert [line for line in complaints if "422" not in line and "409" not in line] == []


def test_an_officer_finds_on_the_alert_which_force_has_it_and_under_which_reference(
    quiet: World,
    phone: BrowserContext,
) -> None:
    quiet.tag.walks_in()
    page, complaints = sign_in(phone, quiet, "amina@cordon.example", "/officer")
    page.locator("[data-alert-id]").get_by_role("link").first.click()
    page.get_by_role("link", name="Recall to prison, in the case").click()
    expect(page.get_by_role("heading", name="Recall to prison")).to_be_visible()
    page.get_by_role("link", name="Back").click()
    card = page.locator("[data-alert]")
    for force, reference in (("Metropolitan Police", "CAD 4471"), ("Essex Police", "EP 9")):
        card.get_by_role("link", name="Record that the police have it").click()
        page.get_by_role("button", name="Record the handover").click()
        expect(page.get_by_role("alert")).to_contain_text("Enter the police force and its reference.")
        page.get_by_label("Police force").fill(force)
        page.get_by_label("Their reference").fill(reference)
        page.get_by_role("button", name="Record the handover").click()
        expect(card).to_contain_text(f"Handed to {force}, reference {reference}")
    expect_to_fit(page)
    card.get_by_role("link").first.click()
    step = page.locator("[data-action=handed_to_police]").first
    expect(step).to_contain_text("Handed to Metropolitan Police by Amina Yusuf, reference CAD 4471")
    expect(page.locator("[data-handed-over='EP 9']")).to_contain_text("Essex Police has it, reference EP 9")
    expect_to_fit(page)
    shot(page, "alert-police-390")
    assert [line for line in complaints if "422" not in line and "409" not in line] == []


def test_the_hours_of_a_zone_to_keep_out_of_are_changed_after_a_look_at_what_they_would_have_raised(
    quiet: World,
    phone: BrowserContext,
) -> None:
    for _ in range(2):
        quiet.forward(900)
        quiet.tag.stays(0.0, for_s=120, every_s=30)
        quiet.forward(900)
        quiet.tag.stays(20_000.0, for_s=120, every_s=30)
    before = len(rows())
    page, complaints = sign_in(phone, quiet, "amina@cordon.example", f"/cases/{quiet.wearer.id}")
    page.get_by_role("link", name="Change the zone of Home").click()
    zone = page.locator("main")
    expect(zone).to_contain_text("Leave empty for a zone that is in force at all hours.")
    for day in ("Mon", "Tue"):
        zone.get_by_label(day).first.check()
    zone.get_by_label("From", exact=True).first.fill("09:00")
    zone.get_by_label("Until").first.fill("17:00")
    zone.get_by_label("Why").fill("Only when they work there.")
    expect_to_fit(page)
    zone.get_by_role("button", name="Save the new version").click()
    expect(page.locator("[data-was]")).to_contain_text("In force at all hours.")
    expect(page.locator("[data-will-be]")).to_contain_text("In force: Mon, Tue from 09:00 to 17:00.")
    expect(page.locator("[data-doubts]")).to_contain_text("For 152 hours of each week in which it was in force")
    expect(page.locator("[data-trial]")).to_contain_text("in the last 30 days")
    expect_to_fit(page)
    shot(page, "zone-hours-390")
    assert len(rows()) == before
    page.get_by_role("button", name="Save these hours").click()
    expect(page.locator("[data-zone]")).to_contain_text("In force: Mon, Tue from 09:00 to 17:00.")
    kept = rows()[-1].feature["properties"]["schedule"]
    assert kept == {
        "timezone": "Europe/London",
        "weekly": [{"days": ["mo", "tu"], "from": "09:00", "to": "17:00"}],
    }
    # Nothing that is saved by the interface takes hours away unseen either.
    shorter = {**rows()[-1].feature, "properties": {**rows()[-1].feature["properties"]}}
    shorter["properties"]["schedule"] = {**kept, "weekly": [{**kept["weekly"][0], "days": ["mo"]}]}
    body = {"why": "Varied.", "zone": shorter, "from_at": clock.now().isoformat()}
    asked = quiet.officer.api("POST", f"/v1/zones/{rows()[-1].id}/versions", json=body)
    assert (asked.status_code, asked.json()["warnings"][0][:16]) == (409, "For 8 hours of e")
    page.get_by_role("link", name="Change the zone of Home").click()
    for day in ("Mon", "Tue"):
        zone.get_by_label(day).first.uncheck()
    zone.get_by_label("From", exact=True).first.fill("")
    zone.get_by_label("Until").first.fill("")
    zone.get_by_label("Why").fill("She is home again.")
    zone.get_by_role("button", name="Save the new version").click()
    expect(page.locator("[data-will-be]")).to_contain_text("In force at all hours.")
    expect(page.locator("[data-doubts]")).to_have_count(0)
    page.get_by_role("button", name="Save these hours").click()
    expect(page.locator("[data-zone]")).to_contain_text("In force at all hours.")
    assert "schedule" not in rows()[-1].feature["properties"]
    assert complaints == []


def test_an_area_is_drawn_by_tapping_its_corners_and_the_last_one_is_undone(
    quiet: World,
    phone: BrowserContext,
) -> None:
    cases.order(quiet, clock.now() - timedelta(days=60), None)
    page, complaints = opened(phone, quiet)
    ground = page.locator(".leaflet-container")
    ground.tap(position={"x": 100, "y": 100})
    expect(page.get_by_label("Latitude")).not_to_have_value("")
    page.get_by_role("button", name="Draw an area instead").tap()
    # From here on a tap is a corner, and the circle is gone.
    expect(page.get_by_label("Latitude")).to_have_value("")
    said = page.locator("[data-draw-said]")
    for count, (x, y) in enumerate(((80, 60), (240, 60), (300, 300), (240, 200), (80, 200)), 1):
        ground.tap(position={"x": x, "y": y})
        expect(said).to_contain_text(f"{count} corner")
        if count == 3:
            expect(page.get_by_role("button", name="Close the area")).to_be_enabled()
            page.get_by_role("button", name="Undo the last corner").tap()
            expect(said).to_contain_text("2 corners. Tap the next one.")
            expect(page.get_by_role("button", name="Close the area")).to_be_disabled()
            ground.tap(position={"x": 260, "y": 130})
    expect_to_fit(page)
    ground.scroll_into_view_if_needed()
    shot(page, "condition-drawing-390")
    page.get_by_role("button", name="Close the area").tap()
    expect(said).to_contain_text("An area of 5 corners.")
    shape = json.loads(page.get_by_label("GeoJSON").input_value())
    assert (shape["type"], len(shape["coordinates"][0])) == ("Polygon", 6)
    assert shape["coordinates"][0][0] == shape["coordinates"][0][-1]
    page.get_by_role("button", name="Clear it").tap()
    expect(page.get_by_label("GeoJSON")).to_have_value("")
    page.get_by_label("GeoJSON").fill(json.dumps(shape))
    page.get_by_label("The condition, in the words of the order").fill("Not to enter the Elm estate.")
    page.get_by_label("Name of a new place").fill("Estate")
    page.get_by_label("Why").fill("Licence.")
    page.get_by_role("button", name=TRY).click()
    expect(page.get_by_text("The person on probation must keep out of the area that is drawn.")).to_be_visible()
    shot(page, "condition-drawn-check-390")
    page.get_by_role("button", name=SAVE).click()
    expect(page.locator("[data-zone]").filter(has_text="Estate")).to_contain_text("In force")
    assert rows()[-1].feature["geometry"] == shape
    assert complaints == []
