"""What a browser is shown where something is refused: a page in plain words, and JSON where a program asks."""

from __future__ import annotations

import pytest
import requests
from playwright.sync_api import BrowserContext, expect

from tests.pages.actions import expect_to_fit, shot, sign_in
from tests.world import World

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/no-such-page", 404, id="an address that is none"),
        pytest.param("GET", "/sign-out", 405, id="where only a form goes"),
        pytest.param("PUT", "/officer", 405, id="a method that no page takes"),
        pytest.param("POST", "/sign-in", 400, id="a form without its token"),
    ],
)
def test_a_browser_is_shown_a_page_and_a_program_is_told_in_json(
    quiet: World, method: str, path: str, status: int
) -> None:
    page = requests.request(method, quiet.url + path, headers=BROWSER, timeout=20)
    assert (page.status_code, page.headers["Content-Type"].split(";")[0]) == (status, "text/html")
    assert "<h1" in page.text
    assert "{" not in page.text.split("<main", 1)[1].split("</main")[0]
    assert page.headers["Content-Security-Policy"]
    for accept in ("*/*", "application/json"):
        told = requests.request(method, quiet.url + path, headers={"Accept": accept}, timeout=20)
        assert told.headers["Content-Type"] == "application/problem+json"
        assert told.status_code == status


@pytest.mark.parametrize("path", ["/v1/alerts", "/v1/no-such-route", "/v1/alerts/99"])
def test_the_api_answers_in_json_whatever_asks(quiet: World, path: str) -> None:
    answer = requests.get(quiet.url + path, headers=BROWSER, timeout=20)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] in ("not_signed_in", "not_found")


def test_a_405_still_says_which_methods_there_are(quiet: World) -> None:
    answer = requests.get(quiet.url + "/sign-out", headers=BROWSER, timeout=20)
    assert "POST" in answer.headers["Allow"]


def test_an_error_page_fits_a_phone_and_says_what_to_do(quiet: World, phone: BrowserContext) -> None:
    page, _ = sign_in(phone, quiet, "amina@cordon.example", "/officer")
    for path, name, words in [
        ("/no-such-page", "404", "Page not found"),
        ("/sign-out", "405", "This page cannot be opened like that"),
    ]:
        page.goto(quiet.url + path)
        expect(page.get_by_role("heading", level=1)).to_have_text(words)
        expect_to_fit(page)
        shot(page, f"error-{name}-390")
    page.get_by_role("link", name="Go to the first page").click()
    page.wait_for_url(f"{quiet.url}/officer")
