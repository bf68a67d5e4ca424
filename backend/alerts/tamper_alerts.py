"""Raises the alert when a tag reports tampering, a shutdown or an SOS.

Each event of each tag rings once while its alert stands. It is never sent to a protected person: it does not say
where anyone is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from backend import audit, lifecycle
from backend.alerts.latched_alerts import add_reason, clock_time, raise_latched, standing
from backend.alerts.record_changes import close_by_system, raise_notice
from backend.escalation.steps import Who
from backend.models import Alert, AlertKind, Handling, TagEvent, Wearer
from backend.tag_events import RINGING
from backend.vocabulary import RaisedBy

# What arrives this long after it happened is said to have arrived late.
LATE_AFTER = timedelta(minutes=5)
AGAIN, TOO = "Reported again", "Reported for"


@dataclass(frozen=True, slots=True)
class Reported:
    """An event of a tag: when it was, so far as its time can be believed, and when it arrived."""

    tag_id: int
    kind: str
    at: datetime
    received_at: datetime
    # The time that the tag gave cannot be right: ``at`` is when it arrived.
    is_time_doubtful: bool = False


def tell_of_event(wearer: Wearer, event: Reported, now: datetime) -> Alert | None:
    """Ring for an event, or add it to the alert or notice that stands for the same event of the same tag."""
    alert = _standing(AlertKind.TAMPER, wearer, event) or _standing(AlertKind.NOTICE, wearer, event)
    if alert is not None and alert.kind == AlertKind.TAMPER:
        return _again(alert, event, now)
    if _is_notified(wearer, event):
        return None
    return raise_latched(
        AlertKind.TAMPER,
        wearer,
        [*_sentences(event, now), *_ended_since(event, now)],
        event.at,
        event.received_at,
        now,
        RaisedBy.UNDATED_EVENT if event.is_time_doubtful else RaisedBy.EVENT,
        event=event.kind,
        tag=event.tag_id,
    )


def note_event_in_custody(wearer: Wearer, event: Reported, now: datetime) -> Alert:
    """Tell the officer once of an event of a tag whose wearer is in custody, where tags are taken off; ring no one."""
    alert = _standing(AlertKind.TAMPER, wearer, event) or _standing(AlertKind.NOTICE, wearer, event)
    if alert is not None:
        return _again(alert, event, now)
    said = (
        "Monitoring is suspended (custody): no one was called. Check that the tag is worn and closed before resuming."
    )
    reasons = [*_sentences(event, now), said]
    return raise_notice(wearer, None, reasons, now, (Who.OFFICER,), event=event.kind, tag=event.tag_id)


def keep_event_of_ended_case(wearer: Wearer, event: Reported, reason: str, now: datetime) -> None:
    """Keep on record an event from while the case was monitored that arrived after its end; no one is notified."""
    alert = tell_of_event(wearer, event, now)
    if alert is not None:
        said = f"Arrived after monitoring ended: {reason.replace('_', ' ')}."
        close_by_system([alert.id], f"ended_{reason}", said, now)


def tell_of_end(event: Reported, ended: str, now: datetime) -> None:
    """Show on what stands for the event ``ended`` of this tag that a later one ended it; only a person clears it."""
    open_ids = Alert.select(Alert.id).where(
        Alert.tag == event.tag_id, Alert.event == ended, Alert.handling != Handling.CLOSED
    )
    for wearer_id in {row.wearer_id for row in Alert.select().where(Alert.id.in_(open_ids))}:
        for kind in (AlertKind.TAMPER, AlertKind.NOTICE):
            alert = standing(kind, wearer_id, Alert.tag == event.tag_id, Alert.event == ended)
            if alert is not None and (event.is_time_doubtful or event.at >= alert.fix_time):
                add_reason(alert, _end_sentence(ended, event.at, now), now)
                audit.record(audit.SYSTEM, event.kind, f"alert:{alert.id}", now, alert=alert)


def _standing(kind: AlertKind, wearer: Wearer, event: Reported) -> Alert | None:
    return standing(kind, wearer.id, Alert.tag == event.tag_id, Alert.event == event.kind)


def _is_notified(wearer: Wearer, event: Reported) -> bool:
    """Tell whether an alert that a person has cleared spoke of this event: one of the same moments that came later."""
    if event.is_time_doubtful:
        return False
    slack = timedelta(seconds=lifecycle.REENTRY_S)
    told = Alert.select().where(
        Alert.kind == AlertKind.TAMPER,
        Alert.wearer == wearer.id,
        Alert.tag == event.tag_id,
        Alert.event == event.kind,
        Alert.fix_time <= event.at + slack,
        Alert.last_fix_time >= event.at,
    )
    return bool(told.exists())


def _again(alert: Alert, event: Reported, now: datetime) -> Alert:
    when = clock_time(event.at, now)
    if event.at < alert.fix_time:
        add_reason(alert, f"{TOO} {when} too; that report arrived at {clock_time(event.received_at, now)}.", now)
        return alert
    alert.last_fix_time = max(alert.last_fix_time, event.at)
    add_reason(alert, f"{AGAIN}, last for {clock_time(alert.last_fix_time, now)}.", now, replaces=AGAIN)
    return alert


def _sentences(event: Reported, now: datetime) -> list[str]:
    words = RINGING[event.kind]
    if event.is_time_doubtful:
        arrived = clock_time(event.received_at, now)
        return [f"{words.sentence}. It was reported at {arrived}, with a time that cannot be right."]
    said = [f"{words.sentence} at {clock_time(event.at, now)}."]
    if event.received_at - event.at > LATE_AFTER:
        minutes = round((event.received_at - event.at).total_seconds() / 60)
        later = f"{minutes} min" if minutes < 120 else f"{round(minutes / 60)} h"
        said.append(f"The report arrived at {clock_time(event.received_at, now)}, {later} later.")
    return said


def _end_sentence(ended: str, at: datetime, now: datetime) -> str:
    return f"{RINGING[ended].ended} at {clock_time(at, now)}. That clears nothing."


def _ended_since(event: Reported, now: datetime) -> list[str]:
    """Return the sentence for an end that arrived before what it ends."""
    ended_by = RINGING[event.kind].ended_by
    if ended_by is None or event.is_time_doubtful:
        return []
    later = (
        TagEvent.select()
        .where(
            TagEvent.tag == event.tag_id,
            TagEvent.kind == ended_by,
            TagEvent.at >= event.at,
            TagEvent.at <= event.received_at,
        )
        .order_by(TagEvent.at.desc())
        .first()
    )
    return [] if later is None else [_end_sentence(event.kind, later.at, now)]
