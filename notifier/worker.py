"""Delivers what is due and escalates what is overdue, woken by each commit; any number of these may run."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend import alerts, clock, db, heartbeats, instants, outbox, wakeups
from backend.models import Alert, AlertKind, Attempt, Channel, Notification, NotificationState, Purpose
from backend.settings import Settings
from notifier import delivery
from notifier.channels.push import Push
from notifier.channels.sms import Sms
from notifier.delivery import Outcome, Result
from notifier.messages import Subject
from zones import Certainty, Level

log = logging.getLogger(__name__)

Sender = Callable[[Notification, Subject, Attempt], Outcome]


@dataclass(frozen=True, slots=True)
class Senders:
    """The channels that this worker can send on; one without credentials answers that it is off."""

    push: Sender
    sms: Sender
    close: Callable[[], None]


def _off(name: str) -> Sender:
    def send(*_: object) -> Outcome:
        return delivery.failed(f"{name} is off: it has no credentials")

    return send


def senders(settings: Settings) -> Senders:
    """Return the channels that have credentials, and say which have none."""
    push, sms = _off("push"), _off("SMS")
    close: Callable[[], None] = lambda: None  # noqa: E731
    if settings.fcm_credentials:
        firebase = Push(settings)
        push = lambda notification, subject, _: firebase.send(notification, subject)  # noqa: E731
        close = firebase.close
    else:
        log.warning("push is off: CORDON_FCM_CREDENTIALS is not set")
    if settings.twilio_account_sid and settings.twilio_auth_token and settings.twilio_from:
        sms = Sms(settings).send
    else:
        log.warning("SMS is off: CORDON_TWILIO_ACCOUNT_SID, _AUTH_TOKEN and _FROM are not all set")
    return Senders(push, sms, close)


def subject_of(alert: Alert) -> Subject:
    """Return what may be said of the alert outside the app."""
    return Subject(
        code=alert.code,
        kind=AlertKind(alert.kind),
        level=Level(alert.level),
        certainty=Certainty(alert.certainty),
        is_over=alert.is_over,
        is_late=alert.is_late,
    )


class Worker:
    """One notifier process: claims with a lease, sends outside any transaction, settles with its token."""

    CHANNELS = (Channel.PUSH, Channel.SMS)

    def __init__(self, settings: Settings, channels: Senders | None = None) -> None:
        self._settings = settings
        self._senders = channels or senders(settings)
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(settings.worker_threads, thread_name_prefix="deliver")
        self._under_way: set[Future[None]] = set()
        self._heart = heartbeats.Heart(heartbeats.NOTIFIER)

    def run(self) -> None:
        """Work until ``stop`` is called; then finish what is under way."""
        listener = wakeups.listen()
        try:
            while not self._stop.is_set():
                try:
                    self.work()
                    if self._free() > 0:
                        listener.wait(self._longest_sleep_s(), self._stop)
                    else:
                        wait(self._under_way, timeout=1.0, return_when=FIRST_COMPLETED)
                except Exception:
                    # A lost database must never end the loop.
                    log.warning("the outbox could not be worked on", exc_info=True)
                    db.forget_connection()
                    self._stop.wait(0.5)
        finally:
            listener.close()
            self._pool.shutdown(wait=True)
            self._senders.close()
            db.release_connection()

    def stop(self) -> None:
        """Ask ``run`` to return."""
        self._stop.set()

    def work(self) -> None:
        """Judge and escalate what has fallen due, and begin to deliver as much as there are threads for.

        None of these may keep the others from being done.
        """
        self._try("the heartbeat", lambda: self._heart.beat(clock.now()))
        self._try("zones that begin or end", lambda: instants.judge_due(clock.now()))
        self._try("the ladder", lambda: alerts.escalate_overdue(clock.now()))
        self._under_way = {future for future in self._under_way if not future.done()}
        free = self._free()
        if free > 0:
            claimed = outbox.claim_due(self.CHANNELS, clock.now(), self._settings.lease_s, free)
            self._under_way |= {self._pool.submit(self._deliver, notification) for notification in claimed}
        db.release_connection()

    @staticmethod
    def _try(what: str, step: Callable[[], object]) -> None:
        try:
            step()
        except db.LOST_CONNECTION:
            raise
        except Exception:
            log.exception("%s could not be worked on", what)

    def _free(self) -> int:
        return self._settings.worker_threads - sum(not future.done() for future in self._under_way)

    def _longest_sleep_s(self) -> float:
        """Return the seconds to the next thing that falls due by itself, at most the poll's."""
        if any(not future.done() for future in self._under_way):
            # A thread that comes free takes the next row soon, although no commit says so.
            return 0.05
        due: list[datetime | None] = [
            alerts.next_escalation_at(),
            outbox.next_due_at(self.CHANNELS),
            instants.next_due_at(),
        ]
        db.release_connection()
        now = clock.now()
        left = [(at - now).total_seconds() for at in due if at is not None]
        return max(0.001, min([self._settings.poll_s, *left]))

    def _deliver(self, notification: Notification) -> None:
        try:
            deliver(notification, self._senders)
        except Exception:
            # The lease runs out and somebody tries again.
            log.warning("notification %s was not settled", notification.id, exc_info=True)
            db.forget_connection()
        finally:
            db.release_connection()


def deliver(notification: Notification, channels: Senders) -> None:
    """Try one claimed notification once and settle it."""
    attempt = outbox.begin_attempt(notification, clock.now())
    # Nothing is held while a provider takes its time.
    db.release_connection()
    send = channels.push if notification.channel == Channel.PUSH else channels.sms
    try:
        outcome = send(notification, subject_of(notification.alert), attempt)
    except Exception as error:
        log.exception("the %s channel failed", notification.channel)
        outcome = delivery.failed(f"the channel itself failed ({type(error).__name__})")
    settle(notification, attempt, outcome)


def settle(notification: Notification, attempt: Attempt, outcome: Outcome) -> None:
    """Record what a try came to, owe the next one, or let the next rung go at once."""
    now = clock.now()
    with db.atomic():
        if outcome.result is Result.SENT:
            # Sent is when the request left: the phone may have the message before the provider has answered.
            outbox.settle(notification, NotificationState.SENT, now, sent_at=attempt.started_at)
            outbox.finish_attempt(attempt, outcome.result, outcome.detail, outcome.provider_id, now)
            return
        # Alerts are locked before their notifications, here as everywhere.
        alert = alerts.lock(notification.alert_id)
        outbox.finish_attempt(attempt, outcome.result, outcome.detail, outcome.provider_id, now)
        pause = None
        if outcome.result is Result.RETRY:
            pause = delivery.pause_s(notification.attempts, random.random(), outcome.retry_after_s)  # noqa: S311
        is_hers = notification.purpose == Purpose.VICTIM_BREACH
        if is_hers and pause is None:
            alerts.tell_victim_not_warned(notification, now)
            if outcome.result is Result.RETRY and not alert.is_over:
                # Nobody else is tried in her place: while he is there it is tried on.
                pause = delivery.LONGEST_PAUSE_S
        if pause is None:
            outbox.settle(notification, NotificationState.FAILED, now, outcome.detail)
        else:
            outbox.retry(notification, now + timedelta(seconds=pause), outcome.detail)
        # The next channel goes at the first failure; the retry of this one runs beside it.
        alerts.hasten(notification, now)
