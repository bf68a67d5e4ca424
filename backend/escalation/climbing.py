"""Runs an alert's escalation policy: notifies the responders of each step, again from the start if danger rises."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from backend import alarms, audit, channels, db, outbox
from backend.change_feed import publish
from backend.escalation.locked_alert import WARNINGS, policy_for
from backend.escalation.responders import Responders
from backend.escalation.steps import EVERY_CHANNEL, FIRST
from backend.models import (
    AlarmKind,
    Alert,
    AlertKind,
    AuditEntry,
    Channel,
    Notification,
    NotificationState,
    Person,
    Purpose,
)
from zones import Certainty

log = logging.getLogger(__name__)

NOTHING_OUT_S = 30.0
# A hint that no phone has acknowledged in this time has not arrived.
HINT_ACKNOWLEDGED_S = 3.0


def restart(alert: Alert, now: datetime) -> None:
    """Begin a new episode at the foot of the escalation policy, because an acknowledgement no longer covers the danger.

    A withdrawn alert and a notice are no one's to answer: they lie open in the list and ring no one.
    """
    if alert.certainty == Certainty.WITHDRAWN or alert.kind == AlertKind.NOTICE:
        stop(alert, now)
        return
    outbox.cancel_pending(alert, now, WARNINGS)
    alert.episode += 1
    start(alert, now)


def start(alert: Alert, now: datetime) -> None:
    """Stand the alert at the foot of the escalation policy and enqueue the first notifications."""
    alert.step = 0
    alert.escalation_started_at = now
    climb(alert, now)


def warn_again(alert: Alert, now: datetime) -> None:
    """Warn the first people of risen danger, while the clock of silence that is already running runs on."""
    if alert.next_escalation_at is None:
        restart(alert, now)
        return
    # What has not gone out yet says less than what is pending now.
    outbox.cancel_pending(alert, now, WARNINGS)
    alert.episode += 1
    policy = policy_for(alert)
    first = policy.step(0)
    responders = Responders([alert], now)
    people = responders.recipients(alert, first.who)
    to_send = _on_each_route(alert, people, first.channels, Purpose.ALERT, 0, responders, now)
    outbox.enqueue_all(to_send, now)
    reached = {message.channel for message in to_send}
    # The text for this rise follows as for a new alert; after it the escalation policy is where its own clock has
    # brought it.
    alert.step = 1
    wait_s = HINT_ACKNOWLEDGED_S if reached == set(channels.HINTS) else policy.due_after_s(1)
    text_at = now + timedelta(seconds=wait_s if reached else 0.0)
    alert.next_escalation_at = min(text_at, max(alert.next_escalation_at, now))
    alert.save()
    publish(alert)


def stop(alert: Alert, now: datetime, next_at: datetime | None = None) -> None:
    """Stop climbing; ``next_at`` is when silence begins to count again."""
    outbox.cancel_pending(alert, now, WARNINGS)
    alert.next_escalation_at = next_at
    alert.save()
    publish(alert)


def climb(alert: Alert, now: datetime, responders: Responders | None = None) -> None:
    """Enqueue the notifications of the present step, and of the next ones for as long as a step reaches no one."""
    _climb([alert], now, responders or Responders([alert], now))
    # The caller has often changed more of it.
    alert.save()


def climb_all(alerts: Sequence[Alert], now: datetime) -> None:
    """Let each of these alerts climb, as ``climb`` does, with as many statements for all of them as for one."""
    _climb(alerts, now, Responders(alerts, now))
    rows = [{"id": alert.id, "step": alert.step, "next_escalation_at": alert.next_escalation_at} for alert in alerts]
    db.update_rows(Alert, rows)


def _climb(alerts: Sequence[Alert], now: datetime, responders: Responders) -> None:
    # At the foot of the policy nothing of this rise of danger has gone out yet.
    risen = [alert for alert in alerts if alert.step > 0]
    _give_up_hints(risen, now)
    received = outbox.receipts_of(risen) if risen else set()
    come_to_nothing = _come_to_nothing(risen) if risen else set()
    to_send: list[outbox.NewNotification] = []
    for alert in alerts:
        messages = _rise(alert, received, responders, now)
        to_send += messages
        has_failed = alert.id in come_to_nothing
        alert.next_escalation_at = _next_at(alert, {one.channel for one in messages}, now, has_failed=has_failed)
        publish(alert)
    outbox.enqueue_all(to_send, now)


def _rise(
    alert: Alert, received: set[tuple[int, int]], responders: Responders, now: datetime
) -> list[outbox.NewNotification]:
    """Bring the alert to the next step that reaches someone or is satisfied; return the notifications to enqueue."""
    policy = policy_for(alert)
    while True:
        number = alert.step
        step = policy.step(number)
        purpose = Purpose.ALERT if set(step.who) <= FIRST else Purpose.ESCALATION
        alert.step = number + 1
        people = responders.recipients(alert, step.who)
        waiting = [p for p in people if not (step.unless_received and (alert.id, p.id) in received)]
        is_satisfied = bool(people) and not waiting
        to_send = _on_each_route(alert, waiting, step.channels, purpose, number, responders, now)
        if to_send or is_satisfied:
            return to_send
        if number >= len(policy.steps):
            log.error("alert %s reaches no one: no one of its team has a live route", alert.id)
            audit.record(audit.SYSTEM, "no_one_reachable", f"alert:{alert.id}", now, alert=alert)
            detail = f"Alert {alert.id} reaches no one: no one in the team has a channel"
            alarms.raise_alarm(AlarmKind.NO_LIVE_ROUTE, f"alert:{alert.id}", detail, now, alert.team_id)
            return []


def _next_at(alert: Alert, reached: set[Channel], now: datetime, *, has_failed: bool) -> datetime:
    """Return when an alert that has just climbed climbs again; ``has_failed`` where all that was tried has."""
    policy = policy_for(alert)
    top = len(policy.steps)
    due_at = alert.escalation_started_at + timedelta(seconds=policy.due_after_s(alert.step))
    if alert.step < top:
        if reached == set(channels.HINTS):
            # Nothing but a hint went out, and an emit to a dead phone succeeds in silence.
            due_at = min(due_at, now + timedelta(seconds=HINT_ACKNOWLEDGED_S))
        return max(due_at, now)
    if has_failed:
        # Steps that failed one after the other have used the escalation policy up in seconds: soon a provider may be
        # back.
        return now + timedelta(seconds=NOTHING_OUT_S)
    if alert.step == top:
        # A step that came early or late must not make the repetition fall due at once, nor minutes too late.
        soonest, latest = (now + timedelta(seconds=policy.repeat.after_s * share) for share in (0.5, 1.0))
        return min(max(due_at, soonest), latest)
    return now + timedelta(seconds=policy.repeat.after_s)


def _come_to_nothing(alerts: Sequence[Alert]) -> set[int]:
    """Return those of these alerts for whose present rise of danger all that was tried has failed."""
    episodes = {alert.id: alert.episode for alert in alerts}
    has_failed = (Notification.state == NotificationState.FAILED) | Notification.detail.is_null(False)
    is_out = Notification.state.in_(list(outbox.GONE_OUT))
    tried = Notification.select(Notification.alert, Notification.episode, is_out.alias("is_out")).where(
        Notification.alert.in_(list(episodes)),
        Notification.purpose.in_(WARNINGS),
        Notification.channel.not_in(channels.HINTS),
        has_failed | is_out,
    )
    failed: set[int] = set()
    out: set[int] = set()
    for row in tried:
        if row.episode == episodes[row.alert_id]:
            (out if row.is_out else failed).add(row.alert_id)
    return failed - out


def pass_on(alert: Alert, person: Person, now: datetime) -> bool:
    """Let the next people be asked at once, since ``person`` cannot act; True where they were.

    Only of those who are asked first: while another of them may still act nothing is passed over, and anyone who was
    never asked silences no one.
    """
    policy = policy_for(alert)
    beyond = policy.beyond_first(alert.step)
    is_past = alert.step > 0 and not set(policy.step(alert.step - 1).who) <= FIRST
    responders = Responders([alert], now)
    first = responders.recipients(alert, tuple(FIRST))
    if alert.next_escalation_at is None or is_past or person.id not in {one.id for one in first}:
        return False
    outbox.cancel_pending(alert, now, WARNINGS, person)
    cannot = {
        row.actor
        for row in AuditEntry.select(AuditEntry.actor).where(
            AuditEntry.alert == alert, AuditEntry.action == "cannot", AuditEntry.at >= alert.escalation_started_at
        )
    }
    if any(audit.actor_of(one) not in cannot for one in first):
        return False
    alert.step = beyond
    climb(alert, now, responders)
    return True


def _give_up_hints(alerts: Sequence[Alert], now: datetime) -> None:
    """A hint that no process sent to a socket by now has failed: the socket is gone."""
    if not alerts:
        return
    Notification.update(state=NotificationState.FAILED, settled_at=now, detail=outbox.NO_SOCKET).where(
        Notification.alert.in_([alert.id for alert in alerts]),
        Notification.channel.in_(channels.HINTS),
        Notification.state == NotificationState.PENDING,
    ).execute()


def _on_each_route(
    alert: Alert,
    people: Sequence[Person],
    channels: Sequence[Channel],
    purpose: Purpose,
    number: int,
    responders: Responders,
    now: datetime,
) -> list[outbox.NewNotification]:
    """Return a message to each of these people on each of ``channels`` that reaches them; a lost one is an alarm."""
    routes = responders.routes_of(people)
    for person in people:
        if not routes[person.id].intersection(EVERY_CHANNEL):
            log.error("person %s has no live route", person.id)
            audit.record(audit.SYSTEM, "no_live_route", f"person:{person.id}", now, alert=alert)
            detail = f"Staff member {person.id} has no live route and was to be warned"
            alarms.raise_alarm(AlarmKind.NO_LIVE_ROUTE, f"person:{person.id}", detail, now, person.team_id)
    return [
        outbox.NewNotification(alert, person, channel, purpose, number)
        for person in people
        for channel in channels
        if channel in routes[person.id]
    ]
