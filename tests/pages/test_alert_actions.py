"""What an officer does on the alert's page with one thumb: call, read out a place, see who was told, pass it on."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, Locator, Page, expect

from backend import clock, db
from backend.models import AuditEntry, Wearer
from backend.people import consent, numbers, police_rooms
from tests.pages.actions import TIME, expect_to_fit, shot, sign_in
from tests.world import World

WEARERS_NUMBER = "+447700900301"


def shown() -> int:
    try:
        return AuditEntry.select().where(AuditEntry.action == "number_shown").count()
    finally:
        db.release_connection()


def call_is_safe(world: World) -> None:
    consent.allow_calls(world.victim, "Before 5 pm. Ask for the library.", world.officer.person, clock.now())
    db.release_connection()


def test_an_officer_calls_with_two_taps_and_each_number_shown_is_recorded(quiet: World, phone: BrowserContext) -> None:
    call_is_safe(quiet)
    numbers.record(quiet.officer.person, quiet.wearer.id, WEARERS_NUMBER, clock.now())
    police_rooms.put(quiet.supervisor.person, "Met control room", "020 7946 0999", clock.now())
    db.release_connection()
    quiet.tag.is_far_away()
    quiet.tag.walks_in()
    quiet.colleague.acknowledges()
    page, complaints = sign_in(phone, quiet, "amina@cordon.example", "/officer")
    expect(page.locator("[data-kind=zone]")).to_be_visible()
    assert page.locator("a[href^='tel:']").count() == 0
    page.locator("[data-kind=zone]").get_by_role("link").click()
    panel = page.get_by_role("region", name="Call", exact=True)
    expect(panel).to_contain_text("Laura Bennett")
    expect(panel).to_contain_text("Before 5 pm. Ask for the library.")
    assert "tel:+" not in page.content()
    shot(page, "act-call-before-390")
    for who, number in [
        ("protected", quiet.victim.phone),
        ("wearer", WEARERS_NUMBER),
        ("colleague", quiet.colleague.person.phone),
        ("police", "+442079460999"),
    ]:
        row = panel.locator(f"[data-who={who}]")
        row.get_by_role("button", name="Show number").click()
        expect(row.get_by_role("link", name=re.compile("^Call"))).to_have_attribute("href", f"tel:{number}")
    assert shown() == 4
    expect(panel.get_by_role("link", name="Emergency: 999")).to_have_attribute("href", "tel:999")
    expect(page.locator("[data-action=number_shown]")).to_have_count(4)
    expect(page.locator("[data-action=number_shown]").first).to_contain_text(
        "Amina Yusuf looked up the number of the protected person"
    )
    expect_to_fit(page)
    shot(page, "act-call-390")
    page.get_by_role("link", name="All alerts").click()
    page.locator("[data-kind=zone]").get_by_role("link").click()
    expect(panel).to_contain_text("Laura Bennett")
    assert page.locator("a[href^='tel:+']").count() == 0
    assert complaints == []


def test_do_not_call_where_it_is_not_known_to_be_safe(quiet: World, phone: BrowserContext) -> None:
    quiet.tag.is_far_away()
    quiet.tag.walks_in()
    page, complaints = sign_in(phone, quiet, "amina@cordon.example", "/officer")
    page.locator("[data-kind=zone]").get_by_role("link").click()
    row = page.locator("[data-who=protected]")
    expect(row).to_contain_text("Do not call: it is not recorded that a call is safe.")
    expect(row.get_by_role("button")).to_have_count(0)
    police = page.locator("[data-who=police]")
    expect(police.get_by_role("link", name="Emergency: 999")).to_have_attribute("href", "tel:999")
    expect(police.get_by_role("button")).to_have_count(0)
    expect_to_fit(page)
    shot(page, "act-do-not-call-390")
    page.goto(f"{quiet.url}/cases/{quiet.wearer.id}")
    page.get_by_role("link", name=quiet.victim.name).click()
    expect(page.locator("main")).to_contain_text("It ends in 0201.")
    page.get_by_role("link", name="Record whether they are safe: calls").click()
    page.get_by_label("What to heed when you call").fill("Ask for Laura.")
    page.get_by_role("button", name="Record that calls are safe").click()
    expect(page.locator("[data-calls=safe]")).to_contain_text("Ask for Laura.")
    expect_to_fit(page)
    page.go_back()
    page.goto(f"{quiet.url}/officer")
    page.locator("[data-kind=zone]").get_by_role("link").click()
    expect(row).to_contain_text("They said today that calls are safe. Ask for Laura.")
    page.goto(f"{quiet.url}/cases/{quiet.wearer.id}/victims/{quiet.victim.id}")
    page.get_by_role("link", name="Change calls").click()
    page.get_by_role("button", name="Calls are not safe any more").click()
    expect(page.locator("[data-calls=not]")).to_contain_text("Do not call")
    assert complaints == []


def test_a_drill_is_called_by_no_one(quiet: World, phone: BrowserContext) -> None:
    Wearer.update(is_training=True).where(Wearer.id == quiet.wearer.id).execute()
    db.release_connection()
    quiet.tag.is_far_away()
    quiet.tag.walks_in()
    page, _ = sign_in(phone, quiet, "amina@cordon.example", "/officer")
    page.locator("[data-kind=zone]").get_by_role("link").click()
    expect(page.locator("[data-who=police]")).to_contain_text("This is a drill: do not call.")
    assert page.locator("a[href^='tel:']").count() == 0


def test_where_they_are_can_be_read_out(quiet: World, phone: BrowserContext, narrow: BrowserContext) -> None:
    quiet.tag.is_far_away()
    quiet.tag.walks_in()
    page, complaints = sign_in(phone, quiet, "amina@cordon.example", "/officer")
    page.locator("[data-kind=zone]").get_by_role("link").click()
    where = page.locator("[data-panel=where]")
    expect(where).to_contain_text(re.compile(r"TQ \d{4} \d{4}"))
    expect(where).to_contain_text(re.compile(r"In degrees: 51\.56\d\d\d° north, 0\.10\d\d\d° west"))
    expect(where).to_contain_text(re.compile(r"Within about 6\sm, .* at " + TIME))
    expect(where).to_contain_text("At the middle of the zone around Home, as far as the position can tell")
    expect(page.get_by_text("Reason: responding to alert.")).to_be_visible()
    quiet.clock.forward(60)
    quiet.tag.reports(quiet.tag.fix(1_200.0))
    expect(where).to_contain_text(re.compile(r"1\.2\skm east of the middle of the zone around Home"))
    expect_to_fit(page)
    page, more = sign_in(narrow, quiet, "ben@cordon.example", "/officer")
    page.locator("[data-kind=zone]").get_by_role("link").click()
    expect(page.locator("[data-panel=where]")).to_be_visible()
    expect_to_fit(page)
    shot(page, "act-where-320")
    assert complaints + more == []


def test_who_was_told_stands_before_and_after_the_acknowledgement(world: World, phone: BrowserContext) -> None:
    world.tag.is_far_away()
    world.tag.walks_in()
    world.forward(61)
    world.settle()
    page, complaints = sign_in(phone, world, "amina@cordon.example", "/officer")
    page.locator("[data-kind=zone]").get_by_role("link").click()
    told = page.locator("[data-panel=told]")
    expect(told).to_contain_text("No one has acknowledged yet")
    theirs = told.locator("[data-told='Amina Yusuf'] [data-channel=sms]").first
    expect(theirs).to_contain_text(re.compile(r"Text: sent " + TIME + r", delivered " + TIME))
    expect(told.locator("[data-told='Ben Carter'] [data-channel=voice]").first).to_contain_text("Phone call")
    page.get_by_role("button", name="Acknowledge").click()
    expect(told).to_contain_text("Before it was first acknowledged")
    expect(told).to_contain_text("After it was first acknowledged")
    world.settle()
    page.reload()
    expect(told.get_by_text("that a colleague has acknowledged").first).to_be_visible()
    expect(page.locator("[data-action=alert_raised]")).to_contain_text("Raised: breach, unconfirmed")
    expect_to_fit(page)
    shot(page, "act-told-390")
    assert complaints == []
    world.checks_at_end = False


def test_i_cannot_changes_the_screen_at_once_and_after_a_reload(quiet: World, phone: BrowserContext) -> None:
    quiet.tag.is_far_away()
    quiet.tag.walks_in()
    page, complaints = sign_in(phone, quiet, "amina@cordon.example", "/officer")
    page.locator("[data-kind=zone]").get_by_role("link").click()
    bar = page.locator("#bar")
    page.get_by_role("button", name="I cannot").click()
    expect(bar).to_contain_text("You passed it on. The next responders are notified.")
    expect(bar.get_by_role("button", name="I cannot")).to_have_count(0)
    expect(page.locator("[data-passed-on]")).to_contain_text(
        re.compile(r"You said at " + TIME + r" that you cannot act\. The next responders are notified now\.")
    )
    expect_to_fit(page)
    shot(page, "act-cannot-390")
    page.reload()
    expect(bar).to_contain_text("You passed it on.")
    page.get_by_role("button", name="I can act after all: acknowledge").click()
    expect(page.locator("[data-who=me]")).to_be_visible()
    expect(page.locator("[data-passed-on]")).to_have_count(0)
    assert complaints == []


def double_tap(page: Page, button: Locator, between_ms: int) -> None:
    """Tap twice where the button stands, whatever stands there by the second time."""
    box = button.bounding_box()
    assert box is not None
    at = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.touchscreen.tap(*at)
    page.wait_for_timeout(between_ms)
    page.touchscreen.tap(*at)


def test_a_double_tap_on_i_cannot_acknowledges_nothing(quiet: World, phone: BrowserContext) -> None:
    quiet.tag.is_far_away()
    quiet.tag.walks_in()
    page, complaints = sign_in(phone, quiet, "amina@cordon.example", "/officer")
    page.locator("[data-kind=zone]").get_by_role("link").click()
    bar = page.locator("#bar")
    expect(page.get_by_role("region", name="Call", exact=True)).to_be_visible()
    double_tap(page, bar.get_by_role("button", name="I cannot"), 350)
    expect(bar).to_contain_text("You passed it on. The next responders are notified.")
    page.wait_for_timeout(500)
    assert quiet.officer.alert()["handling"] == "open"
    # A tap that comes later is meant for what stands there.
    bar.get_by_role("button", name="I can act after all: acknowledge").click()
    expect(page.locator("[data-who=me]")).to_be_visible()
    assert complaints == []


def test_a_double_tap_on_record_outcome_does_not_close_what_still_stands(quiet: World, phone: BrowserContext) -> None:
    quiet.tag.is_far_away()
    quiet.tag.walks_in()
    quiet.officer.acknowledges()
    page, complaints = sign_in(phone, quiet, "amina@cordon.example", "/officer")
    page.locator("[data-kind=zone]").get_by_role("link").click()
    bar = page.locator("#bar")
    page.get_by_text("Spoke to the person on probation").click()
    page.get_by_label("Note (needed)").fill("They are on their way out.")
    double_tap(page, bar.get_by_role("button", name="Record outcome"), 120)
    expect(bar).to_contain_text("Close anyway?")
    page.wait_for_timeout(500)
    assert quiet.officer.alert()["handling"] == "acknowledged"
    bar.get_by_role("button", name="Close anyway").click()
    expect(page.locator("[data-who=closed]")).to_be_visible()
    assert complaints == []


def test_a_supervisor_sets_the_control_room(quiet: World, phone: BrowserContext) -> None:
    page, complaints = sign_in(phone, quiet, "grace@cordon.example", "/escalation")
    room = page.locator("[data-police-room]")
    expect(room).to_contain_text("Police, 999")
    page.get_by_role("link", name="Change the police control room").click()
    page.get_by_label("Name of the control room").fill("")
    page.get_by_label("Phone number of the control room").fill("12")
    page.get_by_role("button", name="Save the control room").click()
    # Both at once, each with a link to its field.
    problems = page.locator(".govuk-error-summary__list a")
    expect(problems).to_have_count(2)
    expect(problems.first).to_have_attribute("href", "#name")
    expect(problems.last).to_have_attribute("href", "#number")
    expect(problems.last).to_contain_text("Write the phone number")
    shot(page, "act-control-room-refused-390")
    page.get_by_label("Name of the control room").fill("Met control room")
    page.get_by_role("button", name="Save the control room").click()
    expect(problems).to_have_count(1)
    expect(page.get_by_label("Name of the control room")).to_have_value("Met control room")
    page.get_by_label("Phone number of the control room").fill("020 7946 0999")
    page.get_by_role("button", name="Save the control room").click()
    expect(page.locator("[data-done]")).to_contain_text("Officers call Met control room, +442079460999.")
    expect(room).to_contain_text("Met control room, +442079460999")
    expect_to_fit(page)
    shot(page, "act-control-room-390")
    assert [one for one in complaints if "422" not in one] == []
