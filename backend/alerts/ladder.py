"""Climbs the ladder: who is owed a notification now, because of danger or because of silence."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from backend import alarms, audit, lifecycle, outbox
from backend.alerts.feed import publish
from backend.alerts.muster import Muster
from backend.consent import sms_consent
from backend.db import LOST_CONNECTION, atomic, lock_rows, skip_locked
from backend.models import (
    AlarmKind,
    Alert,
    AlertKind,
    AuditEntry,
    Channel,
    Handling,
    LadderPolicy,
    Notification,
    NotificationState,
    Person,
    Purpose,
    Victim,
)
from backend.rungs import EVERY_CHANNEL, FIRST, Ladder, LadderRefused, Who, ladder_of
from zones import Certainty

log = logging.getLogger(__name__)

WARNINGS = (Purpose.ALERT, Purpose.ESCALATION)
# No instant of a ladder lies farther ahead than an outcome that is owed, with some slack.
LONGEST_WAIT_S = lifecycle.OUTCOME_OWED_AFTER_S + 60.0
TRY_AGAIN_S = 60.0
NOTHING_OUT_S = 30.0
# A hint that no phone has acknowledged in this time has not arrived.
HINT_ACKNOWLEDGED_S = 3.0
NOT_GONE_OUT = (NotificationState.PENDING, NotificationState.CANCELLED)


def restart(alert: Alert, now: datetime) -> None:
    """Begin a new episode at the foot of the ladder, because an acknowledgement no longer covers the danger.

    A withdrawn alert and a notice are nobody's to answer: they lie open in the list and ring no one.
    """
    if alert.certainty == Certainty.WITHDRAWN or alert.kind == AlertKind.NOTICE:
        stop(alert, now)
        return
    outbox.cancel_pending(alert, now, WARNINGS)
    alert.episode += 1
    start(alert, now)


def take_policy(alert: Alert, now: datetime) -> None:
    """Let the alert keep the ladder that its team has now: a change of policy changes no alert under way."""
    policy = (
        LadderPolicy.select()
        .where(
            LadderPolicy.team == alert.team_id,
            LadderPolicy.kind.is_null() | (LadderPolicy.kind == alert.kind),
            LadderPolicy.from_at <= now,
        )
        .order_by(LadderPolicy.kind.is_null(), LadderPolicy.from_at.desc(), LadderPolicy.id.desc())
        .first()
    )
    if policy is not None:
        alert.ladder, alert.duty_person = policy.ladder, policy.duty_person_id


def ladder_for(alert: Alert) -> Ladder:
    """Return the ladder that the alert climbs; one that cannot be read is the default, and that is logged."""
    try:
        return ladder_of(alert.ladder)
    except LadderRefused:
        log.exception("the ladder of alert %s cannot be read: the default one is climbed", alert.id)
        return ladder_of(None)


def start(alert: Alert, now: datetime) -> None:
    """Stand the alert at the foot of the ladder and owe the first notifications."""
    alert.rung = 0
    alert.ladder_started_at = now
    climb(alert, now)


def warn_again(alert: Alert, now: datetime) -> None:
    """Warn the first people of risen danger, while the clock of silence that is already running runs on."""
    if alert.next_escalation_at is None:
        restart(alert, now)
        return
    # What has not gone out yet says less than what is owed now.
    outbox.cancel_pending(alert, now, WARNINGS)
    alert.episode += 1
    ladder = ladder_for(alert)
    first = ladder.rung(0)
    muster = Muster([alert], now)
    people = muster.recipients(alert, first.who)
    reached = _owe_everywhere(alert, people, first.channels, Purpose.ALERT, 0, muster, now)
    # The text for this rise follows as for a new alert; after it the ladder is where its own clock has brought it.
    alert.rung = 1
    wait_s = HINT_ACKNOWLEDGED_S if reached == {Channel.WEBSOCKET} else ladder.due_after_s(1)
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


def climb(alert: Alert, now: datetime, muster: Muster | None = None) -> None:
    """Owe the notifications of the present rung, and of the next ones for as long as a rung reaches nobody.

    ``muster`` is that of a group of alerts which this one is among.
    """
    muster = muster or Muster([alert], now)
    if alert.rung > 0:
        _give_up_hints(alert, now)
    ladder = ladder_for(alert)
    top = len(ladder.rungs)
    while True:
        number = alert.rung
        rung = ladder.rung(number)
        purpose = Purpose.ALERT if set(rung.who) <= FIRST else Purpose.ESCALATION
        alert.rung = number + 1
        people = muster.recipients(alert, rung.who)
        waiting = [p for p in people if not (rung.unless_received and outbox.has_receipt(alert, p))]
        is_satisfied = bool(people) and not waiting
        owed = _owe_everywhere(alert, waiting, rung.channels, purpose, number, muster, now)
        if owed or is_satisfied:
            break
        if number >= top:
            log.error("alert %s reaches nobody: no one of its team has a live route", alert.id)
            audit.record(audit.SYSTEM, "nobody_reachable", f"alert:{alert.id}", now, alert=alert)
            detail = f"Alert {alert.id} reaches nobody: no one has a route"
            alarms.raise_alarm(AlarmKind.NO_LIVE_ROUTE, f"alert:{alert.id}", detail, now, alert.team_id)
            break
    due_at = alert.ladder_started_at + timedelta(seconds=ladder.due_after_s(alert.rung))
    if alert.rung < top:
        if owed == {Channel.WEBSOCKET}:
            # Nothing but a hint went out, and an emit to a dead phone succeeds in silence.
            due_at = min(due_at, now + timedelta(seconds=HINT_ACKNOWLEDGED_S))
        alert.next_escalation_at = max(due_at, now)
    elif _has_come_to_nothing(alert):
        # Rungs that failed one after the other have used the ladder up in seconds: soon a provider may be back.
        alert.next_escalation_at = now + timedelta(seconds=NOTHING_OUT_S)
    elif alert.rung == top:
        # A rung that came early or late must not make the repetition fall due at once, nor minutes too late.
        soonest, latest = (now + timedelta(seconds=ladder.repeat.after_s * share) for share in (0.5, 1.0))
        alert.next_escalation_at = min(max(due_at, soonest), latest)
    else:
        alert.next_escalation_at = now + timedelta(seconds=ladder.repeat.after_s)
    alert.save()
    publish(alert)


def _has_come_to_nothing(alert: Alert) -> bool:
    """Tell whether all that was tried for this rise of danger has failed."""
    tried = Notification.select().where(
        Notification.alert == alert,
        Notification.episode == alert.episode,
        Notification.purpose.in_(WARNINGS),
        Notification.channel != Channel.WEBSOCKET,
    )
    is_out = Notification.state.in_([NotificationState.SENT, NotificationState.DELIVERED, NotificationState.RECEIVED])
    has_failed = (Notification.state == NotificationState.FAILED) | Notification.detail.is_null(False)
    return tried.where(has_failed).exists() and not tried.where(is_out).exists()


def pass_on(alert: Alert, person: Person, now: datetime) -> bool:
    """Let the next people be asked at once, since ``person`` cannot act; True where they were.

    Only of those who are asked first: while another of them may still act nothing is passed over, and whoever was
    never asked silences nobody.
    """
    ladder = ladder_for(alert)
    beyond = ladder.beyond_first(alert.rung)
    is_past = alert.rung > 0 and not set(ladder.rung(alert.rung - 1).who) <= FIRST
    muster = Muster([alert], now)
    first = muster.recipients(alert, tuple(FIRST))
    if alert.next_escalation_at is None or is_past or person.id not in {one.id for one in first}:
        return False
    outbox.cancel_pending(alert, now, WARNINGS, person)
    cannot = {
        row.actor
        for row in AuditEntry.select(AuditEntry.actor).where(
            AuditEntry.alert == alert, AuditEntry.action == "cannot", AuditEntry.at >= alert.ladder_started_at
        )
    }
    if any(audit.actor_of(one) not in cannot for one in first):
        return False
    alert.rung = beyond
    climb(alert, now, muster)
    return True


def _give_up_hints(alert: Alert, now: datetime) -> None:
    """A hint that no process sent to a socket by now has failed: the socket is gone."""
    Notification.update(state=NotificationState.FAILED, settled_at=now, detail="no open socket took it").where(
        Notification.alert == alert,
        Notification.channel == Channel.WEBSOCKET,
        Notification.state == NotificationState.PENDING,
    ).execute()


def _owe_everywhere(
    alert: Alert,
    people: Sequence[Person],
    channels: Sequence[Channel],
    purpose: Purpose,
    number: int,
    muster: Muster,
    now: datetime,
) -> set[Channel]:
    """Owe these people a message on each of ``channels`` that reaches them, and return the channels that do."""
    routes = muster.routes_of(people)
    owed = [(person, channel) for person in people for channel in channels if channel in routes[person.id]]
    outbox.owe_all(alert, owed, purpose, now, rung=number)
    for person in people:
        if not routes[person.id].intersection(EVERY_CHANNEL):
            log.error("person %s has no live route", person.id)
            audit.record(audit.SYSTEM, "no_live_route", f"person:{person.id}", now, alert=alert)
            detail = f"Staff member {person.id} has no live route and was to be warned"
            alarms.raise_alarm(AlarmKind.NO_LIVE_ROUTE, f"person:{person.id}", detail, now, person.team_id)
    return {channel for _, channel in owed}


def escalate_overdue(now: datetime, limit: int = 100) -> int:
    """Climb for up to ``limit`` alerts on which silence has lasted to the next rung; return how many.

    An instant farther ahead than any rung is overdue too: a clock that jumped must not park a ladder. One alert that
    cannot be climbed for is tried again a minute later and never keeps the others back.
    """
    latest = now + timedelta(seconds=LONGEST_WAIT_S)
    overdue = (Alert.next_escalation_at <= now) | (Alert.next_escalation_at > latest)
    try:
        with atomic():
            query = Alert.select(Alert.id).where(overdue).order_by(Alert.next_escalation_at).limit(limit)
            ids = [row.id for row in skip_locked(query)]
            if not ids:
                return 0
            overdue_alerts = lock_all(ids)
            muster = Muster(overdue_alerts, now)
            for alert in overdue_alerts:
                _escalate(alert, now, muster)
    except LOST_CONNECTION:
        raise
    except Exception:
        log.exception("a group of alerts could not be climbed for: each is tried alone")
        ids = [row.id for row in Alert.select(Alert.id).where(overdue).limit(limit)]
        for alert_id in ids:
            _escalate_alone(alert_id, now)
    return len(ids)


def _escalate(alert: Alert, now: datetime, muster: Muster | None = None) -> None:
    latest = now + timedelta(seconds=LONGEST_WAIT_S)
    if alert.next_escalation_at is None or now < alert.next_escalation_at <= latest:
        # Somebody has answered, or another worker has climbed, since it was found.
        return
    if alert.handling == Handling.CLOSED:
        stop(alert, now)
    elif alert.handling == Handling.ACKNOWLEDGED:
        # The promise to act was not followed by an outcome: silence has begun again.
        audit.record(audit.SYSTEM, "outcome_overdue", f"alert:{alert.id}", now, alert=alert)
        alert.handling = Handling.OPEN
        restart(alert, now)
    else:
        climb(alert, now, muster)


def _escalate_alone(alert_id: int, now: datetime) -> None:
    try:
        with atomic():
            _escalate(lock(alert_id), now)
    except LOST_CONNECTION:
        raise
    except Exception:
        log.exception("alert %s could not be climbed for", alert_id)
        with atomic():
            Alert.update(next_escalation_at=now + timedelta(seconds=TRY_AGAIN_S)).where(Alert.id == alert_id).execute()


def next_escalation_at() -> datetime | None:
    """Return the instant at which the next alert climbs by itself."""
    first = (
        Alert.select(Alert.next_escalation_at)
        .where(Alert.next_escalation_at.is_null(False))
        .order_by(Alert.next_escalation_at)
        .limit(1)
        .first()
    )
    return first.next_escalation_at if first else None


def hasten(notification: Notification, now: datetime) -> None:
    """A channel failed: let the next rung go at once, unless this person's phone has the warning already."""
    if notification.person is None or notification.purpose not in WARNINGS:
        return
    with atomic():
        alert = lock(notification.alert_id)
        is_latest = notification.episode == alert.episode and notification.rung == alert.rung - 1
        # Past the ladder's end rungs repeat at their pace: a provider that is down must not make them spin.
        if (
            alert.handling != Handling.OPEN
            or alert.next_escalation_at is None
            or not is_latest
            or alert.rung >= len(ladder_for(alert).rungs)
        ):
            return
        if outbox.has_receipt(alert, notification.person):
            return
        if not _has_hope(notification):
            alert.next_escalation_at = now
            alert.save(only=[Alert.next_escalation_at])


