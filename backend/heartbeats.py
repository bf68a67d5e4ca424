"""The only writer of heartbeats: which processes work, and when none of a kind did."""

from __future__ import annotations

import logging
import os
import socket
from datetime import datetime, timedelta
from typing import Any

from peewee import fn

from backend import clock, db, outages
from backend.db import atomic
from backend.models import Heartbeat

log = logging.getLogger(__name__)

NOTIFIER, WEB, WATCHDOG = "notifier", "web", "watchdog"
# Without any of these a wearer's approach is not judged, or told to no one.
PROTECTING = (NOTIFIER, WEB)
EVERY_S = 5.0
# No process of a kind has been heard of for this long: it hangs, or it is gone.
SILENT_AFTER_S = 15.0
OUTAGE_AFTER_S = 60.0
FORGET_AFTER_S = 86_400.0
# The clocks of two hosts with the same database differ by less.
AHEAD_AT_MOST_S = 5.0


def beat(name: str, now: datetime) -> None:
    """Keep that the process called ``KIND`` or ``KIND:HOST:PID`` works.

    The first beat after a silence of its kind knows how long that was, whichever process comes back first: it is
    kept as an outage.
    """
    kind = name.partition(":")[0]
    with atomic():
        last = _newest(now).get(kind)
        if kind in PROTECTING and last is not None and (now - last).total_seconds() > OUTAGE_AFTER_S:
            outages.note(kind, last, now)
        # Changed first: an insert that turns into a change takes a number of the sequence each time.
        if not Heartbeat.update(at=now).where(Heartbeat.name == name).execute():
            Heartbeat.insert(name=name, kind=kind, at=now).on_conflict(
                conflict_target=[Heartbeat.name], update={Heartbeat.at: now}
            ).execute()


def last_at() -> datetime | None:
    """Return when any process was last heard of."""
    return max(_newest(clock.now()).values(), default=None)


def count_from(now: datetime) -> None:
    """Let silences count from now on: the time before is kept as an outage of its own."""
    Heartbeat.update(at=now).execute()


def _newest(now: datetime) -> dict[str, datetime]:
    """Return when each kind of process was last heard of; what is dated in the future is the word of no clock.

    It would hide a process that is dead until that time has come.
    """
    latest = now + timedelta(seconds=AHEAD_AT_MOST_S)
    past = Heartbeat.select(Heartbeat.kind, fn.MAX(Heartbeat.at)).where(Heartbeat.at <= latest)
    query: Any = past.group_by(Heartbeat.kind).tuples()
    instant: Any = Heartbeat.at
    return {kind: instant.python_value(at) for kind, at in query}


def ages_s(now: datetime) -> dict[str, float]:
    """Return for each kind of process the seconds since any of them was heard of: a day where no time can be right."""
    ages = {row.kind: FORGET_AFTER_S for row in Heartbeat.select(Heartbeat.kind).distinct()}
    return ages | {kind: max(0.0, (now - at).total_seconds()) for kind, at in _newest(now).items()}


def forget_old(now: datetime) -> None:
    """Delete the heartbeats of processes that ended long ago, but for the newest of each kind."""
    old = now - timedelta(seconds=FORGET_AFTER_S)
    for kind, last in _newest(now).items():
        Heartbeat.delete().where(Heartbeat.kind == kind, Heartbeat.at < min(old, last)).execute()


class Heart:
    """The heart of one process: beats at most every ``EVERY_S``, however often it is asked to."""

    def __init__(self, kind: str) -> None:
        self.name = f"{kind}:{socket.gethostname()}:{os.getpid()}"
        self._last: datetime | None = None

    def beat(self, now: datetime) -> None:
        """Beat if it is time to."""
        if self._last is None or abs((now - self._last).total_seconds()) >= EVERY_S:
            beat(self.name, now)
            self._last = now


class _Process:
    """What this process is, where it serves: a test or a command is no process whose silence means something."""

    heart: Heart | None = None


def serve_as(kind: str) -> None:
    """Let what this process does from now on count as the work of a process of this kind."""
    _Process.heart = Heart(kind)


def work_done(now: datetime) -> None:
    """Beat for this process, which has just done what it is there for; a thread that merely lives earns nothing."""
    heart = _Process.heart
    if heart is None:
        return
    try:
        heart.beat(now)
    except Exception:
        # A database that is down is noticed by the person who no longer hears of this process.
        log.warning("the heartbeat could not be kept", exc_info=True)
        db.forget_connection()
