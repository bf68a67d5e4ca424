"""What pages call the outcomes and the kinds of alerts, and which outcome is offered for which kind."""

from __future__ import annotations

from backend.alert_kinds import KINDS
from backend.alerts import Outcome

OUTCOME_TEXTS = {
    Outcome.POLICE_INFORMED: "Police informed",
    Outcome.CONTACTED_WEARER: "Spoke to the person on probation",
    Outcome.CONTACTED_VICTIM: "Spoke to the protected person",
    Outcome.REASONABLE_EXCUSE: "Reasonable excuse",
    Outcome.PASS_THROUGH: "Only passed through",
    Outcome.EQUIPMENT_FAULT: "Equipment or GPS fault",
    Outcome.FALSE_ALARM: "False alarm",
    Outcome.NO_ACTION_NEEDED: "No action needed",
    Outcome.RAISED_IN_ERROR: "Raised in error: say the cause in the note",
    Outcome.THEY_ARE_SAFE: "Spoke to the protected person: they are safe",
    Outcome.TAG_CHECKED: "Tag checked and in order",
    Outcome.TAG_REPLACED: "Tag replaced or fitted again",
    Outcome.OTHER: "Something else: say what in the note",
}
KIND_TEXTS = {kind: words.figures for kind, words in KINDS.items() if words.escalates}
# On the supervisors' page: what to write in a note is nothing to them.
OUTCOME_SHORT = {
    **{code.value: text.partition(": say")[0] for code, text in OUTCOME_TEXTS.items()},
    "none": "No outcome yet",
}
