"""Cases in a real browser: from nothing to a judged fix, the night they move on a phone, an officer who leaves."""

from __future__ import annotations

import time
from datetime import date, timedelta

from playwright.sync_api import BrowserContext, expect

from backend import clock, db
from backend.cases import change_warnings, drills, officers
from backend.models import Fix, Role, Wearer
from backend.record.facts import LONDON, midnight
from tests import cases
from tests.pages.actions import expect_to_fit, fill_date, shot, sign_in
from tests.world import HOME, World


def test_a_new_case_from_nothing_to_a_judged_fix_in_less_than_three_minutes(
    world: World,
    desk: BrowserContext,
) -> None:
    world.officer.has_app()
    spare = world.new_tag("LDN-0099", None)
    page, complaints = sign_in(desk, world, "amina@cordon.example", "/cases")
    began = time.monotonic()
    shot(page, "cases-1280")
    page.get_by_role("link", name="New case").click()
    page.get_by_role("button", name="Open the case").click()
    expect(page.get_by_role("alert")).to_contain_text("There is a problem")
    page.get_by_label("Person on probation").fill("Owen Price")
    page.get_by_label("Protected person").fill("Sofia Marino")
    page.get_by_label("Kind").select_option("dapo")
    page.get_by_label("Reference").fill("DAPO 88/26")
    page.get_by_label("The condition, in the words of the order").fill("Not to enter Hornsey Road, N7.")
    page.get_by_label("Name of the place").fill("Work")
    page.locator(".leaflet-container").click(position={"x": 200, "y": 120})
    expect(page.get_by_label("Latitude")).not_to_have_value("")
    page.get_by_label("Latitude").fill(str(HOME[0]))
    page.get_by_label("Longitude").fill(str(HOME[1]))
    page.get_by_label("Serial of the tag that they wear from now on").select_option("LDN-0099")
    shot(page, "case-new-1280")
    page.get_by_role("button", name="Open the case").click()
    expect(page.get_by_role("heading", name="Owen Price")).to_be_visible()
    expect(page.locator("[data-life]")).to_contain_text("Never reported")
    page.wait_for_function("document.querySelectorAll('.leaflet-container path.leaflet-interactive').length > 0")
    shot(page, "case-1280")
    spare.walks_in()
    assert time.monotonic() - began < 180
    wearer = Wearer.get(Wearer.name == "Owen Price")
    assert [fix.level for fix in Fix.select().where(Fix.wearer == wearer)] == [2]
    db.release_connection()
    assert [alert.wearer_id for alert in cases.alerts()] == [wearer.id]
    # What takes protection away is asked back in words.
    page.get_by_role("link", name="Enter a variation").click()
    last_day = clock.now().astimezone(LONDON).date() + timedelta(days=100)
    ends_on = change_warnings.day(midnight(last_day + timedelta(days=1)))
    fill_date(page, "Last day", last_day)
    page.get_by_label("Why").fill("Varied by the court.")
    page.get_by_role("button", name="Save the variation").click()
    expect(page.get_by_text(f"From {ends_on} no zone protects place Work.")).to_be_visible()
    shot(page, "case-confirm-1280")
    page.get_by_role("button", name="Save it all the same").click()
    expect(page.locator("[data-order]")).to_contain_text(f"until {ends_on}, 00:00")
    world.officer.acknowledges()
    assert [line for line in complaints if "422" not in line and "409" not in line] == []
    world.reads_everything()


