"""What every staff page needs its reader: nothing cut off on a narrow phone, nothing refused, a state that is said."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import BrowserContext, expect

from backend import clock, db
from backend.cases import writing
from backend.models import ZoneVersion
from backend.record.facts import Terms
from tests import cases
from tests.pages.actions import expect_to_fit, sign_in
from tests.world import World


def test_every_page_fits_a_narrow_phone_and_the_browser_refuses_nothing(quiet: World, narrow: BrowserContext) -> None:
    quiet.wearer.name = "Bartholomew Featherstonehaugh-Cholmondeley"
    quiet.wearer.save()
    page, complaints = sign_in(narrow, quiet, "amina@cordon.example", "/officer")
    expect(page.locator("#live-state")).to_have_attribute("data-state", "live")
    expect(page.get_by_text("No open alerts.")).to_be_visible()
    expect_to_fit(page)
    quiet.tag.is_far_away()
    quiet.tag.walks_in()
    card = page.locator("[data-group=unanswered] [data-alert-id]")
    expect(card).to_contain_text("Breach")
    expect(page).to_have_title("(1) Live alerts – Cordon")
    expect_to_fit(page)
    card.get_by_role("link").click()
    expect(page.locator("[data-action=alert_raised]")).to_be_visible()
    expect_to_fit(page)
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("[data-who=me]")).to_contain_text("You are acting since")
    page.get_by_label("Police informed").check()
    page.get_by_label("Note (needed)").fill("Police are with them.")
    expect_to_fit(page)
    page.get_by_role("button", name="Record outcome").click()
    expect_to_fit(page)
    page.get_by_role("button", name="Close anyway").click()
    expect(page.locator("[data-who=closed]")).to_contain_text("Police informed")
    supervisor, more = sign_in(narrow, quiet, "grace@cordon.example", "/supervisor")
    expect(supervisor.locator("[data-stage=outcome][data-at]")).to_be_visible()
    expect_to_fit(supervisor)
    assert complaints + more == []


def test_where_sockets_are_blocked_the_page_says_so_and_polls(quiet: World, narrow: BrowserContext) -> None:
    narrow.route_web_socket("**/socket.io/**", lambda socket: socket.close())
    page, _ = sign_in(narrow, quiet, "amina@cordon.example", "/officer")
    expect(page.locator("#live-state")).to_contain_text("checking every 5 s (no live connection)")
    expect_to_fit(page)
    quiet.tag.is_far_away()
    quiet.tag.walks_in()
    expect(page.locator("[data-group=unanswered] [data-alert-id]")).to_contain_text("Breach", timeout=10_000)


def test_an_acknowledgement_without_signal_says_so_and_goes_when_it_is_back(
    quiet: World, narrow: BrowserContext
) -> None:
    quiet.tag.is_far_away()
    quiet.tag.walks_in()
    page, _ = sign_in(narrow, quiet, "amina@cordon.example", "/officer")
    page.locator("[data-alert-id]").get_by_role("link").click()
    expect(page.locator("[data-action=alert_raised]")).to_be_visible()
    narrow.set_offline(True)
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("#live-state")).to_contain_text("offline")
    expect(page.locator("#bar")).to_contain_text("Not recorded yet")
    assert quiet.officer.alert()["handling"] == "open"
    expect_to_fit(page)
    narrow.set_offline(False)
    expect(page.locator("[data-who=me]")).to_be_visible()
    assert quiet.officer.alert()["handling"] == "acknowledged"


def test_a_long_reference_of_an_order_moves_no_button_off_the_screen(quiet: World, phone: BrowserContext) -> None:
    person, now = quiet.officer.person, clock.now()
    since = now - timedelta(days=9)
    reference = "DAPO-CENTRAL-LONDON-MAGISTRATES-2026-0088"
    made = writing.open_order(
        person,
        quiet.wearer.id,
        "dapo",
        reference,
        Terms(since, None),
        now,
        why="Court.",
        conditions=(("1", "Keep out."),),
    )
    cases.rests_on(quiet, made)
    ZoneVersion.update(condition=made.conditions.get()).where(ZoneVersion.order == made).execute()
    db.release_connection()
    quiet.tag.is_far_away()
    quiet.tag.walks_in()
    page, _ = sign_in(phone, quiet, "amina@cordon.example", "/officer")
    page.locator("[data-kind=zone]").get_by_role("link").first.click()
    expect(page.locator("[data-known=wording]")).to_contain_text(reference)
    expect_to_fit(page)
    box = page.get_by_role("button", name="I cannot").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 390
