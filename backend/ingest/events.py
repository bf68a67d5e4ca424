"""What a tag's events mean for alerts: who wore it then, and whether to raise an alert."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backend import alerts
from backend.alerts import Reported
from backend.ingest.context import Ground
from backend.ingest.submission import SentEvent, Submission
from backend.models import TagEvent
from backend.record import protection_ends
from backend.record.facts import Life
from backend.tag_events import ENDS, RINGING

# As cases are suspended for it (backend.cases.monitoring_status.Suspended, which knows this package).
CUSTODY = "custody"


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event that matters for alerts, and that was not stored before."""

    submission: Submission
    sent: SentEvent

    @property
    def reported(self) -> Reported:
        """The event as of the time that can be believed."""
        received_at = self.submission.received_at
        at = min(self.sent.at, received_at) if self.sent.is_time_sound else received_at
        return Reported(
            self.submission.tag_id, self.sent.kind, at, received_at, is_time_doubtful=not self.sent.is_time_sound
        )


def new_events(submissions: Sequence[Submission]) -> list[NewEvent]:
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


def tell_of_events(ground: Ground, events: Sequence[NewEvent], now: datetime) -> None:
    """Ring for what the tags reported of themselves; of a tag that no one wore then it is kept and tells no one."""
    for new in events:
        event = new.reported
        if event.kind in ENDS:
            alerts.tell_of_end(event, ENDS[event.kind], now)
            continue
        wearer_id = ground.wearer_at(event.tag_id, event.at)
        if wearer_id is None:
            continue
        wearer = ground.wearers[wearer_id]
        case = ground.cases.get(wearer_id)
        if case is None or wearer_id in ground.faults:
            # Whether the case is monitored cannot be read: that never means that it is not.
            alerts.tell_of_event(wearer, event, now)
            continue
        life, reason = case.life_at(now), protection_ends.life_reason(case, now)
        if life is Life.ENDED:
            if case.life_at(event.at) is Life.ACTIVE:
                alerts.keep_event_of_ended_case(wearer, event, reason, now)
        elif life is Life.SUSPENDED and reason == CUSTODY:
            # In custody the tag is taken off and its wearer is held: that rings no one at night. In hospital or abroad
            # a wearer can walk away.
            alerts.note_event_in_custody(wearer, event, now)
        else:
            alerts.tell_of_event(wearer, event, now)
