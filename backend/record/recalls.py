"""Recalls: since when a wearer is recalled to prison and not known to be there. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from backend.record.facts import MonitoringStatus, Version, standing, true_at
from backend.record.timeline import Case

CUSTODY = "custody"


def at_large_since(recalls: Iterable[Version[Any]], case: Case, at: datetime) -> datetime | None:
    """Return since when the wearer is recalled and at large, as far as is known at ``at``; None where they are not.

    A recall is a decision, and no one is in prison by it: it is over with the custody, or the end of the case, that was
    entered for a time after it.
    """
    held = true_at(recalls, at)
    if held is None:
        return None
    since = [one for one in standing(case.statuses) if held.from_at <= one.from_at <= at]
    is_over = (
        case.status_at(at) is MonitoringStatus.ENDED
        or _is_custody(case.status_fact(at))
        or any(map(_is_custody, since))
    )
    return None if is_over else held.from_at


def _is_custody(life: Version[dict[str, Any]] | None) -> bool:
    return life is not None and (life.value["state"] == MonitoringStatus.ENDED or life.value.get("reason") == CUSTODY)
