"""Where a subscription may make us connect to: the public internet alone, when it is made and whenever it is used."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from typing import Any

import pytest

from backend import addresses, clock, demo, push_subscriptions
from backend.errors import InvalidRequest
from backend.models import Device
from backend.settings import Settings
from notifier.channels.webpush import WebPush
from notifier.retries import Result
from tests.applications import create_app
from tests.doubles import Doubles
from tests.notifier.test_webpush import DATA, GOOD_KEYS, PUBLIC_URL, browser, odd_service, own

__all__ = ["own"]

NAME = "push.rebound.example"
PUBLIC = "93.184.215.14"

NOT_PUBLIC = {
    "loopback": "127.0.0.1",
    "the whole of loopback": "127.255.0.9",
    "private 10/8": "10.1.2.3",
    "private 172.16/12": "172.31.255.255",
    "private 192.168/16": "192.168.0.1",
    "link-local, where clouds keep secrets": "169.254.169.254",
    "shared by carriers": "100.64.0.1",
    "this host": "0.0.0.0",
    "broadcast": "255.255.255.255",
    "multicast": "224.0.0.251",
    "reserved": "240.0.0.1",
    "for documentation": "203.0.113.7",
    "for benchmarks": "198.18.0.1",
    "loopback in IPv6": "::1",
    "nothing in IPv6": "::",
    "loopback in IPv6's form": "::ffff:127.0.0.1",
    "private in IPv6's form": "::ffff:10.0.0.1",
    "loopback as an IPv4-compatible address": "::127.0.0.1",
    "link-local in IPv6": "fe80::1",
    "link-local with its interface": "fe80::1%lo",
    "unique local": "fd00::1",
    "site-local of old": "fec0::1",
    "multicast in IPv6": "ff02::1",
    "private behind NAT64": "64:ff9b::a00:1",
    "private within 6to4": "2002:a00:1::1",
    "loopback within Teredo": "2001:0:4136:e378:8000:63bf:80ff:fffe",
    "documentation in IPv6": "2001:db8::1",
}


def leads_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let name servers answer these for ``NAME``, one after the other and the last one for ever; returns who asked."""
    real = socket.getaddrinfo
    asked: list[str] = []

    def answer(host: Any, port: Any, *more: Any, **named: Any) -> Any:
        if host != NAME:
            return real(host, port, *more, **named)
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found
        ]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asked


