"""Officers record what protected people choose: the same questions on either page, and nothing of before is lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, expect

from backend import clock, db
from backend.cases import contact_details
from backend.models import Consent
from tests.cases import ENDING, NEAR, OVER, chosen
from tests.pages.actions import expect_to_fit, shot, sign_in
from tests.world import World

KEPT_APART = ("id", "given_at", "recorded_by", "withdrawn_at", "withdrawn_by", "confirmed_at", "asked_at")


def choices() -> list[dict[str, object]]:
    """Return what each version holds, oldest first."""
    try:
        rows = Consent.select().order_by(Consent.id)
        return [{name: value for name, value in row.__data__.items() if name not in KEPT_APART} for row in rows]
    finally:
        db.release_connection()


@pytest.mark.parametrize(
    ("page_of", "button"),
    [("texts", "Record their consent"), ("page", "Record what they chose")],
    ids=["the task of texts", "their own page"],
)
def test_what_they_chose_is_there_again_and_saved_as_it_was(
    world: World, phone: BrowserContext, page_of: str, button: str
) -> None:
    world.app.extensions["cordon.settings"] = world.settings.changed(text_senders="Library,Bakery")
    more = {
        "wording_acts": "The library has your order.",
        "wording_nothing": "A mistake.",
        "wording_unwatched": "Shut since {time}.",
        "wording_watched": "Open since {time}.",
        "wording_asked": "Your card needs a look.",
        "wording_help": "Thank you.",
        "help_word": "kettle",
        "hours_from": "08:00",
        "hours_until": "22:00",
        "sender": "Library",
        "wording_breach_from": "00:00",
        "wording_breach_until": "00:00",
        "wording_help_sender": "Bakery",
        "language": "en",
    }
    contact_details.agree(
        world.officer.person,
        world.wearer.id,
        world.victim.id,
        world.victim.phone or "",
        chosen(NEAR, OVER, ENDING, **more),
        clock.now(),
        senders=("Library", "Bakery"),
    )
    db.release_connection()
    path = f"/cases/{world.wearer.id}/victims/{world.victim.id}/{page_of}"
    page, complaints = sign_in(phone, world, "amina@cordon.example", path)
    if page_of == "page":
        page.get_by_text("Change what they chose").click()
    expect(page.get_by_label("Your words for: danger is near")).to_have_value(NEAR)
    shot(page, f"consent-{page_of}-390")
    expect_to_fit(page)
    # The number is not shown on this page: it is asked for each time.
    page.get_by_label("The number that is safe for them").fill(world.victim.phone or "")
    page.get_by_role("button", name=button).click()
    expect(
        page.get_by_text("Recorded" if page_of == "page" else "Their consent to texts is recorded.").first
    ).to_be_visible()
    before, after = choices()
    assert after == before
    assert complaints == []
    world.reads_everything()
