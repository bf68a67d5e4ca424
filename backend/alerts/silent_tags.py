"""Raises and ends the alert for a tag that is not in contact or sends no position."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from backend import audit, escalation, lifecycle
from backend.alerts.latched_alerts import clock_time, raise_latched, standing
from backend.alerts.record_changes import close_by_system
from backend.models import Alert, AlertKind, Handling, Wearer
from backend.vocabulary import RaisedBy

NO_CONTACT, BLIND, AFTER_TAMPER = "no_contact", "blind", "after_tamper"
# Why an alert closed that no one was called about.
CAME_BACK = "came_back"
SINCE = {
    NO_CONTACT: "No contact with the tag since {}.",
    BLIND: "The tag is in contact but has sent no usable position since {}.",
    AFTER_TAMPER: "No contact with the tag since {}, after it was tampered with or switched off.",
}
FROM_TO = {
    NO_CONTACT: "No contact with the tag from {} to {}.",
    BLIND: "The tag sent no usable position from {} to {}.",
    AFTER_TAMPER: "No contact with the tag from {} to {}, after it was tampered with or switched off.",
}
COULD_BE, COULD_HAVE_BEEN, NOT_BEFORE = "Could be ", "Could have been ", "Not before "


@dataclass(frozen=True, slots=True)
class Silence:
    """What is known of a silent tag."""

    tag_id: int
    # NO_CONTACT, BLIND or AFTER_TAMPER.
    event: str
    # Since when it is so: of one that is not in contact its last contact, else its last usable position.
    since: datetime
    # The time of its last usable position, or when it was fitted.
    located_at: datetime
    # How near the wearer was then, in a sentence.
    last_seen: str
    battery_pct: float | None
    # Which protected places the wearer may have reached since, in a sentence; empty where none is known.
    reach: str = ""
    # From when on the first of them is possible: the order of a list of silent tags.
    possible_from: datetime | None = None
    # So long only a push tells of it.
    quiet_s: float = 0.0


def ring_for_silence(wearer: Wearer, silence: Silence, now: datetime) -> Alert:
    """Ring for a silent tag, or ring anew where an earlier silence was acknowledged and has come back."""
    first = SINCE[silence.event].format(clock_time(silence.since, now))
    reasons = [first, silence.last_seen, *([silence.reach] if silence.reach else [])]
    if silence.battery_pct is not None:
        reasons.append(f"Its battery was at {silence.battery_pct:.0f} % then.")
    earlier = standing(AlertKind.SILENCE, wearer.id, Alert.tag == silence.tag_id)
    if earlier is None:
        _end_closed(wearer, silence.tag_id, now)
        return raise_latched(
            AlertKind.SILENCE,
            wearer,
            reasons,
            silence.since,
            silence.since,
            now,
            RaisedBy.SILENCE,
            quiet_s=silence.quiet_s,
            seen_at=silence.located_at,
            event=silence.event,
            tag=silence.tag_id,
            possible_from=silence.possible_from,
        )
    earlier.reasons, earlier.possible_from, earlier.event = reasons, silence.possible_from, silence.event
    earlier.is_over, earlier.over_at, earlier.last_fix_time = False, None, silence.located_at
    earlier.fix_time = silence.since
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


def _end_closed(wearer: Wearer, tag_id: int, now: datetime) -> None:
    """End what was closed while the tag was silent: another alert tells of the silence from now on."""
    about = (Alert.kind == AlertKind.SILENCE, Alert.wearer == wearer.id, Alert.tag == tag_id)
    ids = Alert.select(Alert.id).where(*about, Alert.handling == Handling.CLOSED, ~Alert.is_over)
    for alert in escalation.lock_all(sorted(row.id for row in ids)):
        alert.is_over, alert.over_at, alert.is_over_by_fix = True, now, False
        escalation.save(alert)


def end_silence(alert: Alert, located_at: datetime, now: datetime) -> None:
    """Say that the tag sends positions again. Where people were called it still needs an answer: it may be tampering.

    One of which only a push has told closes by itself: the tag was back before anyone had to be called.
    """
    since = clock_time(alert.fix_time, now)
    alert.reasons = [
        FROM_TO.get(alert.event or "", FROM_TO[NO_CONTACT]).format(since, clock_time(located_at, now)),
        *(_as_past(one) for one in alert.reasons[1:] if not one.startswith(NOT_BEFORE)),
        f"The tag has sent positions again since {clock_time(located_at, now)}.",
    ]
    alert.is_over, alert.over_at, alert.is_over_by_fix = True, now, True
    alert.last_fix_time = located_at
    audit.record(audit.SYSTEM, "alert_over", f"alert:{alert.id}", now, alert=alert, kind=AlertKind.SILENCE)
    escalation.save(alert)
    if alert.handling == Handling.OPEN and not escalation.has_called(alert):
        close_by_system([alert.id], CAME_BACK, "The tag was back before anyone had to be called.", now)


def _as_past(sentence: str) -> str:
    """Return where the wearer may have been meanwhile, without what was not possible before the tag was back."""
    if not sentence.startswith(COULD_BE):
        return sentence
    possible = sentence.removeprefix(COULD_BE).split("; not before ")[0].rstrip(".")
    return f"{COULD_HAVE_BEEN}{possible}."
