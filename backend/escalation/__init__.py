"""Escalation: who is notified next, because danger rose or no acknowledgement came."""

from backend.escalation.climbing import climb, pass_on, restart, start, stop, warn_again
from backend.escalation.groups import alerts_told_with, hand_over_desk, has_called, outcome_due_at, use_policy
from backend.escalation.locked_alert import WARNINGS, lock, lock_all, save
from backend.escalation.named_colleague import asks_for_an_answer, ring_named
from backend.escalation.overdue import LONGEST_WAIT_S, escalate_overdue, hasten, next_escalation_at
from backend.escalation.protected_person_messages import (
    drop_victim_warning,
    has_to_wait,
    is_secret,
    is_untrue,
    is_victim_left_warned,
    tell_victim_a_person_acts,
    tell_victim_it_is_over,
    tell_victim_of_breach,
    was_victim_warned,
)
from backend.escalation.staff_messages import (
    goes_another_way,
    tell,
    tell_answered,
    tell_undelivered,
    tell_victim_not_warned,
    tell_warned,
)

__all__ = [
    "LONGEST_WAIT_S",
    "WARNINGS",
    "alerts_told_with",
    "asks_for_an_answer",
    "climb",
    "drop_victim_warning",
    "escalate_overdue",
    "goes_another_way",
    "hand_over_desk",
    "has_called",
    "has_to_wait",
    "hasten",
    "is_secret",
    "is_untrue",
    "is_victim_left_warned",
    "lock",
    "lock_all",
    "next_escalation_at",
    "outcome_due_at",
    "pass_on",
    "restart",
    "ring_named",
    "save",
    "start",
    "stop",
    "tell",
    "tell_answered",
    "tell_undelivered",
    "tell_victim_a_person_acts",
    "tell_victim_it_is_over",
    "tell_victim_not_warned",
    "tell_victim_of_breach",
    "tell_warned",
    "use_policy",
    "warn_again",
    "was_victim_warned",
]
