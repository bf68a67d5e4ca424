"""One scheduler for every process: runs its jobs when each falls due, and keeps which of them fail."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backend import clock, db
from notifier.job_failures import Steps

log = logging.getLogger(__name__)

# After a round that failed, such as one without a database.
PAUSE_S = 0.5


@dataclass(frozen=True, slots=True)
class Job:
    """Something that a process does again and again."""

    process: str
    # As alarms and the log call it.
    name: str
    # Seconds from one time to the next, or what says so; 0 each time that the thread comes round.
    every_s: float | Callable[[Any], float]
    # Given what the process works with, and the instant.
    run: Callable[[Any, datetime], object]
    # Jobs of one thread are done one after the other, and wait for no other thread.
    thread: str = "round"
    # Done only now and then while more messages wait than there are threads for.
    rests_in_storm: bool = False


class Scheduler:
    """The jobs of one process, run on what they work with."""

    def __init__(self, jobs: Iterable[Job], works_with: Any, steps: Steps) -> None:
        self._jobs = tuple(jobs)
        self._works_with = works_with
        self._steps = steps
        self._due_at = {job.name: 0.0 for job in self._jobs}

    def run_due(self, thread: str = "round", *, in_storm: bool | None = None) -> None:
        """Do what is due of a thread, in the order of the list; none may keep the others from being done.

        ``in_storm`` picks those that rest in a storm, or those that do not; None all of them.

        Raises: what a job raised that had lost the database.
        """
        for job in self._jobs:
            is_asked = in_storm is None or job.rests_in_storm is in_storm
            if job.thread == thread and is_asked and clock.monotonic() >= self._due_at[job.name]:
                self._run(job)

    def run_named(self, *names: str) -> None:
        """Do these jobs where they are due. Raises: as ``run_due``."""
        for job in self._jobs:
            if job.name in names and clock.monotonic() >= self._due_at[job.name]:
                self._run(job)

    def keep(
        self,
        stop: threading.Event,
        thread: str = "round",
        *,
        do: Callable[[], object] | None = None,
        wait: Callable[[], object] | None = None,
    ) -> None:
        """Do the jobs of a thread, each as it falls due, until ``stop`` is set.

        ``do`` is done in place of what is due, and ``wait`` in place of sleeping until more is.
        """
        name = f"the {thread}"
        while not stop.is_set():
            try:
                if do is None:
                    self.run_due(thread)
                else:
                    do()
                db.release_connection()
                if wait is None:
                    stop.wait(self._sleep_s(thread))
                else:
                    wait()
                self._steps.worked(name)
            except Exception as error:
                # A lost database must never end the loop.
                self._steps.failed(name, error)
                # A database that is away for a night must not fill the disk with the same twenty lines.
                log.warning("%s failed (%s)", name, type(error).__name__, exc_info=not db.is_lost(error))
                db.forget_connection()
                stop.wait(PAUSE_S)
        db.release_connection()

    def _sleep_s(self, thread: str) -> float:
        first = min(self._due_at[job.name] for job in self._jobs if job.thread == thread)
        return max(0.0, first - clock.monotonic())

    def start(self, thread: str, stop: threading.Event) -> threading.Thread:
        """Start a thread that does its jobs until ``stop`` is set."""
        running = threading.Thread(target=self.keep, args=(stop, thread), name=thread, daemon=True)
        running.start()
        return running

    def _run(self, job: Job) -> None:
        try:
            job.run(self._works_with, clock.now())
        except Exception as error:
            self._steps.failed(job.name, error)
            if db.is_lost(error):
                raise
            # A row that someone holds for long, or cannot be worked on, keeps no other job from its work.
            log.exception("%s could not be done", job.name)
        else:
            self._steps.worked(job.name)
        finally:
            every_s = job.every_s if isinstance(job.every_s, int | float) else job.every_s(self._works_with)
            self._due_at[job.name] = clock.monotonic() + every_s
