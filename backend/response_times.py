"""Response times of an alert: each from a call for an answer to the acknowledgement, from its timeline. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from backend.vocabulary import RaisedBy


class Cause(StrEnum):
    """Why people were asked to answer."""

    RAISED = "raised"
    ROSE = "rose"
    WROTE_AGAIN = "wrote_again"
    HANDED_BACK = "handed_back"
    HANDED_TO = "handed_to"
    CANNOT = "cannot"
    SIGNED_OUT = "signed_out"
    NO_OUTCOME = "no_outcome"


# What asks for an answer because there is more danger than was answered for.
RISES = {"alert_raised": Cause.RAISED, "danger_rose": Cause.ROSE, "rang_again": Cause.WROTE_AGAIN}
# What asks again because the one who had answered acts no more.
FALLS_AWAY = {
    "handed_back": Cause.HANDED_BACK,
    "handed_to": Cause.HANDED_TO,
    "cannot": Cause.CANNOT,
    "acknowledgement_lapsed": Cause.SIGNED_OUT,
    "outcome_overdue": Cause.NO_OUTCOME,
}
ENTRIES = (*RISES, *FALLS_AWAY, "acknowledged", "taken_over", "alert_withdrawn", "closed")
# Only these begin with a report whose own time says how long the tag and its network took.
REPORTED = frozenset({RaisedBy.FIX, RaisedBy.EVENT})


class Entry(Protocol):
    """One entry of the audit trail."""

    at: datetime
    actor: str
    action: str
    detail: dict[str, Any] | None


@dataclass(slots=True)
class Call:
    """One call for an answer: since when, why, to which danger, and when which person answered it."""

    at: datetime
    cause: Cause
    danger: int
    by: str
    # The time of the report that it is about, where a report raised it.
    reported_for: datetime | None = None
    answered_at: datetime | None = None
    answered_by: int | None = None

    @property
    def is_rise(self) -> bool:
        """Whether danger asked; else an acknowledgement had fallen away."""
        return self.cause in RISES.values()

    @property
    def took_s(self) -> float | None:
        """Return the seconds until the answer; None where no one answered."""
        return None if self.answered_at is None else (self.answered_at - self.at).total_seconds()

    @property
    def total_s(self) -> float | None:
        """Return the seconds from the time of the report to the answer; None where there is none of the two."""
        if self.answered_at is None or self.reported_for is None:
            return None
        return (self.answered_at - self.reported_for).total_seconds()


def calls_of(trail: Iterable[Entry], danger: int, by: str) -> list[Call]:
    """Return the calls for an answer of one alert, from its entries in their order.

    An acknowledgement answers every call before it: one that was given to less danger than there was is no
    acknowledgement (answered_too_late). Recording the outcome answers too. What Cordon closes in the moment in which it
    asks has asked no one. ``danger`` and ``by`` are those of an entry that does not say them.
    """
    calls: list[Call] = []
    acting: str | None = None
    is_withdrawn = False
    for entry in trail:
        detail = entry.detail or {}
        if entry.action == "acknowledged" or (entry.action == "closed" and entry.actor.startswith("person:")):
            acting = entry.actor if entry.action == "acknowledged" else None
            _answer(calls, entry)
        elif entry.action == "closed":
            acting = None
            calls = [call for call in calls if call.answered_at is not None or call.at != entry.at]
        elif entry.action == "taken_over":
            acting = entry.actor
        elif entry.action == "alert_withdrawn":
            is_withdrawn = True
        elif entry.action in RISES:
            is_withdrawn = False
            if detail.get("is_news", True):
                acting = None
                calls.append(_rise(entry, detail, danger, by))
        elif acting is not None and (entry.action != "cannot" or entry.actor == acting):
            acting = None
            if not is_withdrawn:
                calls.append(Call(entry.at, FALLS_AWAY[entry.action], calls[-1].danger if calls else danger, by))
    return calls


def _answer(calls: Iterable[Call], entry: Entry) -> None:
    for call in calls:
        if call.answered_at is None:
            call.answered_at = entry.at
            call.answered_by = int(entry.actor.partition(":")[2])


def _rise(entry: Entry, detail: dict[str, Any], danger: int, by: str) -> Call:
    # A further message is reported as it arrives, whatever raised the alert.
    raised_by = RaisedBy.MESSAGE if entry.action == "rang_again" else detail.get("by", by)
    reported_for = detail.get("fix_time") if raised_by in REPORTED else None
    return Call(
        entry.at,
        RISES[entry.action],
        detail.get("danger", danger),
        raised_by,
        None if reported_for is None else datetime.fromisoformat(reported_for),
    )
