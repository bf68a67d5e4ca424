"""What providers answer: read up to a bound, believed only where it is whole, and left alone where they refuse us."""

from __future__ import annotations

import gzip
import itertools
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from backend.models import Device
from backend.settings import Settings
from notifier import retries
from notifier.channels import http, twilio
from notifier.channels.duty import DutyTexts
from notifier.channels.fcm import Fcm
from notifier.channels.webpush import WebPush
from notifier.circuit_breaker import REFUSED_AT_MOST_S, REFUSED_FOR_S, Breaker
from notifier.retries import Outcome, Result
from tests.doubles import Doubles

DATA = {"alert_id": "41", "notification_id": "7", "title": "Cordon", "body": "Zone alert K7QFA: breach."}


class Odd:
    """A server that answers every request in one odd way; ``written`` counts the bytes of an endless answer."""

    def __init__(self, status: int, body: bytes, headers: dict[str, str], endless: bool) -> None:
        self.asked = 0
        self.written = 0
        odd = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                odd.asked += 1
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.path == "/token":
                    self._answer(200, json.dumps({"access_token": "t", "expires_in": 3600}).encode(), {})
                elif endless:
                    self._flood()
                else:
                    self._answer(status, body, headers)

            do_GET = do_POST

            def _answer(self, code: int, content: bytes, more: dict[str, str]) -> None:
                self.send_response(code)
                for name, value in {"Content-Length": str(len(content)), **more}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def _flood(self) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(20_000_000_000))
                self.end_headers()
                try:
                    while odd.written < 300_000_000:
                        odd.written += self.wfile.write(b" " * 65_536)
                except OSError:
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._serving = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._serving.start()

    def close(self) -> None:
        self._server.shutdown()
        self._serving.join(5)
        self._server.server_close()


@contextmanager
def odd(
    status: int = 200, body: bytes = b"", headers: dict[str, str] | None = None, *, endless: bool = False
) -> Iterator[Odd]:
    server = Odd(status, body, headers or {}, endless)
    try:
        yield server
    finally:
        server.close()


@pytest.fixture
def own(tmp_path: Path, postgres: str) -> Settings:
    """Settings of a sender; it lets go of its database before it asks anyone, and uses it for nothing else."""
    return Settings(
        vapid_private_key_file=str(tmp_path / "vapid-key.pem"),
        provider_timeout_s=3.0,
        twilio_account_sid="AC" + "0" * 32,
        twilio_auth_token="token",
        twilio_from="+447700900000",
    )


def by_text(own: Settings, url: str) -> Outcome:
    (account,) = twilio.accounts(own.changed(twilio_api_url=url))
    create = partial(account.client.messages.create, to="+447700900101", from_="+447700900000", body="Hello")
    return twilio.outcome_of(account, create, "message")


def by_call(own: Settings, url: str) -> Outcome:
    (account,) = twilio.accounts(own.changed(twilio_api_url=url))
    create = partial(account.client.calls.create, to="+447700900101", from_="+447700900000", url=url)
    return twilio.outcome_of(account, create, "call")


def by_firebase(own: Settings, url: str) -> Outcome:
    with Doubles() as doubles:
        credentials = doubles.service_account(Path(own.vapid_private_key_file).with_name("fcm.json"))
        kept = json.loads(Path(credentials).read_text())
        Path(credentials).write_text(json.dumps({**kept, "token_uri": f"{url}/token"}))
        sender = Fcm(own.changed(fcm_credentials=str(credentials), fcm_url=url))
        try:
            return sender.send(Device(token="token", platform="android"), DATA, is_urgent=True)
        finally:
            sender.close()


def by_web_push(own: Settings, url: str) -> Outcome:
    with Doubles() as doubles:
        keys = doubles.webpush.subscribe("+447700900101")["keys"]
    sender = WebPush(own)
    try:
        return sender.send(Device(token=f"{url}/x", platform="webpush", keys=keys), DATA, is_urgent=True)
    finally:
        sender.close()


WAYS: dict[str, Callable[[Settings, str], Outcome]] = {
    "a text": by_text,
    "a call": by_call,
    "Firebase": by_firebase,
    "Web Push": by_web_push,
}


@pytest.mark.parametrize("status", [200, 201, 400, 500])
@pytest.mark.parametrize("way", WAYS)
def test_an_answer_of_20_gigabytes_is_read_up_to_a_bound_by_every_provider(
    own: Settings, way: str, status: int
) -> None:
    with odd(status, endless=True) as server:
        WAYS[way](own, server.url)
        assert server.asked >= 1
        # What the kernel's buffers take besides is no memory of ours.
        assert server.written < 10_000_000


