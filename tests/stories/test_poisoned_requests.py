"""Nothing that anyone sends is answered with a failure of ours: every route, every field, every role."""

from __future__ import annotations

import inspect
import json
import logging
import re
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from standardwebhooks import Webhook
from twilio.request_validator import RequestValidator
from werkzeug.routing import Rule

from backend import clock, db, demo
from backend.settings import Settings
from tests.applications import create_app

# Hundreds of requests each: a machine that is busy needs more than the minutes that other tests are given.
pytestmark = pytest.mark.timeout(900)

ROLES = {"nobody": None, "officer": "amina@cordon.example", "supervisor": "grace@cordon.example"}
ROLES |= {"administrator": "ivy@cordon.example"}
TWILIO = "a token for tests"

PATHS = [
    "0",
    "-1",
    "2147483648",
    "9223372036854775807",
    "9223372036854775808",
    "9" * 400,
    "%00",
    "%ff%fe",
    "a%00b",
    "²",
]
TEXTS = [
    "\x00",
    "a\x00b",
    "²",
    "٣",
    "-1",
    "0",
    "2147483648",
    "9223372036854775808",
    "9" * 5_000,
    "1e400",
    "NaN",
    "Infinity",
    "0001-01-01",
    "9999-12-31",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00Z",
    "24:00",
    "\ufffe\U0010ffff",
    "x" * 70_000,
    "[" * 3_000,
    '{"type": "Point", "coordinates": [1e400, null]}',
    "'; DROP TABLE wearer; --",
]
FORM_TEXTS = ["²", "9" * 5_000, "9999-12-31", "1e400", "\x00"]
# In JSON these are numbers, or lists.
SAID_OTHERWISE = ("-1", "0", "1e400", "NaN", "Infinity", "24:00", "9" * 5_000)
# As they stand in JSON: also what Python could not write.
VALUES = [
    *(json.dumps(text) for text in TEXTS if text not in SAID_OTHERWISE),
    '"\\ud83d"',
    "null",
    "true",
    "[]",
    "{}",
    "0",
    "-1",
    "2147483648",
    "9223372036854775807",
    "9223372036854775808",
    "9" * 400,
    "9" * 5_000,
    "1e400",
    "-1e400",
    "1e308",
    "NaN",
    "-Infinity",
    "[" * 40 + "]" * 40,
    "[" * 900 + "]" * 900,
    "[" * 20_000 + "]" * 20_000,
    '{"a":' * 900 + "1" + "}" * 900,
    '[{"\\u0000": "\\ud83d"}]',
]
BODIES = [b"", b"\x00", b"\xff\xfe", b"{", b"[]", b"null", b'"x"', b"[" * 200_000, b'{"a": NaN}', b"x" * 1_100_000]
TYPES = [
    "application/json",
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "\xe9",
]
WHOLE = [(body, kind) for body in BODIES for kind in (TYPES if body == BODIES[1] else TYPES[:1])]
# These end what the other requests need.
LAST = ("sessions.", "pages.sign_out", "phones.")


@pytest.fixture
def database_template(demo_template: str) -> str:
    return demo_template


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    logging.disable(logging.ERROR)
    made = create_app(settings.changed(twilio_auth_token=TWILIO, twilio_account_sid="AC1", twilio_from="+447700900000"))
    made.config["WTF_CSRF_ENABLED"] = False
    made.config["WTF_CSRF_METHODS"] = set()
    made.config["RATELIMIT_ENABLED"] = False
    yield made
    made.extensions["cordon.committer"].close()
    db.release_connection()
    logging.disable(logging.NOTSET)


