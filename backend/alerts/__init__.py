"""The only writer of alerts: the situation comes from judgements, the handling from people."""

from backend.alerts.handling import Outcome, acknowledge, cannot, close, danger_now, hand_back, lapse
from backend.alerts.help_messages import CALL, forget_unheard, ring_for_message
from backend.alerts.latched_alerts import clock_time
from backend.alerts.protected_person_replies import tell_that_victim_wrote
from backend.alerts.record_changes import (
    close_by_system,
    extend_late,
    hand_over_desk,
    move,
    raise_late,
    raise_notice,
    ring_again,
    tell_changed,
    withdraw,
)
from backend.alerts.repair import OVERDUE_S, repair, start_over, unreached, without_next_action
from backend.alerts.silent_tags import end_silence, ring_for_silence
from backend.alerts.situation import Judgement, apply, change, danger_of, heard, newest_of, raise_alert
from backend.alerts.tamper_alerts import (
    Reported,
    keep_event_of_ended_case,
    note_event_in_custody,
    tell_of_end,
    tell_of_event,
)
from backend.change_feed import changes_after, newest_cursor
from backend.escalation import (
    WARNINGS,
    escalate_overdue,
    has_to_wait,
    hasten,
    is_untrue,
    is_victim_left_warned,
    lock,
    next_escalation_at,
    tell,
    tell_undelivered,
    tell_victim_not_warned,
)

__all__ = [
    "CALL",
    "OVERDUE_S",
    "WARNINGS",
    "Judgement",
    "Outcome",
    "Reported",
    "acknowledge",
    "apply",
    "cannot",
    "change",
    "changes_after",
    "clock_time",
    "close",
    "close_by_system",
    "danger_now",
    "danger_of",
    "end_silence",
    "escalate_overdue",
    "extend_late",
    "forget_unheard",
    "hand_back",
    "hand_over_desk",
    "has_to_wait",
    "hasten",
    "heard",
    "is_untrue",
    "is_victim_left_warned",
    "keep_event_of_ended_case",
    "lapse",
    "lock",
    "move",
    "newest",
    "newest_cursor",
    "newest_of",
    "next_escalation_at",
    "note_event_in_custody",
    "raise_alert",
    "raise_late",
    "raise_notice",
    "repair",
    "ring_again",
    "ring_for_message",
    "ring_for_silence",
    "start_over",
    "tell",
    "tell_changed",
    "tell_of_end",
    "tell_of_event",
    "tell_that_victim_wrote",
    "tell_undelivered",
    "tell_victim_not_warned",
    "unreached",
    "withdraw",
    "without_next_action",
]
