"""The outbox, the only handoff from deciding to delivering: enqueues, claims and settles notifications."""

from backend.outbox.attempts import UNKNOWN, begin_attempts, finish_attempt, outcome_before, silent_attempts
from backend.outbox.claims import channels_due, claim_due, fold_calls, has_no_call, next_due_at
from backend.outbox.enqueue import (
    HELD,
    NewNotification,
    cancel_all_texts_to,
    cancel_pending,
    cancel_stale,
    cancel_texts_to,
    danger_told,
    enqueue,
    enqueue_all,
    release,
)
from backend.outbox.receipts import episode_of, has_receipt, receipts_of, record_receipt, shown_to
from backend.outbox.settle import GONE_OUT, RANK, hold, raise_state, retry, settle, settle_sent
from backend.outbox.websocket_hints import (
    NO_SOCKET,
    SOCKET_FRESH_S,
    UNTAKEN_S,
    connected,
    give_up_hints,
    hint_sent,
    with_sockets,
)

__all__ = [
    "GONE_OUT",
    "HELD",
    "NO_SOCKET",
    "RANK",
    "SOCKET_FRESH_S",
    "UNKNOWN",
    "UNTAKEN_S",
    "NewNotification",
    "begin_attempts",
    "cancel_all_texts_to",
    "cancel_pending",
    "cancel_stale",
    "cancel_texts_to",
    "channels_due",
    "claim_due",
    "connected",
    "danger_told",
    "enqueue",
    "enqueue_all",
    "episode_of",
    "finish_attempt",
    "fold_calls",
    "give_up_hints",
    "has_no_call",
    "has_receipt",
    "hint_sent",
    "hold",
    "next_due_at",
    "outcome_before",
    "raise_state",
    "receipts_of",
    "record_receipt",
    "release",
    "retry",
    "settle",
    "settle_sent",
    "shown_to",
    "silent_attempts",
    "with_sockets",
]