def test_the_night_they_move_on_a_phone_takes_less_than_thirty_seconds(
    world: World,
    phone: BrowserContext,
) -> None:
    world.officer.has_app()
    new_home = cases.east_of(HOME, 3_000.0)
    world.tag.stays(3_000.0, for_s=120, every_s=30)
    page, complaints = sign_in(phone, world, "amina@cordon.example", "/cases")
    began = time.monotonic()
    page.get_by_role("link", name="Daniel Marsh").click()
    page.get_by_role("link", name="Protect a new place now").click()
    expect(page.locator(".leaflet-container")).to_be_visible()
    page.locator(".leaflet-container").tap(position={"x": 150, "y": 150})
    expect(page.get_by_label("Latitude")).not_to_have_value("")
    page.get_by_label("Latitude").fill(str(new_home[0]))
    page.get_by_label("Longitude").fill(str(new_home[1]))
    page.wait_for_function("document.querySelectorAll('.leaflet-container path.leaflet-interactive').length > 1")
    shot(page, "case-protect-390")
    expect_to_fit(page)
    page.get_by_role("button", name="Protect it now").click()
    expect(page.get_by_text("Provisional, to approve")).to_be_visible()
    assert time.monotonic() - began < 30
    world.officer.expects_push("breach")
    shot(page, "case-390")
    expect_to_fit(page)
    assert complaints == []
    approver, more = sign_in(phone, world, "grace@cordon.example", "/cases")
    expect(approver.get_by_text("Provisional zones to approve")).to_be_visible()
    shot(approver, "cases-approve-390")
    approver.locator(".case-decide").get_by_label("Why").fill("Called her.")
    approver.get_by_role("button", name="Approve").click()
    expect(approver.get_by_text("Provisional zones to approve")).to_be_hidden()
    assert more == []
    world.reads_everything()


def test_an_officer_leaves_by_the_supervisors_page(world: World, desk: BrowserContext) -> None:
    page, complaints = sign_in(desk, world, "grace@cordon.example", "/people")
    shot(page, "people-1280")
    page.locator("[data-person]").filter(has_text="Amina").get_by_role("link", name="Leaves the team").click()
    page.get_by_label("Why").fill("A new post.")
    page.get_by_role("button", name="Close the account and hand over").click()
    expect(page.get_by_role("alert")).to_contain_text("Name a colleague for Daniel Marsh")
    page.get_by_label("Daniel Marsh goes to").select_option("Ben Carter")
    page.get_by_label("Why").fill("A new post.")
    shot(page, "leave-1280")
    page.get_by_role("button", name="Close the account and hand over").click()
    expect(page.locator("[data-person]")).to_have_count(2)
    page.get_by_role("link", name="Cases").click()
    expect(page.locator(f"[data-case='{world.wearer.id}']")).to_contain_text("Ben Carter")
    assert [line for line in complaints if "409" not in line] == []


def test_case_pages_fit_a_narrow_phone_say_what_is_missing_and_show_the_case_as_it_was(
    world: World, narrow: BrowserContext
) -> None:
    drills.make_case(world.supervisor.person, clock.now())
    officers.cover(
        world.officer.person,
        world.officer.person.id,
        world.colleague.person.id,
        clock.now(),
        clock.now() + timedelta(days=1),
        clock.now(),
        why="Leave.",
    )
    db.release_connection()
    page, complaints = sign_in(narrow, world, "grace@cordon.example", "/cases")
    expect(page.locator("[data-gaps]")).to_contain_text("missing from these cases")
    expect(page.locator(f"[data-case='{world.wearer.id}']")).to_contain_text("Ben Carter")
    expect_to_fit(page)
    page.get_by_label("Find a name").fill("laura")
    page.get_by_role("button", name="Find").click()
    expect(page.locator("[data-case]")).to_have_count(1)
    assert "laura" not in page.url
    for path in ("/cases/new", f"/cases/{world.wearer.id}", f"/cases/{world.wearer.id}/protect", "/people"):
        page.goto(world.url + path)
        expect_to_fit(page)
    page.goto(world.url + f"/people/{world.officer.person.id}/cover")
    expect_to_fit(page)
    page.goto(world.url + f"/people/{world.officer.person.id}/leave")
    expect_to_fit(page)
    page.goto(world.url + f"/people/{world.colleague.person.id}/leave")
    page.get_by_label("Cover for Amina Yusuf goes to").select_option("Grace Okafor")
    expect_to_fit(page)
    page.goto(world.url + f"/cases/{world.wearer.id}")
    fill_date(page, "Show the case as it was on", date(2020, 1, 1))
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("As it was at the end of 1 January 2020.")).to_be_visible()
    expect(page.locator("[data-zone]")).to_have_count(0)
    assert complaints == []
    assert page.goto(world.url + "/cases/999").status == 404
    shot(page, "case-refused-320")
    world.reads_everything()


