"""A tag client that we do not know is told so, and nothing of its positions is kept anywhere."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import requests

from backend import clock, db
from backend.models import TABLES, VictimPosition
from tests.stories.test_moving_places import agrees
from tests.world import World

LAT, LON = "51.56431", "-0.10307"
OWNTRACKS = {"_type": "location", "lat": float(LAT), "lon": float(LON), "tst": 1_795_000_000, "tid": "ab"}
OVERLAND = {
    "locations": [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [float(LON), float(LAT)]},
            "properties": {"timestamp": "2026-11-24T20:00:00Z"},
        }
    ]
}

CLIENTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "a position in the query": ("GET", f"/?lat={LAT}&lon={LON}", {}),
    "OsmAnd as Traccar speaks it": ("GET", f"/?id=1&lat={LAT}&lon={LON}&timestamp=1795000000&speed=3", {}),
    "the same in one word": ("GET", f"/?deviceid=1&location={LAT},{LON}", {}),
    "the same posted": ("POST", f"/?id=1&lat={LAT}&lon={LON}", {}),
    "an identity alone": ("GET", "/?id=123456", {}),
    "words in capitals": ("GET", f"/?LATITUDE={LAT}&LONGITUDE={LON}", {}),
    "a form": ("POST", "/", {"data": {"id": "1", "lat": LAT, "lon": LON}}),
    "OwnTracks": ("POST", "/", {"json": OWNTRACKS}),
    "OwnTracks to its own path": ("POST", "/pub", {"json": OWNTRACKS}),
    "OwnTracks with a user": ("POST", "/pub?u=daniel&d=phone", {"json": OWNTRACKS}),
    "Overland": ("POST", "/", {"json": OVERLAND}),
    "Overland to another path": ("POST", "/api/overland?token=x", {"json": OVERLAND}),
    "a path of nobody": ("GET", f"/gps/{LAT}/{LON}", {}),
    "a put": ("PUT", "/", {"json": OWNTRACKS}),
    "the sign-in page": ("GET", f"/sign-in?lat={LAT}&lon={LON}", {}),
    "a page behind the sign-in": ("GET", f"/officer?lat={LAT}&lon={LON}", {}),
    "a page of cases": ("GET", f"/cases?coords={LAT},{LON}", {}),
    "the look whether all is well": ("GET", f"/health?lat={LAT}&lng={LON}", {}),
    "a pair under a word of its own": ("GET", f"/health?where={LAT},{LON}", {}),
    "a pair under words of its own": ("GET", f"/sign-in?n={LAT}&e={LON}", {}),
    "NMEA": ("GET", f"/sign-in?data=$GPRMC,123519,A,{LAT},N,{LON},W,022.4", {}),
    "the description": ("GET", f"/v1/openapi.json?lat={LAT}&lon={LON}", {}),
    "the tags' own route": ("GET", f"/v1/tags/LDN-0001/fixes?lat={LAT}&lon={LON}", {}),
    "a query that is no text": ("GET", "/?lat=%ff%fe&lon=%00", {}),
}


@pytest.mark.parametrize("client", CLIENTS)
def test_it_is_answered_404_and_never_sent_to_a_page(world: World, client: str) -> None:
    method, path, more = CLIENTS[client]
    answer = requests.request(method, world.url + path, timeout=20, allow_redirects=False, **more)
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["code"] == "not_found"
    assert LAT not in answer.text
    assert LAT not in str(answer.headers)


def test_a_person_who_opens_the_address_gets_to_the_sign_in_page(world: World) -> None:
    answer = requests.get(world.url + "/", timeout=20)
    assert (answer.status_code, answer.url) == (200, world.url + "/sign-in")
    assert "Password" in answer.text


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_known_clients_of_a_protected_persons_phone_may_say_where_it_is_in_the_address(
    world: World, method: str
) -> None:
    token = agrees(world).token
    said = {"id": token, "timestamp": f"{clock.now().timestamp():.0f}", "lat": LAT, "lon": LON}
    answer = world.api(method, "/p/l", params=said)
    assert (answer.status_code, answer.text) == (200, "")
    assert VictimPosition.select().count() == 1
    db.release_connection()
    # The answer says that no one has this token, and leads to no page.
    answer = world.api(method, "/p/l", params={**said, "id": "no one's"}, allow_redirects=False)
    assert answer.status_code == 400
    assert LAT not in answer.text


def test_no_coordinate_of_a_query_is_kept_in_a_row_or_a_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for method, path, more in CLIENTS.values():
        requests.request(method, world.url + path, timeout=20, **more)
    # What servers write of requests themselves.
    logging.getLogger("werkzeug").info('%s - - "GET %s HTTP/1.1" 404 -', "127.0.0.1", f"/?lat={LAT}&lon={LON}")
    logging.getLogger("gunicorn.error").warning(f"Invalid HTTP request line: 'GET /?lat={LAT} &lon={LON} HTTP/1.1'")
    try:
        raise ValueError(f"/?lat={LAT}")
    except ValueError:
        logging.getLogger("gunicorn.error").exception("Error handling request %s", f"/?lat={LAT}")
    kept = [str(row) for table in TABLES for row in table.select().dicts()]
    db.release_connection()
    for where in (*kept, *(record.getMessage() for record in caplog.records if "urllib3" not in record.name)):
        assert LAT not in where
        assert LON not in where
    assert LAT not in "".join(logging.Formatter().format(r) for r in caplog.records if "urllib3" not in r.name)
