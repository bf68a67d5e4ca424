"""The live list when a storm has filled it: small, in few requests, a page at a time; and cases are named in no tab."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import BrowserContext, expect

from backend import clock, db
from backend.models import Alert
from backend.web import assets
from tests.pages.actions import expect_to_fit, shot, sign_in
from tests.pages.routes import full_record, pages_of_staff
from tests.world import World

COUNT = 5_000
MOST_BYTES = 150_000
MOST_REQUESTS = 15


def storm(world: World, count: int) -> None:
    """Raise one alert as the tag does, and copy it many times, each a little older."""
    world.tag.is_far_away()
    world.tag.walks_in()
    (first,) = Alert.select().dicts()
    now = clock.now()
    copies = []
    for number in range(1, count):
        at = now - timedelta(seconds=number)
        copies.append(
            {
                **{name: value for name, value in first.items() if name != "id"},
                "code": f"T{number:04d}",
                "last_fix_time": at,
                "raised_at": at,
                "cursor": first["cursor"],
            }
        )
    for begin in range(0, len(copies), 500):
        Alert.insert_many(copies[begin : begin + 500]).execute()
    db.release_connection()


def test_a_list_of_5000_alerts_is_small_and_comes_a_page_at_a_time(quiet: World, phone: BrowserContext) -> None:
    storm(quiet, COUNT)
    page, complaints = sign_in(phone, quiet, "amina@cordon.example", "/cases")
    session = phone.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.clearBrowserCache")
    received: list[float] = []
    session.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    page.goto(f"{quiet.url}/officer")
    expect(page.locator("[data-group=unanswered] [data-alert-id]")).to_have_count(50)
    expect(page.locator("#live-state")).to_have_attribute("data-state", "live")
    assert sum(received) < MOST_BYTES, sum(received)
    if assets.officer_script().startswith("built/"):
        assert len(received) <= MOST_REQUESTS, len(received)
    expect(page.locator("[data-group=unanswered] .group__count")).to_have_text("5000")
    expect(page).to_have_title("(5000) Live alerts – Cordon")
    more = page.locator("[data-more]")
    expect(more).to_contain_text("The 50 gravest of 5000 are shown")
    expect_to_fit(page)
    shot(page, "list-5000-390")
    more.get_by_role("button", name="Show 50 more").click()
    expect(page.locator("[data-group=unanswered] [data-alert-id]")).to_have_count(100)
    assert complaints == []


def test_the_first_list_waits_for_no_token_and_no_library(quiet: World, phone: BrowserContext) -> None:
    quiet.tag.is_far_away()
    quiet.tag.walks_in()
    page, _ = sign_in(phone, quiet, "amina@cordon.example", "/cases")
    for late in ("**/officer/token", "**/leaflet.js", "**/socket.io.min.js"):
        phone.route(late, lambda route: route.abort())
    page.goto(f"{quiet.url}/officer")
    expect(page.locator("[data-group=unanswered] [data-alert-id]")).to_have_count(1)
    assert quiet.api("GET", "/officer/list").status_code == 401


COUNT_DRAWN = """new MutationObserver(() => {
  const count = document.querySelectorAll("[data-alert-id]").length;
  if (count) (window.drawn ??= []).push(count);
}).observe(document, { childList: true, subtree: true })"""


def test_a_first_list_can_be_tapped_before_what_is_below_the_screen_is_drawn(
    quiet: World, phone: BrowserContext
) -> None:
    storm(quiet, 60)
    page, _ = sign_in(phone, quiet, "amina@cordon.example", "/cases")
    page.add_init_script(COUNT_DRAWN)
    page.goto(f"{quiet.url}/officer")
    cards = page.locator("[data-group=unanswered] [data-alert-id]")
    expect(cards).to_have_count(50)
    assert page.evaluate("window.drawn")[0] == 8
    # Back from an alert the list is whole at once, so that it can scroll to where it was.
    cards.nth(40).get_by_role("link").click()
    expect(page.locator("[data-alert-id]")).to_have_count(0)
    page.evaluate("window.drawn = undefined")
    page.go_back()
    expect(cards.nth(40)).to_be_in_viewport()
    assert page.evaluate("window.drawn")[0] == 50


def test_what_one_acts_on_is_on_the_list_however_long_it_is(quiet: World, phone: BrowserContext) -> None:
    storm(quiet, 80)
    oldest = Alert.select().order_by(Alert.raised_at).first()
    db.release_connection()
    quiet.officer.acknowledges(oldest.id)
    page, _ = sign_in(phone, quiet, "amina@cordon.example", "/officer")
    expect(page.locator("[data-group=unanswered] [data-alert-id]")).to_have_count(50)
    expect(page.locator(f"[data-group=acknowledged] [data-alert-id='{oldest.id}']")).to_be_visible()


def test_files_are_kept_for_a_year_and_compressed_and_pages_with_forms_are_not(quiet: World) -> None:
    answer = quiet.api("GET", f"{assets.url_path()}/officer/officer.css", headers={"Accept-Encoding": "br"})
    assert answer.headers["Content-Encoding"] == "br"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    page = quiet.api("GET", "/sign-in", headers={"Accept-Encoding": "br, gzip", "Accept": "text/html"})
    assert "Content-Encoding" not in page.headers


def test_no_name_is_in_the_title_of_a_tab_and_every_page_leads_to_the_alerts_that_wait(
    quiet: World, phone: BrowserContext
) -> None:
    values = full_record(quiet)
    page, _ = sign_in(phone, quiet, "grace@cordon.example", "/officer")
    names = [quiet.wearer.name, quiet.victim.name, "Mia Bennett", *(one.person.name for one in quiet.phones)]
    for endpoint, path in pages_of_staff(quiet, values):
        page.goto(f"{quiet.url}{path}")
        page.wait_for_load_state()
        title = page.title()
        assert title.endswith("Cordon"), (endpoint, title)
        assert not [name for name in names if name in title], (endpoint, title)
        # The live app is the list itself; a page of errors asks nothing of the database.
        if not path.startswith("/officer") and endpoint != "no such page":
            expect(page.locator("a.cordon-header__link", has_text="Live alerts")).to_have_count(1)
            expect(page.locator("[data-alert-strip]")).to_be_visible()


def test_a_reload_without_a_signal_shows_the_last_list_its_age_and_one_button(
    quiet: World, phone: BrowserContext
) -> None:
    storm(quiet, 3)
    page, _ = sign_in(phone, quiet, "amina@cordon.example", "/officer")
    expect(page.locator("[data-group=unanswered] [data-alert-id]")).to_have_count(3)
    page.evaluate("navigator.serviceWorker.ready")
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    page.wait_for_function("caches.match('/officer/last-list').then(Boolean)")
    phone.set_offline(True)
    page.reload()
    expect(page.get_by_role("heading", name="No signal")).to_be_visible()
    expect(page.locator("[data-age]")).to_contain_text("This list is less than a minute old: it is of ")
    expect(page.get_by_role("listitem")).to_have_count(3)
    expect(page.get_by_role("listitem").first).to_contain_text("Breach")
    expect(page.get_by_role("link")).to_have_count(1)
    expect_to_fit(page)
    shot(page, "no-signal-390")
    phone.set_offline(False)
    page.get_by_role("link", name="Try again").click()
    expect(page.locator("[data-group=unanswered] [data-alert-id]")).to_have_count(3)
    page.get_by_label("Menu").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{quiet.url}/sign-in")
    assert page.evaluate("caches.match('/officer/last-list').then(Boolean)") is False
