"""The supervisor's page: the same figures as the API gives, those whom no one answered by name, and a target to set."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import BrowserContext, Page, expect

from backend import alerts, clock, db
from backend.alerts import Judgement
from tests.pages.actions import TIME, expect_to_fit, shot, sign_in
from tests.world import World
from zones import Certainty, Level


def told(world: World, level: Level, certainty: Certainty) -> None:
    """Let the wearer be judged so now."""
    now = clock.now()
    with db.atomic():
        said = ("So it is.",)
        alerts.apply(Judgement(world.wearer, world.zone, level, certainty, said, now, now, now, distance_m=10.0))
    db.release_connection()


def a_week(world: World) -> dict[str, Any]:
    """Let alerts of all sorts be raised, and some answered; return the figures as the API gives them."""
    tags = [world.new_wearer(f"Wearer {number}", f"LDN-1{number}") for number in range(5)]
    for tag in tags:
        tag.walks_in()
    tags[4].stays(5_000.0, for_s=150)
    told(world, Level.BUFFER, Certainty.CONFIRMED)
    world.clock.forward(87)
    for row in world.officer.alerts()[-2:]:
        world.officer.acknowledges(row["id"])
    told(world, Level.BREACH, Certainty.CONFIRMED)
    world.clock.forward(264)
    first = next(row for row in world.officer.alerts("all") if row["wearer"]["name"] == "Daniel Marsh")
    world.colleague.acknowledges(first["id"])
    body = {"code": "false_alarm", "note": "The court had moved the zone.", "is_confirmed": True}
    assert world.colleague.api("POST", f"/v1/alerts/{first['id']}/outcome", json=body).status_code == 200
    world.doubles.reply(from_=world.victim.phone or "", body="He is here", to=world.settings.twilio_from)
    assert world.tag.post(events=[{"kind": "strap_open", "at": clock.now().isoformat()}]).status_code == 200
    return world.supervisor.api("GET", "/v1/reports/response-times").json()


def expect_figures(page: Page, totals: dict[str, Any]) -> None:
    answers = totals["answers"]
    for name, value in {
        "count": str(totals["count"]),
        "acknowledged": str(totals["acknowledged"]),
        "unacknowledged": str(len(totals["unacknowledged"])),
        "attainment": f"{int(answers['attainment'] * 100)} % {answers['within_target']} of {answers['count']}",
        "p95": "not answered",
        "withdrawn": f"{totals['withdrawn']['count']} ({int(totals['withdrawn']['share'] * 100)} %)",
        "false": f"{totals['closed_as_false']['count']} ({int(totals['closed_as_false']['share'] * 100)} %)",
    }.items():
        expect(page.locator(f"[data-total={name}]")).to_have_text(value)
    for kind, count in totals["kinds"].items():
        expect(page.locator(f"dd[data-kind={kind}]")).to_have_text(str(count))
    for code, count in totals["outcomes"].items():
        expect(page.locator(f"[data-outcome={code}]")).to_have_text(str(count))
    expect(page.locator("[data-unanswered-id]")).to_have_count(len(answers["unanswered"]))


def test_the_page_shows_what_the_api_says_names_whom_no_one_answered_and_sets_a_target(
    quiet: World, desk: BrowserContext, phone: BrowserContext, narrow: BrowserContext
) -> None:
    totals = a_week(quiet)["totals"]
    assert totals["answers"]["p95"] is None
    page, complaints = sign_in(desk, quiet, "grace@cordon.example", "/supervisor")
    expect_figures(page, totals)
    shot(page, "figures-1280")
    page.get_by_text("Not acknowledged:").click()
    expect(page.locator("[data-unanswered-id]").first).to_be_visible()
    two = page.locator("[data-call=rose]")
    expect(two).to_contain_text("Danger rose to Breach, confirmed")
    expect(two).to_contain_text("answered after 4 min 2")
    shot(page, "figures-open-1280")
    page.get_by_label("Answer each rise of danger within").fill("5")
    page.get_by_role("button", name="Set target").click()
    expect(page.get_by_text("Enter a target from 30 to 3600 seconds.").first).to_be_visible()
    page.get_by_label("Answer each rise of danger within").fill("300")
    page.get_by_role("button", name="Set target").click()
    expect(page.get_by_text("Answered within 5 min 0 s")).to_be_visible()
    expect(page.locator("[data-target-set]")).to_contain_text("It is applied to every period, earlier ones too.")
    in_hand, more = sign_in(phone, quiet, "grace@cordon.example", "/supervisor")
    in_hand.get_by_text("Not acknowledged:").click()
    expect_to_fit(in_hand)
    shot(in_hand, "figures-390")
    small, others = sign_in(narrow, quiet, "grace@cordon.example", "/supervisor")
    expect_to_fit(small)
    # The one refused form is answered 422, which a browser mentions.
    assert [one for one in complaints + more + others if "422" not in one] == []


def test_the_timeline_says_to_which_level_danger_rose(quiet: World, phone: BrowserContext) -> None:
    told(quiet, Level.BUFFER, Certainty.CONFIRMED)
    quiet.officer.acknowledges()
    told(quiet, Level.BREACH, Certainty.CONFIRMED)
    page, complaints = sign_in(phone, quiet, "amina@cordon.example", "/officer")
    page.locator("[data-alert-id]").get_by_role("link").first.click()
    expect(page.locator("[data-action=alert_raised]")).to_contain_text("Raised: near the zone")
    expect(page.locator("[data-action=acknowledged]")).to_contain_text("Acknowledged by Amina Yusuf: near the zone")
    rose = page.locator("[data-action=danger_rose]")
    expect(rose).to_contain_text("Danger rose to breach, confirmed")
    expect(rose.locator("time")).to_have_text(re.compile(TIME))
    expect_to_fit(page)
    shot(page, "figures-timeline-390")
    assert complaints == []
