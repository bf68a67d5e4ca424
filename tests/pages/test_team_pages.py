"""Teams by date in a real browser: an administrator splits one for a day to come, is asked back, and calls it off."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import BrowserContext, expect

from backend import clock, db
from backend.models import CaseDue, Role, Team, Wearer
from backend.record.facts import LONDON
from tests.pages.actions import expect_to_fit, fill_date, shot, sign_in
from tests.world import World


def test_an_administrator_splits_a_team_for_a_day_to_come_and_calls_it_off(
    world: World,
    desk: BrowserContext,
    phone: BrowserContext,
) -> None:
    world.person(Role.ADMINISTRATOR, "Ivy Chen", None)
    Team.create(name="Camden", created_at=clock.now())
    Wearer.create(team=world.team, name="Nobody's", created_at=clock.now())
    db.release_connection()
    page, complaints = sign_in(desk, world, "ivy@cordon.example", "/administrator")
    page.locator("[data-team]").filter(has_text="North London").get_by_role("link", name="Split").click()
    expect(page.get_by_text("Officer, 1 case", exact=True)).to_be_visible()
    expect(page.locator("[data-unheld]")).to_contain_text("1 case has no responsible officer and stays")
    page.get_by_role("button", name="Split the team").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose the other team")
    day = clock.now().astimezone(LONDON).date() + timedelta(days=30)
    page.get_by_label("Amina Yusuf").check()
    page.get_by_label("The other team").select_option("Camden")
    fill_date(page, "From", day)
    page.get_by_label("Why").fill("The borough is split.")
    shot(page, "team-split-1280")
    page.get_by_role("button", name="Split the team").click()
    expect(page.get_by_text("Camden has cases and no supervisor")).to_be_visible()
    shot(page, "team-split-confirm-1280")
    page.get_by_role("button", name="Save it all the same").click()
    expect(page.locator("[data-done]")).to_contain_text("1 of North London and 1 case belong to the other team from")
    expect(page.locator("[data-planned]")).to_contain_text("1 person and 1 case move to Camden")
    shot(page, "administrator-planned-1280")
    assert "Daniel" not in page.content()
    small, _ = sign_in(phone, world, "ivy@cordon.example", "/administrator")
    expect_to_fit(small)
    shot(small, "administrator-planned-390")
    small.locator("[data-team]").filter(has_text="North London").get_by_role("link", name="Split").click()
    expect(small.get_by_role("button", name="Split the team")).to_be_visible()
    expect_to_fit(small)
    shot(small, "team-split-390")
    page.locator("[data-planned]").get_by_role("link", name="Call it off").click()
    expect(page.get_by_text("1 person and 1 case move to Camden")).to_be_visible()
    page.get_by_label("Why").fill("Not this year.")
    page.get_by_role("button", name="Call it off").click()
    expect(page.locator("[data-done]")).to_contain_text("called off")
    expect(page.locator("[data-planned]")).to_have_count(0)
    assert [line for line in complaints if "422" not in line and "409" not in line] == []
    assert not CaseDue.select().where(CaseDue.done_at.is_null()).exists()
    db.release_connection()
