"""Nothing of HTTP itself is answered with a failure of ours: any method, header or form, at every route."""

from __future__ import annotations

from itertools import cycle, islice

import pytest
from flask import Flask

from tests.stories.test_poisoned_requests import Sender, app, methods_of, path_of, role_of, rules_of

__all__ = ["app"]

pytestmark = pytest.mark.timeout(900)

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "get", "X" * 50)
LONG = "x" * 5_000
HEADERS = {
    "Accept": ("\xff", "*/*;q=x", "text/html;q=1e400", 'application/json;v="'),
    "Accept-Encoding": ("\xff", "gzip;q=-1", "br;q=NaN"),
    "Accept-Language": ("\xff", "cy;q=NaN", ",,,;q=", LONG),
    "Authorization": ("Basic \xff", "Bearer", "Bearer " + "9" * 400, 'Digest username="', "Bearer a.b.c", "Token"),
    "Content-Encoding": ("gzip", "\xff"),
    "Content-Type": (
        "",
        ";",
        "application/json; charset=utf-99",
        "text/html; charset=utf-7",
        "application/problem+json",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\xff",
        "application/x-www-form-urlencoded; charset=utf-16",
    ),
    "Cookie": ("cordon=.eJ\xff", "cordon=" + "A" * 3_900, "=;;;", "cordon=e30.x.y; cordon=z", "$Version=1"),
    "Expect": ("100-continue", "\xff"),
    "If-Match": ("\xff", '"', "9" * 400),
    "If-Modified-Since": ("9999", "\xff", "Thu, 99 Foo 2026"),
    "If-None-Match": ('W/"', "*"),
    "Origin": ("\xff", "null", "http://[::1", "//"),
    "Range": ("bytes=-", "bytes=9-1", "bytes=" + "0-1," * 900, "bytes=99999999999999999999-"),
    "Referer": ("\xff", "http://[::1", "http://x/" + "y" * 4_000, "//"),
    "Sec-Fetch-Site": ("\xff", "same-origin"),
    "Traceparent": ("\xff", LONG),
    "Upgrade": ("websocket",),
    "User-Agent": ("\xff", "", LONG),
    "X-Forwarded-For": ("\xff", LONG, "1.2.3.4, ,", "::ffff:1.2.3.4%eth0", "[::1"),
    "X-Forwarded-Host": ("\xff", "a b", "[::1", "x:99999999"),
    "X-Forwarded-Proto": ("\xff", "gopher"),
    "X-Request-Id": ("\xff", LONG, "a\tb"),
}
BOUNDED = "multipart/form-data; boundary=x"
PART = b"--x\r\nContent-Disposition: form-data"
FORMS = (
    (BOUNDED, PART + b"\r\n\r\nabc\r\n--x--\r\n"),
    (BOUNDED, PART + b'; filename="a.csv"\r\n\r\nabc\r\n--x--\r\n'),
    (BOUNDED, PART + b'; name="a"; filename="\x00"\r\n\r\nabc\r\n--x--\r\n'),
    (BOUNDED, PART + b'; name="\xff\xfe"\r\nContent-Type: text/plain; charset=utf-99\r\n\r\nabc\r\n--x--\r\n'),
    (BOUNDED, PART + b"; name*=utf-99''%ff\r\n\r\nabc\r\n--x--\r\n"),
    (BOUNDED, PART + b'; name="why"\r\nContent-Type: text/plain; charset=utf-16\r\n\r\nabc\r\n--x--\r\n'),
    (BOUNDED, PART + b'; name="csrf_token"\r\n\r\n'),
    (BOUNDED, b"--x\r\n\r\n--x--"),
    (BOUNDED, b"--y\r\n"),
    (BOUNDED, b"\x00"),
    (BOUNDED, b"".join(PART + b'; name="n%d"\r\n\r\nv\r\n' % n for n in range(1_500)) + b"--x--\r\n"),
    ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % n for n in range(3_000))),
    ("application/x-www-form-urlencoded", b"a=%ud83d&%ed%a0%80=%ed%a0%80&=&&;%"),
)


@pytest.fixture
def sender(app: Flask) -> Sender:
    return Sender(app)


def test_no_method_fails(sender: Sender) -> None:
    # A method that a route does not take is refused by the router that all share, before the code of the route is
    # reached: each route is sent two of those, and each of those reaches many routes.
    others = cycle(METHODS)
    for rule in rules_of(sender.app):
        for method in dict.fromkeys([*sorted(rule.methods or ()), "HEAD", "OPTIONS", *islice(others, 2)]):
            sender.send(role_of(rule), method, path_of(rule), "this method")
    assert sender.failures == []


def test_no_header_of_any_name_fails(sender: Sender) -> None:
    headers = cycle((name, value) for name, values in HEADERS.items() for value in values)
    for rule in rules_of(sender.app):
        for method in methods_of(rule):
            for turn in range(4):
                name, value = next(headers)
                role = "nobody" if turn % 2 or name == "Authorization" else role_of(rule)
                body = {} if method == "GET" else {"data": b'{"a": 1}'}
                sender.send(role, method, path_of(rule), f"{name}: {value}", headers={name: value}, **body)
    assert sender.failures == []


def test_no_form_fails(sender: Sender) -> None:
    forms = cycle(FORMS)
    for rule in rules_of(sender.app):
        for method in [one for one in methods_of(rule) if one != "GET"]:
            for kind, body in islice(forms, 5):
                headers = {"Content-Type": kind}
                sender.send(role_of(rule), method, path_of(rule), repr(body[:80]), data=body, headers=headers)
    assert sender.failures == []
