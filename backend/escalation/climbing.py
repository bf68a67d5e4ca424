"""Climbs an escalation policy: who is due a warning now, step by step, from the first or again because danger rose."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from backend import audit, channels, outbox
from backend.change_feed import publish
from backend.escalation import groups, repeat_limits
from backend.escalation.groups import Group
from backend.escalation.locked_alert import WARNINGS, policy_for
from backend.escalation.next_step import (
    HINT_ACKNOWLEDGED_S,
    NOTHING_OUT_S,
    come_to_nothing,
    end_reservation,
    next_at,
    on_each_route,
    people_of,
    take_step,
)
from backend.escalation.responders import Responders
from backend.escalation.steps import FIRST, Policy, quiet_first
from backend.models import (
    Alert,
    AlertKind,
    AuditEntry,
    Handling,
    Notification,
    NotificationState,
    Person,
    Purpose,
)
from zones import Certainty

REPEATS_PER_HOUR = 12


def start(alert: Alert, now: datetime, policy: Policy | None = None, *, quiet_s: float = 0.0) -> None:
    """Tell people of a new alert: from the first step, or as one more among those that they are asked about already.

    ``policy`` is that of this alert alone, in place of its team's. No one is texted or called in the first
    ``quiet_s`` seconds.
    """
    group = groups.hold(alert, now)
    others = [one for one in group.open if one.id != alert.id]
    if group.escalation.next_at is None or not others or all(one.is_over for one in others):
        groups.take_policy(group.escalation, alert, now)
        if policy is not None:
            group.escalation.policy = policy.to_json()
        if quiet_s > 0.0:
            group.escalation.policy = quiet_first(policy_for(group.escalation), quiet_s).to_json()
        # Of the alert itself nothing can wait yet.
        _begin(group, alert, now, others)
    elif group.rings_anew(alert):
        _warn_first(group, alert, now)
    else:
        _join(group, alert, now)


def restart(alert: Alert, now: datetime) -> None:
    """Tell people of an alert again from the first step, because an acknowledgement no longer covers the danger.

    A withdrawn alert and a notice are for no person to answer: they lie open in the list and ring no one.
    """
    if alert.handling == Handling.ACKNOWLEDGED:
        alert.handling = Handling.OPEN
    if alert.certainty == Certainty.WITHDRAWN or alert.kind == AlertKind.NOTICE:
        stop(alert, now)
        return
    group = groups.hold(alert, now)
    others = [one for one in group.open if one.id != alert.id]
    alert.episode += 1
    if others and group.escalation.next_at is not None and not group.rings_anew(alert):
        _join(group, alert, now)
    else:
        _begin(group, alert, now, group.members)


def warn_again(alert: Alert, now: datetime, *, is_return: bool = False) -> None:
    """Warn the first people of risen danger, while the clock of silence that is already running runs on.

    Where they are asked about as grave an alert of the same protected person already, it is shown as one of these,
    unless the wearer has come back.
    """
    group = groups.hold(alert, now)
    if group.escalation.next_at is None:
        restart(alert, now)
        return
    alert.episode += 1
    if is_return or group.rings_anew(alert):
        _warn_first(group, alert, now)
    else:
        _join(group, alert, now)


def stop(alert: Alert, now: datetime, by: Person | None = None) -> None:
    """Ask no more about this alert; what it was told with goes on.

    ``by`` took it. What their acknowledgement does not cover is notified anew, to them first.
    """
    outbox.cancel_pending(alert, now, WARNINGS)
    if alert.escalation_id is None:
        alert.save()
    else:
        _go_on(groups.hold(alert, now), now, by)
    publish(alert)


def _go_on(group: Group, now: datetime, by: Person | None) -> None:
    """Let the climb go on with what is open yet, wait for outcomes, or end."""
    escalation = group.escalation
    if not group.open:
        escalation.next_at = group.next_outcome_due_at()
        group.reserve(None, now)
    else:
        led_by = escalation.lead_id
        group.choose_lead()
        if by is not None or escalation.next_at is None:
            # The alerts are held by others, maybe: the notifier tells them anew once it holds them.
            escalation.is_anew, escalation.step, escalation.repeats = True, 0, 0
            escalation.started_at = escalation.next_at = now
            group.reserve(by.id if by else None, now)
        elif led_by != escalation.lead_id:
            escalation.next_at = min(escalation.next_at, now + timedelta(seconds=NOTHING_OUT_S))
    escalation.save()


def _begin(group: Group, lead: Alert, now: datetime, notified: Sequence[Alert]) -> None:
    """Climb from the first step; what waits about the alerts that people were ``notified`` of is cancelled."""
    escalation = group.escalation
    for alert in notified:
        outbox.cancel_pending(alert, now, WARNINGS)
    escalation.lead_id, escalation.step, escalation.repeats, escalation.is_anew = lead.id, 0, 0, False
    escalation.started_at = now
    group.reserve(group.taken_by(now), now)
    climb_all([group], now)


def _warn_first(group: Group, alert: Alert, now: datetime) -> None:
    escalation = group.escalation
    # What has not gone out yet says less than what is due now.
    for one in group.members:
        outbox.cancel_pending(one, now, WARNINGS)
    escalation.lead_id = alert.id
    policy = policy_for(escalation)
    first = policy.step(0)
    responders = Responders([alert], now)
    people = people_of(group, first.who, responders)
    to_send = on_each_route(group, people, first.channels, Purpose.ALERT, 0, responders, now)
    outbox.enqueue_all(to_send, now)
    reached = {message.channel for message in to_send}
    # The text for this rise follows as for a new alert; after it the climb is where its own clock has brought it.
    escalation.step = 1
    wait_s = HINT_ACKNOWLEDGED_S if reached == set(channels.HINTS) else policy.due_after_s(1)
    text_at = now + timedelta(seconds=wait_s if reached else 0.0)
    escalation.next_at = min(text_at, max(escalation.next_at or text_at, now))
    escalation.repeats = 0
    _save(group, now, [alert])


def _join(group: Group, alert: Alert, now: datetime) -> None:
    """Show one more alert of the same level to those who are asked already: in what waits, else by a push."""
    ids = [one.id for one in group.members]
    mine = (Notification.alert.in_(ids), Notification.purpose.in_(WARNINGS), Notification.person.is_null(False))
    waits = (Notification.state == NotificationState.PENDING) & Notification.lease_token.is_null()
    changed = Notification.update(shown=group.shown()).where(*mine, waits).returning(Notification)
    told_soon = {row.person_id for row in changed.execute()}
    gone = Notification.select(Notification.person).where(
        *mine,
        Notification.channel.in_(channels.TO_DEVICES),
        Notification.created_at >= group.escalation.started_at,
        Notification.state.in_([*outbox.GONE_OUT, NotificationState.PENDING]),
    )
    told = {row.person_id for row in gone} - told_soon
    people = list(Person.select().where(Person.id.in_(told), Person.is_active)) if told else []
    routes = Responders([alert], now).routes_of(people) if people else {}
    shown = group.shown()
    to_send = [
        outbox.NewNotification(alert, person, channel, Purpose.ALERT, 0, shown)
        for person in people
        for channel in channels.TO_DEVICES
        if channel in routes[person.id]
    ]
    outbox.enqueue_all(to_send, now)
    _save(group, now, [alert])


def climb(alert: Alert, now: datetime) -> None:
    """Take the step of the alert's climb that is due, and the next ones for as long as a step reaches no person."""
    climb_all([groups.hold(alert, now)], now)


