"""Web Push subscriptions of browsers: which are accepted, and the key that identifies this service."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from backend import addresses
from backend.errors import InvalidRequest
from backend.settings import Settings, variable

# Source: RFC 8291, section 3.2: the authentication secret is 16 octets.
AUTH_BYTES = 16
HTTPS_PORT = 443
NOT_A_PUSH_SERVICE = "token: the endpoint names a private address, not a push service."
# Names that are resolved on this host or in its own network, never by the public's name servers.
# Source: RFC 6761, RFC 6762, RFC 8375 and ICANN's reservation of .internal.
LOCAL_ENDINGS = ("localhost", "local", "internal", "home.arpa", "lan", "intranet", "corp", "home")


# A name server that does not answer by now is not waited for: the address is checked again whenever it is pushed to.
RESOLVED_WITHIN_S = 2.0


def check(endpoint: str, keys: Mapping[str, str], public_url: str) -> None:
    """Accept only what a browser's push service could have given.

    This service will post to ``endpoint``, which a caller chose: one that names a machine of our own network is
    refused, and so is a name that leads there now. Only a service that is itself on loopback, as in development, posts
    to loopback.

    Raises: InvalidRequest.
    """
    is_loopback_allowed = is_in_development(public_url)
    _check_endpoint(endpoint, is_loopback_allowed)
    try:
        # Nothing can be encrypted to a point that is not on the curve.
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _decode(keys["p256dh"]))
    except ValueError:
        raise InvalidRequest("keys.p256dh: not an uncompressed P-256 point in base64url.") from None
    try:
        is_auth = len(_decode(keys["auth"])) == AUTH_BYTES
    except ValueError:
        is_auth = False
    if not is_auth:
        raise InvalidRequest(f"keys.auth: not {AUTH_BYTES} octets in base64url.")
    # Last, since it is the only one that waits for someone.
    parts = urlsplit(endpoint)
    found = addresses.resolve_within(parts.hostname or "", parts.port or HTTPS_PORT, RESOLVED_WITHIN_S)
    try:
        addresses.require_public(found, or_loopback=is_loopback_allowed)
    except addresses.NotPublic:
        raise InvalidRequest(NOT_A_PUSH_SERVICE) from None


def is_in_development(public_url: str) -> bool:
    """Tell whether this service is itself on loopback, and may push to loopback."""
    return _is_loopback(urlsplit(public_url).hostname or "")


def _check_endpoint(endpoint: str, is_loopback_allowed: bool) -> None:
    try:
        parts = urlsplit(endpoint)
        host, _ = (parts.hostname or "").removesuffix("."), parts.port
    except ValueError:
        raise InvalidRequest("token: not a URL.") from None
    if parts.scheme not in ("https", "http") or not host or not endpoint.isascii() or not endpoint.isprintable():
        raise InvalidRequest("token: not the https address of a push service.")
    if parts.username is not None or parts.fragment or "\\" in endpoint or " " in endpoint:
        raise InvalidRequest("token: an endpoint has neither user nor fragment.")
    if is_loopback_allowed and _is_loopback(host):
        return
    if parts.scheme != "https":
        raise InvalidRequest("token: an endpoint is an https address.")
    # Push services are named. A number, however written (127.0.0.1, 0x7f.1, [::1]), is someone's own machine.
    labels = host.split(".")
    is_number = ":" in host or labels[-1].isdigit() or labels[-1].startswith("0x")
    if is_number or len(labels) < 2 or any(host.endswith(f".{ending}") for ending in LOCAL_ENDINGS):
        raise InvalidRequest(NOT_A_PUSH_SERVICE)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.IPv4Address(host).is_loopback
    except ValueError:
        return False


def _decode(text: str) -> bytes:
    """Return the octets of base64url. Raises: ValueError."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None


def private_key(settings: Settings) -> ec.EllipticCurvePrivateKey:
    """Return the key that pushes are signed with, making and keeping one on first use.

    Every subscription is bound to it: with another key all of them are dead until their apps are opened again.

    Raises: ValueError when the file holds no P-256 key.
    """
    path = Path(settings.vapid_private_key_file)
    if not path.exists():
        _keep_new_key(path)
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError(f"{variable('vapid_private_key_file')} must hold a P-256 private key")
    return key


def _keep_new_key(path: Path) -> None:
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    # Written whole beside its place and then linked into it: of processes that start together one wins, and none
    # ever reads half a key.
    partial = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    try:
        os.link(partial, path)
    except FileExistsError:
        pass
    finally:
        partial.unlink()


def public_key(settings: Settings) -> str:
    """Return the ``applicationServerKey`` that browsers subscribe with: an uncompressed point in base64url."""
    point = (
        private_key(settings)
        .public_key()
        .public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    )
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


def subject(settings: Settings) -> str:
    """Return whom a push service can reach about our pushes. Raises: ValueError when it is of no known form."""
    is_public = settings.public_url.startswith("https://")
    found = settings.vapid_subject or (settings.public_url if is_public else "mailto:operator@localhost")
    if not found.startswith(("mailto:", "https://")):
        raise ValueError(f"{variable('vapid_subject')} must be a mailto: or https: URL, not {found!r}")
    return found
