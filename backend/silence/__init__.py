"""Silence: raises an alert when a tag is not in contact, or sends no usable position."""

from backend.silence.battery_notices import notify_of_batteries
from backend.silence.detection import judge_due, next_due_at, record_changed
from backend.silence.possible_places import Whereabouts, whereabouts_of
from backend.silence.tag_contacts import battery_of, keep, known

__all__ = [
    "Whereabouts",
    "battery_of",
    "judge_due",
    "keep",
    "known",
    "next_due_at",
    "notify_of_batteries",
    "record_changed",
    "whereabouts_of",
]
