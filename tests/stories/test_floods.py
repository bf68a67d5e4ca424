"""Strangers who are slow, silent or many keep out no tag and no officer, of the server that `make serve` starts."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import pytest
import requests
import socketio
from socketio.exceptions import ConnectionError as SocketRefused

from tests.processes import web_server
from tests.world import World, eventually

pytestmark = [
    pytest.mark.host_time,
]

FEW_THREADS = 16
UPGRADE = (
    "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
)
JSON = b"POST /v1/sessions HTTP/1.1\r\nHost: c\r\nContent-Type: application/json\r\n"
OPENING = "/socket.io/?EIO=4&transport=websocket"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="


def connects(url: str) -> socket.socket:
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname or "", parts.port or 80), timeout=20)


def upgrade(url: str, path: str = OPENING, key: str = KEY) -> bytes:
    return UPGRADE.format(path=path, host=urlsplit(url).netloc, key=key).encode()


@contextmanager
def strangers(url: str, count: int, first_bytes: bytes) -> Iterator[list[socket.socket]]:
    """Keep connections open that sent so much and send nothing more."""
    with ExitStack() as stack:
        senders = [stack.enter_context(connects(url)) for _ in range(count)]
        for sender in senders:
            sender.sendall(first_bytes)
        yield senders


def is_closed(sock: socket.socket) -> bool:
    sock.settimeout(0.1)
    try:
        while sock.recv(65_536):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


def opens_a_socket(url: str, token: str) -> socketio.Client:
    client = socketio.Client(reconnection=False)
    client.connect(url, auth={"token": token}, transports=["websocket"], wait_timeout=10)
    return client


SLOW = {
    "nothing at all": b"",
    "half a head": b"POST /v1/tags/LDN-0001/fixes HTTP/1.1\r\nHost: cordon.example\r\nX-Slow: a",
    "half a body": b"POST /v1/tags/LDN-0001/fixes HTTP/1.1\r\nHost: c\r\nContent-Length: 900\r\n\r\n{",
    "half a body of a sign-in": b"POST /v1/sessions HTTP/1.1\r\nHost: c\r\nContent-Length: 900\r\n\r\n{",
    "half a chunk": b"POST /sign-in HTTP/1.1\r\nHost: c\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{",
    "a head that asks to go on": b"POST /sign-in HTTP/1.1\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n",
}


@pytest.mark.parametrize("first_bytes", SLOW.values(), ids=SLOW)
def test_slow_senders_hold_no_thread_that_a_tag_or_an_officer_needs(world: World, first_bytes: bytes) -> None:
    with web_server(world.settings) as url, strangers(url, 3 * FEW_THREADS, first_bytes):
        for ago_s in (3, 2, 1):
            assert world.tag.post(world.tag.fix(5_000, ago_s=ago_s), url=url).status_code == 200
        assert requests.get(f"{url}/health", timeout=20).status_code == 200
        assert requests.get(f"{url}/sign-in", timeout=20).status_code == 200


def test_strangers_who_never_close_or_read_hold_no_one_up(world: World) -> None:
    last = b"GET /sign-in HTTP/1.1\r\nHost: c\r\nConnection: close\r\n\r\n"
    with web_server(world.settings) as url, strangers(url, 3 * FEW_THREADS, last) as answered:
        for sock in answered:
            assert sock.recv(12) == b"HTTP/1.1 200"
        assert world.tag.post(world.tag.fix(5_000), url=url).status_code == 200


def test_several_requests_on_one_connection_are_each_answered_in_their_order(world: World) -> None:
    one, last = (
        b"GET /health HTTP/1.1\r\nHost: c\r\n\r\n",
        b"GET /none HTTP/1.1\r\nHost: c\r\nConnection: close\r\n\r\n",
    )
    body = JSON + b"Content-Length: 2\r\n\r\n{}"
    with web_server(world.settings) as url, connects(url) as sock:
        sock.sendall(one + body[:-1])
        sock.sendall(body[-1:] + one + last)
        answers = b""
        while piece := sock.recv(65_536):
            answers += piece
    codes = [int(answer[:3]) for answer in answers.split(b"HTTP/1.1 ")[1:]]
    assert codes == [200, 422, 200, 404]


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"POST /v1/sessions HTTP/1.1\r\nHost: c\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (JSON + b"Content-Length: 1100000\r\n\r\n" + b" " * 1_100_000, 413),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 50_000, 431),
        (b"GET / HTTP/1.1\r\nHost: c\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        (JSON + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (JSON + b"Transfer-Encoding: chunked\r\n\r\n1;;\r\n{\r\n0\r\n\r\n", 400),
        (JSON + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}!\n0\r\n\r\n", 400),
        (JSON + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nno trailer\r\n\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
        (JSON + b"Transfer-Encoding: odd, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 400),
        (JSON + b"Transfer-Encoding: chunked, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 400),
        (JSON + b"Script_Name: /x\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}", 422),
    ],
    ids=[
        "a huge length",
        "a large body",
        "a huge head",
        "two lengths",
        "no size of a chunk",
        "no extension of a chunk",
        "no end of a chunk",
        "no trailer",
        "no request",
        "a coding of the body that no one knows",
        "a body that is coded twice",
        "a place of the application that is none",
    ],
)
def test_what_breaks_the_bounds_or_http_is_refused_and_closed(world: World, request_bytes: bytes, status: int) -> None:
    with web_server(world.settings) as url, connects(url) as sock:
        sock.sendall(request_bytes)
        answer = b""
        while piece := sock.recv(65_536):
            answer += piece
            if b"Connection: close" not in answer and b"\r\n\r\n" in answer:
                break
        assert int(answer.split()[1]) == status


def test_silent_sockets_are_no_sockets_of_ours_and_are_closed(world: World) -> None:
    settings = world.settings.changed(most_sockets=2, socket_known_within_s=1.0)
    with web_server(settings) as url, strangers(url, 10, upgrade(url)) as silent:
        for sock in silent:
            assert sock.recv(12) == b"HTTP/1.1 101"
        officer = opens_a_socket(url, world.officer.token)
        colleague = opens_a_socket(url, world.colleague.token)
        eventually(lambda: all(is_closed(sock) for sock in silent), "every silent socket is closed", 20)
        # A person who has said who they are stays.
        assert officer.connected
        assert colleague.connected
        with pytest.raises(SocketRefused):
            opens_a_socket(url, world.supervisor.token)
        colleague.disconnect()
        eventually(lambda: _opens(url, world.supervisor.token), "a place is free again")
        officer.disconnect()


def _opens(url: str, token: str) -> bool:
    try:
        opens_a_socket(url, token).disconnect()
    except SocketRefused:
        return False
    return True


def test_more_silent_sockets_than_there_are_threads_keep_no_officer_out(world: World) -> None:
    settings = world.settings.changed(most_sockets=4)
    with web_server(settings) as url, strangers(url, 150, upgrade(url)):
        eventually(lambda: _opens(url, world.officer.token), "the officer's socket opens", 20)
        assert world.tag.post(world.tag.fix(5_000), url=url).status_code == 200


WRONG = {
    "a token that is none": b"\x81\x93" + bytes(4) + b'40{"token":"wrong"}',
    "no message of Socket.IO": b"\x81\x83" + bytes(4) + b"abc",
    "no frame of a websocket": b"\xff\xff\xff\xff\xff\xff",
    "a binary message that was not announced": b"\x82\x81" + bytes(4) + b"\x00",
}


@pytest.mark.parametrize("frame", WRONG.values(), ids=WRONG)
def test_a_socket_that_says_something_else_is_closed_and_hurts_no_one(world: World, frame: bytes) -> None:
    settings = world.settings.changed(most_sockets=2, socket_known_within_s=1.0)
    with web_server(settings) as url, strangers(url, 4, upgrade(url)) as wrong:
        for sock in wrong:
            assert sock.recv(12) == b"HTTP/1.1 101"
            sock.sendall(frame)
        eventually(lambda: all(is_closed(sock) for sock in wrong), "they are closed", 20)
        assert _opens(url, world.officer.token)


@pytest.mark.parametrize(
    ("path", "key"),
    [(OPENING, "\x01"), (OPENING, "x"), (OPENING + "&sid=none", KEY), ("/sign-in", KEY), ("/socket.io/", KEY)],
    ids=["no key", "another key", "no session", "another path", "no version"],
)
def test_a_handshake_that_is_none_is_no_failure_here(world: World, path: str, key: str) -> None:
    with web_server(world.settings) as url, connects(url) as sock:
        sock.sendall(upgrade(url, path, key))
        assert sock.recv(65_536)[9:10] in (b"", b"1", b"2", b"4")


def test_long_polling_is_refused_at_once(world: World) -> None:
    refused = world.api("GET", "/socket.io/?EIO=4&transport=polling")
    assert refused.status_code == 400


def test_a_crowd_that_guesses_passwords_delays_no_tag_and_gets_no_failure(world: World) -> None:
    settings = world.settings.changed(sign_in_limit="10 per minute", sign_in_address_limit="20 per minute")
    answers: list[int] = []
    stop = threading.Event()

    def guess(url: str, n: int) -> None:
        for tried in range(6):
            if stop.is_set():
                return
            body = {"email": f"stranger{n}.{tried}@example.org", "password": "a guess"}
            answers.append(requests.post(f"{url}/v1/sessions", json=body, timeout=30).status_code)

    with web_server(settings) as url, ThreadPoolExecutor(40) as crowd:
        guesses = [crowd.submit(guess, url, n) for n in range(40)]
        for ago_s in (3, 2, 1):
            assert world.tag.post(world.tag.fix(5_000, ago_s=ago_s), url=url).status_code == 200
        for one in guesses:
            one.result()
        stop.set()
    assert set(answers) <= {401, 429}
    assert answers.count(401) <= 20
    assert len(answers) == 240
