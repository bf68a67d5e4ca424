"""Tags: their keys, and verification of the signatures of their requests."""

from __future__ import annotations

import base64
import hmac
import secrets
import threading
from dataclasses import dataclass
from datetime import UTC, datetime

from cachetools import TTLCache
from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError
from werkzeug.datastructures import Headers

from backend import case_folding, clock
from backend.errors import UnknownTag, WrongSignature
from backend.models import Tag

# A key that was withdrawn opens no request after this time, in whatever process.
KEY_KNOWN_FOR_S = 5.0


@dataclass(frozen=True, slots=True)
class KnownTag:
    """What has to be known of a tag to check a request."""

    id: int
    serial: str
    key: str


@dataclass(frozen=True, slots=True)
class Signed:
    """A request that was signed with the tag's key: its id, and whether its own timestamp is near ours."""

    webhook_id: str
    signed_at: datetime
    is_stale: bool


_known: TTLCache[str, KnownTag] = TTLCache(maxsize=500_000, ttl=KEY_KNOWN_FOR_S, timer=clock.monotonic)
_known_lock = threading.Lock()


def new_key() -> str:
    """Return a fresh signing key as Standard Webhooks writes it."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def find(serial: str) -> KnownTag:
    """Return the tag with this serial, however it is spelled. Raises: UnknownTag."""
    key = case_folding.folded(serial)
    with _known_lock:
        known = _known.get(key)
    if known is None:
        row = Tag.get_or_none(case_folding.is_same(Tag.serial, serial))
        if row is None:
            raise UnknownTag("No tag has this serial.")
        known = KnownTag(row.id, row.serial, row.key)
        with _known_lock:
            _known[key] = known
    return known


def forget_known() -> None:
    """Forget the keys that were read lately."""
    with _known_lock:
        _known.clear()


class KeyUnreadable(WrongSignature):
    """The key that is kept of the tag is none: no one can tell whether a request is the tag's."""


def verify(tag: KnownTag, headers: Headers, body: bytes, now: datetime, tolerance_s: float) -> Signed:
    """Check the signature of a request as Standard Webhooks says, apart from its age.

    A tag whose clock was reset signs with a timestamp far from ours: its request is genuine and is marked stale,
    where the library's own ``verify`` would refuse it and silence the tag.

    Raises: WrongSignature when a header is missing or no ``v1`` signature is ours; KeyUnreadable, which is one.
    Source: Standard Webhooks specification, "Verifying webhook authenticity".
    """
    webhook_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    signatures = headers.get("webhook-signature", "")
    if not (webhook_id and timestamp and signatures) or len(webhook_id) > 255 or "\x00" in webhook_id:
        raise WrongSignature("webhook-id, webhook-timestamp and webhook-signature are needed.")
    try:
        webhook = Webhook(tag.key)
    except (ValueError, RuntimeError, EmptyWebhookSecretError):
        raise KeyUnreadable("No signature can be checked with what is kept as this tag's key.") from None
    try:
        signed_at = datetime.fromtimestamp(int(timestamp), UTC)
        expected = webhook.sign(webhook_id, signed_at, body.decode())
    except (ValueError, OverflowError, OSError):
        raise WrongSignature("The timestamp or the body cannot be what was signed.") from None
    if not any(hmac.compare_digest(expected.encode(), given.encode()) for given in signatures.split()):
        raise WrongSignature("No signature of the request was made with this tag's key.")
    return Signed(webhook_id, signed_at, abs((now - signed_at).total_seconds()) > tolerance_s)
