"""Compares this host's clock with the database's, and raises an alarm when they differ.

No deadline follows the host's clock; but what is signed for providers carries its time, and is refused when wrong.
"""

from __future__ import annotations

import socket
from datetime import datetime, timedelta

from backend import alarms, clock, db
from backend.models import AlarmKind

# Source: tags and Google's access tokens allow minutes; a host that keeps its time at all is within a second.
WRONG_S = 5.0
RIGHT_AGAIN_S = 2.0
# A host that has not looked for so long is gone, or its processes are silent, which is reported by itself.
GONE_AFTER_S = 300.0


def look(now: datetime) -> None:
    """Raise an alarm where this host's clock is wrong by more than 5 s, and end it when it is right again.

    One of another host that looks no more is ended as well: no one else would.
    """
    begun, before = clock.monotonic(), clock.host_time()
    reference = db.reference_time()
    after = clock.host_time()
    if clock.monotonic() - begun > clock.SLOWEST_S:
        # Nothing can be said of a clock by an answer that was under way for so long.
        return
    # Half the time that asking took is the correction; a clock that is set meanwhile is seen right at the next look.
    ahead_s = (before + (after - before) / 2 - reference).total_seconds()
    host = socket.gethostname()
    subject = f"host:{host}"
    if abs(ahead_s) > WRONG_S:
        word = "ahead of" if ahead_s > 0 else "behind"
        detail = f"The clock of {host} is {abs(ahead_s):.0f} s {word} the database's"
        alarms.raise_alarm(AlarmKind.CLOCK, subject, detail, now)
    elif abs(ahead_s) < RIGHT_AGAIN_S:
        alarms.end(AlarmKind.CLOCK, subject, now)
    for alarm in alarms.standing(AlarmKind.CLOCK):
        if now - alarm.last_seen_at > timedelta(seconds=GONE_AFTER_S):
            alarms.end(AlarmKind.CLOCK, alarm.subject, now)
