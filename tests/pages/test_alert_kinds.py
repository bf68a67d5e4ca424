"""Every kind of alert on an officer's phone: drawn as what it is, before and after it is over, and closed knowingly."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, expect

from backend import alerts, clock, db
from backend.escalation.steps import Who
from backend.models import TagContact
from tests.pages.actions import FACTS, OUTPUT, SHORT_TIME, TIME, expect_to_fit, shot, sign_in
from tests.world import World


def says(world: World, kind: str) -> None:
    assert world.tag.post(events=[{"kind": kind, "at": clock.now().isoformat()}]).status_code == 200


def writes(world: World, words: str) -> None:
    world.doubles.reply(from_=world.victim.phone or "", body=words, to=world.settings.twilio_from)


def test_a_notice_is_drawn_as_a_notice_and_is_never_clear(quiet: World, phone: BrowserContext) -> None:
    said = "Protection of the place Home ends 1 December 2026, 12:00 (expiry). Tell the protected person before then."
    alerts.raise_notice(quiet.wearer, quiet.zone, [said], clock.now(), (Who.OFFICER,))
    db.release_connection()
    page, complaints = sign_in(phone, quiet, "amina@cordon.example", "/officer")
    card = page.locator("[data-kind=notice]")
    expect(card).to_contain_text("Notice")
    expect(card).to_contain_text(said)
    expect(page.locator("[data-group=no_answer_needed]")).to_contain_text("To read: needs no answer 1")
    expect(page.locator("[data-group=unanswered]")).to_be_hidden()
    assert not page.title().startswith("(")
    for wrong in ("Clear", "✓", "Over since", "Near zone", "Breach", "Last fix"):
        expect(card).not_to_contain_text(wrong)
    expect(card.locator(".look--notice")).to_be_visible()
    expect(card.locator(".shape--notice")).to_be_visible()
    expect_to_fit(page)
    shot(page, "kinds-notice-390")
    card.get_by_role("link").click()
    expect(page.locator("[data-action=notice_raised]")).to_contain_text("Written")
    expect(page.locator(".notice")).to_contain_text("Needs no answer")
    expect(page.get_by_role("button", name="I cannot")).to_have_count(0)
    expect(page.locator(".status")).not_to_contain_text("Clear")
    expect(page.locator(FACTS)).not_to_contain_text("fix")
    expect_to_fit(page)
    shot(page, "kinds-notice-open-390")
    assert complaints == []


def test_a_breach_that_ended_unanswered_shows_its_worst(quiet: World, phone: BrowserContext) -> None:
    quiet.tag.is_far_away()
    quiet.tag.stays(80.0, for_s=150)
    quiet.tag.leaves()
    page, complaints = sign_in(phone, quiet, "amina@cordon.example", "/officer")
    card = page.locator("[data-group=unanswered] [data-kind=zone]")
    expect(card).to_contain_text(
        re.compile(
            r"Was in the zone "
            + SHORT_TIME
            + r" to "
            + SHORT_TIME
            + r", 1[67]\d\sm deep, confirmed\. Out now\. Not answered\."
        )
    )
    expect(card.locator(".level__word")).to_have_text("Breach")
    expect(card).not_to_contain_text("Clear")
    expect(card.locator(".look--ended.look--breach")).to_be_visible()
    expect_to_fit(page)
    shot(page, "kinds-ended-390")
    card.get_by_role("link").click()
    expect(page.locator("[data-action=alert_over]")).to_be_visible()
    expect(page.locator(".status")).to_contain_text("Out now. Not answered.")
    shot(page, "kinds-ended-open-390")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("[data-who=me]")).to_be_visible()
    expect(page.locator(".status .near")).not_to_contain_text("Not answered")
    assert complaints == []


def test_what_stands_is_closed_only_knowingly_and_stays_on_everybodys_list(
    quiet: World, phone: BrowserContext, narrow: BrowserContext
) -> None:
    quiet.tag.is_far_away()
    quiet.tag.stays(40.0, for_s=120)
    page, complaints = sign_in(phone, quiet, "amina@cordon.example", "/officer")
    page.locator("[data-kind=zone]").get_by_role("link").click()
    page.get_by_role("button", name="Acknowledge").click()
    page.get_by_label("Police informed").check()
    expect(page.get_by_text("Note (needed)")).to_be_visible()
    page.get_by_role("button", name="Record outcome").click()
    expect(page.locator("#outcome-form")).to_contain_text("inside: write why you close it.")
    shot(page, "kinds-closing-note-390")
    page.get_by_label("Note (needed)").fill("Police are with them.")
    page.get_by_role("button", name="Record outcome").click()
    expect(page.locator("#bar")).to_contain_text(re.compile(r"Still 2\d\d m inside\. Close anyway\?"))
    expect_to_fit(page)
    page.screenshot(path=OUTPUT / "kinds-close-anyway-390.png")
    expect(page.get_by_role("button", name="Keep it open")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Keep it open")).to_have_count(0)
    assert quiet.officer.alert()["handling"] == "acknowledged"
    page.get_by_role("button", name="Record outcome").click()
    page.get_by_role("button", name="Close anyway").click()
    expect(page.locator("[data-who=closed]")).to_contain_text("Police informed")
    page.get_by_role("link", name="All alerts").click()
    other, more = sign_in(narrow, quiet, "ben@cordon.example", "/officer")
    for seen in (page, other):
        card = seen.locator("[data-group=closed] [data-kind=zone]")
        expect(card).to_contain_text("Closed, still inside")
        expect(card).to_contain_text("Closed by Amina Yusuf")
        expect_to_fit(seen)
    shot(page, "kinds-closed-still-390")
    quiet.tag.leaves()
    expect(page.locator("[data-kind=zone]")).to_have_count(0)
    expect(other.get_by_text("No open alerts.")).to_be_visible()
    assert complaints + more == []


def test_a_tag_that_was_tampered_with_has_a_card_of_its_own(quiet: World, phone: BrowserContext) -> None:
    quiet.tag.is_far_away()
    quiet.forward(1_800)
    says(quiet, "strap_open")
    quiet.forward(60)
    says(quiet, "strap_closed")
    page, complaints = sign_in(phone, quiet, "amina@cordon.example", "/officer")
    card = page.locator("[data-group=unanswered] [data-kind=tamper]")
    expect(card).to_contain_text("Tag strap opened")
    expect(card).to_contain_text(re.compile(r"The tag's strap was opened at " + SHORT_TIME + r"\."))
    expect(card).to_contain_text("The tag reported its strap closed at")
    expect(card).to_contain_text("Tag: LDN-0001")
    for wrong in ("Clear", "Protected place", "Last fix", "Over since", "✓"):
        expect(card).not_to_contain_text(wrong)
    expect_to_fit(page)
    shot(page, "kinds-tamper-390")
    card.get_by_role("link").click()
    expect(page.locator(FACTS)).to_contain_text("Last known place")
    expect(page.locator(FACTS)).to_contain_text(re.compile(r"Last known place" + TIME))
    expect(page.locator("[data-action=strap_closed]")).to_contain_text("The tag reported its strap closed")
    expect(page.locator("[data-known=wording]").get_by_role("link")).to_have_text("Read the orders in the case")
    expect_to_fit(page)
    shot(page, "kinds-tamper-open-390")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_label("Only passed through")).to_be_hidden()
    page.get_by_label("Tag checked and in order").check()
    page.get_by_role("button", name="Record outcome").click()
    expect(page.locator("#outcome-form")).to_contain_text("only a note clears this")
    page.get_by_label("Note (needed)").fill("Seen at the office: closed.")
    page.get_by_role("button", name="Record outcome").click()
    expect(page.locator("[data-who=closed]")).to_contain_text("Tag checked and in order")
    assert complaints == []


def test_a_message_has_a_card_of_its_own_and_each_further_one_is_told(quiet: World, phone: BrowserContext) -> None:
    quiet.tag.is_far_away()
    page, complaints = sign_in(phone, quiet, "amina@cordon.example", "/officer")
    expect(page.locator("#live-state")).to_have_attribute("data-state", "live")
    writes(quiet, "He is at the back door, please come")
    card = page.locator("[data-group=unanswered] [data-kind=help]")
    expect(card).to_contain_text("Message from a protected person")
    expect(card).to_contain_text("He is at the back door, please come")
    expect(card).to_contain_text("Not answered: call.")
    expect(card).to_contain_text("Laura Bennett")
    expect(card).to_contain_text("Protected from: Daniel Marsh")
    for wrong in ("Clear", "✓", "Protected place", "Last fix", "Over since"):
        expect(card).not_to_contain_text(wrong)
    expect(page.locator("#news")).to_contain_text("New alert. Message from a protected person")
    expect_to_fit(page)
    shot(page, "kinds-help-390")
    quiet.clock.forward(11)
    writes(quiet, "He is inside now")
    expect(card).to_contain_text("He is inside now")
    expect(page.locator("#news")).to_contain_text("Rings again. Message from a protected person")
    card.get_by_role("link").click()
    expect(page.locator("[data-action=rang_again]")).to_contain_text("They wrote again")
    expect(page.locator(".reasons")).to_contain_text("He is at the back door")
    expect_to_fit(page)
    shot(page, "kinds-help-open-390")
    assert complaints == []


def test_all_kinds_together_in_the_order_of_danger(quiet: World, phone: BrowserContext) -> None:
    alerts.raise_notice(quiet.wearer, quiet.zone, ["The licence ends tomorrow."], clock.now(), (Who.OFFICER,))
    db.release_connection()
    quiet.tag.is_far_away()
    quiet.tag.stays(0.0, for_s=120)
    says(quiet, "jamming")
    writes(quiet, "help")
    page, complaints = sign_in(phone, quiet, "amina@cordon.example", "/officer")
    expect(page.locator("[data-kind]")).to_have_count(4)
    shown = page.locator("[data-kind]").evaluate_all("all => all.map((one) => one.dataset.kind)")
    assert shown == ["help", "tamper", "zone", "notice"]
    listed = [one["kind"] for one in quiet.officer.alerts()]
    assert listed == shown
    expect_to_fit(page)
    shot(page, "kinds-all-390")
    assert complaints == []


def test_a_silent_tag_says_since_when_where_last_and_when_it_is_heard_of_again(
    quiet: World, phone: BrowserContext
) -> None:
    quiet.tag.is_far_away()
    now = clock.now()
    with db.atomic():
        alerts.ring_for_silence(
            quiet.wearer,
            alerts.Silence(
                TagContact.get().tag_id,
                alerts.NO_CONTACT,
                since=now,
                located_at=now,
                last_seen="Last seen near a zone.",
                battery_pct=3.0,
            ),
            now,
        )
    db.release_connection()
    page, complaints = sign_in(phone, quiet, "amina@cordon.example", "/officer")
    card = page.locator("[data-group=unanswered] [data-kind=silence]")
    expect(card).to_contain_text("Tag silent")
    expect(card).to_contain_text("No contact with the tag since")
    expect(card).to_contain_text("Last position")
    for wrong in ("Clear", "✓", "Breach", "Near zone", "Last fix"):
        expect(card).not_to_contain_text(wrong)
    expect_to_fit(page)
    shot(page, "kinds-silence-390")
    card.get_by_role("link").click()
    expect(page.locator(".status").get_by_text("Its battery was at 3 % then.")).to_be_visible()
    expect(page.get_by_text("Last seen near a zone.").first).to_be_visible()
    expect_to_fit(page)
    shot(page, "kinds-silence-open-390")
    quiet.clock.forward(60)
    quiet.tag.is_far_away()
    expect(page.get_by_text("The tag has sent positions again since").first).to_be_visible()
    shot(page, "kinds-silence-over-390")
    assert complaints == []


def test_the_way_is_said_by_what_the_zone_asks(quiet: World, phone: BrowserContext) -> None:
    page, _ = sign_in(phone, quiet, "amina@cordon.example", "/officer")
    rows = [
        ("exclusion", 40, 1.5, "closing at"),
        ("exclusion", -40, 1.5, "going further in at"),
        ("exclusion", -40, -1.5, "moving towards the edge at"),
        ("inclusion", -40, 1.5, "going further away at"),
        ("inclusion", -40, -1.5, "coming back at"),
        ("restriction", -40, 1.5, "going further away at"),
    ]
    alerts_shown = [
        {"kind": "zone", "zone_kind": kind, "distance_m": distance_m, "closing_mps": closing_mps}
        for kind, distance_m, closing_mps, _ in rows
    ]
    words = page.evaluate(
        "async ([from, alerts]) => { const { howFast } = await import(from); return alerts.map(howFast) }",
        [f"{quiet.app.static_url_path}/officer/words.js", alerts_shown],
    )
    assert words == [f"{said} 3.4\u00a0mph (walking)" for _, _, _, said in rows]
