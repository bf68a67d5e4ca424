"""Owns the double of Firebase Cloud Messaging: OAuth tokens for a service account, and `messages:send`."""

from __future__ import annotations

import base64
import json
import os
import secrets
import tempfile
import threading
import time
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from flask import Blueprint, Response, jsonify, request

from tests.doubles.exchange import Exchange
from tests.doubles.faults import FCM_ERRORS, Fault
from tests.doubles.journal import Attempt, Push

TOKEN_PATH = "/token"
TOKEN_LIFE_S = 3600
# Source: google-auth signs for this audience, whatever the account's `token_uri` says.
GOOGLE_AUDIENCE = "https://oauth2.googleapis.com/token"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"


class AssertionRefused(ValueError):
    """The JWT with which a token was asked for does not hold."""


class Fcm:
    """Gives access tokens to those whose key it knows, and pushes to phones."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.url = ""
        self._lock = threading.Lock()
        self._keys: dict[str, rsa.RSAPublicKey] = {}
        self._tokens: dict[str, float] = {}

    @property
    def token_uri(self) -> str:
        """Where an access token is asked for."""
        return self.url + TOKEN_PATH

    def service_account(self, path: Path) -> Path:
        """Write a service account that these doubles know, readable by its owner only, and give its path.

        A file of an earlier run with the same address is kept, so that a product that has read it goes on working.
        """
        account = self._kept(path) or self._fresh()
        key = serialization.load_pem_private_key(account["private_key"].encode(), None)
        with self._lock:
            self._keys[account["private_key_id"]] = key.public_key()
        path.parent.mkdir(parents=True, exist_ok=True)
        # Put in place whole: who waits for the file to appear must not read half of it. mkstemp makes it private.
        descriptor, partial = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(account, file, indent=2)
        os.replace(partial, path)
        return path

    def grant(self) -> Response:
        """`POST /token`: an access token for a JWT signed by a service account's key."""
        return self.exchange.serve("token", request.form.get("grant_type", ""), refuse_token, self._grant)

    def send(self, project_id: str) -> Response:
        """`POST /v1/projects/<project>/messages:send`."""
        if not self._is_authorised():
            return error("UNAUTHENTICATED", 401, "Request had invalid authentication credentials.")
        if project_id != self.exchange.options.project_id:
            return error("SENDER_ID_MISMATCH", 403, "SenderId mismatch", details=[fcm_detail("SENDER_ID_MISMATCH")])
        body = request.get_json(silent=True)
        message = body.get("message") if isinstance(body, dict) else None
        if not isinstance(message, dict):
            return error("INVALID_ARGUMENT", 400, "Invalid JSON payload received.")
        token = str(message.get("token") or message.get("fid") or "")
        if body.get("validate_only"):
            return self._validate(token, message)
        return self.exchange.serve("push", token, refuse, lambda _: self._accept(token, message))

    def revoke_tokens(self) -> None:
        """Forget every access token, so that the next push is answered 401."""
        with self._lock:
            self._tokens.clear()

    def deliver(self, token: str, message: dict[str, Any]) -> Push:
        """Journal one accepted message and hand it to its phone."""
        push = Push(
            token=token,
            data=message.get("data") or {},
            notification=message.get("notification") or {},
            android=message.get("android") or {},
            apns=message.get("apns") or {},
            webpush=message.get("webpush") or {},
            name=self._new_name(),
        )
        self.exchange.journal.add(push)
        self.exchange.arrive(push, token)
        return push

    def _accept(self, token: str, message: dict[str, Any]) -> Response:
        if problem := what_is_wrong(message):
            return error("INVALID_ARGUMENT", 400, problem, details=[fcm_detail("INVALID_ARGUMENT")])
        return jsonify({"name": self.deliver(token, message).name})

    def _validate(self, token: str, message: dict[str, Any]) -> Response:
        """A dry run: the answer that a push would get, with nothing sent."""
        fault = self.exchange.script.take("push", token)
        problem = what_is_wrong(message)
        if fault and fault.is_refusal:
            response = refuse(fault)
        elif problem:
            response = error("INVALID_ARGUMENT", 400, problem, details=[fcm_detail("INVALID_ARGUMENT")])
        else:
            response = jsonify({"name": self._new_name()})
        self.exchange.journal.add(Attempt("push", token, status=response.status_code, is_dry_run=True))
        return response

    def _new_name(self) -> str:
        # Source: FCM v1's own shape, "projects/{project}/messages/0:{microseconds}%{hex}".
        stamp = f"0:{time.time_ns() // 1000}%{secrets.token_hex(8)}"
        return f"projects/{self.exchange.options.project_id}/messages/{stamp}"

    def _is_authorised(self) -> bool:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        with self._lock:
            return scheme == "Bearer" and self._tokens.get(token, 0.0) > time.time()

    def _grant(self, _: Fault | None) -> Response:
        try:
            if request.form.get("grant_type") != GRANT:
                raise AssertionRefused("Only the JWT bearer grant is given here.")
            self._check_assertion(request.form.get("assertion", ""))
        except AssertionRefused as problem:
            response = jsonify({"error": "invalid_grant", "error_description": str(problem)})
            response.status_code = 400
            return response
        token = "ya29.double-" + secrets.token_urlsafe(32)
        with self._lock:
            self._tokens[token] = time.time() + TOKEN_LIFE_S
        return jsonify({"access_token": token, "expires_in": TOKEN_LIFE_S - 1, "token_type": "Bearer"})

    def _check_assertion(self, assertion: str) -> None:
        """Check the JWT's signature, audience and lifetime.

        Raises:
            AssertionRefused: when one does not hold.
        """
        try:
            signed, _, signature = assertion.rpartition(".")
            header, claims = (json.loads(_decode(part)) for part in signed.split("."))
            with self._lock:
                key = self._keys[header["kid"]]
            key.verify(_decode(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        except (ValueError, KeyError, TypeError) as problem:
            raise AssertionRefused("Invalid JWT: its key is not known here, or it is malformed.") from problem
        except InvalidSignature as problem:
            raise AssertionRefused("Invalid JWT Signature.") from problem
        if claims.get("aud") not in (self.token_uri, GOOGLE_AUDIENCE):
            raise AssertionRefused(f"Invalid JWT: audience {claims.get('aud')!r} is not {self.token_uri!r}.")
        if not claims.get("iat", 0) - 60 <= time.time() <= claims.get("exp", 0):
            raise AssertionRefused("Invalid JWT: Token must be a short-lived token (60 minutes).")

    def _kept(self, path: Path) -> dict[str, Any] | None:
        try:
            account = json.loads(path.read_text(encoding="utf-8"))
            is_ours = account["token_uri"] == self.token_uri
            is_ours = is_ours and account["project_id"] == self.exchange.options.project_id
            return account if is_ours and account["private_key"] and account["private_key_id"] else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _fresh(self) -> dict[str, Any]:
        project_id = self.exchange.options.project_id
        return {
            "type": "service_account",
            "project_id": project_id,
            "private_key_id": secrets.token_hex(20),
            "private_key": _private_key(),
            "client_email": f"cordon@{project_id}.iam.gserviceaccount.com",
            "client_id": "100000000000000000001",
            "auth_uri": f"{self.url}/auth",
            "token_uri": self.token_uri,
        }


@cache
def _private_key() -> str:
    """Return a key made for this process; its id tells the accounts apart, and a key takes its time to make."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form).decode()


def what_is_wrong(message: dict[str, Any]) -> str:
    """What FCM would refuse in `message`; empty when nothing."""
    targets = [key for key in ("token", "fid", "topic", "condition") if message.get(key)]
    if len(targets) != 1:
        return "Recipient of the message is not set."
    data = message.get("data") or {}
    if not all(isinstance(value, str) for value in data.values()):
        return "Invalid value at 'message.data': values are strings."
    if reserved := [key for key in data if key in ("from", "message_type") or key.startswith(("google.", "gcm."))]:
        return f"Invalid data payload key: {reserved[0]}"
    # Source: FCM's limit of 4,096 bytes for a message to a device.
    payload = {"data": data, "notification": message.get("notification") or {}}
    if len(json.dumps(payload).encode()) > 4096:
        return "Message too big."
    return ""


def fcm_detail(code: str) -> dict[str, str]:
    """The detail of an error in which FCM puts its own code."""
    return {"@type": FCM_ERROR, "errorCode": code}


def error(status_word: str, status: int, message: str, *, details: list[dict[str, str]] | None = None) -> Response:
    """An error body as Google's APIs write it."""
    body: dict[str, Any] = {"code": status, "message": message, "status": status_word}
    if details:
        body["details"] = details
    response = jsonify({"error": body})
    response.status_code = status
    return response


def refuse(fault: Fault) -> Response:
    """The refusal that `fault` describes."""
    by_status = {400: "INVALID_ARGUMENT", 404: "UNREGISTERED", 429: "QUOTA_EXCEEDED", 503: "UNAVAILABLE"}
    code = fault.code if isinstance(fault.code, str) else by_status.get(fault.status or 0, "INTERNAL")
    status, status_word, message = FCM_ERRORS[code]
    response = error(status_word, fault.status or status, fault.message or message, details=[fcm_detail(code)])
    if fault.retry_after_s is not None:
        response.headers["Retry-After"] = str(fault.retry_after_s)
    return response


def refuse_token(fault: Fault) -> Response:
    """The refusal of an access token."""
    status = fault.status or 503
    # Source: RFC 6749, section 5.2, and what Google answers to an account that it does not know any more.
    word, said = ("temporarily_unavailable", "Try again later.") if status >= 500 else ("invalid_grant", "Bad account.")
    response = jsonify({"error": word, "error_description": fault.message or said})
    response.status_code = status
    return response


def _decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def blueprint(fcm: Fcm) -> Blueprint:
    """The routes of Google's token endpoint and of FCM v1."""
    bp = Blueprint("fcm", __name__)
    bp.add_url_rule(TOKEN_PATH, view_func=fcm.grant, methods=["POST"], endpoint="grant")
    bp.add_url_rule("/v1/projects/<project_id>/messages:send", view_func=fcm.send, methods=["POST"], endpoint="send")
    return bp
