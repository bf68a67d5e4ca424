"""Notifies staff of news about an alert outside its escalation policy: withdrawn, answered, not delivered."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from backend import audit, channels, outbox
from backend.change_feed import publish
from backend.escalation.locked_alert import WARNINGS
from backend.escalation.responders import Responders
from backend.escalation.steps import Who
from backend.models import Alert, Channel, Notification, NotificationState, Person, Purpose
from backend.people import contact_routes
from zones import Certainty

log = logging.getLogger(__name__)

# What only its own message tells a member of staff.
NEWS = (
    Purpose.WITHDRAWN,
    Purpose.CORRECTION,
    Purpose.NOTICE,
    Purpose.VICTIM_NOT_WARNED,
    Purpose.VICTIM_NOT_TOLD,
)
# The last of the reasons of a message's alert says how it stands with the answer.
HELP_NOT_ANSWERED = "The answer by text did not go out. Not answered: call."
NOT_GONE_OUT = (NotificationState.PENDING, NotificationState.CANCELLED)


def tell_warned(
    alert: Alert, purpose: Purpose, by: Sequence[Channel], now: datetime, but: Person | None = None
) -> None:
    """Tell everyone who was warned of this alert something new, each on the channels they were warned by."""
    for person, rows in _warned(alert):
        if but is None or person.id != but.id:
            # A person who was called gets the news by text: a call at night to say that all is well wakes them
            # again.
            told_by = {channels.TEXTS[0] if channels.is_call(row.channel) else Channel(row.channel) for row in rows}
            for channel in sorted(told_by.intersection(by)):
                outbox.enqueue(alert, person, channel, purpose, now)


def tell_answered(alerts: Sequence[Alert], by: Person, now: datetime) -> None:
    """Tell everyone else who was warned that a person acts, once for all of these alerts.

    By a quiet push; by text where no push warned them.
    """
    told = {by.id}
    for alert in alerts:
        for person, rows in _warned(alert):
            if person.id in told:
                continue
            told.add(person.id)
            by_push = any(row.channel in channels.TO_DEVICES and row.state != NotificationState.FAILED for row in rows)
            # The phone that the push went to may have been signed out since.
            if by_push and contact_routes.has_route(person, channels.TO_DEVICES[0], now):
                outbox.enqueue(alert, person, channels.TO_DEVICES[0], Purpose.ANSWERED, now)
            elif by_push or any(row.channel in channels.TO_NUMBERS for row in rows):
                outbox.enqueue(alert, person, channels.TEXTS[0], Purpose.ANSWERED, now)


def _warned(alert: Alert) -> list[tuple[Person, list[Notification]]]:
    """Return who was warned of this alert and is of the staff yet, each with what warned them."""
    rows = (
        Notification.select(Notification, Person)
        .join(Person)
        .where(
            Notification.alert == alert,
            Notification.purpose.in_(WARNINGS),
            Person.is_active,
            Notification.state.not_in(NOT_GONE_OUT)
            | ((Notification.state == NotificationState.PENDING) & Notification.lease_token.is_null(False)),
        )
        .order_by(Notification.id)
    )
    found: dict[int, tuple[Person, list[Notification]]] = {}
    for row in rows:
        if row.person is not None:
            found.setdefault(row.person.id, (row.person, []))[1].append(row)
    return list(found.values())


def tell(alert: Alert, to: Sequence[Who], purpose: Purpose, now: datetime, *, and_answering: bool = False) -> None:
    """Enqueue these people one message on each quiet route they have; where none of them has one, the supervisors.

    With ``and_answering`` the one who answers for the case is among them, on duty or not.
    """
    responders = Responders([alert], now)
    people = responders.recipients(alert, to)
    if and_answering:
        people += [person for person in responders.answering(alert) if person not in people]
    quiet = channels.QUIET_BY_PROVIDER
    for those in (people, responders.recipients(alert, (Who.SUPERVISORS,))):
        routes = responders.routes_of(those)
        to_send = [
            outbox.NewNotification(alert, person, channel, purpose)
            for person in those
            for channel in quiet
            if channel in routes[person.id]
        ]
        if to_send:
            outbox.enqueue_all(to_send, now)
            return
    log.error("no one can be notified of the news of alert %s: no one has a quiet route", alert.id)
    audit.record(audit.SYSTEM, "no_one_reachable", f"alert:{alert.id}", now, alert=alert)


def tell_undelivered(alert: Alert, notification: Notification, now: datetime) -> None:
    """Notify another person when news that does not escalate has failed on every channel of its recipient.

    The alert is held already.
    """
    purpose = Purpose(notification.purpose)
    if notification.victim_id is not None and goes_another_way(notification):
        return
    if purpose in (Purpose.VICTIM_BREACH, Purpose.VICTIM_ENDING, Purpose.VICTIM_UNWATCHED):
        tell_victim_not_warned(alert, now)
    elif purpose is Purpose.VICTIM_HELP:
        alert.reasons = [*alert.reasons[:-1], HELP_NOT_ANSWERED]
        _note(alert, "victim_not_answered", now)
    elif purpose is Purpose.VICTIM_OVER:
        _note(alert, "victim_not_told", now)
        tell(alert, (Who.ACKNOWLEDGER, Who.OFFICER), Purpose.VICTIM_NOT_TOLD, now)
    elif purpose in NEWS and _is_still_due(notification):
        _note(alert, "news_undelivered", now)
        tell(alert, (Who.SUPERVISORS,), Purpose.NEWS_UNDELIVERED, now)


def goes_another_way(notification: Notification) -> bool:
    """Tell whether a protected person gets the same on another channel: it is on its way there, or has left."""
    otherwise = Notification.select().where(
        Notification.alert == notification.alert_id,
        Notification.recipient_key == notification.recipient_key,
        Notification.purpose == notification.purpose,
        Notification.channel != notification.channel,
        Notification.created_at >= notification.created_at,
        Notification.state.in_([NotificationState.PENDING, *outbox.GONE_OUT]),
    )
    return bool(otherwise.exists())


def tell_victim_not_warned(alert: Alert, now: datetime) -> None:
    """Tell the officer that their text cannot be delivered: someone has to reach them in another way.

    One that was nothing is no matter of theirs any more. The alert is held already.
    """
    if alert.certainty == Certainty.WITHDRAWN:
        return
    _note(alert, "victim_not_warned", now)
    tell(alert, (Who.ACKNOWLEDGER, Who.OFFICER), Purpose.VICTIM_NOT_WARNED, now)


def _note(alert: Alert, action: str, now: datetime) -> None:
    audit.record(audit.SYSTEM, action, f"alert:{alert.id}", now, alert=alert)
    alert.save()
    publish(alert)


def _is_still_due(notification: Notification) -> bool:
    """Tell whether its receiver is still of the staff, and has the same news on no other way, nor may get it."""
    if notification.person is None or not notification.person.is_active:
        return False
    otherwise = Notification.select().where(
        Notification.alert == notification.alert_id,
        Notification.recipient_key == notification.recipient_key,
        Notification.purpose == notification.purpose,
        Notification.episode == notification.episode,
        Notification.channel.not_in(channels.HINTS),
        Notification.id != notification.id,
        Notification.state.in_([NotificationState.PENDING, *outbox.GONE_OUT]),
    )
    return not otherwise.exists()