def test_an_answer_that_grows_as_it_is_unpacked_is_read_up_to_the_same_bound() -> None:
    packed = gzip.compress(b" " * 50_000_000)
    assert len(packed) < 100_000
    with odd(200, packed, {"Content-Encoding": "gzip"}) as server:
        asked = http.session(http.OneTry(3.0))
        with pytest.raises(http.TooLong):
            asked.get(server.url, timeout=3.0)


MALFORMED = {
    "nothing": b"",
    "no object": b"[]",
    "no JSON": b"<html>Welcome to the hotel's wireless network</html>",
    "an empty object": b"{}",
    "null": b"null",
    "a name that is empty": b'{"sid": "", "name": ""}',
    "a name that is no text": b'{"sid": 7, "name": 7}',
    "a name of another kind": b'{"sid": "ok", "name": "ok"}',
    "a name that leads elsewhere": b'{"sid": "SM/../../x", "name": "projects/../x"}',
    "cut off": b'{"sid": "SM000000000000000000000000',
}


@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize("answer", MALFORMED)
@pytest.mark.parametrize("way", ["a text", "a call", "Firebase"])
def test_a_success_that_names_no_message_is_not_sent(own: Settings, way: str, answer: str, status: int) -> None:
    with odd(status, MALFORMED[answer]) as server:
        outcome = WAYS[way](own, server.url)
    assert outcome.result is Result.RETRY, outcome


def test_a_success_that_is_a_page_of_a_wireless_network_is_no_push(own: Settings) -> None:
    with odd(200, MALFORMED["no JSON"], {"Content-Type": "text/html; charset=utf-8"}) as server:
        assert by_web_push(own, server.url).result is Result.RETRY


@pytest.mark.parametrize("state", ["failed", "undelivered", "canceled"])
def test_a_message_that_was_given_up_as_it_was_taken_is_not_sent(own: Settings, state: str) -> None:
    body = json.dumps({"sid": "SM" + "a" * 32, "status": state, "error_code": 30005}).encode()
    with odd(201, body) as server:
        assert by_text(own, server.url).result is Result.FAILED


def test_a_text_about_the_service_is_not_taken_for_sent_either(own: Settings) -> None:
    with odd(201, b"{}") as server:
        assert DutyTexts(own.changed(twilio_api_url=server.url)).send("+447700900199", "Cordon.") is None


class Ticking:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("way", WAYS)
def test_a_provider_that_refuses_our_key_is_asked_once_and_then_seldom(own: Settings, way: str) -> None:
    time = Ticking()
    breaker = Breaker(time)
    outcomes: list[Outcome] = []
    with odd(401, b"{}") as server:
        once = WAYS[way](own, server.url)
        assert (once.refuses_us, once.refuses_all) == (True, True)
        a_message_takes = server.asked
        server.asked = 0
        for _ in range(600):
            outcomes.append(breaker.ask(way, lambda: WAYS[way](own, server.url)))
            time.now += 0.1
        assert server.asked <= a_message_takes * (2 + 60 / REFUSED_FOR_S)
    assert all(outcome.result is Result.RETRY for outcome in outcomes)
    assert any(not outcome.was_asked and outcome.retry_after_s for outcome in outcomes)
    assert breaker.last_result.refusal is not None


def test_a_provider_that_takes_us_again_is_asked_at_once_for_all() -> None:
    time = Ticking()
    breaker = Breaker(time)
    asked: list[float] = []

    def refuses() -> Outcome:
        asked.append(time.now)
        return retries.refused("401", of_all=True)

    while time.now < 120:
        breaker.ask("twilio", refuses)
        time.now += 1.0
    assert asked[:4] == [0.0, 5.0, 15.0, 30.0]
    assert max(b - a for a, b in itertools.pairwise(asked)) <= REFUSED_AT_MOST_S
    time.now += REFUSED_AT_MOST_S
    assert breaker.ask("twilio", lambda: retries.sent("SM1")).result is Result.SENT
    assert breaker.ask("twilio", lambda: retries.sent("SM2")).result is Result.SENT


def test_redirects_lead_no_provider_elsewhere() -> None:
    with odd(200, b"secret") as inside, odd(307, b"", {"Location": inside.url}) as server:
        assert http.session(http.OneTry(3.0)).post(server.url, timeout=3.0).status_code == 307
        assert inside.asked == 0


def test_an_endless_answer_is_an_error_of_the_request() -> None:
    with odd(200, endless=True) as server:
        asked = http.session(http.OneTry(3.0))
        with pytest.raises(requests.RequestException):
            asked.get(server.url, timeout=3.0)


def test_providers_are_asked_in_one_place() -> None:
    for path in (Path(http.__file__).parent.parent).rglob("*.py"):
        if path.name != "http.py":
            asks = re.findall(
                r"(?<!\w)requests\.(?:Session|get|post|put|request|head)\(|urlopen|HTTPAdapter", path.read_text()
            )
            assert asks == [], path
