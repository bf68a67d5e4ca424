"""Monitoring status of a case: suspended, resumed, ended, recalled; its risk, and alerts handed to the police."""

from __future__ import annotations

from backend.cases.commands.monitoring import (
    AssessRisk,
    EndCase,
    HandAlertToPolice,
    RecallWearer,
    ResumeCase,
    SuspendCase,
    WriteSafetyPlan,
)
from backend.epoch import AnotherEpoch
from backend.errors import InvalidRecord, InvalidTransition
from mobile_api.cases.shapes import CHANGED, carry_out

WEARER, ALERT = "/v1/wearers/<int:wearer_id>", "/v1/alerts/<int:alert_id>"

carry_out(
    "suspend_case",
    f"{WEARER}/suspension",
    "Store fixes without judging them.",
    SuspendCase,
    *CHANGED,
    InvalidTransition,
)
carry_out("resume_case", f"{WEARER}/resumption", "Judge fixes again.", ResumeCase, InvalidRecord, InvalidTransition)
carry_out(
    "end_case",
    f"{WEARER}/end",
    "End the case; protected people are notified first.",
    EndCase,
    *CHANGED,
    InvalidTransition,
)
carry_out(
    "recall_wearer",
    f"{ALERT}/recall",
    "Record that the wearer is recalled because of this alert; monitoring goes on until custody is entered.",
    RecallWearer,
    InvalidTransition,
    AnotherEpoch,
    of_alert=True,
)
carry_out(
    "hand_alert_to_police",
    f"{ALERT}/police-handovers",
    "Record that the alert was handed to a police control room.",
    HandAlertToPolice,
    InvalidRecord,
    AnotherEpoch,
    of_alert=True,
)
carry_out("assess_risk", f"{WEARER}/risk", "Record the assessed risk.", AssessRisk, InvalidRecord)
carry_out(
    "write_safety_plan", f"{WEARER}/safety-plan", "Record the safety plan of a case.", WriteSafetyPlan, InvalidRecord
)
