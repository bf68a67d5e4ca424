"""Everything that Cordon does by itself: JOBS, a list of what each process does again and again, and how often."""

from __future__ import annotations

import threading
from typing import Any

from backend import clock, figures, heartbeats, host_clock, outbox, restore, silence
from backend.cases import checked_imports, completeness, reevaluation
from backend.own_pages import asking_again, help_calls, outage_texts
from notifier import external_check, shift_checks
from notifier.canary_walks import CanaryWalker
from notifier.job_failures import Steps
from notifier.notifier_work import NotifierWork
from notifier.process_watch import Vigil
from notifier.scheduler import Job, Scheduler

NOTIFIER, WATCHDOG, CANARY = heartbeats.NOTIFIER, heartbeats.WATCHDOG, "canary"
# In each process, the web server among them.
EVERY = "every"

# Each time that the thread comes round: a notifier as a commit wakes it or something falls due, a watchdog as set.
A_ROUND = 0.0
# Some seconds of work at most: what else the watchdog looks at must not wait for it.
COUNTED_AT_ONCE = 500

JOBS: tuple[Job, ...] = (
    # Before anything is claimed: a database that was restored needs what was sent long ago.
    Job(NOTIFIER, "the hold after a restore", A_ROUND, lambda _, now: restore.release(now)),
    Job(NOTIFIER, "calls for help from own pages", A_ROUND, lambda _, now: help_calls.act_on_due(now)),
    Job(
        NOTIFIER,
        "whether protected people are watched",
        outage_texts.EVERY_S,
        lambda _, now: outage_texts.tell_due(now),
        rests_in_storm=True,
    ),
    Job(
        NOTIFIER,
        "choices that are asked about again",
        asking_again.EVERY_S,
        lambda _, now: asking_again.ask_due(now),
        rests_in_storm=True,
    ),
    Job(NOTIFIER, "deliveries", A_ROUND, NotifierWork.begin_deliveries),
    Job(NOTIFIER, "zones that begin or end", A_ROUND, NotifierWork.judge_instants, rests_in_storm=True),
    Job(NOTIFIER, "tags that are silent", A_ROUND, NotifierWork.tell_of_silence, rests_in_storm=True),
    Job(
        NOTIFIER, "batteries that run low", 300.0, lambda _, now: silence.notify_of_batteries(now), rests_in_storm=True
    ),
    Job(
        NOTIFIER,
        "tags that report after all",
        60.0,
        lambda _, now: completeness.ask_where_tags_report(now),
        rests_in_storm=True,
    ),
    Job(NOTIFIER, "escalation", A_ROUND, NotifierWork.climb, rests_in_storm=True),
    Job(NOTIFIER, "the heartbeat", A_ROUND, NotifierWork.beat, rests_in_storm=True),
    # In a storm each push is a word of its provider's: it is enough to hear it now and then.
    Job(NOTIFIER, "what providers say", 0.5, NotifierWork.look_at_providers, rests_in_storm=True),
    Job(NOTIFIER, "verification codes", A_ROUND, NotifierWork.begin_codes, rests_in_storm=True),
    Job(NOTIFIER, "links to own pages", A_ROUND, NotifierWork.begin_links, rests_in_storm=True),
    Job(NOTIFIER, "phones before a shift", shift_checks.EVERY_S, NotifierWork.begin_checks, rests_in_storm=True),
    Job(NOTIFIER, "silent messages", 2.0, NotifierWork.ask_about_silent, rests_in_storm=True),
    Job(
        NOTIFIER,
        "this host's clock",
        clock.MEASURE_EVERY_S,
        lambda _, now: host_clock.look(now),
        rests_in_storm=True,
    ),
    Job(WATCHDOG, "the front door", A_ROUND, lambda dog, now: dog.looks.front_door(now)),
    Job(WATCHDOG, "heartbeats", A_ROUND, lambda dog, now: dog.looks.processes(now)),
    Job(WATCHDOG, "alerts", A_ROUND, lambda dog, now: dog.looks.next_actions(now)),
    Job(WATCHDOG, "wearers who are not judged", A_ROUND, lambda dog, now: dog.looks.not_judged(now)),
    Job(WATCHDOG, "people without a route", A_ROUND, lambda dog, now: dog.looks.people(now)),
    Job(WATCHDOG, "alerts that reach no one", A_ROUND, lambda dog, now: dog.looks.unreached(now)),
    Job(WATCHDOG, "rotas", A_ROUND, lambda dog, now: dog.looks.rotas(now)),
    Job(WATCHDOG, "phones of protected persons", A_ROUND, lambda dog, now: dog.looks.moving_places(now)),
    Job(WATCHDOG, "numbers", A_ROUND, lambda dog, now: dog.looks.numbers(now)),
    Job(WATCHDOG, "the backlog", A_ROUND, lambda dog, now: dog.looks.backlog(now)),
    Job(WATCHDOG, "outages", A_ROUND, lambda dog, now: dog.looks.outages(now)),
    Job(WATCHDOG, "the canary", A_ROUND, lambda dog, now: dog.looks.canary(now)),
    Job(WATCHDOG, "supervisors' figures", 30.0, lambda _, now: figures.count_changed(now, COUNTED_AT_ONCE)),
    Job(WATCHDOG, "this host's clock", A_ROUND, lambda _, now: host_clock.look(now)),
    Job(WATCHDOG, "hints that no socket took", A_ROUND, lambda _, now: outbox.give_up_hints(now)),
    Job(WATCHDOG, "phones of shifts that are over", A_ROUND, lambda _, now: shift_checks.forget_old(now)),
    Job(WATCHDOG, "signed bytes", A_ROUND, lambda dog, now: dog.looks.signed_bytes(now)),
    Job(WATCHDOG, "checked caseloads", A_ROUND, lambda _, now: checked_imports.forget_old(now)),
    Job(WATCHDOG, "pending re-evaluations", A_ROUND, lambda _, now: reevaluation.settle_overdue(now)),
    Job(WATCHDOG, "what people were told", A_ROUND, lambda dog, now: dog.looks.untold(now)),
    # Beside the rounds: each has a thread of its own, since a provider that hangs must delay no look.
    Job(WATCHDOG, "the notices", A_ROUND, lambda dog, _: dog.signals.tell_after_round(), thread="tell"),
    Job(
        WATCHDOG,
        "the ping",
        lambda dog: dog.signals.pings_every_s(),
        lambda dog, _: dog.signals.ping(),
        thread="ping",
    ),
    Job(WATCHDOG, "knocking", external_check.EVERY_S, lambda dog, _: dog.signals.knock(), thread="knock"),
    Job(CANARY, "a walk", lambda walker: walker.pause_s, CanaryWalker.carry),
    Job(EVERY, "keeping watch", 3.0, lambda vigil, _: vigil.look(), thread="vigil"),
)


def jobs_of(process: str, thread: str | None = None) -> list[Job]:
    """Return the jobs of a process, or those of one of its threads."""
    return [job for job in JOBS if job.process == process and thread in (None, job.thread)]


class OneThread:
    """A process whose jobs are done one after the other until it is asked to stop."""

    def __init__(self, process: str, works_with: Any) -> None:
        self.steps = Steps()
        self._scheduler = Scheduler(jobs_of(process), works_with, self.steps)
        self._stop = threading.Event()

    def run(self) -> None:
        """Work until ``stop`` is called."""
        self._scheduler.keep(self._stop)

    def stop(self) -> None:
        """Ask ``run`` to return."""
        self._stop.set()


def keep_watch(vigil: Vigil, stop: threading.Event) -> threading.Thread:
    """Start the thread that keeps watch within this process until ``stop`` is set."""
    return Scheduler(jobs_of(EVERY), vigil, Steps()).start("vigil", stop)
