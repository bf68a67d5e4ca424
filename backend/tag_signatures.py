"""The keys of tags, and the signature by which a tag shows that a request is its own."""

from __future__ import annotations

import base64
import hmac
import secrets
import threading
from dataclasses import dataclass
from datetime import UTC, datetime

from cachetools import LRUCache
from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError
from werkzeug.datastructures import Headers

from backend import case_folding, clock
from backend.errors import UnknownTag, WrongSignature
from backend.models import Tag

# A person who signs wrongly makes us read a tag's key again so often and no more.
READ_AGAIN_AFTER_S = 1.0


@dataclass(frozen=True, slots=True)
class KnownTag:
    """What has to be known of a tag to check a request."""

    id: int
    serial: str
    key: str
    # When it was read because a signature was not of the key that was known, by the monotonic clock.
    doubted_at: float | None = None


@dataclass(frozen=True, slots=True)
class Signed:
    """A request that was signed with the tag's key: its id, and whether its own timestamp is near ours."""

    webhook_id: str
    signed_at: datetime
    is_stale: bool

    def content(self, body: bytes) -> bytes:
        """Return what was signed. Source: Standard Webhooks specification, "Signature scheme"."""
        return f"{self.webhook_id}.{int(self.signed_at.timestamp())}.".encode() + body


# A key is kept until it is found to have changed: the one who commits a request holds the tag's row, and compares the
# key that the request was verified with. So a change counts at once in every process, and a request that is accepted
# asks the database for no key.
_known: LRUCache[str, KnownTag] = LRUCache(maxsize=500_000)
_known_lock = threading.Lock()


def new_key() -> str:
    """Return a fresh signing key as Standard Webhooks writes it."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def find(serial: str) -> KnownTag:
    """Return the tag with this serial, however it is spelled, as it was read last. Raises: UnknownTag."""
    with _known_lock:
        known = _known.get(case_folding.folded(serial))
    return known or find_newest(serial)


def find_newest(serial: str, doubted_at: float | None = None) -> KnownTag:
    """Return the tag as it is now; ``doubted_at`` is when a signature was not of the known key. Raises: UnknownTag."""
    row = Tag.get_or_none(case_folding.is_same(Tag.serial, serial))
    with _known_lock:
        if row is None:
            _known.pop(case_folding.folded(serial), None)
            raise UnknownTag("No tag has this serial.")
        known = KnownTag(row.id, row.serial, row.key, doubted_at)
        _known[case_folding.folded(serial)] = known
    return known


def forget_known() -> None:
    """Forget every key that was read."""
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


def authenticate(
    serial: str, headers: Headers, body: bytes, now: datetime, tolerance_s: float
) -> tuple[KnownTag, Signed]:
    """Return whose request it is, by the key that is known; where it does not fit, by the key as it is now.

    Raises: UnknownTag, WrongSignature, KeyUnreadable.
    """
    tag = find(serial)
    try:
        return tag, verify(tag, headers, body, now, tolerance_s)
    except WrongSignature:
        now_s = clock.monotonic()
        if tag.doubted_at is not None and now_s - tag.doubted_at < READ_AGAIN_AFTER_S:
            raise
        newest = find_newest(serial, now_s)
        if newest.key == tag.key:
            raise
        return newest, verify(newest, headers, body, now, tolerance_s)
