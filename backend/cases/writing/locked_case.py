"""Locks a case for a change, appends its facts, and runs the consequences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from backend.cases import change_warnings, consequences, end_of_protection, schedule
from backend.record import reading
from backend.record.recording import lock_cases, record_fact
from backend.record.timeline import Case

__all__ = ["lock_cases", "record_fact", "settle"]


def settle(before: Case, since: datetime, now: datetime, *, is_confirmed: bool, and_said: Sequence[str] = ()) -> Case:
    """Apply the consequences of a change: warn, re-evaluate, announce what has stopped, schedule what is to come.

    Raises: NeedsConfirmation when it leaves a place or the wearer without a zone that was there, unless confirmed.
    ``and_said`` is asked back as well.
    """
    after = reading.case(before.wearer_id)
    change_warnings.require_confirmation(before, after, now, is_confirmed=is_confirmed, and_said=and_said)
    consequences.after_change(after, since, now)
    end_of_protection.stop_now(before, after, now)
    schedule.plan(after, now)
    return after
