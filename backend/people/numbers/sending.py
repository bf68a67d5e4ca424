"""Sends verification codes: claimed with a lease, sent by the notifier, settled; the code itself is never stored."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any

from backend import db
from backend.models import Verification

DIGITS = 6


def code_of(row: Verification, key: str) -> str:
    """Return the code of a proof: a reader of the database without the secret ``key`` does not learn it."""
    assert row.salt is not None, "nothing was sent for a number that was carried over"
    said = f"number-proof {row.salt} {row.number}".encode()
    digest = hmac.new(key.encode(), said, hashlib.sha256).digest()
    return f"{int.from_bytes(digest[:8], 'big') % 10**DIGITS:0{DIGITS}d}"


def claim_codes(now: datetime, lease_s: float, limit: int) -> list[Verification]:
    """Lease up to ``limit`` codes that are to be sent now; one whose lease ran out may be claimed by anyone."""
    token = secrets.token_hex(8)
    is_due = (Verification.due_at <= now) & _is_free(now, lease_s)
    # Looked at first: there is hardly ever one, and a look needs no write lock.
    if not Verification.select().where(is_due).exists():
        return []
    with db.atomic():
        query = Verification.select(Verification.id).where(is_due).order_by(Verification.due_at).limit(limit)
        ids = [row.id for row in db.skip_locked(query)]
        Verification.update(
            lease_token=token,
            lease_until=now + timedelta(seconds=lease_s),
            attempts=Verification.attempts + 1,
        ).where(Verification.id.in_(ids), is_due).execute()
        return list(Verification.select().where(Verification.id.in_(ids), Verification.lease_token == token))


def sent(row: Verification, now: datetime) -> None:
    """Keep that a provider took the code."""
    _settle(row, due_at=None, sent_at=now, failed_because=None)


def retry(row: Verification, due_at: datetime, because: str) -> None:
    """Enqueue the code again at ``due_at``."""
    _settle(row, due_at=due_at, failed_because=because[:255])


def failed(row: Verification, because: str) -> None:
    """Give the code up; the one who asked for it reads why."""
    _settle(row, due_at=None, failed_because=because[:255])


def bounced(proof_id: int, because: str) -> bool:
    """Keep what the network said later of a code that had been taken; False for none of ours, or one that came back."""
    with db.atomic():
        return bool(
            Verification.update(failed_because=because[:255])
            .where(Verification.id == proof_id, Verification.proved_at.is_null())
            .execute()
        )


def readable(proof_id: int, now: datetime, good_for: timedelta) -> Verification | None:
    """Return a code that may be read out now: asked for lately, neither taken nor void."""
    return Verification.get_or_none(
        Verification.id == proof_id,
        Verification.salt.is_null(False),
        Verification.proved_at.is_null(),
        Verification.voided_at.is_null(),
        Verification.asked_at > now - good_for,
    )


def _is_free(now: datetime, lease_s: float) -> Any:
    held_until = Verification.lease_until
    return held_until.is_null() | (held_until <= now) | (held_until > now + timedelta(seconds=2 * lease_s))


def _settle(row: Verification, **values: object) -> None:
    # A worker that no longer holds the lease changes nothing; one that was voided meanwhile stays so.
    with db.atomic():
        Verification.update(lease_token=None, lease_until=None, **values).where(
            Verification.id == row.id,
            Verification.lease_token == row.lease_token,
            Verification.voided_at.is_null(),
        ).execute()
