"""What tags sent, as they signed it: kept beside a salted digest in a chain per tag, so that it can be shown later.

The bytes go after a time; the digests stay. A copy of the bytes and the salt shows that this is what was sent, and the
chain that nothing was put between two requests or taken out. Without its salt, which goes with the bytes, a digest
tells no one what was sent, however few the possible contents are.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import fn

from backend.bulk_statements import insert_rows
from backend.db import atomic
from backend.models import SignedRequest

SALT_BYTES = 16
# The first of a tag follows on this.
NOTHING = "0" * 64
MOST_ERASED = 5_000


@dataclass(frozen=True, slots=True)
class Sent:
    """One request as its tag signed it: the id, the timestamp and the body, joined as Standard Webhooks says."""

    tag_id: int
    received_at: datetime
    signed: bytes


def digest_of(salt: bytes, signed: bytes) -> str:
    """Return the digest of what was signed, in hexadecimal."""
    return hashlib.sha256(salt + signed).hexdigest()


def link(before: str, digest: str) -> str:
    """Return the chain's next value: that of the request before, and this one's digest."""
    return hashlib.sha256(f"{before}:{digest}".encode()).hexdigest()


def keep(sent: Sequence[Sent]) -> None:
    """Keep requests in their order, each after the newest of its tag. The tags' rows are held."""
    if not sent:
        return
    newest = SignedRequest.select(fn.MAX(SignedRequest.id)).where(SignedRequest.tag.in_({one.tag_id for one in sent}))
    rows: Any = SignedRequest.select(SignedRequest.tag, SignedRequest.chain).where(
        SignedRequest.id.in_(newest.group_by(SignedRequest.tag))
    )
    chains: dict[int, str] = dict(rows.tuples())
    kept = []
    for one in sent:
        salt = secrets.token_bytes(SALT_BYTES)
        digest = digest_of(salt, one.signed)
        chains[one.tag_id] = link(chains.get(one.tag_id, NOTHING), digest)
        kept.append(
            {
                "tag": one.tag_id,
                "received_at": one.received_at,
                "signed": base64.b64encode(one.signed).decode(),
                "salt": salt.hex(),
                "digest": digest,
                "chain": chains[one.tag_id],
            }
        )
    insert_rows(SignedRequest, kept)


def broken_at(tag_id: int) -> int | None:
    """Return the first request of a tag that is not what the chain says was sent; None where all are."""
    before = NOTHING
    for row in SignedRequest.select().where(SignedRequest.tag == tag_id).order_by(SignedRequest.id).iterator():
        is_whole = row.signed is None or digest_of(bytes.fromhex(row.salt), base64.b64decode(row.signed)) == row.digest
        if not is_whole or link(before, row.digest) != row.chain:
            return int(row.id)
        before = row.chain
    return None


def erase_old(now: datetime, days: float) -> int:
    """Erase the bytes and salts of what was received more than ``days`` ago, some at a time; return how many."""
    old = (
        SignedRequest.select(SignedRequest.id)
        .where(SignedRequest.signed.is_null(False), SignedRequest.received_at < now - timedelta(days=days))
        .order_by(SignedRequest.received_at)
        .limit(MOST_ERASED)
    )
    with atomic():
        erased: int = (
            SignedRequest.update(signed=None, salt=None).where(SignedRequest.id.in_([row.id for row in old])).execute()
        )
    return erased
