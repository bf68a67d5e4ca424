"""Owns the double of a browser's push service: subscriptions, and messages sent to them under VAPID."""

from __future__ import annotations

import base64
import re
import secrets
import threading
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import http_ece
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Blueprint, Response, jsonify, request

from tests.doubles.exchange import Exchange
from tests.doubles.faults import Fault
from tests.doubles.journal import AnyPush, BrowserPush, Message, now

PATH = "/webpush/"
URGENCIES = ("very-low", "low", "normal", "high")  # Source: RFC 8030, section 5.3.
TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")  # Source: RFC 8030, section 5.4.
LARGEST_BODY = 4096  # Source: RFC 8030, section 7.2: what every push service takes.
LONGEST_TOKEN_S = 24 * 3600  # Source: RFC 8292, section 2.


class PushRefused(ValueError):
    """A message that the push service does not take, with the HTTP status that says so."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass
class Subscription:
    """One browser's place at the push service, with the keys that never leave the browser."""

    endpoint: str
    key: ec.EllipticCurvePrivateKey
    auth: bytes
    application_server_key: str = ""
    is_gone: bool = False

    def info(self) -> dict[str, Any]:
        """What `PushSubscription.toJSON()` gives the page."""
        public = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {
            "endpoint": self.endpoint,
            "expirationTime": None,
            "keys": {"p256dh": _encode(public), "auth": _encode(self.auth)},
        }


