"""Delivers due notifications and escalates overdue alerts, woken by each commit; any number of workers may run."""

from __future__ import annotations

import threading

from backend import clock, db, wakeups
from backend.settings import Settings
from notifier import engine
from notifier.channels.registry import Senders, senders
from notifier.job_failures import Steps
from notifier.notifier_work import NotifierWork
from notifier.scheduler import Scheduler

SHORTEST_SLEEP_S = 0.02
# A worker that is not woken only asks, poll by poll, when something falls due; after so many it looks at everything.
POLLS_A_LOOK = 4
# While something is under way.
NEXT_LOOK_S = 0.05
# While messages wait for a thread, whatever is no delivery rests for so many times as long as it has taken.
RESTS_IN_A_STORM = 5.0
# Zones begin and end, and what failed just now climbs, in a storm too.
LONGEST_REST_S = 2.0


class Worker:
    """Claims with a lease, sends outside any transaction, settles with its token; any number of these may run."""

    CHANNELS = NotifierWork.CHANNELS

    def __init__(self, settings: Settings, channels: Senders | None = None) -> None:
        self._settings = settings
        self._stop = threading.Event()
        self.steps = Steps()
        self.jobs = NotifierWork(settings, channels or senders(settings), self.steps)
        self._scheduler = Scheduler(engine.jobs_of(engine.NOTIFIER), self.jobs, self.steps)
        self._rests_until = 0.0

    def run(self) -> None:
        """Work until ``stop`` is called; then finish what is under way."""
        listener = wakeups.Listener()
        try:
            self._scheduler.keep(self._stop, do=self.work, wait=lambda: self._wait(listener))
        finally:
            listener.close()
            self.jobs.close()
            db.release_connection()

    def stop(self) -> None:
        """Ask ``run`` to return."""
        self._stop.set()

    def work(self) -> None:
        """Begin to deliver as much as there are threads for, and look at all else: in a storm only now and then."""
        self._scheduler.run_due(in_storm=False)
        begun = clock.monotonic()
        if not self.jobs.is_stormy or begun >= self._rests_until:
            self._scheduler.run_due(in_storm=True)
            ended = clock.monotonic()
            self._rests_until = ended + min(RESTS_IN_A_STORM * (ended - begun), LONGEST_REST_S)
        db.release_connection()

    def _wait(self, listener: wakeups.Listener) -> None:
        """Return when a commit has woken us, when something falls due, or when it is time for a look all the same."""
        if self.jobs.is_stormy:
            self.jobs.lanes.wait_for_one(NEXT_LOOK_S)
            return
        for _ in range(POLLS_A_LOOK):
            sleep_s = self._longest_sleep_s()
            if listener.wait(sleep_s, self._stop) or sleep_s < self._settings.poll_s or self._stop.is_set():
                return
            # Nothing is read for either.
            self._scheduler.run_named("the heartbeat", "what providers say")

    def _longest_sleep_s(self) -> float:
        """Return the seconds to the next thing that falls due by itself, at most the poll's."""
        if not self.jobs.lanes.is_idle:
            # A thread that comes free takes the next row soon, although no commit says so.
            return NEXT_LOOK_S
        due_at = self.jobs.next_due_at()
        db.release_connection()
        left_s = self._settings.poll_s if due_at is None else (due_at - clock.now()).total_seconds()
        # What is due and cannot be claimed, such as a second call to one phone, must not make the loop spin.
        return max(SHORTEST_SLEEP_S, min(self._settings.poll_s, left_s))
