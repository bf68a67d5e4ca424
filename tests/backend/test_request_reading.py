"""When a request is whole, which threads serve it, and by when it has to be there: decided from its bytes alone."""

from __future__ import annotations

import json
import random

import pytest

from backend.web.request_reading import MOST_BODY_BYTES, Arrival, Stage, TooLarge
from backend.web.server import refusal

POST = b"POST /v1/tags/LDN-1/fixes HTTP/1.1\r\nHost: c\r\n"
WHOLE = {
    "no body": b"GET /health HTTP/1.1\r\nHost: c\r\n\r\n",
    "a body of a length": POST + b"Content-Length: 5\r\n\r\nhello",
    "a length in other letters": POST + b"CONTENT-length:5  \r\n\r\nhello",
    "an empty body": POST + b"Content-Length: 0\r\n\r\n",
    "one chunk": POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "chunks with extensions": POST
    + b"Transfer-Encoding: chunked\r\n\r\nA;a=b\r\n0\r\n\r\n12345\r\n1 ;x\r\n!\r\n0\r\n\r\n",
    "a body that looks like the end of chunks": POST + b"Content-Length: 7\r\n\r\n0\r\n\r\n\r\n",
    "trailers": POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nA: b\r\nC: d\r\n\r\n",
}


@pytest.mark.parametrize("request_bytes", WHOLE.values(), ids=WHOLE)
def test_a_request_is_whole_with_its_last_byte_and_not_before_however_it_comes(request_bytes: bytes) -> None:
    following = b"GET /next HTTP/1.1\r\n"
    for cuts in (1, 2, 3, 7, len(request_bytes)):
        arrival = Arrival()
        for at in range(0, len(request_bytes), cuts):
            assert arrival.stage() is not Stage.WHOLE
            arrival.add(request_bytes[at : at + cuts])
        assert arrival.stage() is Stage.WHOLE
        arrival.add(following)
        assert arrival.stage() is Stage.WHOLE
        assert arrival.take() == (request_bytes, following)


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (POST + b"X: " + b"x" * 40_000, 431),
        (POST + f"Content-Length: {MOST_BODY_BYTES + 1}\r\n\r\n".encode(), 413),
        (POST + b"Content-Length: 999999999999999\r\n\r\n", 413),
        (POST + f"Transfer-Encoding: chunked\r\n\r\n{MOST_BODY_BYTES + 1:x}\r\n".encode(), 413),
    ],
    ids=["a head without an end", "a body over the bound", "a length of fifteen digits", "a chunk over the bound"],
)
def test_what_is_larger_than_anything_served_is_refused_before_it_has_come(request_bytes: bytes, status: int) -> None:
    with pytest.raises(TooLarge) as refused:
        Arrival(request_bytes).stage()
    assert refused.value.status == status


def test_whatever_bytes_come_the_answer_is_a_stage_or_a_refusal() -> None:
    dice = random.Random(13)
    pieces = [
        b"\r\n",
        b"\r\n\r\n",
        b" ",
        b"GET",
        b"//",
        b"[",
        b":",
        b"%zz",
        b"content-length: ",
        b"chunked",
        b"\xff\x00",
    ]
    for _ in range(2_000):
        arrival = Arrival()
        for _ in range(dice.randrange(1, 12)):
            arrival.add(dice.choice(pieces))
            arrival.stage()


@pytest.mark.parametrize(
    ("line", "field", "lane"),
    [
        ("POST /v1/tags/LDN-1/fixes", "", "tags"),
        ("POST /v1/tags/LDN-1/fixes?a=b", "Upgrade: h2c\r\n", "tags"),
        ("POST http://cordon.example/v1/tags/LDN-1/fixes", "", "tags"),
        ("POST /v1/phones/current/positions", "", "tags"),
        ("GET /health", "", "tags"),
        ("GET /ready", "", "people"),
        ("POST /v1/sessions", "", "sign-in"),
        ("POST /v1/phones", "", "sign-in"),
        ("POST /sign-in?next=/officer", "", "sign-in"),
        ("GET /sign-in", "", "people"),
        ("POST /v1/sessions/refresh", "", "people"),
        ("GET /socket.io/?EIO=4&transport=websocket", "", "sockets"),
        ("GET /socket%2eio/?EIO=4", "", "sockets"),
        ("GET /v1/tags/LDN-1/fixes", "Upgrade: WebSocket\r\n", "sockets"),
        ("GET //[", "", "people"),
        ("nonsense", "", "people"),
    ],
)
def test_the_lane_of_a_request(line: str, field: str, lane: str) -> None:
    arrival = Arrival(f"{line} HTTP/1.1\r\nHost: c\r\n{field}\r\n".encode())
    assert arrival.stage() is Stage.WHOLE
    assert arrival.lane == lane


def test_a_head_is_due_in_seconds_and_a_body_by_its_length() -> None:
    assert Arrival(b"POST / HTTP/1.1\r\n").due_s() == 10
    due_s = {}
    for length in (10, 100_000):
        arrival = Arrival(POST + f"Content-Length: {length}\r\n\r\n".encode())
        assert arrival.stage() is Stage.BODY
        due_s[length] = arrival.due_s()
    assert due_s[10] < 31
    # A backlog over a poor network: 100 kB at 1 kB/s.
    assert 100 < due_s[100_000] < 140


@pytest.mark.parametrize(
    ("path", "accept", "is_for_people"),
    [
        ("/sign-in", "text/html,application/xhtml+xml,*/*;q=0.8", True),
        ("/sign-in", "*/*", False),
        ("/v1/sessions", "text/html", False),
        ("/officer/token", "text/html", False),
    ],
)
def test_who_opens_a_page_is_refused_with_a_page(path: str, accept: str, is_for_people: bool) -> None:
    arrival = Arrival(f"POST {path} HTTP/1.1\r\nHost: here\r\nAccept: {accept}\r\n\r\n".encode())
    assert arrival.stage() is Stage.WHOLE
    assert arrival.is_for_people is is_for_people


@pytest.mark.parametrize("status", [408, 413, 429, 431, 503])
def test_what_the_server_refuses_by_itself_is_a_page_for_people_and_json_for_programs(status: int) -> None:
    head, page = refusal(status, is_for_people=True).decode().split("\r\n\r\n")
    assert f"HTTP/1.1 {status} " in head
    assert "Content-Type: text/html" in head
    assert f"Content-Length: {len(page.encode())}" in head
    assert "<h1>" in page
    head, told = refusal(status).decode().split("\r\n\r\n")
    assert json.loads(told)["status"] == status
    assert "application/problem+json" in head
