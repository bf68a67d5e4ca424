"""What a tag's events mean for alerts: who wore it then, and whether to raise an alert."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from backend import alerts, clock, two_sources
from backend.alerts import Reported
from backend.ingest.context import Ground
from backend.ingest.group import Group, NewEvent
from backend.ingest.submission import Submission
from backend.models import Alert, Fix, Handling, TagEvent
from backend.record import protection_ends
from backend.record.facts import MonitoringStatus
from backend.tag_events import ENDS, RINGING, TWO_SOURCES
from backend.two_sources import Placed
from zones import Fix as JudgedFix
from zones import Source, doubt_of

# As cases are suspended for it (backend.cases.monitoring_status.Suspended, which knows this package).
CUSTODY = "custody"
# Two sources are looked for among the fixes of so long.
TOGETHER = timedelta(minutes=15)


def find_new_events(group: Group) -> None:
    """Sort out the events that alerts are raised from, without those sent before."""
    group.new_events = _new_events(group.fresh)


def _new_events(submissions: Sequence[Submission]) -> list[NewEvent]:
    """Sort out the events that alerts are raised from, in the order of their time, without those sent before.

    One whose time cannot be believed is never taken for another one: a clock that stands still would hide all but the
    first.
    """
    sent = [
        NewEvent(s, event) for s in submissions for event in s.events if event.kind in RINGING or event.kind in ENDS
    ]
    if not sent:
        return []
    known: set[Any] = set(
        TagEvent.select(TagEvent.tag, TagEvent.kind, TagEvent.at)
        .where(
            TagEvent.tag.in_({new.submission.tag_id for new in sent}),
            TagEvent.kind.in_({new.sent.kind for new in sent}),
            TagEvent.at.in_({new.sent.at for new in sent}),
        )
        .tuples()
    )
    found = []
    for new in sent:
        key = (new.submission.tag_id, new.sent.kind, new.sent.at)
        if key not in known or not new.sent.is_time_sound:
            known.add(key)
            found.append(new)
    return sorted(found, key=lambda new: new.reported.at)


def ring_for_events(group: Group) -> None:
    """Ring for what the tags reported of themselves; of a tag that no one wore then it is kept and tells no one."""
    now = clock.now()
    for new in group.new_events:
        if new.reported.kind in ENDS:
            alerts.tell_of_end(new.reported, ENDS[new.reported.kind], now)
        else:
            _ring(group.ground, new.reported, now)


def ring_for_two_sources(group: Group) -> None:
    """Ring where the new fixes of a tag and its fixes of the last minutes are of two sources that use its key.

    No tag says so itself, and none of the two can be believed. It rings once, until a person has cleared it.
    """
    for tag_id, brought in group.new_fixes.items():
        if not two_sources.may_be_two(group.recent.get(tag_id, [])):
            continue
        at = max(fix.fix_time for _, fix in brought)
        if two_sources.are_two(_satellite_fixes(tag_id, at)) and not _is_known(tag_id):
            received_at = max(submission.received_at for submission, _ in brought)
            _ring(group.ground, Reported(tag_id, TWO_SOURCES, at, received_at), clock.now())


def _satellite_fixes(tag_id: int, until: datetime) -> list[Placed]:
    """Return what satellite receivers said: a network's idea of where a device is may be another town's."""
    stored = Fix.select(Fix.fix_time, Fix.lat, Fix.lon, Fix.accuracy_m, Fix.received_at, Fix.satellites).where(
        Fix.tag == tag_id,
        Fix.fix_time > until - TOGETHER,
        Fix.source.is_null() | (Fix.source == Source.GNSS),
        Fix.is_valid.is_null() | Fix.is_valid,
        # A satellite position without a satellite is none.
        Fix.satellites.is_null() | (Fix.satellites > 0),
    )
    return [
        Placed(row.fix_time.timestamp(), row.lat, row.lon, row.accuracy_m, str(row.received_at))
        for row in stored
        # One that cannot be true, such as (0, 0), is a fault of the one receiver.
        if doubt_of(JudgedFix(row.fix_time.timestamp(), row.lat, row.lon, satellites=row.satellites)) is None
    ]


def _is_known(tag_id: int) -> bool:
    standing = Alert.select().where(Alert.tag == tag_id, Alert.event == TWO_SOURCES, Alert.handling != Handling.CLOSED)
    return bool(standing.exists())


def _ring(ground: Ground, event: Reported, now: datetime) -> None:
    wearer_id = ground.wearer_at(event.tag_id, event.at)
    if wearer_id is None:
        return
    wearer = ground.wearers[wearer_id]
    case = ground.cases.get(wearer_id)
    if case is None or wearer_id in ground.faults:
        # Whether the case is monitored cannot be read: that never means that it is not.
        alerts.tell_of_event(wearer, event, now)
        return
    life, reason = case.status_at(now), protection_ends.life_reason(case, now)
    if life is MonitoringStatus.ENDED:
        if case.status_at(event.at) is MonitoringStatus.ACTIVE:
            alerts.keep_event_of_ended_case(wearer, event, reason, now)
    elif life is MonitoringStatus.SUSPENDED and reason == CUSTODY:
        # In custody the tag is taken off and its wearer is held: that rings no one at night. In hospital or abroad
        # a wearer can walk away.
        alerts.note_event_in_custody(wearer, event, now)
    else:
        alerts.tell_of_event(wearer, event, now)
