"""One try of one notification: on each way of its channel until one takes it, and the question what became of it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from backend import alerts, clock, db, outbox
from backend.models import Attempt, Channel, Notification
from backend.people import numbers
from notifier import provider_states, retries
from notifier.channels.registry import Senders, Way
from notifier.delivery_results import drop, hold_back, is_moot, put_off
from notifier.message_subjects import subject_of
from notifier.retries import Outcome, Result

log = logging.getLogger(__name__)

Settle = Callable[[Notification, Attempt, Outcome], None]


def deliver(notification: Notification, attempt: Attempt, channels: Senders, settle: Settle) -> None:
    """Try one claimed notification once on each way of its channel until one takes it, and let it be settled.

    ``attempt`` is on record for the first way; each further way has one of its own.
    """
    if is_moot(notification, notification.alert):
        # Its worker died, and meanwhile someone has answered: no one is woken for what is settled. And a protected
        # person reads nothing that is not so any more.
        drop(notification, attempt)
        return
    if alerts.has_to_wait(notification, clock.now()):
        put_off(notification, attempt)
        return
    if notification.victim is not None and numbers.holds(notification.victim.phone, notification.alert.wearer_id):
        # Asked at the last moment: it may have been declared since the message was enqueued.
        hold_back(notification, attempt)
        return
    ways = channels.ways[Channel(notification.channel)]
    for way in ways:
        if way is not ways[0]:
            (attempt,) = outbox.begin_attempts([notification], {notification.channel: way.provider}, clock.now())
        # Nothing is held while a provider takes its time.
        db.release_connection()
        outcome = _ask_way(way, notification, attempt)
        if outcome.result in (Result.SENT, Result.DEAD_ROUTE) or way is ways[-1]:
            break
        how = outbox.UNKNOWN if outcome.is_unknown else outcome.result
        outbox.finish_attempt(attempt, how, outcome.detail, outcome.provider_id, clock.now())
    settle(notification, attempt, outcome)


def _ask_way(way: Way, notification: Notification, attempt: Attempt) -> Outcome:
    def send() -> Outcome:
        return way.send(notification, subject_of(notification.alert, notification), attempt)

    try:
        return send() if way.breaker is None else way.breaker.ask(way.provider, send)
    except Exception as error:
        log.exception("the %s channel failed", notification.channel)
        return retries.failed(f"the channel itself failed ({type(error).__name__})")


def ask_state(attempt: Attempt, channels: Senders) -> None:
    """Ask the provider of an attempt what became of it, and let that count as a callback would."""
    for way in channels.ways[Channel(attempt.notification.channel)]:
        is_away = way.breaker is not None and (way.breaker.is_open or way.breaker.is_refused)
        if way.provider == attempt.provider and way.state_of is not None and not is_away:
            # Nothing is held while a provider takes its time.
            db.release_connection()
            state, error_code = way.state_of(attempt.provider_id or "")
            provider_states.take(attempt.id, state, error_code, clock.now())
