"""Settles what deliveries came to: many that were sent in one unit of work, each that was not in one of its own."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Sequence
from datetime import timedelta
from queue import Empty, SimpleQueue

from backend import alerts, clock, db, numbers, outbox, routes
from backend.models import Alert, Attempt, Channel, Handling, Notification, NotificationState, Purpose
from notifier import delivery
from notifier.delivery import Outcome, Result
from zones import Certainty

log = logging.getLogger(__name__)

MOST_AT_ONCE = 200
PAUSE_S = 0.2
# A lease has long run out by then, and somebody else has sent the message again.
TRIES_FOR_S = 30.0

Sent = tuple[Notification, Attempt, Outcome]


class Settler:
    """One thread that settles whatever was sent while it settled the last: a commit costs more than its rows."""

    def __init__(self) -> None:
        self._sent: SimpleQueue[Sent | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="settle", daemon=True)
        self._thread.start()

    def settle(self, notification: Notification, attempt: Attempt, outcome: Outcome) -> None:
        """Let this be settled soon where it was sent, and now where it was not: then somebody else is owed a word."""
        if outcome.result is Result.SENT and notification.channel != Channel.VOICE:
            self._sent.put((notification, attempt, outcome))
        else:
            settle(notification, attempt, outcome)

    def close(self) -> None:
        """Return when everything that was sent is settled."""
        self._sent.put(None)
        self._thread.join()

    def _run(self) -> None:
        is_over = False
        while not is_over:
            waiting = [self._sent.get()]
            try:
                while len(waiting) < MOST_AT_ONCE:
                    waiting.append(self._sent.get_nowait())
            except Empty:
                pass
            is_over = None in waiting
            settle_sent([one for one in waiting if one is not None])
            db.release_connection()


def settle_sent(sent: Sequence[Sent]) -> None:
    """Record that these were sent; while the database is away it is tried again, since the alternative is a double."""
    rows = [(notification, attempt, outcome.provider_id) for notification, attempt, outcome in sent]
    until = clock.monotonic() + TRIES_FOR_S
    while rows:
        try:
            outbox.settle_sent(rows, clock.now())
            return
        except db.LOST_CONNECTION:
            db.forget_connection()
            if clock.monotonic() > until:
                log.exception("%s sent notifications were not settled", len(rows))
                return
            threading.Event().wait(PAUSE_S)
        except Exception:
            log.exception("a group of sent notifications could not be settled: each is tried alone")
            for one in sent:
                _settle_alone(one)
            return


def _settle_alone(one: Sent) -> None:
    try:
        settle(*one)
    except Exception:
        # The lease runs out and somebody tries again.
        log.warning("notification %s was not settled", one[0].id, exc_info=True)
        db.forget_connection()


def is_moot(notification: Notification, alert: Alert) -> bool:
    """Tell whether a warning has lost its point: somebody has answered, it was nothing, or a newer one is owed."""
    is_news = alert.handling == Handling.OPEN and alert.certainty != Certainty.WITHDRAWN
    return notification.purpose in alerts.WARNINGS and not (is_news and alert.episode == notification.episode)


def _is_certain(notification: Notification, attempt: Attempt) -> bool:
    """One call that was refused ends no calls for good: the next rung tries again, and a second refusal does."""
    if notification.channel != Channel.VOICE:
        return True
    return outbox.outcome_before(attempt, notification.person_id, Channel.VOICE) == Result.DEAD_ROUTE


def settle(notification: Notification, attempt: Attempt, outcome: Outcome) -> None:
    """Record what a try came to, owe the next one, or let the next rung go at once."""
    now = clock.now()
    with db.atomic():
        if outcome.result is Result.SENT:
            # Sent is when the request left: the phone may have the message before the provider has answered.
            outbox.settle(notification, NotificationState.SENT, now, sent_at=attempt.started_at)
            if notification.channel == Channel.VOICE:
                outbox.fold_calls(notification, now)
            outbox.finish_attempt(attempt, outcome.result, outcome.detail, outcome.provider_id, now)
            return
        # Alerts are locked before their notifications, here as everywhere.
        alert = alerts.lock(notification.alert_id)
        outbox.hold(notification.id)
        outbox.finish_attempt(attempt, outcome.result, outcome.detail, outcome.provider_id, now)
        pause = None
        if outcome.result is Result.RETRY:
            tries = notification.attempts if outcome.was_asked else max(1, notification.attempts - 1)
            pause = delivery.pause_s(tries, random.random(), outcome.retry_after_s)  # noqa: S311
            if not outcome.was_asked and now - notification.created_at > timedelta(seconds=delivery.USEFUL_FOR_S):
                pause = None
        if is_moot(notification, alert):
            pause = None
        is_hers = notification.purpose in (Purpose.VICTIM_BREACH, Purpose.VICTIM_ENDING)
        if is_hers and pause is None:
            alerts.tell_victim_not_warned(notification, now)
            if notification.purpose == Purpose.VICTIM_BREACH and outcome.result is Result.RETRY and not alert.is_over:
                # Nobody else is tried in her place: while he is there it is tried on.
                pause = delivery.LONGEST_PAUSE_S
        if pause is None:
            outbox.settle(notification, NotificationState.FAILED, now, outcome.detail)
        else:
            due_at = now + timedelta(seconds=pause)
            outbox.retry(notification, due_at, outcome.detail, is_counted=outcome.was_asked)
        is_number_dead = outcome.result is Result.DEAD_ROUTE and notification.channel != Channel.PUSH
        if is_number_dead and notification.person is not None and _is_certain(notification, attempt):
            routes.mark_down(notification.person, Channel(notification.channel), outcome.detail, now)
        if is_number_dead and notification.victim is not None:
            numbers.void(notification.victim, outcome.detail, now)
        # The next channel goes at the first failure; the retry of this one runs beside it.
        alerts.hasten(notification, now)