class Sender:
    """Sends requests in every role and keeps what was answered with a failure."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        with app.app_context():
            self.demo = demo.seed(clock.now())
        self.failures: list[str] = []
        self.count = 0
        self.clients: dict[str, FlaskClient] = {}
        self.tokens: dict[str, str] = {}
        for role, email in ROLES.items():
            self.clients[role] = app.test_client()
            if email is not None:
                given = {"email": email, "password": demo.PASSWORD}
                self.tokens[role] = self.clients[role].post("/v1/sessions", json=given).json["access_token"]
                assert self.clients[role].post("/sign-in", data=given).status_code == 302

    def send(self, role: str, method: str, path: str, what: str, **more: Any) -> int:
        headers = dict(more.pop("headers", {}))
        if role in self.tokens:
            headers.setdefault("Authorization", f"Bearer {self.tokens[role]}")
        response = self.clients[role].open(path, method=method, headers=headers, **more)
        response.close()
        self.count += 1
        if response.status_code >= 500:
            self.failures.append(f"{role}: {method} {path[:100]} with {what[:100]}: {response.status_code}")
        return response.status_code


@pytest.fixture
def sender(app: Flask) -> Sender:
    return Sender(app)


def rules_of(app: Flask) -> list[Rule]:
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]
    return sorted(rules, key=lambda rule: (rule.endpoint.startswith(LAST), rule.rule))


def methods_of(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})


def _is_page(app: Flask, rule: Rule) -> bool:
    return getattr(app.view_functions[rule.endpoint], "operation", None) is None and "pages" in rule.endpoint


def _some(poisons: Sequence[str], turn: int, count: int = 8) -> list[str]:
    """Return some of the poisons, others at each turn: over all fields and routes each has many turns."""
    return [poisons[(turn * count + number) % len(poisons)] for number in range(count)]


def role_of(rule: Rule) -> str:
    return "administrator" if "administrat" in rule.endpoint or "admin" in rule.rule else "supervisor"


def path_of(rule: Rule, poisoned: str | None = None, poison: str = "") -> str:
    def fill(match: re.Match[str]) -> str:
        if match[2] == poisoned:
            return poison
        return "LDN-0001" if match[2] == "serial" else "1"

    return re.sub(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>", fill, rule.rule)


def _sample(schema: dict[str, Any], known: dict[str, Any]) -> Any:
    """Return something that is of this schema."""
    if "$ref" in schema:
        return _sample(known[schema["$ref"].rpartition("/")[2]], known)
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return _sample(schema[choice][0], known)
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    match schema.get("type"):
        case "object":
            return {name: _sample(field, known) for name, field in schema.get("properties", {}).items()}
        case "array":
            return [_sample(schema.get("items", {}), known)]
        case "integer":
            return max(1, schema.get("minimum", 1))
        case "number":
            return max(1.0, schema.get("minimum", 1.0))
        case "boolean":
            return True
        case "string":
            long_enough = "a text of some length"[: schema.get("maxLength", 99)]
            return "2026-11-24T20:00:00Z" if "date" in schema.get("format", "") else long_enough
    return None


def _ways(content: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Return the way to each value within a body."""
    yield way
    pairs = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in pairs:
        yield from _ways(value, (*way, key))


MARK = "a place for the poison"


def _with(content: Any, way: tuple[Any, ...], poison: str) -> str:
    copy = json.loads(json.dumps(content))
    if not way:
        return poison
    inner = copy
    for key in way[:-1]:
        inner = inner[key]
    inner[way[-1]] = MARK
    return json.dumps(copy).replace(json.dumps(MARK), poison)


def test_no_path_fails(sender: Sender) -> None:
    for rule in rules_of(sender.app):
        for name in sorted(rule.arguments):
            for poison in PATHS:
                for method in methods_of(rule):
                    role = role_of(rule)
                    body: dict[str, Any] = {"json": {}} if method != "GET" and "/v1/" in rule.rule else {}
                    sender.send(role, method, path_of(rule, name, poison), f"{name} = {poison}", **body)
            sender.send("nobody", methods_of(rule)[0], path_of(rule, name, PATHS[-2]), f"{name} = {PATHS[-2]}")
    assert sender.failures == []


def test_no_query_fails(sender: Sender) -> None:
    for rule in rules_of(sender.app):
        view = sender.app.view_functions[rule.endpoint]
        operation = getattr(view, "operation", None)
        names = set(re.findall(r'args(?:\.get\(|\[)"(\w+)"', inspect.getsource(inspect.getmodule(view))))
        if operation is not None and operation.query is not None:
            names |= set(operation.query.model_json_schema(by_alias=True)["properties"])
        for name in sorted(names):
            for poison in _some(TEXTS, sender.count, 6):
                query = {name: poison[:3_000]}
                sender.send(
                    role_of(rule), methods_of(rule)[0], path_of(rule), f"?{name} = {poison}", query_string=query
                )
        sender.send(role_of(rule), methods_of(rule)[0], path_of(rule), "a NUL in a name", query_string={"\x00": "x"})
        sender.send("officer", methods_of(rule)[0], path_of(rule) + "?x=%ff%00&%fe=%80", "bytes that are no text")
    assert sender.failures == []


def test_no_body_fails(sender: Sender) -> None:
    turns = cycle(WHOLE)
    for rule in rules_of(sender.app):
        for method in methods_of(rule):
            if method == "GET":
                continue
            # A page reads forms, all by the same code, and draws itself again for each: it is sent some of these, each
            # page others; tests/stories/test_poisoned_http.py is about forms. What reads JSON is sent them all.
            for body, kind in islice(turns, 5) if _is_page(sender.app, rule) else WHOLE:
                what = f"{kind}: {body[:20]!r}"
                sender.send(role_of(rule), method, path_of(rule), what, data=body, headers={"Content-Type": kind})
            sender.send("nobody", method, path_of(rule), "no text", data=BODIES[2], content_type=TYPES[0])
    assert sender.failures == []