def test_a_long_caseload_comes_50_cases_a_page_and_a_search_is_in_no_address(
    world: World, desk: BrowserContext
) -> None:
    rows = [
        {"team": world.team, "name": f"Owen Price {number:03d}", "created_at": clock.now()} for number in range(120)
    ]
    Wearer.insert_many(rows).execute()
    db.release_connection()
    page, complaints = sign_in(desk, world, "grace@cordon.example", "/cases")
    expect(page.locator("[data-case]")).to_have_count(50)
    expect(page.locator("[data-count='121']")).to_be_visible()
    page.get_by_role("link", name="Next").click()
    expect(page.locator("[data-case]")).to_have_count(50)
    page.get_by_role("link", name="Page 3").click()
    expect(page.locator("[data-case]")).to_have_count(21)
    page.get_by_label("Find a name").fill("price")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("button", name="Next page").click()
    page.get_by_role("button", name="Next page").click()
    expect(page.locator("[data-case]")).to_have_count(20)
    assert page.url == f"{world.url}/cases"
    assert complaints == []
    world.reads_everything()


def test_an_administrator_makes_a_person_a_team_and_a_tag_and_sees_no_case(
    world: World,
    desk: BrowserContext,
    narrow: BrowserContext,
) -> None:
    world.person(Role.ADMINISTRATOR, "Ivy Chen", None)
    db.release_connection()
    page, complaints = sign_in(desk, world, "ivy@cordon.example", "/administrator")
    page.get_by_role("link", name="Add a person").click()
    page.get_by_label("Name", exact=True).fill("Dev Patel")
    page.get_by_label("Email address", exact=True).fill("dev")
    page.get_by_label("What the person does").select_option("officer")
    page.get_by_label("Team").select_option("North London")
    page.get_by_role("button", name="Make the account").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter an email address")
    shot(page, "administrator-person-refused-1280")
    page.get_by_label("Email address", exact=True).fill("dev@cordon.example")
    page.get_by_role("button", name="Make the account").click()
    expect(page.locator("[data-made]")).to_contain_text("Dev Patel")
    shot(page, "administrator-1280")
    page.get_by_role("link", name="Register a tag").click()
    page.get_by_label("Serial", exact=True).fill("LDN-0777")
    page.get_by_role("button", name="Register the tag").click()
    expect(page.locator("[data-made]")).to_contain_text("whsec_")
    page.locator("[data-team]").get_by_role("link", name="Rename").first.click()
    page.get_by_label("New name").fill("Islington")
    page.get_by_label("Why").fill("Boroughs merge.")
    page.get_by_role("button", name="Rename the team").click()
    expect(page.locator("[data-done]")).to_contain_text("new name")
    assert "Daniel" not in page.content()
    page.goto(world.url + "/cases")
    expect(page.get_by_role("heading", level=1)).to_have_text("You may not open this")
    expect(page.locator("main")).to_contain_text(
        "This page is for officers and supervisors. You are signed in as Ivy Chen, administrator."
    )
    expect_to_fit(page)
    page.get_by_role("link", name="Go to the first page").click()
    expect(page).to_have_url(world.url + "/administrator")
    assert [line for line in complaints if "422" not in line and "403" not in line] == []
    small, _ = sign_in(narrow, world, "ivy@cordon.example", "/administrator")
    expect_to_fit(small)
    shot(small, "administrator-320")
    world.reads_everything()


