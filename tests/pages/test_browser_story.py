"""The whole line in a real browser: an officer's phone, a signed breach, one tap, and the supervisor's figures."""

from __future__ import annotations

from datetime import datetime

from playwright.sync_api import BrowserContext, expect

from backend.models import Notification, Receipt
from tests.pages.actions import OUTPUT, sign_in_when_asked
from tests.world import World

STAGES = ("fix", "received", "decided", "first_sent", "first_delivered", "acknowledged", "outcome")


def test_an_officer_sees_a_breach_without_reloading_acknowledges_it_and_the_supervisor_reads_the_clock(
    world: World, phone: BrowserContext, desk: BrowserContext
) -> None:
    OUTPUT.mkdir(exist_ok=True)
    page, complaints = sign_in_when_asked(phone, world, world.officer.person.email, "/officer")
    expect(page.locator("#live-state")).to_have_attribute("data-state", "live")
    expect(page.get_by_text("No open alerts.")).to_be_visible()
    page.screenshot(path=OUTPUT / "officer-empty-390.png")
    for metres in (1_600.0, 1_200.0, 850.0):
        world.tag.stays(metres, for_s=30, every_s=30)
    for metres in (600.0, 450.0, 300.0, 150.0, 60.0):
        world.tag.stays(metres, for_s=15)
    card = page.locator("[data-group=unanswered] li[data-alert-id]")
    expect(card).to_have_count(1)
    expect(card).to_have_attribute("data-level", "breach")
    expect(card).to_contain_text("Daniel Marsh")
    page.screenshot(path=OUTPUT / "officer-list-390.png")
    card.get_by_role("link").first.click()
    expect(page.locator(".status")).to_have_attribute("data-handling", "open")
    expect(page.locator(".leaflet-container")).to_be_visible()
    page.wait_for_function("document.querySelectorAll('.leaflet-container path').length > 3")
    page.screenshot(path=OUTPUT / "officer-alert-390.png")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("[data-who=me]").first).to_be_visible()
    page.screenshot(path=OUTPUT / "officer-acknowledged-390.png")
    world.forward(90)
    page.get_by_label("Police informed").check()
    # It stands: a note is needed, and a second look.
    page.get_by_label("Note (needed)").fill("Control room called.")
    page.get_by_role("button", name="Record outcome").click()
    page.get_by_role("button", name="Close anyway").click()
    expect(page.locator(".status")).to_have_attribute("data-handling", "closed")
    assert not complaints

    report, complaints = sign_in_when_asked(desk, world, world.supervisor.person.email, "/supervisor")
    clock = report.locator(".clock[data-alert-id]")
    expect(clock).to_have_count(1)
    instants = [clock.locator(f"[data-stage={stage}]").get_attribute("data-at") for stage in STAGES]
    assert all(instants), dict(zip(STAGES, instants, strict=True))
    read = [datetime.fromisoformat(at or "") for at in instants]
    told = [(n.channel, n.state, n.sent_at, n.delivered_at) for n in Notification.select()]
    shown = [(r.kind, r.channel, r.at) for r in Receipt.select()]
    assert read == sorted(read), (dict(zip(STAGES, instants, strict=True)), told, shown)
    report.screenshot(path=OUTPUT / "supervisor-1280.png", full_page=True)
    assert not complaints
    world.reads_everything()


def test_where_websockets_are_blocked_the_page_says_so_and_works_by_polling(
    world: World, phone: BrowserContext
) -> None:
    phone.route_web_socket("**/socket.io/**", lambda socket: socket.close())
    page, _ = sign_in_when_asked(phone, world, world.officer.person.email, "/officer")
    expect(page.locator("#live-state")).to_have_attribute("data-state", "polling")
    world.tag.walks_in()
    expect(page.locator("li[data-alert-id]")).to_have_count(1, timeout=10_000)
    world.reads_everything()


def test_after_a_lost_connection_the_page_says_so_and_recovers_what_it_missed(
    world: World, phone: BrowserContext
) -> None:
    page, _ = sign_in_when_asked(phone, world, world.officer.person.email, "/officer")
    expect(page.locator("#live-state")).to_have_attribute("data-state", "live")
    phone.set_offline(True)
    expect(page.locator("#live-state")).to_have_attribute("data-state", "offline")
    world.tag.walks_in()
    phone.set_offline(False)
    expect(page.locator("li[data-alert-id]")).to_have_count(1, timeout=10_000)
    expect(page.locator("#live-state")).to_have_attribute("data-state", "live", timeout=15_000)
    world.reads_everything()


def test_an_answer_that_arrives_after_danger_rose_is_not_taken_for_it(world: World, phone: BrowserContext) -> None:
    page, _ = sign_in_when_asked(phone, world, world.officer.person.email, "/officer")
    world.tag.stays(800.0, for_s=30)
    world.tag.stays(400.0, for_s=60)
    page.locator("li[data-alert-id]").get_by_role("link").first.click()
    expect(page.locator("[data-action=alert_raised]")).to_be_visible()
    phone.set_offline(True)
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("#bar")).to_contain_text("Not recorded yet")
    world.tag.walks_in()
    phone.set_offline(False)
    expect(page.locator("#bar")).to_contain_text("Danger had risen before your answer arrived")
    assert world.officer.alert()["handling"] == "open"
    # What is shown by now can be answered.
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("[data-who=me]").first).to_be_visible()
    world.reads_everything()


def test_danger_that_rises_brings_the_button_back_and_says_why(world: World, phone: BrowserContext) -> None:
    page, _ = sign_in_when_asked(phone, world, world.officer.person.email, "/officer")
    world.tag.stays(800.0, for_s=30)
    world.tag.stays(400.0, for_s=60)
    page.locator("li[data-alert-id]").get_by_role("link").first.click()
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("[data-who=me]").first).to_be_visible()
    world.tag.walks_in()
    expect(page.get_by_role("button", name="Acknowledge")).to_be_visible()
    expect(page.locator(".notice--again")).to_contain_text("Danger rose")
    world.reads_everything()
