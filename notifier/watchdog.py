"""Watches the rest of Cordon: that alerts escalate, messages leave, and processes report; repairs and raises alarms.

It repairs what it can, raises an alarm for what it finds, tells people past the outbox, and lets a monitor outside
know that it does so. None of the three waits for another: a provider that hangs delays no look.
"""

from __future__ import annotations

import logging
import threading
from datetime import datetime

from backend import clock, db, heartbeats
from backend.settings import Settings
from notifier import engine
from notifier.external_check import FrontDoor
from notifier.job_failures import Steps
from notifier.scheduler import Scheduler
from notifier.watchdog_looks import Looks
from notifier.watchdog_signals import Round, Signals

log = logging.getLogger(__name__)

BESIDE = ("tell", "ping", "knock")


class Watchdog:
    """One watchdog process; any number of these may run, and each alarm is sent by one of them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.steps = Steps()
        door = FrontDoor(settings)
        self.looks = Looks(settings, door)
        self.signals = Signals(settings, door)
        self._heart = heartbeats.Heart(heartbeats.WATCHDOG)
        self._stop = threading.Event()

    def run(self) -> None:
        """Look, tell and ping until ``stop`` is called."""
        scheduler = Scheduler(engine.jobs_of(engine.WATCHDOG), self, self.steps)
        threads = [scheduler.start(name, self._stop) for name in BESIDE]
        every_s = self._settings.watchdog_every_s
        scheduler.keep(self._stop, do=self._look_and_wake, wait=lambda: self._stop.wait(every_s))
        for thread in threads:
            # Whatever it waits for ends by its own timeout; a process that is asked to stop need not see it.
            thread.join(2 * self._settings.provider_timeout_s)

    def stop(self) -> None:
        """Ask ``run`` to return."""
        self._stop.set()
        self.signals.wake()

    def _look_and_wake(self) -> None:
        self.look(clock.now())
        self.signals.wake()

    def look(self, now: datetime) -> bool:
        """Look at everything once, repair, raise and end alarms; True when every look could be made."""
        self.looks.begin(now)
        # Where the database does not answer one look, it would only keep the others waiting.
        is_there, is_complete = True, True
        for job in engine.jobs_of(engine.WATCHDOG, "round"):
            try:
                if is_there:
                    job.run(self, now)
                    self.steps.worked(job.name)
            except Exception as error:
                self.steps.failed(job.name, error)
                is_lost = db.is_lost(error)
                # A database that is away is said in a line, since it is said again at each round.
                log.warning(
                    "the watchdog could not look at %s (%s)", job.name, type(error).__name__, exc_info=not is_lost
                )
                db.forget_connection()
                is_there, is_complete = not is_lost, False
        if is_there:
            # It has looked; what it could not look at is an alarm of its own.
            self._beat(now)
        db.release_connection()
        last = Round(clock.monotonic(), is_complete, self.looks.is_heard, self.looks.untold_s)
        self.signals.round_ended(last)
        return is_complete

    def tell(self, now: datetime) -> int:
        """Tell people what they are to be told about; return how many texts were taken."""
        return self.signals.tell(now)

    def ping(self) -> bool:
        """Tell the monitor outside that all is well, if it is; return whether it has heard."""
        return self.signals.ping()

    def _beat(self, now: datetime) -> None:
        try:
            self._heart.beat(now)
            heartbeats.forget_old(now)
        except Exception as error:
            log.warning("the watchdog's heartbeat could not be kept (%s)", type(error).__name__)
            db.forget_connection()