@pytest.mark.parametrize("which", NOT_PUBLIC)
def test_a_name_that_leads_to_an_address_that_is_not_public_is_refused(
    monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    leads_to(monkeypatch, [NOT_PUBLIC[which]])
    with pytest.raises(InvalidRequest, match="private address"):
        push_subscriptions.check(f"https://{NAME}/x", GOOD_KEYS, PUBLIC_URL)


@pytest.mark.parametrize("found", [[PUBLIC, "10.0.0.1"], ["10.0.0.1", PUBLIC], ["2606:4700::1", "fd00::1"]])
def test_one_address_that_is_not_public_among_others_is_enough(
    monkeypatch: pytest.MonkeyPatch, found: list[str]
) -> None:
    leads_to(monkeypatch, found)
    with pytest.raises(InvalidRequest, match="private address"):
        push_subscriptions.check(f"https://{NAME}/x", GOOD_KEYS, PUBLIC_URL)


@pytest.mark.parametrize("found", [[PUBLIC], ["2606:4700::6810:84e5", PUBLIC], ["::ffff:93.184.215.14"], []])
def test_a_name_that_leads_to_the_public_internet_or_is_not_known_yet_is_taken(
    monkeypatch: pytest.MonkeyPatch, found: list[str]
) -> None:
    leads_to(monkeypatch, found)
    push_subscriptions.check(f"https://{NAME}/x", GOOD_KEYS, PUBLIC_URL)


def test_in_development_a_name_may_lead_to_loopback_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    leads_to(monkeypatch, ["127.0.0.1"], ["192.168.0.1"])
    push_subscriptions.check(f"https://{NAME}/x", GOOD_KEYS, "http://localhost:8000")
    with pytest.raises(InvalidRequest):
        push_subscriptions.check(f"https://{NAME}/x", GOOD_KEYS, "http://localhost:8000")


def test_a_refused_name_is_a_422_and_keeps_no_device(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    leads_to(monkeypatch, ["169.254.169.254"])
    app = create_app(settings.changed(public_url=PUBLIC_URL))
    demo.seed(clock.now())
    client = app.test_client()
    account = {"email": "amina@cordon.example", "password": demo.PASSWORD}
    bearer = {"Authorization": f"Bearer {client.post('/v1/sessions', json=account).json['access_token']}"}
    body = {"token": f"https://{NAME}/x", "platform": "webpush", "keys": GOOD_KEYS}
    assert client.post("/v1/devices", json=body, headers=bearer).status_code == 422
    assert not Device.select().where(Device.token == body["token"]).exists()
    app.extensions["cordon.committer"].close()


def pushed(own: Settings, device: Device) -> Result:
    sender = WebPush(own)
    try:
        return sender.send(device, DATA, is_urgent=True).result
    finally:
        sender.close()


@pytest.mark.parametrize(
    "lead",
    [
        pytest.param(lambda: (["127.0.0.1"],), id="a name that leads inside by now"),
        pytest.param(lambda: (["127.0.0.1", PUBLIC],), id="a name that leads inside and outside"),
        pytest.param(lambda: (["::ffff:127.0.0.1"],), id="a name that leads inside in IPv6's form"),
        pytest.param(lambda: ([PUBLIC], ["127.0.0.1"]), id="a name that leads outside when asked first, then inside"),
    ],
)
def test_a_push_is_sent_to_no_address_that_was_not_checked(
    own: Settings, monkeypatch: pytest.MonkeyPatch, lead: Callable[[], tuple[list[str], ...]]
) -> None:
    with Doubles() as doubles, odd_service(201, {"Content-Length": "0"}) as (url, asked):
        device = browser(doubles)
        device.token = url.replace("127.0.0.1", NAME) + "/x"
        leads_to(monkeypatch, *lead())
        assert pushed(own.changed(public_url=PUBLIC_URL), device) is not Result.SENT
        assert asked == []


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "[::ffff:127.0.0.1]"])
def test_a_subscription_that_was_kept_before_is_not_pushed_to_on_our_own_machines(own: Settings, host: str) -> None:
    with Doubles() as doubles, odd_service(201, {"Content-Length": "0"}) as (url, asked):
        device = browser(doubles)
        device.token = url.replace("127.0.0.1", host) + "/x"
        assert pushed(own.changed(public_url=PUBLIC_URL), device) is Result.FAILED
        assert asked == []


def test_in_development_the_double_on_loopback_is_pushed_to(own: Settings) -> None:
    with Doubles() as doubles:
        assert pushed(own, browser(doubles)) is Result.SENT


def test_a_proxy_of_the_environment_is_no_way_around(own: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with Doubles() as doubles, odd_service(201, {"Content-Length": "0"}) as (url, asked):
        device = browser(doubles)
        device.token = f"http://{NAME}/x"
        leads_to(monkeypatch, ["10.0.0.1"])
        monkeypatch.setenv("HTTP_PROXY", url)
        monkeypatch.setenv("http_proxy", url)
        assert pushed(own.changed(public_url=PUBLIC_URL), device) is Result.FAILED
        assert asked == []


@pytest.mark.parametrize("which", NOT_PUBLIC)
def test_which_addresses_are_not_public(which: str) -> None:
    address = ipaddress.ip_address(NOT_PUBLIC[which].partition("%")[0])
    assert not addresses.is_public(address)


@pytest.mark.parametrize(
    "text", [PUBLIC, "8.8.8.8", "1.1.1.1", "2606:4700::1", "2a00:1450:4009::1", "64:ff9b::808:808"]
)
def test_which_addresses_are_public(text: str) -> None:
    assert addresses.is_public(ipaddress.ip_address(text))
