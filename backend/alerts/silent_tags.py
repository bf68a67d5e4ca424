"""Raises and ends the alert for a tag that is not in contact or sends no position."""

from __future__ import annotations

from datetime import datetime

from backend import audit, escalation, lifecycle
from backend.alerts.latched_alerts import clock_time, raise_latched, standing
from backend.models import Alert, AlertKind, Wearer
from backend.vocabulary import RaisedBy

NO_CONTACT, BLIND = "no_contact", "blind"


def ring_for_silence(
    wearer: Wearer,
    tag_id: int,
    *,
    is_blind: bool,
    since: datetime,
    last_seen: str,
    battery_pct: float | None,
    now: datetime,
    reach: str = "",
    possible_from: datetime | None = None,
) -> Alert:
    """Ring for a silent tag, or ring anew where an earlier silence was acknowledged and has come back.

    Args:
        is_blind: The tag is in contact and says nothing usable of where it is.
        since: The time of its last usable position.
        last_seen: How near the wearer was then, in a sentence.
        battery_pct: What the tag last said of its battery, 0 to 100.
        reach: Which protected places the wearer may have reached since, in a sentence; empty where none is known.
        possible_from: From when on the first of them is possible: the order of a list of silent tags.
    """
    when = clock_time(since, now)
    first = (
        f"The tag is in contact but has sent no usable position since {when}."
        if is_blind
        else (f"No contact with the tag since {when}.")
    )
    reasons = [first, last_seen, *([reach] if reach else [])]
    if battery_pct is not None:
        reasons.append(f"Its battery was at {battery_pct:.0f} % then.")
    earlier = standing(AlertKind.SILENCE, wearer.id, Alert.tag == tag_id)
    if earlier is None:
        event = BLIND if is_blind else NO_CONTACT
        return raise_latched(
            AlertKind.SILENCE,
            wearer,
            reasons,
            since,
            since,
            now,
            RaisedBy.SILENCE,
            event=event,
            tag=tag_id,
            possible_from=possible_from,
        )
    earlier.reasons, earlier.possible_from = reasons, possible_from
    earlier.is_over, earlier.over_at, earlier.last_fix_time = False, None, since
    audit.record(
        audit.SYSTEM,
        "danger_rose",
        f"alert:{earlier.id}",
        now,
        alert=earlier,
        kind=AlertKind.SILENCE,
        danger=int(lifecycle.DANGER_OF_KIND[AlertKind.SILENCE]),
        by=RaisedBy.SILENCE,
        is_news=True,
    )
    escalation.restart(earlier, now)
    return earlier


def end_silence(alert: Alert, located_at: datetime, now: datetime) -> None:
    """Say that the tag sends positions again. It still needs an answer: it may have been tampering."""
    alert.is_over, alert.over_at, alert.is_over_by_fix = True, now, True
    alert.last_fix_time = located_at
    alert.reasons = [*alert.reasons, f"The tag has sent positions again since {clock_time(located_at, now)}."]
    audit.record(audit.SYSTEM, "alert_over", f"alert:{alert.id}", now, alert=alert, kind=AlertKind.SILENCE)
    escalation.save(alert)