def _has_hope(notification: Notification) -> bool:
    """Tell whether another message of the same rung is out or has not failed yet; a hint is no hope."""
    has_not_failed = (Notification.state == NotificationState.PENDING) & Notification.detail.is_null()
    is_out = Notification.state.in_([NotificationState.SENT, NotificationState.DELIVERED, NotificationState.RECEIVED])
    return (
        Notification.select()
        .where(
            Notification.alert == notification.alert_id,
            Notification.episode == notification.episode,
            Notification.rung == notification.rung,
            Notification.purpose == notification.purpose,
            Notification.channel != Channel.WEBSOCKET,
            Notification.id != notification.id,
            is_out | has_not_failed,
        )
        .exists()
    )


def lock(alert_id: int) -> Alert:
    """Return the alert, held until the unit of work ends."""
    lock_rows(Alert, [alert_id])
    return Alert.get_by_id(alert_id)


def lock_all(alert_ids: Sequence[int]) -> list[Alert]:
    """Return these alerts in the order that was asked for, all of them held until the unit of work ends."""
    lock_rows(Alert, alert_ids)
    found = {alert.id: alert for alert in Alert.select().where(Alert.id.in_(alert_ids))}
    return [found[alert_id] for alert_id in alert_ids]


def tell_warned(
    alert: Alert, purpose: Purpose, channels: Sequence[Channel], now: datetime, but: Person | None = None
) -> None:
    """Tell everyone who was warned of this alert something new, each on the channels they were warned by."""
    warned = (
        Notification.select(Notification.person, Notification.channel)
        .where(
            Notification.alert == alert,
            Notification.purpose.in_(WARNINGS),
            Notification.person.is_null(False),
            Notification.state.not_in(NOT_GONE_OUT)
            | ((Notification.state == NotificationState.PENDING) & Notification.lease_token.is_null(False)),
        )
        .distinct()
    )
    for row in warned:
        person = row.person
        # Whoever was called is told the news by text: a call at night to say that all is well wakes them again.
        channel = Channel.SMS if row.channel == Channel.VOICE else Channel(row.channel)
        if person is not None and channel in channels and (but is None or person.id != but.id):
            outbox.owe(alert, person, channel, purpose, now)


