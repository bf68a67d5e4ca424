"""The phone wall shows what each phone got, live, and lets a person answer as its owner would."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Page, Route, expect

from tests.doubles import PHONE_UNREACHABLE, Doubles, Mode

SHOTS = Path(__file__).parent.parent / "test-output"
CORDON = "+447700900999"
AMARA, DANIEL, PRIYA, JESS, TOM = (f"+44770090010{digit}" for digit in range(1, 6))
PEOPLE = [
    {"label": "Amara Okafor", "phone": AMARA, "push_token": "token-amara", "role": "officer"},
    {"label": "Daniel Reyes", "phone": DANIEL, "push_token": "token-daniel", "role": "officer"},
    {"label": "Priya Nair", "phone": PRIYA, "role": "supervisor"},
    {"name": "Jess M.", "phone": JESS, "role": "victim"},
    {"label": "Tom Ashby", "phone": TOM, "role": "officer"},
]
WARNING = "Cordon warning K7QD. Reply 1 K7QD to acknowledge, 2 K7QD if you cannot act. http://cordon.example/a/41"
CALL = "<Response><Gather numDigits='1'><Say>A zone warning. Press 1 to acknowledge.</Say></Gather></Response>"


@pytest.fixture
def doubles() -> Iterator[Doubles]:
    with Doubles(ring_s=30, gather_s=30) as doubles:
        # The wall itself stands in for Cordon: it answers the webhook, with 404, which the wall then says.
        doubles.cordon_url = doubles.url
        yield doubles


def open_wall(browser: Browser, doubles: Doubles, width: int, height: int) -> Page:
    page = browser.new_page(viewport={"width": width, "height": height})
    page.set_default_timeout(30_000)
    page.goto(doubles.url + "/")
    expect(page.get_by_role("status")).to_have_text("Live")
    return page


def post(doubles: Doubles, resource: str, **form: str) -> None:
    account = (doubles.account_sid, doubles.auth_token)
    url = f"{doubles.url}/2010-04-01/Accounts/{doubles.account_sid}/{resource}.json"
    assert requests.post(url, {"From": CORDON, **form}, auth=account, timeout=5).status_code == 201


def fill(doubles: Doubles) -> None:
    """One phone of each kind: warned, unreachable, off, neutral, and one with nothing."""
    doubles.introduce(PEOPLE)
    doubles.phone(PRIYA).turn_off()
    doubles.script(PHONE_UNREACHABLE, to=DANIEL)
    words = {"title": "Zone warning K7QD", "body": "Somebody you supervise may be near a protected place. Open Cordon."}
    doubles.show_push("token-amara", {"alert_id": "41", "code": "K7QD", **words})
    doubles.show_push("token-daniel", {"alert_id": "42", "code": "M2TR", "title": "Zone warning M2TR"})
    post(doubles, "Messages", To=AMARA, Body=WARNING)
    post(doubles, "Messages", To=DANIEL, Body="Cordon warning M2TR. Reply 1 M2TR to acknowledge.")
    post(doubles, "Messages", To=PRIYA, Body="Cordon: no one has acknowledged K7QD for 60 s.")
    post(doubles, "Messages", To=JESS, Body="Hello, a short update is ready. Call us when it suits you.")
    doubles.wait_for(lambda: [m.state for m in doubles.messages] == ["delivered", "undelivered", "sent", "delivered"])


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 900)], ids=["on a phone", "on a desk"])
def test_the_wall_shows_each_phone_as_it_looks(browser, doubles, width, height):
    SHOTS.mkdir(exist_ok=True)
    faults: list[str] = []
    page = open_wall(browser, doubles, width, height)
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    expect(page.get_by_role("heading", name="No phone has rung yet")).to_be_visible()
    page.screenshot(path=SHOTS / f"wall-empty-{width}.png", animations="disabled")

    fill(doubles)
    amara = page.locator("article", has_text="Amara Okafor")
    expect(amara.get_by_text(WARNING)).to_be_visible()
    expect(amara.get_by_role("link")).to_have_attribute("href", "http://cordon.example/a/41")
    expect(amara.get_by_text("Zone warning K7QD")).to_be_visible()
    expect(amara.get_by_text("Data for the app").filter(visible=True)).to_be_visible()
    expect(amara.get_by_role("listitem").first).to_contain_text(WARNING)
    expect(page.locator("article", has_text="Daniel Reyes").get_by_text("Never arrived (30003)")).to_be_visible()
    expect(page.locator("article", has_text="Priya Nair").get_by_text("1 waiting until it is on")).to_be_visible()
    # The page draws what has arrived so far: the rest has arrived once only one phone is left with nothing.
    expect(page.locator("#quiet article")).to_have_count(1)
    expect(page.locator("#quiet article")).to_contain_text("Tom Ashby")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.screenshot(path=SHOTS / f"wall-{width}.png", animations="disabled")
    page.screenshot(path=SHOTS / f"wall-{width}-full.png", animations="disabled", full_page=True)
    page.close()
    assert faults == []


def test_a_reply_typed_on_the_wall_reaches_cordon(browser, doubles):
    fill(doubles)
    page = open_wall(browser, doubles, 390, 844)
    amara = page.locator("article", has_text="Amara Okafor")
    amara.get_by_label("Reply as Amara Okafor").fill("1 K7QD")
    amara.get_by_role("button", name="Send").click()
    expect(amara.get_by_text("1 K7QD", exact=True)).to_be_visible()
    expect(amara.get_by_text("Cordon: 404")).to_be_visible()
    assert (doubles.replies[0].from_, doubles.replies[0].to) == (AMARA, CORDON)
    page.close()


def test_a_switch_on_the_wall_turns_a_phone_on(browser, doubles):
    fill(doubles)
    page = open_wall(browser, doubles, 1280, 900)
    priya = page.locator("article", has_text="Priya Nair")
    priya.get_by_label("Deliver").check()
    expect(priya.get_by_text("no one has acknowledged")).to_be_visible()
    priya.get_by_label("Ignore").check()
    doubles.wait_for(lambda: doubles.phone(PRIYA).mode is Mode.IGNORE)
    assert doubles.messages[2].state == "delivered"
    page.close()


def test_a_switch_stays_as_it_was_put_while_the_wall_redraws(browser, doubles):
    fill(doubles)
    page = open_wall(browser, doubles, 1280, 900)
    held: list[Route] = []
    # Playwright takes no builtin as a route.
    page.route("**/phones", lambda route: held.append(route))  # noqa: PLW0108
    amara = page.locator("article", has_text="Amara Okafor")
    amara.get_by_label("Ignore").check()
    doubles.show_push("token-amara", {"title": "A later warning"})
    expect(amara.get_by_text("A later warning")).to_be_visible()
    expect(amara.get_by_label("Ignore")).to_be_checked()
    held[0].continue_()
    doubles.wait_for(lambda: doubles.phone(AMARA).mode is Mode.IGNORE)
    page.close()


def test_a_call_is_answered_and_a_key_pressed_by_hand(browser, doubles):
    doubles.introduce(PEOPLE)
    page = open_wall(browser, doubles, 390, 844)
    post(doubles, "Calls", To=AMARA, Twiml=CALL)
    page.get_by_role("button", name="Answer").click()
    expect(page.get_by_text("Press 1 to acknowledge")).to_be_visible()
    page.screenshot(path=SHOTS / "wall-call-390.png", animations="disabled")
    page.get_by_role("button", name="1", exact=True).click()
    expect(page.get_by_text("Pressed 1")).to_be_visible()
    assert doubles.calls[0].digits == "1"
    page.close()


def test_a_call_is_declined_by_hand(browser, doubles):
    page = open_wall(browser, doubles, 390, 844)
    post(doubles, "Calls", To=AMARA, Twiml=CALL)
    page.get_by_role("button", name="Decline").click()
    doubles.wait_for(lambda: doubles.calls[0].state == "busy")
    page.close()
