"""The only handoff from deciding to delivering: notifications are owed here, claimed with a lease, and settled."""

from backend.outbox.attempts import begin_attempts, finish_attempt, outcome_before, silent_attempts
from backend.outbox.claiming import claim_due, fold_calls, next_due_at
from backend.outbox.hints import SOCKET_FRESH_S, connected, hint_sent
from backend.outbox.owing import cancel_pending, cancel_stale, owe, owe_all
from backend.outbox.receipts import episode_of, has_receipt, record_receipt
from backend.outbox.settling import GONE_OUT, RANK, hold, raise_state, retry, settle, settle_sent

__all__ = [
    "GONE_OUT",
    "RANK",
    "SOCKET_FRESH_S",
    "begin_attempts",
    "cancel_pending",
    "cancel_stale",
    "claim_due",
    "connected",
    "episode_of",
    "finish_attempt",
    "fold_calls",
    "has_receipt",
    "hint_sent",
    "hold",
    "next_due_at",
    "outcome_before",
    "owe",
    "owe_all",
    "raise_state",
    "record_receipt",
    "retry",
    "settle",
    "settle_sent",
    "silent_attempts",
]
