"""Settles delivery results: sent ones many at a time, each of the others in its own unit of work."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue

from backend import alerts, channels, clock, db, outbox
from backend.models import Alert, Attempt, Channel, Handling, Notification, NotificationState, Purpose
from backend.people import contact_routes, numbers
from notifier import retries
from notifier.retries import Outcome, Result
from zones import Certainty

log = logging.getLogger(__name__)

MOST_AT_ONCE = 200
PAUSE_S = 0.2
PUT_OFF_S = 1.0
# A lease has long run out by then, and another worker has sent the message again.
TRIES_FOR_S = 30.0

Sent = tuple[Notification, Attempt, Outcome]


class Settler:
    """One thread that settles whatever was sent while it settled the last: a commit costs more than its rows."""

    def __init__(self) -> None:
        self._sent: SimpleQueue[Sent | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="settle", daemon=True)
        self._thread.start()

    def settle(self, notification: Notification, attempt: Attempt, outcome: Outcome) -> None:
        """Let this be settled soon where it was sent, and now where it was not: then another person is due a word."""
        if outcome.result is Result.SENT and not channels.is_call(notification.channel):
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
        # The lease runs out and another worker tries again.
        log.warning("notification %s was not settled", one[0].id, exc_info=True)
        db.forget_connection()


def is_moot(notification: Notification, alert: Alert) -> bool:
    """Tell whether a message has lost its point.

    A warning has when someone has answered, it was nothing, or a newer one is due; a protected person's text when it
    is not so any more.
    """
    if alerts.is_untrue(notification):
        return True
    is_news = alert.handling == Handling.OPEN and alert.certainty != Certainty.WITHDRAWN
    return notification.purpose in alerts.WARNINGS and not (is_news and alert.episode == notification.episode)


def drop(notification: Notification, attempt: Attempt) -> None:
    """Send nothing, since what was claimed has lost its point; that they were never warned is reported."""
    now = clock.now()
    with db.atomic():
        alert = alerts.lock(notification.alert_id)
        outbox.hold(notification.id)
        outbox.finish_attempt(attempt, "dropped", "no longer needed", None, now)
        is_mine = outbox.settle(notification, NotificationState.CANCELLED, now, "no longer needed")
        if is_mine and notification.purpose == Purpose.VICTIM_BREACH and not alerts.goes_another_way(notification):
            alerts.tell_victim_not_warned(alert, now)


def put_off(notification: Notification, attempt: Attempt) -> None:
    """Let what was claimed wait for another message that is on its way."""
    now = clock.now()
    with db.atomic():
        outbox.hold(notification.id)
        outbox.finish_attempt(attempt, "put off", "waits for an earlier text", None, now)
        due_at = now + timedelta(seconds=PUT_OFF_S)
        outbox.retry(notification, due_at, "waits for an earlier text", is_counted=False)


def hold_back(notification: Notification, attempt: Attempt) -> None:
    """Keep a text while its number counts as the wearer's, and tell officers once that it does not go out."""
    now = clock.now()
    with db.atomic():
        alert = alerts.lock(notification.alert_id)
        outbox.hold(notification.id)
        outbox.finish_attempt(attempt, "held", outbox.HELD, None, now)
        lasts_s = retries.LASTS_FOR_S.get(Purpose(notification.purpose), retries.LONGEST_HELD_S)
        if (now - notification.created_at).total_seconds() > lasts_s:
            is_mine = outbox.settle(notification, NotificationState.FAILED, now, outbox.HELD)
        else:
            due_at = now + timedelta(seconds=retries.LONGEST_PAUSE_S)
            is_mine = outbox.retry(notification, due_at, outbox.HELD, is_counted=False)
        if is_mine and notification.detail != outbox.HELD:
            alerts.tell_undelivered(alert, notification, now)


def _pause_s(notification: Notification, outcome: Outcome, now: datetime) -> float | None:
    """Return the seconds until the next try, or None where there is none."""
    tries = notification.attempts if outcome.was_asked else max(1, notification.attempts - 1)
    age_s = (now - notification.created_at).total_seconds()
    lasts_s = retries.LASTS_FOR_S.get(Purpose(notification.purpose))
    if lasts_s is None and not outcome.was_asked and age_s > retries.USEFUL_FOR_S:
        return None
    left_s = None if lasts_s is None else lasts_s - age_s
    return retries.pause_s(tries, random.random(), outcome.retry_after_s, left_s=left_s)  # noqa: S311


def _is_certain(notification: Notification, attempt: Attempt) -> bool:
    """One call that was refused ends no calls for good: the next step tries again, and a second refusal does."""
    if not channels.is_call(notification.channel):
        return True
    return outbox.outcome_before(attempt, notification.person_id, Channel(notification.channel)) == Result.DEAD_ROUTE


def settle(notification: Notification, attempt: Attempt, outcome: Outcome) -> None:
    """Record what a try came to, enqueue the next one, or let the next step go at once."""
    now = clock.now()
    with db.atomic():
        if outcome.result is Result.SENT:
            # Sent is when the request left: the phone may have the message before the provider has answered.
            outbox.settle(notification, NotificationState.SENT, now, sent_at=attempt.started_at)
            if channels.is_call(notification.channel):
                outbox.fold_calls(notification, now)
            outbox.finish_attempt(attempt, outcome.result, outcome.detail, outcome.provider_id, now)
            return
        # Alerts are locked before their notifications, here as everywhere.
        alert = alerts.lock(notification.alert_id)
        outbox.hold(notification.id)
        how = outbox.UNKNOWN if outcome.is_unknown else outcome.result
        outbox.finish_attempt(attempt, how, outcome.detail, outcome.provider_id, now)
        pause = None
        if outcome.result is Result.RETRY:
            pause = _pause_s(notification, outcome, now)
        is_pointless = is_moot(notification, alert)
        if is_pointless:
            pause = None
        is_for_victim = notification.purpose in (Purpose.VICTIM_BREACH, Purpose.VICTIM_ENDING)
        if is_for_victim and pause is None:
            if not alerts.goes_another_way(notification):
                alerts.tell_victim_not_warned(alert, now)
            if notification.purpose == Purpose.VICTIM_BREACH and outcome.result is Result.RETRY and not is_pointless:
                # No one else is tried in their place: while the wearer is there it is tried on.
                pause = retries.LONGEST_PAUSE_S
        if pause is None:
            outbox.settle(notification, NotificationState.FAILED, now, outcome.detail)
            if not is_for_victim and not is_pointless:
                alerts.tell_undelivered(alert, notification, now)
        else:
            due_at = now + timedelta(seconds=pause)
            outbox.retry(notification, due_at, outcome.detail, is_counted=outcome.was_asked)
        is_number_dead = outcome.result is Result.DEAD_ROUTE and notification.channel in channels.TO_NUMBERS
        if is_number_dead and notification.person is not None and _is_certain(notification, attempt):
            contact_routes.mark_down(notification.person, Channel(notification.channel), outcome.detail, now)
        if is_number_dead and notification.victim is not None:
            numbers.void(notification.victim, outcome.detail, now)
        # The next channel goes at the first failure; the retry of this one runs beside it.
        alerts.hasten(notification, now)