def climb_all(climbs: Sequence[Group], now: datetime, repeats_per_hour: int = REPEATS_PER_HOUR) -> None:
    """Let each of these climb, with as many statements for all of them as for one."""
    responders = Responders([group.choose_lead() for group in climbs], now)
    for group in climbs:
        if group.escalation.is_anew:
            group.lead.episode += 1
            for alert in group.members:
                outbox.cancel_pending(alert, now, WARNINGS)
            group.escalation.is_anew = False
    # At the first step nothing of the present episode has gone out.
    under_way = [group.lead for group in climbs if group.escalation.step > 0]
    _give_up_hints(under_way, now)
    received = outbox.receipts_of(under_way)
    failed = come_to_nothing(under_way)
    to_send: list[outbox.NewNotification] = []
    for group in climbs:
        has_failed = group.lead.id in failed
        if has_failed:
            # The phone of the person who took it is silent: it is no longer waited for.
            end_reservation(group, now)
        messages = take_step(group, received, responders, now)
        to_send += messages
        escalation = group.escalation
        escalation.next_at = next_at(group, {one.channel for one in messages}, now, has_failed=has_failed)
        outcome_at = group.next_outcome_due_at()
        if outcome_at is not None:
            escalation.next_at = min(escalation.next_at, max(outcome_at, now))
    outbox.enqueue_all(repeat_limits.within_bounds(to_send, climbs, now, repeats_per_hour), now)
    for group in climbs:
        _save(group, now, [group.lead])


def _save(group: Group, now: datetime, changed: Sequence[Alert]) -> None:
    group.escalation.save()
    for alert in changed:
        # The caller has often changed more of it.
        alert.save()
        publish(alert)


def pass_on(alert: Alert, person: Person, now: datetime) -> bool:
    """Let the next people be asked at once, since ``person`` cannot act; True where they were.

    Only of those who are asked first: while another of them may still act nothing is passed over, and a person who was
    never asked silences no one.
    """
    group = groups.hold(alert, now)
    escalation = group.escalation
    policy = policy_for(escalation)
    if escalation.next_at is None or alert not in group.open:
        return False
    if escalation.is_anew:
        # It is notified from the first step as soon as the notifier holds it: that is this step.
        escalation.lead_id = alert.id
        alert.episode += 1
        escalation.is_anew = False
    group.choose_lead()
    is_past = escalation.step > 0 and not set(policy.step(escalation.step - 1).who) <= FIRST
    first = people_of(group, tuple(FIRST), Responders([group.lead], now))
    if is_past or person.id not in {one.id for one in first}:
        escalation.save()
        alert.save()
        return False
    for one in group.members:
        outbox.cancel_pending(one, now, WARNINGS, person)
    cannot = {
        row.actor
        for row in AuditEntry.select(AuditEntry.actor).where(
            AuditEntry.alert.in_([one.id for one in group.members]),
            AuditEntry.action == "cannot",
            AuditEntry.at >= escalation.started_at,
        )
    }
    if escalation.reserved_for_id == person.id:
        end_reservation(group, now)
    elif any(audit.actor_of(one) not in cannot for one in first):
        escalation.save()
        alert.save()
        return False
    escalation.step = policy.beyond_first(escalation.step)
    alert.save()
    climb_all([group], now)
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
