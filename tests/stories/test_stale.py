"""Two people read one case, and both change it: the second hears what the first recorded, and nothing is undone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from backend import audit, clock, db
from backend.cases import contact_details
from backend.models import Activation, Order, Tag
from tests import cases
from tests.pages.routes import full_record, pages_of_staff
from tests.stories.test_statements import signed_in
from tests.world import World
from tests.world.phone import Phone

WEARER = "/v1/wearers/{world.wearer.id}"
VICTIM = WEARER + "/victims/{world.victim.id}"
DAY = timedelta(days=1)


def said(**more: Any) -> dict[str, Any]:
    return {"from_at": clock.now().isoformat(), **more}


def officer(world: World) -> dict[str, Any]:
    return said(person_id=world.officer.person.id)


def wider(world: World) -> dict[str, Any]:
    feature = world.zone.feature
    return said(zone={**feature, "properties": {**feature["properties"], "buffer_m": 600.0}})


def off(world: World) -> dict[str, Any]:
    return {"to_at": clock.now().isoformat(), "is_confirmed": True}


def swapped(world: World) -> dict[str, Any]:
    serial = f"SPARE-{Tag.select().count()}"
    Tag.create(serial=serial, key="whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0", created_at=clock.now())
    db.release_connection()
    return {"serial": serial, "at": clock.now().isoformat(), "is_confirmed": True}


def suspended(world: World) -> dict[str, Any]:
    return said(reason="hospital", expected_end_at=(clock.now() + DAY).isoformat(), is_confirmed=True)


def eligible(world: World) -> dict[str, Any]:
    return said(facts=dict.fromkeys(["is_adult", "is_high_risk", "is_domestic_abuse", "has_accommodation"], True))


def texts(world: World) -> dict[str, Any]:
    phone = "+447700900201"
    return {"phone": phone, "wording_breach": cases.NEAR, "wording_over": cases.OVER, "wording_ending": cases.ENDING}


def cover(world: World) -> dict[str, Any]:
    return said(covering_id=world.colleague.person.id, until=(clock.now() + DAY).isoformat())


Body = Callable[[World], dict[str, Any]]
# How, where and with what each thing of a case is changed.
CHANGED: dict[str, tuple[str, str, Body]] = {
    "the monitoring": ("POST", WEARER + "/suspension", suspended),
    "identity": ("POST", WEARER + "/identity", lambda _: {"crn": "X123456"}),
    "the risk": ("POST", WEARER + "/risk", lambda _: said(risk="high")),
    "the officer": ("POST", WEARER + "/officer", officer),
    "who may open it": (
        "POST",
        WEARER + "/restriction",
        lambda world: {"people": [world.officer.person.id, world.supervisor.person.id]},
    ),
    "the safety plan": ("POST", WEARER + "/safety-plan", lambda _: said(text="Call them first.")),
    "an order": ("POST", "/v1/orders/{order.id}/variations", lambda _: said(is_suspended=True, is_confirmed=True)),
    "a condition": ("POST", "/v1/orders/{order.id}/conditions", lambda _: said(number="4", wording="Not to enter.")),
    "eligibility": ("POST", "/v1/orders/{order.id}/eligibility", eligible),
    "a zone": ("POST", "/v1/zones/{world.zone.id}/versions", wider),
    "a tag that comes off": ("POST", "/v1/activations/{worn.id}/end", off),
    "a tag that is swapped": ("POST", "/v1/activations/{worn.id}/swap", swapped),
    "texts": ("PUT", VICTIM + "/texts", texts),
    "texts that end": ("DELETE", VICTIM + "/texts", lambda _: {}),
    "warnings that are not wanted": ("POST", VICTIM + "/declined", lambda _: {}),
    "calls": ("PUT", VICTIM + "/calls", lambda _: {"note": "After six."}),
    "cover": ("POST", "/v1/people/{world.officer.person.id}/cover", cover),
}
WITHOUT_WHY = {"a condition", "texts", "texts that end", "calls"}
# Pages whose forms change nothing that was read, and what they do.
OF_NOTHING_READ = {
    "case_pages.ask_where": "asks where a wearer is",
    "case_pages.import_caseload": "reads files",
    "case_pages.new_case": "opens a case",
}
# What the audit trail says without the reason, which the fact beside it has.
WITHOUT_REASON = {"warnings that are not wanted"}


def prepared(world: World) -> tuple[Order, Activation]:
    """Give the case what each change needs."""
    world.checks_at_end = False
    now = clock.now()
    made = cases.order(world, now - 30 * DAY, now + 30 * DAY)
    who, wearer_id, victim_id = world.officer.person, world.wearer.id, world.victim.id
    words = cases.chosen(cases.NEAR, cases.OVER, cases.ENDING)
    contact_details.agree(who, wearer_id, victim_id, "+447700900201", words, now)
    worn = Activation.get(Activation.wearer == world.wearer)
    db.release_connection()
    world.forward(60)
    return made, worn


@pytest.mark.parametrize("what", CHANGED)
def test_the_second_change_of_what_both_read_is_refused_with_what_the_first_recorded(world: World, what: str) -> None:
    order, worn = prepared(world)
    method, path, body_of = CHANGED[what]
    path = path.format(world=world, order=order, worn=worn)
    read = world.supervisor.api("GET", WEARER.format(world=world))
    version, etag = read.json()["version"], read.headers["ETag"]
    assert etag.strip('"').partition(":")[0] == str(version)

    def change(who: Phone, headers: dict[str, str] | None = None, **more: Any) -> Any:
        body = body_of(world) | ({} if what in WITHOUT_WHY else {"why": "Told on the phone."}) | more
        return who.api(method, path, json=body, headers=headers)

    first = change(world.supervisor, version=version)
    assert first.status_code in (201, 204), first.text
    world.forward(5)
    stale = change(world.supervisor, version=version)
    assert (stale.status_code, stale.json()["code"]) == (409, "stale"), stale.text
    changed = stale.json()["changed"][-1]
    assert changed["by"] == world.supervisor.person.name
    assert changed["by"] in stale.json()["detail"]
    why = {one["why"] for one in stale.json()["changed"]}
    assert what in WITHOUT_WHY or what in WITHOUT_REASON or "Told on the phone." in why
    matched = change(world.supervisor, headers={"If-Match": etag})
    assert (matched.status_code, matched.json()["code"]) == (412, "stale"), matched.text


def test_a_version_that_is_no_number_is_refused_by_its_field(world: World) -> None:
    body = said(risk="high", why="Assessed.")
    path = WEARER.format(world=world) + "/risk"
    refused = world.officer.api("POST", path, json=body, headers={"If-Match": '"newest"'})
    assert refused.status_code == 422
    assert [one["field"] for one in refused.json()["errors"]] == ["If-Match"]


@pytest.mark.parametrize("what", CHANGED)
def test_a_change_that_does_not_say_what_was_read_is_refused_and_changes_nothing(world: World, what: str) -> None:
    order, worn = prepared(world)
    method, path, body_of = CHANGED[what]
    body = body_of(world) | ({} if what in WITHOUT_WHY else {"why": "Told on the phone."})
    token = world.officer.token
    before = audit.newest()
    # A * names nothing that was read, and null no more than a field that is left out.
    for headers, more in (({}, {}), ({"If-Match": "*"}, {}), ({}, {"version": None})):
        answer = world.api(
            method,
            path.format(world=world, order=order, worn=worn),
            json=body | more,
            headers={**headers, "Authorization": f"Bearer {token}"},
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request"), answer.text
        (problem,) = answer.json()["errors"]
        assert (problem["field"], problem["code"]) == ("version", "missing")
        assert "Read what is recorded now" in problem["detail"]
    assert audit.newest() == before


def test_a_change_of_something_else_makes_nothing_stale(world: World) -> None:
    path = WEARER.format(world=world)
    version = world.officer.api("GET", path).json()["version"]
    assert world.colleague.api("POST", f"{path}/risk", json=said(risk="high", why="Assessed.")).status_code == 201
    plan = said(text="Call them first.", why="Agreed.", version=version)
    assert world.officer.api("POST", f"{path}/safety-plan", json=plan).status_code == 201


def test_who_may_not_open_the_case_hears_nothing_of_what_was_changed(world: World) -> None:
    path = WEARER.format(world=world)
    version = world.officer.api("GET", path).json()["version"]
    closed = {"people": [world.officer.person.id, world.supervisor.person.id], "why": "Known to the colleague."}
    assert world.supervisor.api("POST", f"{path}/restriction", json=closed).status_code == 201
    assert world.officer.api("POST", f"{path}/risk", json=said(risk="high", why="Assessed.")).status_code == 201
    refused = world.colleague.api("POST", f"{path}/risk", json=said(risk="low", why="Seen.", version=version))
    assert refused.status_code == 403
    assert "changed" not in refused.json()


def hidden(text: str) -> dict[str, str]:
    """Return what the first form of a page sends besides what is typed: what a browser reads of a name twice counts."""
    found: dict[str, str] = {}
    for form in re.findall(r"<form.*?</form>", text, re.DOTALL):
        for name, value in re.findall(r'type="hidden" name="(csrf_token|version)" value="([^"]+)"', form):
            found.setdefault(name, value)
    return found


def test_a_form_that_a_colleague_overtook_says_what_they_recorded(world: World) -> None:
    browser = signed_in(world, world.officer.person.email)
    address = f"{world.url}/cases/{world.wearer.id}/risk"
    sent = hidden(browser.get(address, timeout=20).text)
    assert set(sent) == {"csrf_token", "version"}
    high = said(risk="high", why="They were seen with a knife.")
    assert world.colleague.api("POST", WEARER.format(world=world) + "/risk", json=high).status_code == 201
    answer = browser.post(address, data={**sent, "risk": "low", "why": "All is quiet."}, timeout=20)
    assert answer.status_code == 409
    assert "Ben Carter recorded: high (They were seen with a knife.)" in answer.text
    assert world.officer.api("GET", WEARER.format(world=world)).json()["risk"] == "high"


def test_a_form_that_is_shown_again_for_another_fault_still_sends_what_was_read_first(world: World) -> None:
    browser = signed_in(world, world.officer.person.email)
    days = {"first_day": "2031-03-01", "last_day": "2031-03-08", "covering": str(world.colleague.person.id)}
    address = f"{world.url}/people/{world.officer.person.id}/cover"
    sent = hidden(browser.get(address, timeout=20).text)
    body = cover(world) | {"why": "On leave."}
    made = world.supervisor.api("POST", f"/v1/people/{world.officer.person.id}/cover", json=body)
    assert made.status_code == 201, made.text
    again = browser.post(address, data={**sent, **days, "why": ""}, timeout=20)
    assert again.status_code == 422
    assert hidden(again.text)["version"] == sent["version"]
    stale = browser.post(address, data={**hidden(again.text), **days, "why": "On leave."}, timeout=20)
    assert stale.status_code == 409
    assert "On leave." in stale.text
    # What was recorded is shown now, so it counts as read.
    assert int(hidden(stale.text)["version"]) > int(sent["version"])


def test_what_is_confirmed_is_what_was_read_and_not_what_was_recorded_since(world: World) -> None:
    colleague = f"/v1/people/{world.officer.person.id}/cover"
    later = {"covering_id": world.colleague.person.id, "why": "Planned."}
    later |= {"from_at": (clock.now() + 30 * DAY).isoformat(), "until": (clock.now() + 31 * DAY).isoformat()}
    made = world.supervisor.api("POST", colleague, json=later)
    assert made.status_code == 201, made.text
    browser = signed_in(world, world.officer.person.email)
    address = f"{world.url}/people/{world.officer.person.id}/cover"
    sent = hidden(browser.get(address, timeout=20).text)
    days = {"first_day": f"{clock.now():%Y-%m-%d}", "last_day": f"{clock.now() + 60 * DAY:%Y-%m-%d}"}
    form = {**days, "covering": str(world.colleague.person.id), "why": "On leave."}
    asked = browser.post(address, data={**sent, **form}, timeout=20)
    assert "Read this before it is saved" in asked.text
    after = {"from_at": (clock.now() + 70 * DAY).isoformat(), "until": (clock.now() + 71 * DAY).isoformat()}
    second = world.supervisor.api("POST", colleague, json=later | after)
    assert second.status_code == 201, second.text
    confirmed = browser.post(address, data={**form, **hidden(asked.text), "is_confirmed": "yes"}, timeout=20)
    assert confirmed.status_code == 409
    assert "This was changed since you read it" in confirmed.text


def test_every_form_that_changes_a_case_sends_the_version_that_its_page_shows(world: World) -> None:
    world.stop_worker()
    values = full_record(world)
    browser = signed_in(world, world.supervisor.person.email)
    with_version, without = set(), set()
    for endpoint, address in pages_of_staff(world, values):
        if not endpoint.startswith("case_pages."):
            continue
        main = browser.get(world.url + address, timeout=20).text.partition("<main")[2]
        for form in re.findall(r"<form.*?</form>", main, re.DOTALL):
            if 'name="csrf_token"' in form:
                (with_version if 'name="version"' in form else without).add(endpoint)
    assert without == set(OF_NOTHING_READ)
    assert len(with_version) > 15
