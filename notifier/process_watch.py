"""Watches each process from within: its own work, the watchdog, and whether alarms reach people.

What it finds becomes an alarm. Where the watchdog does not tell an alarm, any process tells it; where not even that can
be done, since the database is what is broken, the duty line is texted past it.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from datetime import datetime, timedelta

from backend import alarms, clock, db, deadlines, heartbeats, ingest_answers, readiness
from backend.models import AlarmKind
from backend.settings import Settings
from notifier.alarm_notices import AlarmNotifier
from notifier.database_outage import WithoutDatabase
from notifier.job_failures import Steps

log = logging.getLogger(__name__)

# The watchdog tells at its next look, which comes every few seconds.
UNTOLD_S = 12.0
WATCHDOG_SILENT_AFTER_S = 30.0
# Steps that failed because the database was away are done again by then.
SETTLES_S = 10.0
# An alarm of a process that says no more of it: its host is gone, which is reported by itself.
GONE_AFTER_S = 300.0


class Vigil:
    """The watch of one process of ``kind``; ``trouble`` says in a sentence why fixes are not accepted here."""

    def __init__(
        self, settings: Settings, kind: str, steps: Steps | None = None, trouble: Callable[[], str | None] | None = None
    ) -> None:
        self._kind = kind
        self._steps = steps or Steps()
        self._trouble = trouble
        self._subject = f"{kind}:{socket.gethostname()}"
        self._past = WithoutDatabase(settings)
        self._alarm_notifier = AlarmNotifier(settings)
        self._well_since: float | None = None
        # Alarms of the process that ran here before are looked at once.
        self._has_alarms = True

    def look(self) -> bool:
        """Look once, and tell what no one else does; False where the database did not let it."""
        begun = clock.monotonic()
        try:
            with deadlines.within(deadlines.AT_THE_DOOR_S):
                self._look(clock.now())
        except Exception as error:
            log.warning("the %s could not keep watch (%s)", self._kind, type(error).__name__)
            db.forget_connection()
            self._well_since = None
            # Where fixes have been refused for a while already, people have waited for so long.
            is_refusing = self._trouble is not None and self._trouble() is not None
            self._past.is_lost(begun - ingest_answers.STANDS_AFTER_S if is_refusing else begun)
            return False
        finally:
            db.release_connection()
        try:
            self._past.answers()
        except Exception:
            db.forget_connection()
        return True

    def _look(self, now: datetime) -> None:
        # A database that is read and takes nothing, as one whose disk is full, protects no one.
        readiness.try_write()
        if self._well_since is None:
            self._well_since = clock.monotonic()
        self._raise_own(now)
        self._look_at_watchdog(now)
        if alarms.oldest_untold_s(now) > UNTOLD_S:
            # What another process is notifying stays its own.
            self._alarm_notifier.tell(now)

    def _raise_own(self, now: datetime) -> None:
        """Make what stands of this process be what it finds now."""
        assert self._well_since is not None
        refused: dict[str, tuple[str, int | None]] = {}
        if self._trouble is not None and (words := self._trouble()) is not None:
            refused[self._subject] = (words, None)
        failing: dict[str, tuple[str, int | None]] = {}
        if clock.monotonic() - self._well_since >= SETTLES_S:
            failing = {
                f"{self._subject}:{one.what}"[:255]: (
                    f"{self._kind.capitalize()}: {one.what} for {one.for_s:.0f} s ({one.error})",
                    None,
                )
                for one in self._steps.failing()
            }
        if refused or failing or self._has_alarms:
            alarms.reconcile(AlarmKind.FIXES_REFUSED, self._subject, refused, now)
            alarms.reconcile(AlarmKind.STEP_FAILS, f"{self._subject}:", failing, now)
            self._has_alarms = bool(refused or failing)

    def _look_at_watchdog(self, now: datetime) -> None:
        if self._kind == heartbeats.WATCHDOG:
            # It is heard: by itself.
            alarms.end(AlarmKind.PROCESS_SILENT, heartbeats.WATCHDOG, now)
            for kind in (AlarmKind.FIXES_REFUSED, AlarmKind.STEP_FAILS):
                for alarm in alarms.standing(kind):
                    if now - alarm.last_seen_at > timedelta(seconds=GONE_AFTER_S):
                        alarms.end(kind, alarm.subject, now)
            return
        age_s = heartbeats.ages_s(now).get(heartbeats.WATCHDOG)
        if age_s is not None and age_s > WATCHDOG_SILENT_AFTER_S:
            detail = f"Watchdog last heard of {age_s:.0f} s ago"
            alarms.raise_alarm(AlarmKind.PROCESS_SILENT, heartbeats.WATCHDOG, detail, now)
