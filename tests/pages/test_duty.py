"""The rota and escalation policies in a real browser: as a supervisor sets them, as an officer reads them at night."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from backend import clock, db
from backend.models import EscalationPolicy, Shift
from backend.people import rota
from backend.people.rota import LONDON
from tests.pages.actions import expect_to_fit, fill_date, shot, sign_in_when_asked, window
from tests.world import World


@pytest.fixture
def scriptless(browser: Browser) -> Iterator[BrowserContext]:
    with window(browser, viewport={"width": 1280, "height": 900}, java_script_enabled=False) as context:
        yield context


def test_a_supervisor_fills_the_rota_without_javascript_and_an_officer_reads_it_on_a_phone(
    world: World,
    scriptless: BrowserContext,
    phone: BrowserContext,
) -> None:
    page, _ = sign_in_when_asked(scriptless, world, "grace@cordon.example", "/rota")
    expect(page.get_by_text("Your team keeps no rota")).to_be_visible()
    now = clock.now().astimezone(LONDON)
    page.get_by_role("link", name="Add a shift").click()
    page.get_by_role("button", name="Add the shift").click()
    # Everything at once, each with a link to its field.
    expect(page.locator(".govuk-error-summary__list a")).to_have_text(
        [
            "Choose who is on duty.",
            "Enter the time at which the shift begins, like 18:00 or 6pm.",
            "Enter the time at which the shift ends, like 18:00 or 6pm.",
        ]
    )
    shot(page, "rota-shift-1280")
    page.get_by_label("Who is on duty").select_option("Amina Yusuf")
    begins, ends = now - timedelta(hours=1), now + timedelta(hours=9)
    for name, at in (("from", begins), ("to", ends)):
        fill_date(page, {"from": "Begins on", "to": "Ends on"}[name], at.date())
        page.locator(f"#{name}_time").fill(f"{at:%H:%M}")
    page.get_by_role("button", name="Add the shift").click()
    expect(page.locator("[data-done]")).to_contain_text("Amina Yusuf is on duty from")
    expect(page.locator("[data-now=Officers]")).to_contain_text("Amina Yusuf, until")
    expect(page.locator("[data-gaps]")).to_contain_text("No officer from")
    expect(page.locator("#gaps-title")).to_contain_text("The rota has a gap")
    # What was refused stays in the form.
    page.get_by_role("link", name="Add a shift").click()
    page.get_by_label("Who is on duty").select_option("Ben Carter")
    page.locator("#from_time").fill("9am")
    page.locator("#to_time").fill("08:00")
    page.get_by_role("button", name="Add the shift").click()
    expect(page.get_by_role("alert")).to_contain_text("A shift has to end after it begins.")
    expect(page.get_by_role("link", name="A shift has to end after it begins.")).to_have_attribute("href", "#to_time")
    expect(page.locator("#from_time")).to_have_value("9am")
    page.get_by_role("link", name="Back").click()
    page.get_by_role("link", name="Copy a week").click()
    page.get_by_role("button", name="Copy the week").click()
    expect(page.locator("[data-done]")).to_contain_text("1 shift is copied.")
    expect(page.locator("[data-shift]")).to_have_count(2)
    shot(page, "rota-1280")
    read, complaints = sign_in_when_asked(phone, world, "amina@cordon.example", "/rota")
    expect(read.locator("[data-me=on]")).to_contain_text("You are on duty until")
    expect(read.locator("[data-next]")).to_contain_text("Your next shift")
    expect(read.get_by_role("link", name="Add a shift")).to_have_count(0)
    expect(read.locator(".duty-button")).to_have_count(0)
    expect_to_fit(read)
    shot(read, "rota-390")
    page.locator("[data-shift]").last.get_by_role("button").click()
    expect(page.locator("[data-shift]")).to_have_count(1)
    assert complaints == []


def test_a_supervisor_sets_an_escalation_policy_and_an_unsafe_one_is_refused_with_what_was_entered(
    world: World,
    scriptless: BrowserContext,
    phone: BrowserContext,
) -> None:
    page, _ = sign_in_when_asked(scriptless, world, "grace@cordon.example", "/escalation")
    expect(page.locator("[data-kind=all]")).to_have_attribute("data-origin", "default")
    expect(page.get_by_text("Alerts under way keep the steps")).to_be_visible()
    page.locator("[data-kind=zone]").get_by_role("link").click()
    page.locator("#after_4").fill("400")
    page.locator("#drop-3").check()
    page.get_by_role("button", name="Save for alerts from now on").click()
    expect(page.get_by_role("alert")).to_contain_text("Someone other than the officer has to be notified within 300 s.")
    expect(page.locator("#after_4")).to_have_value("400")
    expect(page.locator("#drop-3")).to_be_checked()
    shot(page, "policy-refused-1280")
    page.locator("#after_4").fill("nan")
    page.get_by_role("button", name="Save for alerts from now on").click()
    expect(page.get_by_role("alert")).to_contain_text("a delay has to be a number of seconds")
    page.locator("#after_4").fill("soon")
    page.get_by_role("button", name="Save for alerts from now on").click()
    expect(page.get_by_role("alert")).to_contain_text("Step 5: enter the delay in seconds.")
    assert EscalationPolicy.select().count() == 0
    db.release_connection()
    page.locator("#after_4").fill("90")
    page.locator("#duty_person").select_option("Ben Carter")
    page.get_by_role("button", name="Save for alerts from now on").click()
    own = page.locator("[data-kind=zone]")
    expect(own).to_have_attribute("data-origin", "own")
    expect(own).to_contain_text("After 1 min 30 s")
    expect(own).to_contain_text("Duty desk: Ben Carter")
    expect(page.locator("[data-kind=cannot_judge]")).to_have_attribute("data-origin", "default")
    expect(page.locator("[data-history]")).to_contain_text(
        "In or near a zone, 4 steps, duty desk Ben Carter, by Grace Okafor"
    )
    shot(page, "policies-1280")
    narrow, complaints = sign_in_when_asked(phone, world, "grace@cordon.example", "/escalation")
    expect_to_fit(narrow)
    narrow.goto(world.url + "/escalation/zone")
    expect_to_fit(narrow)
    shot(narrow, "policy-390")
    assert complaints == []


def changes_of_next_year() -> list[date]:
    """Return the days on which the clocks change: the last Sundays of March and October."""
    ends = [date(clock.now().year + 1, month, 31) for month in (3, 10)]
    return [end - timedelta(days=(end.weekday() + 1) % 7) for end in ends]


def test_a_shift_through_the_night_of_a_change_of_the_clocks_is_as_long_as_the_night(world: World) -> None:
    by, who = world.supervisor.person, world.officer.person.id
    nights = {}
    spring, autumn = changes_of_next_year()
    for day in (spring - timedelta(days=1), autumn - timedelta(days=1)):
        from_at = rota.instant_of(day, datetime(2000, 1, 1, 22, tzinfo=UTC).time())
        to_at = rota.instant_of(day + timedelta(days=1), datetime(2000, 1, 1, 6, tzinfo=UTC).time(), is_end=True)
        nights[day.month] = rota.add(by, who, from_at, to_at, clock.now())
    hours = {month: (shift.to_at - shift.from_at).total_seconds() / 3_600 for month, shift in nights.items()}
    assert hours == {3: 7.0, 10: 9.0}
    # A week on, both nights are of eight hours, and begin and end at the same times of the wall.
    for shift in nights.values():
        begins = shift.from_at.astimezone(LONDON).date()
        assert rota.copy_week(by, begins - timedelta(days=begins.weekday()), clock.now()) == 1
        assert rota.copy_week(by, begins - timedelta(days=begins.weekday()), clock.now()) == 0
    later = [shift for shift in Shift.select() if shift.id not in {one.id for one in nights.values()}]
    assert [(shift.to_at - shift.from_at).total_seconds() / 3_600 for shift in later] == [8.0, 8.0]
    assert {f"{shift.from_at.astimezone(LONDON):%H:%M}" for shift in later} == {"22:00"}
    # The hour that comes twice is inside whatever begins or ends in it; the hour that is missing is refused.
    twice = datetime(2000, 1, 1, 1, 30, tzinfo=UTC).time()
    assert rota.instant_of(autumn, twice, is_end=True) - rota.instant_of(autumn, twice) == timedelta(hours=1)
    with pytest.raises(rota.ShiftRefused, match="01:30 does not exist"):
        rota.instant_of(spring, twice)
    db.release_connection()
