"""The supervisor's page with what is chosen on it: filters, a way down to the alert, pages, print; and the board."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, expect

from backend import clock, db
from backend.models import Team, Wearer
from tests.pages.actions import expect_to_fit, shot, sign_in
from tests.pages.test_figures_page import told
from tests.pages.test_list_size import storm
from tests.world import World
from zones import Certainty, Level


def test_figures_are_narrowed_by_officer_hour_and_kind_down_to_the_alert(
    quiet: World, desk: BrowserContext, phone: BrowserContext
) -> None:
    quiet.tag.is_far_away()
    quiet.tag.walks_in()
    quiet.clock.forward(30)
    quiet.officer.acknowledges()
    page, complaints = sign_in(desk, quiet, "grace@cordon.example", "/supervisor")
    expect(page.locator("[data-total=count]")).to_have_text("1")
    expect(page.locator("[data-trend=Hour]")).to_have_count(1)
    page.locator("[data-trend=Hour] a").click()
    expect(page.locator("[data-narrowed]")).to_contain_text("Only calls for an answer between 13:00 and 13:59")
    expect(page.locator("[data-total=count]")).to_have_text("1")
    page.get_by_role("link", name="Show all again").click()
    page.locator("#officer").select_option(label="Ben Carter")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_text("No alerts in this period")).to_be_visible()
    page.locator("#officer").select_option(label="Amina Yusuf")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("[data-group='Amina Yusuf']")).to_be_visible()
    shot(page, "figures-chosen-1280")
    page.locator("[data-tally=wearer] a").click()
    expect(page.locator("[data-narrowed]")).to_contain_text("Only alerts of Daniel Marsh")
    page.locator("[data-tally=place] a").click()
    expect(page.locator("[data-narrowed]")).to_contain_text(
        "Only alerts of Daniel Marsh, and alerts about Home, Laura Bennett"
    )
    expect(page.locator("[data-tally=wearer] td").first).to_have_text("1")
    assert "Daniel" not in page.url + page.title()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as CSV").click()
    assert "acknowledged" in download.value.path().read_text().splitlines()[0]
    page.emulate_media(media="print")
    shot(page, "figures-print")
    page.emulate_media(media="screen")
    page.locator(".clock__title a").click()
    expect(page.locator("[data-action=alert_raised]")).to_be_visible()
    in_hand, more = sign_in(phone, quiet, "grace@cordon.example", "/supervisor")
    expect_to_fit(in_hand)
    shot(in_hand, "figures-trends-390")
    assert complaints + more == []


def test_a_number_in_the_address_names_no_one_of_another_team(quiet: World, desk: BrowserContext) -> None:
    other = Team.create(name="South London", created_at=clock.now())
    stranger = Wearer.create(team=other, name="Wayne Stranger", created_at=clock.now())
    db.release_connection()
    page, _ = sign_in(desk, quiet, "grace@cordon.example", "/supervisor")
    page.goto(f"{quiet.url}/supervisor?wearer={stranger.id}")
    expect(page.locator("[data-narrowed]")).to_contain_text("Only alerts of one person on probation")
    assert "Stranger" not in page.content()


def test_what_cannot_be_chosen_is_refused_in_words(quiet: World, desk: BrowserContext) -> None:
    page, _ = sign_in(desk, quiet, "grace@cordon.example", "/supervisor")
    for query in ("kind=none", "hour=24", "officer=x", "page=0", "channel=smoke", "wearer=x", "place=0"):
        page.goto(f"{quiet.url}/supervisor?{query}")
        expect(page.get_by_role("alert").first).to_contain_text("There is a problem")


def test_the_board_shows_every_standing_alert_with_its_clock_and_no_name(quiet: World, desk: BrowserContext) -> None:
    page, complaints = sign_in(desk, quiet, "grace@cordon.example", "/board")
    expect(page.locator("[data-board-empty]")).to_be_visible()
    storm(quiet, 60)
    quiet.clock.forward(200)
    expect(page.locator(".board__row")).to_have_count(60)
    expect(page.locator("[data-board-counts]")).to_contain_text("60 unanswered")
    expect(page.locator("[data-late=yes]").first).to_be_visible()
    assert "Daniel" not in page.locator("main").inner_text()
    expect_to_fit(page)
    shot(page, "board-1280")
    assert complaints == []


def test_on_a_wall_the_board_turns_its_pages_by_itself(quiet: World, desk: BrowserContext) -> None:
    storm(quiet, 60)
    page, complaints = sign_in(desk, quiet, "grace@cordon.example", "/rota")
    page.clock.install()
    page.goto(f"{quiet.url}/board")
    page.get_by_role("button", name="Show on a wall screen").click()
    expect(page.locator("body")).to_have_class(re.compile("board-wall"))
    expect(page.locator(".cordon-header")).to_be_hidden()
    page.clock.run_for(11_000)
    assert page.evaluate("scrollY") > 0
    page.clock.run_for(300_000)
    seen = set()
    for _ in range(12):
        seen.add(page.evaluate("scrollY"))
        page.clock.run_for(10_000)
    assert 0 in seen, "after the last page the gravest are shown again"
    page.keyboard.press("Escape")
    expect(page.locator("body")).not_to_have_class(re.compile("board-wall"))
    assert complaints == []


def test_the_boards_clock_of_a_rise_begins_with_the_rise(quiet: World, desk: BrowserContext) -> None:
    page, complaints = sign_in(desk, quiet, "grace@cordon.example", "/board")
    told(quiet, Level.BUFFER, Certainty.CONFIRMED)
    quiet.clock.forward(100)
    quiet.officer.acknowledges()
    quiet.clock.forward(100)
    told(quiet, Level.BREACH, Certainty.CONFIRMED)
    quiet.clock.forward(30)
    page.reload()
    row = page.locator(".board__row")
    expect(row).to_contain_text("Unanswered")
    assert 30 <= int(row.locator("[data-since-s]").get_attribute("data-since-s") or 0) < 100
    expect(page.locator("[data-late=yes]")).to_have_count(0)
    quiet.clock.forward(160)
    page.reload()
    expect(page.locator("[data-late=yes]")).to_have_count(1)
    assert complaints == []


def test_the_period_is_typed_as_dates_are_everywhere_and_an_error_leads_to_its_field(
    quiet: World, desk: BrowserContext, phone: BrowserContext
) -> None:
    quiet.tag.is_far_away()
    quiet.tag.walks_in()
    page, complaints = sign_in(desk, quiet, "grace@cordon.example", "/supervisor")
    first, last = page.get_by_role("group", name="From"), page.get_by_role("group", name="To, this day included")
    for part, typed in (("Day", "1"), ("Month", "2"), ("Year", "2026")):
        first.get_by_label(part).fill(typed)
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_text("alerts raised from 1 February 2026, 00:00")).to_be_visible()
    expect(page.locator("[data-total=count]")).to_have_text("1")
    page.locator("[data-tally=place] a").click()
    expect(page.get_by_text("alerts raised from 1 February 2026, 00:00")).to_be_visible()
    last.get_by_label("Month").fill("13")
    page.get_by_role("button", name="Show", exact=True).click()
    page.get_by_role("link", name="Enter the last day as a day, a month and a year").click()
    expect(last.get_by_label("Day")).to_be_focused()
    expect(last.get_by_label("Month")).to_have_value("13")
    in_hand, more = sign_in(phone, quiet, "grace@cordon.example", "/supervisor")
    expect_to_fit(in_hand)
    shot(in_hand, "figures-period-390")
    assert [one for one in complaints + more if "422" not in one] == []
