"""Forms of administrators: everything that is wrong is said at once, each with a link to where it is entered."""

from __future__ import annotations

import re

import requests

from backend.models import Role
from tests.stories.test_statements import signed_in
from tests.world import World


def sent(browser: requests.Session, page: str) -> dict[str, str]:
    """Return what every form of the page sends: its token, and the version of what was read."""
    found = dict(
        re.findall(r'type="hidden" name="(csrf_token|version)" value="([^"]+)"', browser.get(page, timeout=20).text)
    )
    assert set(found) == {"csrf_token", "version"}
    return found


def links(text: str) -> set[str]:
    """Return where the summary of errors leads, each of which is on the page."""
    summary = text.split("govuk-error-summary")[-1].split("</div>")[0]
    found = set(re.findall(r'href="#([^"]+)"', summary))
    assert all(f'id="{one}"' in text for one in found), found
    return found


def test_everything_that_is_wrong_with_a_new_account_is_said_at_once_with_links(world: World) -> None:
    admin = world.person(Role.ADMINISTRATOR, "Ivy Chen", None)
    browser, home = signed_in(world, admin.person.email), f"{world.url}/administrator"
    tasks = {
        f"{home}/people": {"team", "role", "name", "email"},
        f"{home}/teams": {"team_name"},
        f"{home}/tags": {"serial"},
        f"{home}/teams/{world.team.id}/name": {"new_name", "why"},
        f"{home}/teams/{world.team.id}/merger": {"into", "why"},
        f"{home}/teams/{world.team.id}/split": {"into", "why"},
        f"{home}/people/{world.officer.person.id}/leave": {"why"},
        f"{home}/people/{world.officer.person.id}/password": {"is_sure"},
    }
    for page, fields in tasks.items():
        answer = browser.post(page, data=sent(browser, page), timeout=20)
        assert answer.status_code == 422
        assert links(answer.text) == fields, page


def test_a_team_that_another_administrator_renamed_meanwhile_is_not_renamed_unseen(world: World) -> None:
    one, two = (world.person(Role.ADMINISTRATOR, name, None) for name in ("Ivy Chen", "Ned Ross"))
    home = f"{world.url}/administrator"
    first, second = (signed_in(world, who.person.email) for who in (one, two))
    page = f"{home}/teams/{world.team.id}/name"
    read = {browser: sent(browser, page) for browser in (first, second)}
    change = {"new_name": "North", "why": "So decided."}
    done = first.post(page, data={**read[first], **change}, timeout=20)
    assert done.status_code == 200
    refused = second.post(page, data={**read[second], **change, "new_name": "South"}, timeout=20)
    assert refused.status_code == 409
    assert "Ivy Chen recorded: North (So decided.)" in refused.text