def tell_victim_of_breach(alert: Alert, now: datetime) -> None:
    """Owe the victim the text she agreed to, once a stay, in her words; nothing without her consent."""
    victim: Victim = alert.place.victim
    if _texts(alert, Purpose.VICTIM_BREACH, []) > _texts(alert, Purpose.VICTIM_OVER, []):
        return
    if victim.phone and sms_consent(victim):
        outbox.owe(alert, victim, Channel.SMS, Purpose.VICTIM_BREACH, now)


def tell_victim_it_is_over(alert: Alert, now: datetime) -> None:
    """Owe the victim the second text if the first one went out; if it did not, neither goes."""
    victim: Victim = alert.place.victim
    outbox.cancel_pending(alert, now, [Purpose.VICTIM_BREACH])
    # What is still pending is on its way in a worker's hands.
    gone_out = _texts(alert, Purpose.VICTIM_BREACH, [])
    if gone_out > _texts(alert, Purpose.VICTIM_OVER, []) and victim.phone and sms_consent(victim):
        outbox.owe(alert, victim, Channel.SMS, Purpose.VICTIM_OVER, now)


def _texts(alert: Alert, purpose: Purpose, but: Sequence[NotificationState]) -> int:
    return (
        Notification.select()
        .where(
            Notification.alert == alert,
            Notification.purpose == purpose,
            Notification.state.not_in([NotificationState.CANCELLED, NotificationState.FAILED, *but]),
        )
        .count()
    )


def tell_victim_not_warned(notification: Notification, now: datetime) -> None:
    """Tell the officer that her text cannot be delivered: somebody has to reach her in another way."""
    with atomic():
        alert = lock(notification.alert_id)
        audit.record(audit.SYSTEM, "victim_not_warned", f"alert:{alert.id}", now, alert=alert)
        publish(alert)
        tell(alert, (Who.ACKNOWLEDGER, Who.OFFICER), Purpose.VICTIM_NOT_WARNED, now)


def tell(alert: Alert, to: Sequence[Who], purpose: Purpose, now: datetime) -> None:
    """Owe these people one message on each quiet route they have."""
    muster = Muster([alert], now)
    people = muster.recipients(alert, to)
    routes = muster.routes_of(people)
    quiet = (Channel.PUSH, Channel.SMS)
    owed = [(person, channel) for person in people for channel in quiet if channel in routes[person.id]]
    outbox.owe_all(alert, owed, purpose, now)
