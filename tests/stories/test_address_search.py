"""An address API of the operator's own: asked by POST, and where it fails the places that are loaded still serve."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from backend import address_search, db, places
from tests.backend.test_places import NAMES, POSTCODES
from tests.stories.test_statements import signed_in
from tests.world import HOME, World

GOOD = {"places": [{"name": "7 Elm Road", "around": "N4 2AA", "lat": HOME[0], "lon": HOME[1], "uprn": "1"}]}
FAILED = "The address search did not answer. Postcodes and place names still work."


class AddressApi:
    """A double of an address API on a free port: it keeps what it was asked, and gives the answer that a test sets."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any, str]] = []
        self.answer = Response(json.dumps(GOOD), 200, mimetype="application/json")
        self._server = make_server("127.0.0.1", 0, Request.application(self._take), threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}/search"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _take(self, request: Request) -> Response:
        self.asked.append((request.method + " " + request.url, request.json, request.headers.get("Authorization", "")))
        return self.answer

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def api() -> Iterator[AddressApi]:
    double = AddressApi()
    yield double
    double.stop()


def search(world: World, text: str) -> dict[str, Any]:
    browser = signed_in(world, world.officer.person.email)
    page = browser.get(f"{world.url}/cases/{world.wearer.id}/protect", timeout=20).text
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    answer = browser.post(f"{world.url}/places/search", data={"text": text, "csrf_token": token}, timeout=20)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def use(world: World, api: AddressApi, **more: Any) -> None:
    world.app.extensions["cordon.settings"] = world.settings.changed(address_api_url=api.url, **more)
    places.load(POSTCODES.splitlines())
    places.load(NAMES.splitlines())
    db.release_connection()


def test_an_address_is_asked_for_in_the_body_with_the_key_and_stands_beside_what_is_loaded(
    quiet: World, api: AddressApi
) -> None:
    use(quiet, api, address_api_key="secret")
    found = search(quiet, "n4 2aa")
    assert [one["name"] for one in found["places"]] == ["N4  2AA", "7 Elm Road"]
    assert found["note"] == ""
    assert api.asked == [(f"POST {api.url}", {"text": "n4 2aa"}, "Bearer secret")]
    # Two letters ask no one.
    assert search(quiet, "n4") == {"places": [], "note": ""}
    assert len(api.asked) == 1


@pytest.mark.parametrize(
    "answer",
    [
        Response("", 500),
        Response("", 302, {"Location": "http://127.0.0.1:9/"}),
        Response("<html>", 200),
        Response(json.dumps({"results": []}), 200),
        Response(json.dumps({"places": [{"name": "Nowhere", "lat": 512, "lon": 0}]}), 200),
        Response("[" * 100_000, 200),
        Response(" " * (address_search.MOST_B + 1), 200),
    ],
    ids=["fault", "redirect", "no JSON", "other JSON", "no place on the globe", "nested", "endless"],
)
def test_an_address_api_that_fails_is_said_so_and_the_rest_works(
    quiet: World, api: AddressApi, answer: Response, caplog: pytest.LogCaptureFixture
) -> None:
    use(quiet, api)
    api.answer = answer
    found = search(quiet, "n4 2aa")
    assert [one["name"] for one in found["places"]] == ["N4  2AA"]
    assert found["note"] == FAILED
    assert "n4 2aa" not in caplog.text.lower()


def test_an_address_api_that_is_gone_or_silent_is_given_up_in_time(quiet: World, api: AddressApi) -> None:
    use(quiet, api)
    gone = quiet.settings.changed(address_api_url="http://127.0.0.1:9/", address_api_timeout_s=0.2)
    quiet.app.extensions["cordon.settings"] = gone
    assert search(quiet, "n4 2aa")["note"] == FAILED
    silent = make_server("127.0.0.1", 0, lambda *_: [])
    try:
        # It takes the connection, and no one answers.
        url = f"http://127.0.0.1:{silent.server_port}/"
        quiet.app.extensions["cordon.settings"] = gone.changed(address_api_url=url)
        assert search(quiet, "n4 2aa")["note"] == FAILED
    finally:
        silent.server_close()


@pytest.fixture
def quiet(world: World) -> World:
    world.stop_worker()
    return world