class WebPush:
    """Subscribes browsers and takes messages for them. Only the browser can read what is sent, so it decrypts."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.url = ""
        self._lock = threading.Lock()
        self._subscriptions: dict[str, Subscription] = {}

    @property
    def received(self) -> list[BrowserPush]:
        """Messages that the push service accepted, in order of arrival."""
        with self.exchange.journal.lock:
            return list(self.exchange.journal.browser_pushes)

    def subscribe(self, owner: str, application_server_key: str = "") -> dict[str, Any]:
        """Subscribe the browser of the phone with the number or push token `owner`; what the page is given.

        With `application_server_key`, the public VAPID key in base64url, only its holder may send.
        """
        endpoint = self.url + PATH + secrets.token_urlsafe(24)
        key = ec.generate_private_key(ec.SECP256R1())
        subscription = Subscription(endpoint, key, secrets.token_bytes(16), application_server_key.rstrip("="))
        with self._lock:
            self._subscriptions[endpoint] = subscription
        self.exchange.phones.add_endpoint(owner, endpoint)
        self.exchange.journal.changed()
        return subscription.info()

    def unsubscribe(self, endpoint: str) -> None:
        """Have the browser give its subscription up: messages to it are answered 410 from now on."""
        with self._lock:
            self._subscriptions[endpoint].is_gone = True

    def take(self, name: str) -> Response:
        """`POST /webpush/<name>`: one message."""
        endpoint = self.url + PATH + name
        return self.exchange.serve("webpush", endpoint, refuse, lambda _: self._accept(endpoint))

    def _accept(self, endpoint: str) -> Response:
        with self._lock:
            subscription = self._subscriptions.get(endpoint)
        try:
            if subscription is None:
                raise PushRefused(404, "The subscription was not found.")
            if subscription.is_gone:
                raise PushRefused(410, "The subscription has ended.")
            push = BrowserPush(
                endpoint=endpoint,
                payload="",
                ttl_s=ttl_asked(),
                urgency=urgency_asked(),
                topic=topic_asked(),
                claims=self._claims(subscription),
                name=f"{self.url}{PATH}messages/{secrets.token_urlsafe(12)}",
            )
            body = request.get_data()
            if len(body) > LARGEST_BODY:
                raise PushRefused(413, f"The body is longer than {LARGEST_BODY} bytes.")
            if body and request.headers.get("Content-Encoding") != "aes128gcm":
                raise PushRefused(415, "Content-Encoding is aes128gcm.")
        except PushRefused as refusal:
            return error(refusal.status, str(refusal))
        try:
            push.payload = decrypt(subscription, body) if body else ""
        except ValueError as problem:
            push.problem = str(problem)
        self.exchange.journal.add(push)
        if not push.problem:
            self._deliver(push)
        accepted = Response(status=201)
        accepted.headers["Location"] = push.name
        accepted.headers["TTL"] = str(int(push.ttl_s))
        return accepted

    def _deliver(self, push: BrowserPush) -> None:
        """Hand `push` to its phone, where it takes the place of one that waits under the same topic."""

        def is_replaced(item: Message | AnyPush) -> bool:
            if not isinstance(item, BrowserPush) or not push.topic:
                return False
            return (item.endpoint, item.topic) == (push.endpoint, push.topic)

        phone = self.exchange.phones.at(push.endpoint)
        with self.exchange.phones.lock:
            phone.waiting = [item for item in phone.waiting if not is_replaced(item)]
            self.exchange.arrive(push, push.endpoint)

    def _claims(self, subscription: Subscription) -> dict[str, Any]:
        """The claims of the sender's VAPID token.

        Source: RFC 8292, sections 2 to 4. `sub` may be absent there, but Apple's push service insists on it.

        Raises:
            PushRefused: when there is no token, or when it does not hold.
        """
        given = request.authorization
        if given is None or given.type != "vapid":
            raise PushRefused(401, "Authorization: vapid t=<token>, k=<key> is missing.")
        token, key = given.parameters.get("t") or "", given.parameters.get("k") or ""
        expected = subscription.application_server_key
        if expected and key.rstrip("=") != expected:
            raise PushRefused(403, "The VAPID key is not the one for which the browser subscribed.")
        try:
            public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _decode(key))
            claims: dict[str, Any] = jwt.decode(
                token, public, algorithms=["ES256"], audience=self.url, options={"require": ["aud", "exp", "sub"]}
            )
        except (ValueError, jwt.InvalidTokenError) as problem:
            raise PushRefused(403, f"The VAPID token does not hold: {problem}") from problem
        if int(claims["exp"]) - now().timestamp() > LONGEST_TOKEN_S:
            raise PushRefused(403, "The VAPID token expires more than 24 hours from now.")
        if not str(claims["sub"]).startswith(("mailto:", "https:")):
            raise PushRefused(403, "The VAPID token names nobody to turn to.")
        return claims


def ttl_asked() -> float:
    """The seconds for which the message may wait for a phone that is off.

    Raises:
        PushRefused: when the header is missing or no number of seconds.
    """
    ttl = request.headers.get("TTL", "")
    if not ttl.isdigit():
        raise PushRefused(400, "The header TTL is missing, or is no number of seconds.")
    return float(ttl)


def urgency_asked() -> str:
    """How urgent the message is; `normal` unless the sender says otherwise.

    Raises:
        PushRefused: when the header holds another word.
    """
    urgency = request.headers.get("Urgency", "normal")
    if urgency not in URGENCIES:
        raise PushRefused(400, f"The header Urgency is one of {', '.join(URGENCIES)}.")
    return urgency


def topic_asked() -> str:
    """The topic under which the message replaces an earlier one that still waits; empty when there is none.

    Raises:
        PushRefused: when the header is no topic.
    """
    topic = request.headers.get("Topic", "")
    if topic and not TOPIC.fullmatch(topic):
        raise PushRefused(400, "The header Topic is at most 32 characters of base64url.")
    return topic


def decrypt(subscription: Subscription, body: bytes) -> str:
    """The text of an aes128gcm body, as the subscribed browser reads it.

    Raises:
        ValueError: when it was not encrypted for this subscription.
    """
    try:
        content = http_ece.decrypt(
            body, private_key=subscription.key, auth_secret=subscription.auth, version="aes128gcm"
        )
    except http_ece.ECEException as problem:
        raise ValueError(f"The body cannot be decrypted: {problem.message}") from problem
    return bytes(content).decode("utf-8")


def error(status: int, reason: str, retry_after_s: int | None = None) -> Response:
    """A refusal in JSON, with `Retry-After` where the sender is to wait."""
    response = jsonify({"code": status, "error": HTTPStatus(status).phrase, "message": reason})
    response.status_code = status
    if retry_after_s is not None:
        response.headers["Retry-After"] = str(retry_after_s)
    return response


def refuse(fault: Fault) -> Response:
    """The refusal that `fault` describes."""
    status = fault.status or 500
    return error(status, fault.message or HTTPStatus(status).description, fault.retry_after_s)


def blueprint(webpush: WebPush) -> Blueprint:
    """Where browsers subscribe, for scripts, and where their messages are sent."""
    bp = Blueprint("webpush", __name__)

    @bp.post("/subscriptions")
    def subscribe() -> Any:
        body = request.get_json()
        return jsonify(webpush.subscribe(str(body["owner"]), str(body.get("application_server_key", "")))), 201

    bp.add_url_rule(PATH + "<name>", view_func=webpush.take, methods=["POST"], endpoint="take")
    return bp


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
