"""Raises alerts that stay open until a person clears them: from tag events and from messages of protected people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from backend import audit, escalation, lifecycle
from backend.alerts.codes import store
from backend.escalation.steps import Policy
from backend.models import Alert, AlertKind, Handling, Wearer
from backend.record.facts import LONDON
from backend.vocabulary import RaisedBy
from zones import Certainty, Level

MOST_REASONS = 40


def standing(kind: AlertKind, wearer_id: int, *about: Any) -> Alert | None:
    """Return the newest alert of this kind about the wearer that no one has closed, held until the unit of work ends.

    ``about`` are further conditions: which tag and event, or who wrote.
    """
    found = (
        Alert.select(Alert.id)
        .where(Alert.kind == kind, Alert.wearer == wearer_id, Alert.handling != Handling.CLOSED, *about)
        .order_by(Alert.id.desc())
        .first()
    )
    if found is None:
        return None
    alert = escalation.lock(found.id)
    # Someone may have closed it between the look and the lock.
    return None if alert.handling == Handling.CLOSED else alert


def raise_latched(
    kind: AlertKind,
    wearer: Wearer,
    reasons: Sequence[str],
    at: datetime,
    received_at: datetime,
    now: datetime,
    by: RaisedBy,
    *,
    policy: Policy | None = None,
    quiet_s: float = 0.0,
    seen_at: datetime | None = None,
    **about: Any,
) -> Alert:
    """Raise an alert about no place, of the danger that its kind has, and enqueue its first notifications.

    ``at`` is when it happened, ``seen_at`` when the wearer was last seen, where that is not the same.
    ``policy`` takes the place of the team's own. No one is texted or called in the first ``quiet_s`` seconds. ``about``
    are further columns: which tag and event, or who wrote.
    """
    alert = Alert(
        kind=kind,
        wearer=wearer,
        team=wearer.team_id,
        # Phones that know no such kind show it as the gravest there is.
        level=Level.BREACH,
        certainty=Certainty.CONFIRMED,
        peak_danger=int(lifecycle.DANGER_OF_KIND[kind]),
        reasons=list(reasons),
        fix_time=at,
        received_at=received_at,
        decided_at=now,
        last_fix_time=at if seen_at is None else seen_at,
        raised_at=now,
        **about,
    )
    store(alert)
    audit.record(
        audit.SYSTEM,
        "alert_raised",
        f"alert:{alert.id}",
        now,
        alert=alert,
        kind=kind,
        danger=alert.peak_danger,
        by=by,
        fix_time=at.isoformat(),
    )
    escalation.start(alert, now, policy, quiet_s=quiet_s)
    return alert


def add_reason(alert: Alert, said: str, now: datetime, *, replaces: str | None = None) -> None:
    """Show one more sentence on the alert, in place of the one that begins with ``replaces``; no one is notified."""
    kept = [one for one in alert.reasons if replaces is None or not one.startswith(replaces)]
    if said in kept:
        return
    # The first says what happened, and the newest what is true by now.
    alert.reasons = [*kept[:1], *kept[1:][-(MOST_REASONS - 2) :], said]
    escalation.save(alert)


def clock_time(at: datetime, now: datetime) -> str:
    """Return the instant by the clocks of London, with its day where that is not the day of ``now``."""
    local, today = at.astimezone(LONDON), now.astimezone(LONDON)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    year = "" if local.year == today.year else f" {local:%Y}"
    return f"{local:%H:%M} on {local:%-d %B}{year}"