def test_no_field_of_json_fails(sender: Sender) -> None:
    for rule in rules_of(sender.app):
        operation = getattr(sender.app.view_functions[rule.endpoint], "operation", None)
        if operation is None or operation.body is None or rule.endpoint.startswith("fixes"):
            continue
        schema = operation.body.model_json_schema(by_alias=True)
        content = _sample(schema, schema.get("$defs", {}))
        for way in _ways(content):
            for poison in _some(VALUES, sender.count):
                for method in set(methods_of(rule)) - {"GET"}:
                    body = _with(content, way, poison)
                    what = f"{'.'.join(map(str, way))} = {poison}"
                    sender.send(role_of(rule), method, path_of(rule), what, data=body, content_type="application/json")
    assert sender.failures == []


def test_no_field_of_a_form_fails(sender: Sender) -> None:
    for rule in rules_of(sender.app):
        view = sender.app.view_functions[rule.endpoint]
        if getattr(view, "operation", None) is not None or "POST" not in (rule.methods or set()):
            continue
        source = inspect.getsource(inspect.getmodule(view))
        names = sorted(set(re.findall(r'"([a-z_]{2,24})"', source)))
        for name in names:
            for poison in _some(FORM_TEXTS, sender.count, 2):
                form = dict.fromkeys(names, "1") | {name: poison, "is_confirmed": "yes", "why": "So it is."}
                sender.send(role_of(rule), "POST", path_of(rule), f"{name} = {poison}", data=form)
    assert sender.failures == []


def test_no_fix_of_a_tag_fails_and_what_can_be_used_of_it_is(sender: Sender) -> None:
    tag = sender.demo["tags"][0]
    fix = {"fix_time": clock.now().isoformat(), **tag["outside"], "accuracy_m": 8.0, "source": "gnss", "battery_pct": 1}
    content = {"fixes": [{**fix, "note": "x"}, fix], "events": [{"kind": "battery_low", "at": fix["fix_time"], "x": 1}]}
    for way in _ways(content):
        for number, poison in enumerate(VALUES):
            body = _with(content, way, poison)
            for webhook_id in (f"\xe9 {way} {number}",):
                signed_at = clock.now()
                headers = {
                    "webhook-id": webhook_id,
                    "webhook-timestamp": str(int(signed_at.timestamp())),
                    "webhook-signature": Webhook(tag["key"]).sign(webhook_id, signed_at, body),
                }
                what = f"{'.'.join(map(str, way))} = {poison}"
                sender.send("nobody", "POST", f"/v1/tags/{tag['serial']}/fixes", what, data=body, headers=headers)
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        for poison in ("\xff", "9" * 5_000, "-1", "1e400", "²", "v1,", "x" * 300, "9" * 18):
            headers = {"webhook-id": "msg", "webhook-timestamp": "1795000000", "webhook-signature": "v1,x"} | {
                name: poison
            }
            sender.send(
                "nobody", "POST", f"/v1/tags/{tag['serial']}/fixes", f"{name} = {poison}", data="{}", headers=headers
            )
    assert sender.failures == []


def test_no_text_of_a_provider_fails_and_a_nul_in_it_loses_nothing(sender: Sender) -> None:
    names = (
        "MessageSid",
        "From",
        "Body",
        "OptOutType",
        "MessageStatus",
        "CallStatus",
        "CallSid",
        "ErrorCode",
        "Digits",
    )
    for rule in rules_of(sender.app):
        if not rule.endpoint.startswith("callbacks."):
            continue
        for name in names:
            for poison in TEXTS:
                form = dict.fromkeys(names, "1") | {"MessageStatus": "delivered", name: poison}
                url = f"http://127.0.0.1:8000{path_of(rule)}"
                headers = {"X-Twilio-Signature": RequestValidator(TWILIO).compute_signature(url, form)}
                assert (
                    sender.send("nobody", "POST", path_of(rule), f"{name} = {poison}", data=form, headers=headers)
                    != 401
                )
    assert sender.failures == []


def test_no_header_fails(sender: Sender) -> None:
    for rule in rules_of(sender.app)[::8]:
        for name in (
            "Authorization",
            "Cookie",
            "Content-Length",
            "Accept",
            "Cordon-Epoch",
            "If-None-Match",
            "Range",
            "Host",
        ):
            for poison in ("\xff\xfe", "9" * 5_000, "-1", "Bearer \xe9", "Bearer 1.2", "cordon=\xff", "²", "x" * 8_000):
                if name in ("Content-Length", "Host") and poison in ("9" * 5_000, "²"):
                    continue
                sender.send("nobody", methods_of(rule)[0], path_of(rule), f"{name}: {poison}", headers={name: poison})
    assert sender.failures == []
