"""Stands in for the product where the doubles themselves are tested: takes every webhook and checks its signature."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, request
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from tests.doubles.api import Doubles
from tests.doubles.server import Server


@dataclass
class Cordon:
    """Keeps every request, and says of each form whether its signature holds."""

    url: str
    auth_token: str
    forms: list[dict[str, str]] = field(default_factory=list)
    is_signed: list[bool] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    receipts: list[dict[str, Any]] = field(default_factory=list)

    def take(self) -> Response:
        """Store one request; a webhook is answered with the TwiML laid out for its path, a receipt with 204."""
        if request.is_json:
            caller = request.headers.get("Authorization", "")
            self.receipts.append({"path": request.path, "caller": caller, **request.get_json()})
            return Response(status=204)
        signature = request.headers.get("X-Twilio-Signature", "")
        self.forms.append({"path": request.path, **request.form.to_dict()})
        validator = RequestValidator(self.auth_token)
        url = self.url + request.full_path.rstrip("?")
        self.is_signed.append(validator.validate(url, request.form.to_dict(), signature))
        self.tokens.append(request.headers.get("I-Twilio-Idempotency-Token", ""))
        return Response(self.answers.get(request.path, ""), mimetype="text/xml")

    def states(self, key: str = "MessageStatus") -> list[str]:
        """The states of messages that were reported, or of calls by `CallStatus`, in the order in which they came."""
        return [form[key] for form in self.forms if key in form]


@contextmanager
def cordon_for(doubles: Doubles) -> Iterator[Cordon]:
    """Serve a stand-in to which `doubles` send what phones answer."""
    app = Flask("cordon")
    server = Server("127.0.0.1", 0, app)
    cordon = Cordon(f"http://127.0.0.1:{server.server_port}", doubles.auth_token)
    app.add_url_rule("/<path:path>", view_func=lambda path: cordon.take(), methods=["GET", "POST"])
    doubles.cordon_url = cordon.url
    server.start()
    try:
        yield cordon
    finally:
        server.stop()


@contextmanager
def twilio_for(doubles: Doubles) -> Iterator[Client]:
    """The real twilio library, pointed at the double."""
    http = TwilioHttpClient(timeout=3)
    client = Client(doubles.account_sid, doubles.auth_token, http_client=http)
    client.api.base_url = doubles.url
    try:
        yield client
    finally:
        http.session.close()
