"""An officer's page that was open while the database came back from a backup shows what is true now."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.backups import backup
from tests.pages.actions import shot, sign_in
from tests.stories.test_restore import take_up
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


# A PostgreSQL that serves the page cannot be replaced under it; the page knows nothing of the engine.
def test_a_page_left_open_through_a_restore_forgets_what_is_gone_and_shows_the_next_alert(
    quiet: World, narrow: BrowserContext, postgres: str
) -> None:
    page, _ = sign_in(narrow, quiet, "amina@cordon.example", "/officer")
    expect(page.locator("#live-state")).to_have_attribute("data-state", "live")
    other = quiet.new_wearer("Peter Hale", "LDN-0002")
    put_back = backup(postgres)
    quiet.tag.is_far_away()
    quiet.tag.walks_in()
    card = page.locator("[data-group=unanswered] [data-alert-id]")
    expect(card).to_contain_text("Daniel Marsh")
    quiet.clock.forward(60)
    put_back()
    take_up()
    expect(card).to_have_count(0)
    other.is_far_away()
    other.walks_in()
    expect(card).to_contain_text("Peter Hale")
    expect(page.locator("#live-state")).to_have_attribute("data-state", "live")
    shot(page, "officer-after-restore-320")
    card.get_by_role("link").click()
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("[data-who=me]")).to_contain_text("You are acting since")
