"""The journey of a new case with a postcode: taps, fields and seconds, to the first judged fix."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, expect

from backend import db
from backend.models import Fix, Wearer
from tests.pages.actions import expect_to_fit, shot, sign_in
from tests.pages.hand import Hand
from tests.pages.test_finding_places import load
from tests.world import World

AT_MOST_S = 90.0


def test_a_new_case_with_a_postcode_takes_less_than_90_seconds_of_a_person(quiet: World, phone: BrowserContext) -> None:
    load()
    spare = quiet.new_tag("LDN-0099", None)
    page, complaints = sign_in(phone, quiet, "amina@cordon.example", "/cases")
    hand = Hand()
    hand.taps_on(page.get_by_role("link", name="New case"))
    hand.types(page.get_by_label("Person on probation"), "Owen Price")
    hand.types(page.get_by_label("Their CRN"), "X900101")
    hand.types(page.get_by_label("Protected person"), "Sofia Marino")
    hand.types(page.get_by_label("Reference"), "LIC 88/26")
    hand.types(page.get_by_label("The condition, in the words of the order"), "Not to enter N4.")
    hand.types(page.get_by_label("Name of the place"), "Home")
    hand.types(page.get_by_label("Find a postcode or a place"), "n4 2aa")
    hand.taps_on(page.get_by_role("button", name="Find", exact=True))
    hand.taps_on(page.get_by_role("button", name=re.compile("N4  ?2AA, Postcode")))
    expect(page.get_by_label("Latitude")).to_have_value("51.564500")
    hand.taps_on(page.get_by_role("button", name="Move the middle away from the address"))
    hand.chooses(page.get_by_label("Serial of the tag that they wear from now on"), "LDN-0099")
    expect_to_fit(page)
    shot(page, "journey-new-case-390")
    hand.taps_on(page.get_by_role("button", name="Open the case"))
    expect(page.get_by_role("heading", name="Owen Price")).to_be_visible()
    expect(page.locator("[data-identity]")).to_have_text("X900101, date of birth not recorded")
    assert (len(hand.fields), hand.taps, hand.letters) == (7, 14, 64)
    assert hand.seconds < AT_MOST_S, hand.seconds
    spare.walks_in()
    wearer = Wearer.get(Wearer.name == "Owen Price")
    assert Fix.select().where(Fix.wearer == wearer, Fix.level.is_null(False)).count() > 0
    db.release_connection()
    assert complaints == []
    quiet.officer.acknowledges()