def test_a_case_is_filled_in_restricted_opened_in_an_emergency_and_recalled_by_its_page(
    world: World,
    desk: BrowserContext,
    narrow: BrowserContext,
) -> None:
    world.officer.has_app()
    path = f"/cases/{world.wearer.id}"
    page, complaints = sign_in(desk, world, "grace@cordon.example", path)
    page.get_by_role("link", name=world.victim.name).click()
    page.get_by_role("link", name="Record that they agree to texts").click()
    page.get_by_label("The number that is safe for them").fill("+44 7700 900201")
    page.get_by_label("Your words for: danger is near").fill("Your book has arrived.")
    page.get_by_label("Your words for: it is over").fill("Your book was collected.")
    page.get_by_label("Your words for: watching is about to end").fill("The library closes.")
    page.get_by_role("button", name="Record their consent").click()
    expect(page.locator("[data-victim]")).to_contain_text("Agreed to texts")
    page.get_by_role("link", name="Back to the case").click()
    page.get_by_role("link", name="Record a licence or order").click()
    page.get_by_label("Reference").fill("LIC 7")
    page.get_by_label("The condition, in the words of the order").fill("Not to enter N7.")
    page.get_by_label("Why").fill("Released.")
    page.get_by_role("button", name="Record the order").click()
    expect(page.locator("[data-order]")).to_contain_text("LIC 7")
    page.get_by_role("link", name="Change the zone of Home").click()
    page.get_by_label("Which order the zone comes from").select_option("LIC 7")
    page.get_by_label("Why").fill("The order was found.")
    page.get_by_role("button", name="Save the new version").click()
    expect(page.locator("[data-zone]")).not_to_contain_text("rests on no order")
    page.get_by_role("link", name="Change who may open the case").click()
    page.get_by_label("Amina Yusuf").check()
    page.get_by_label("Grace Okafor").check()
    page.get_by_label("Why").fill("Family of the police.")
    page.get_by_role("button", name="Save who may open it").click()
    expect(page.get_by_text("Some colleagues only")).to_be_visible()
    page.wait_for_function("document.querySelectorAll('.leaflet-container path.leaflet-interactive').length > 0")
    shot(page, "case-full-1280")
    outside, _ = sign_in(narrow, world, "ben@cordon.example", path)
    expect(outside.get_by_text("This case is open to named colleagues only.")).to_be_visible()
    assert "Daniel" not in outside.content()
    outside.get_by_text("It is an emergency").click()
    outside.get_by_label("What the emergency is").fill("She rang: he is at her door.")
    outside.get_by_role("button", name="Open it").click()
    expect(outside.get_by_role("heading", name="Daniel Marsh")).to_be_visible()
    expect_to_fit(outside)
    page.goto(world.url + "/cases")
    page.get_by_label("Was it right?").fill("Yes.")
    page.get_by_role("button", name="Record the review").click()
    expect(page.get_by_text("Emergency openings to review")).to_be_hidden()
    world.tag.walks_in()
    page.goto(world.url + path)
    page.get_by_role("link", name="Record that the police have it").click()
    page.get_by_label("Police force").fill("Metropolitan Police")
    page.get_by_label("Their reference").fill("CAD 4471")
    page.get_by_role("button", name="Record the handover").click()
    page.get_by_role("link", name="Recall to prison").click()
    page.get_by_label("Why they are recalled").fill("Condition 4.")
    page.get_by_role("button", name="Recall to prison").click()
    expect(page.locator("[data-done]")).to_contain_text("Monitoring goes on until custody is entered.")
    page.goto(world.url + "/supervisor")
    expect(page.locator("[data-stage='police']")).to_contain_text("Metropolitan Police, CAD 4471, by Grace Okafor")
    assert complaints == []
    world.reads_everything()


def test_they_agree_that_their_phone_says_where_they_are_and_take_it_back_by_the_page_of_the_case(
    world: World,
    phone: BrowserContext,
) -> None:
    page, complaints = sign_in(phone, world, "amina@cordon.example", f"/cases/{world.wearer.id}")
    page.get_by_role("link", name=world.victim.name).click()
    page.get_by_role("link", name="Change location of their phone").click()
    page.get_by_role("button", name="Show the code for their phone").click()
    expect(page.get_by_text("Confirm that they themselves have agreed.").first).to_be_visible()
    page.get_by_label("They themselves have agreed").check()
    page.get_by_role("button", name="Show the code for their phone").click()
    code = page.locator("[data-code]").inner_text()
    expect_to_fit(page)
    shot(page, "pairing-390")
    assert world.api("POST", "/v1/phones", json={"code": code}).status_code == 201
    page.get_by_role("link", name="Back to the protected person").click()
    page.get_by_role("link", name="Change location of their phone").click()
    page.get_by_role("button", name="They withdraw").click()
    expect(page.get_by_text("Not shared.")).to_be_visible()
    # The form that was refused is all that the browser complains of.
    assert [said for said in complaints if "422" not in said] == []
    world.reads_everything()
