"""One step of a climb: who is sent which messages, and when the next step is due."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from backend import alarms, audit, channels, outbox
from backend.escalation import grouping
from backend.escalation.groups import Group
from backend.escalation.locked_alert import WARNINGS, policy_for
from backend.escalation.responders import Responders
from backend.escalation.steps import EVERY_CHANNEL, FIRST, Policy, Step, Who
from backend.models import (
    AlarmKind,
    Alert,
    Channel,
    Escalation,
    Notification,
    NotificationState,
    Person,
    Purpose,
)

log = logging.getLogger(__name__)

NOTHING_OUT_S = 30.0
# A hint that no phone has acknowledged in this time has not arrived.
HINT_ACKNOWLEDGED_S = 3.0


def people_of(group: Group, who: Sequence[Who], responders: Responders) -> list[Person]:
    """Return who fills these places for a group, the people who took one of its alerts among them."""
    lead = next(alert for alert in group.members if alert.id == group.escalation.lead_id)
    return responders.recipients(lead, who, taken_by=group.takers(), duty_person_id=group.escalation.duty_person_id)


def end_reservation(group: Group, now: datetime) -> None:
    """Ask others from now on beside the person who was asked alone."""
    if group.escalation.reserved_for_id is not None:
        group.escalation.reserved_until = now


def _asked_alone(group: Group, step: Step, responders: Responders, now: datetime) -> list[Person] | None:
    """Return the one person who is asked at this step, none where others wait for them; None where it goes as set."""
    escalation = group.escalation
    if escalation.reserved_for_id is None or escalation.reserved_until is None or now >= escalation.reserved_until:
        return None
    alone = [one for one in people_of(group, tuple(FIRST), responders) if one.id == escalation.reserved_for_id]
    routes = responders.routes_of(alone)
    if not any(routes[one.id].intersection(EVERY_CHANNEL) for one in alone):
        end_reservation(group, now)
        return None
    return alone if set(step.who) <= FIRST else []


def take_step(
    group: Group, received: set[tuple[int, int]], responders: Responders, now: datetime
) -> list[outbox.NewNotification]:
    """Bring the climb to the next step that reaches a person, or that they have no need of; return its messages."""
    escalation, alert = group.escalation, group.lead
    policy = policy_for(escalation)
    while True:
        number = escalation.step
        step = policy.step(number)
        is_repeat = number >= len(policy.steps)
        alone = _asked_alone(group, step, responders, now)
        if alone is not None and not alone:
            # Others are asked when the minute of the person who took it has passed.
            return []
        who, channels = step.who, step.channels
        if alone is None and escalation.reserved_for_id is not None and number > 0:
            # The people who would have been asked beside that person are asked now.
            who = (*(one for one in (Who.ACKNOWLEDGER, Who.OFFICER) if one not in who), *who)
            escalation.reserved_for = escalation.reserved_until = None
        purpose = Purpose.ALERT if set(who) <= FIRST else Purpose.ESCALATION
        escalation.step = number + 1
        if is_repeat and group.is_over:
            people = _on_duty(group, responders)
            escalation.repeats += 1
        else:
            people = people_of(group, who, responders) if alone is None else alone
        waiting = [p for p in people if not (step.unless_received and (alert.id, p.id) in received)]
        is_satisfied = bool(people) and not waiting
        to_send = on_each_route(group, waiting, channels, purpose, number, responders, now, is_repeat=is_repeat)
        if to_send or is_satisfied or step.is_quiet:
            return to_send
        if is_repeat:
            log.error("alert %s reaches no one: no one of its team has a live route", alert.id)
            audit.record(audit.SYSTEM, "no_one_reachable", f"alert:{alert.id}", now, alert=alert)
            detail = f"Alert {alert.id} reaches no one: no one has a route"
            alarms.raise_alarm(AlarmKind.NO_LIVE_ROUTE, f"alert:{alert.id}", detail, now, alert.team_id)
            return []


def _on_duty(group: Group, responders: Responders) -> list[Person]:
    """Return who is notified again of what is over: those on duty; the supervisors and the desk where none is."""
    found = responders.on_duty(group.lead)
    routes = responders.routes_of(found)
    if any(routes[person.id].intersection(EVERY_CHANNEL) for person in found):
        return found
    return [*found, *people_of(group, (Who.SUPERVISORS, Who.DUTY_DESK), responders)]


def next_at(group: Group, reached: set[Channel], now: datetime, *, has_failed: bool) -> datetime:
    """Return when a climb that has just taken a step takes the next; ``has_failed`` where all that was tried has."""
    escalation = group.escalation
    policy = policy_for(escalation)
    top = len(policy.steps)
    due_at = escalation.started_at + timedelta(seconds=policy.due_after_s(escalation.step))
    if escalation.step < top:
        if reached == set(channels.HINTS) and not policy.step(escalation.step - 1).is_quiet:
            # Nothing but a hint went out, and an emit to a dead phone succeeds in silence.
            due_at = min(due_at, now + timedelta(seconds=HINT_ACKNOWLEDGED_S))
        if _waits_for_one(escalation, policy, now):
            due_at = max(due_at, escalation.reserved_until or due_at)
        return max(due_at, now)
    if has_failed:
        # Steps that failed one after the other have used the policy up in seconds: soon a provider may be back.
        return now + timedelta(seconds=NOTHING_OUT_S)
    if group.is_over:
        return now + timedelta(seconds=grouping.wait_when_over_s(escalation.repeats))
    if escalation.step == top:
        # A step that came early or late must not make the repetition fall due at once, nor minutes too late.
        soonest, latest = (now + timedelta(seconds=policy.repeat.after_s * share) for share in (0.5, 1.0))
        return min(max(due_at, soonest), latest)
    return now + timedelta(seconds=policy.repeat.after_s)


def _waits_for_one(escalation: Escalation, policy: Policy, now: datetime) -> bool:
    until = escalation.reserved_until
    is_for_others = not set(policy.step(escalation.step).who) <= FIRST
    return until is not None and now < until and is_for_others


def come_to_nothing(alerts: Sequence[Alert]) -> set[int]:
    """Return those of these alerts for whose present rise of danger all that was tried has failed."""
    episodes = {alert.id: alert.episode for alert in alerts}
    if not episodes:
        return set()
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


def on_each_route(
    group: Group,
    people: Sequence[Person],
    channels: Sequence[Channel],
    purpose: Purpose,
    number: int,
    responders: Responders,
    now: datetime,
    *,
    is_repeat: bool = False,
) -> list[outbox.NewNotification]:
    """Return a message to each of these people on each of ``channels`` that reaches them; a lost one is an alarm."""
    alert = next(one for one in group.members if one.id == group.escalation.lead_id)
    shown = group.shown()
    routes = responders.routes_of(people)
    for person in people:
        if not routes[person.id].intersection(EVERY_CHANNEL):
            log.error("person %s has no live route", person.id)
            audit.record(audit.SYSTEM, "no_live_route", f"person:{person.id}", now, alert=alert)
            detail = f"Staff member {person.id} has no live route and was to be warned"
            alarms.raise_alarm(AlarmKind.NO_LIVE_ROUTE, f"person:{person.id}", detail, now, person.team_id)
    return [
        outbox.NewNotification(alert, person, channel, purpose, number, shown, is_repeat)
        for person in people
        for channel in channels
        if channel in routes[person.id]
    ]
