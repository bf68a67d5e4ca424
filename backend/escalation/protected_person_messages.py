"""Notifies a protected person in the words they chose, by text or notice: the wearer is near, and it is over.

A protected person sees no alerts: a text is about all their places, their children's and every wearer, and so they
are decided.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from peewee import fn

from backend import outbox
from backend.escalation import protected_person_knowledge as knowledge
from backend.escalation.protected_person_knowledge import SentText
from backend.escalation.staff_messages import tell_victim_not_warned
from backend.lifecycle import Danger
from backend.models import (
    Alert,
    AlertKind,
    Attempt,
    Channel,
    Handling,
    HelpCall,
    Notification,
    NotificationState,
    PlaceZone,
    ProtectedPlace,
    Purpose,
    UnwatchedTold,
    Victim,
    Wearer,
)
from backend.people.consent import CHANNELS, agreed, reached
from backend.record.zone_geojson import keeps_in
from zones import Certainty, Level

VICTIM_TEXTS = (Purpose.VICTIM_BREACH, Purpose.VICTIM_OVER)
# How a call for help was made of which their phone shows nothing.
BY_SECOND_PHRASE = "second_phrase"


def tell_victim_of_breach(alert: Alert, now: datetime) -> None:
    """Enqueue the text they agreed to, in their words, once a stay; nothing without their consent.

    Another place of theirs that the same wearer comes to is no news for a while, unless they were told that it is over.
    """
    victim = _reader(alert)
    if victim is None:
        return
    # An all-clear that has not gone out is none any more; one that a worker holds may have.
    outbox.cancel_texts_to(victim, Purpose.VICTIM_OVER, now)
    for channel in agreed(victim, "wording_breach"):
        if knowledge.is_near_news(_texts_of(victim, channel), alert.id, alert.wearer_id, now):
            _enqueue(alert, victim, channel, Purpose.VICTIM_BREACH, now)


def tell_victim_it_is_over(alert: Alert, now: datetime) -> None:
    """Enqueue the second text, now that this alert stands no longer, if the victim got the first one.

    Whether another one stands is asked as the text is about to go (``is_untrue``): of two that end at once neither
    can see here that the other does.
    """
    victim = _reader(alert)
    if victim is None:
        return
    if not _standing(victim, but=alert):
        unsent = outbox.cancel_texts_to(victim, Purpose.VICTIM_BREACH, now)
        kept = [row for row in unsent if knowledge.was_kept_from_them(row.created_at, now)]
        if any(not was_victim_warned(row.alert) for row in kept):
            # The wearer was there for a while, and their text never left.
            tell_victim_not_warned(alert, now)
    # One text is enough, and the newest is the surest to go.
    outbox.cancel_texts_to(victim, Purpose.VICTIM_OVER, now)
    for channel in agreed(victim, "wording_over"):
        if knowledge.is_over_news(_texts_of(victim, channel)):
            _enqueue(alert, victim, channel, Purpose.VICTIM_OVER, now)


def tell_victim_a_person_acts(alert: Alert, now: datetime) -> None:
    """Enqueue that a person has taken the alert, where they chose words for that and know of the alert.

    Of a call that they made in secret their phone shows nothing.
    """
    victim = alert.victim if alert.kind == AlertKind.HELP else _reader(alert)
    if victim is None or is_secret(alert) or _calls_in_secret(victim):
        return
    ways = agreed(victim, "wording_acts")
    told = [channel for channel in ways if alert.kind == AlertKind.HELP or was_victim_warned(alert, channel)]
    if told:
        outbox.cancel_texts_to(victim, Purpose.VICTIM_ACTS, now)
    for channel in told:
        _enqueue(alert, victim, channel, Purpose.VICTIM_ACTS, now)


def is_secret(alert: Alert) -> bool:
    """Tell whether they called in secret: someone may be reading their phone."""
    return HelpCall.select().where(HelpCall.alert == alert, HelpCall.how == BY_SECOND_PHRASE).exists()


def _calls_in_secret(victim: Victim) -> bool:
    """Tell whether a secret call of theirs is open: then nothing on their phone says that people act, of any alert."""
    return (
        HelpCall.select()
        .join(Alert)
        .where(HelpCall.victim == victim, HelpCall.how == BY_SECOND_PHRASE, Alert.handling != Handling.CLOSED)
        .exists()
    )


def drop_victim_warning(alert: Alert, now: datetime) -> None:
    """Cancel the victim's warning text when its warning ends although no one knows that the wearer has gone."""
    victim = _reader(alert)
    if victim is None:
        return
    if not _standing(victim, but=alert):
        outbox.cancel_texts_to(victim, Purpose.VICTIM_BREACH, now)


def was_victim_warned(alert: Alert, channel: Channel | None = None) -> bool:
    """Tell whether the victim has read, or is about to read, of this alert that the wearer is near."""
    told = Notification.select().where(
        Notification.alert == alert,
        Notification.purpose == Purpose.VICTIM_BREACH,
        _may_have_gone_out(),
        *([] if channel is None else [Notification.channel == channel]),
    )
    return bool(told.exists())


def is_victim_left_warned(alert: Alert) -> bool:
    """Tell whether the last that the victim read of this wearer is that the wearer is near."""
    reader = _reader(alert)
    if reader is None:
        return False
    return any(knowledge.is_left_warned(_texts_of(reader, channel), alert.wearer_id) for channel in CHANNELS)


def is_untrue(notification: Notification) -> bool:
    """Tell whether a text of theirs says what is not so by now: it is asked whenever one is about to go."""
    victim = notification.victim
    if notification.purpose in (Purpose.VICTIM_UNWATCHED, Purpose.VICTIM_WATCHED):
        is_unwatched = UnwatchedTold.select().where(UnwatchedTold.victim == victim).exists()
        return is_unwatched is (notification.purpose == Purpose.VICTIM_WATCHED)
    if notification.purpose == Purpose.VICTIM_ACTS:
        is_held = notification.alert.handling == Handling.ACKNOWLEDGED and not is_secret(notification.alert)
        return not is_held or (victim is not None and _calls_in_secret(victim))
    if victim is None or notification.purpose not in VICTIM_TEXTS:
        return False
    standing = [Danger(alert.peak_danger) for alert in _standing(victim)]
    if notification.purpose == Purpose.VICTIM_BREACH:
        return not knowledge.is_near_true(standing)
    return not knowledge.is_over_true(standing, _texts_of(victim, Channel(notification.channel)))


def has_to_wait(notification: Notification, now: datetime) -> bool:
    """Tell whether a worker is sending their text that the wearer is near: "it is over" may only go after it."""
    return (
        notification.purpose == Purpose.VICTIM_OVER
        and Notification.select()
        .where(
            Notification.victim == notification.victim,
            Notification.purpose == Purpose.VICTIM_BREACH,
            Notification.channel == notification.channel,
            Notification.state == NotificationState.PENDING,
            Notification.lease_token.is_null(False),
            Notification.lease_until > now,
        )
        .exists()
    )


def _reader(alert: Alert) -> Victim | None:
    """Return the protected person to notify of an alert at a place of theirs or their child's; None where it is none.

    Where a wearer has to stay is no place of a protected person.
    """
    victim = alert.place.victim if alert.place is not None else None
    return reached(victim) if victim is not None else None


def _standing(victim: Victim, but: Alert | None = None) -> list[Alert]:
    """Return the alerts that forbid to tell them that it is over: breaches that stand, feared ones as well.

    One that came nearer than the buffer zone stands until it is over, whatever people have done about it.
    """
    query = (
        Alert.select(Alert, PlaceZone)
        .join(ProtectedPlace)
        .join(Victim)
        .switch(Alert)
        .join(PlaceZone, on=(Alert.zone == PlaceZone.id))
        .switch(Alert)
        .join(Wearer)
        .where(
            (ProtectedPlace.victim == victim) | (Victim.reached_through == victim),
            Alert.kind == AlertKind.ZONE,
            ~Alert.is_over,
            ~Alert.is_late,
            ~Wearer.is_training,
            Alert.certainty != Certainty.WITHDRAWN,
            (Alert.peak_danger >= Danger.BREACH) | (Alert.level == Level.BREACH),
        )
    )
    others = [one for one in query if but is None or one.id != but.id]
    return [one for one in others if one.zone is not None and not keeps_in(one.zone.feature)]


def _texts_of(victim: Victim, channel: Channel) -> list[SentText]:
    """Return what they have on this channel, or may have, in its order: each is read for itself."""
    rows: Iterable[Notification] = (
        Notification.select(Notification, Alert)
        .join(Alert)
        .where(
            Notification.victim == victim,
            Notification.channel == channel,
            Notification.purpose.in_(list(VICTIM_TEXTS)),
            _may_have_gone_out(),
        )
        .order_by(Notification.id)
    )
    return [
        SentText(
            row.purpose == Purpose.VICTIM_BREACH,
            row.alert_id,
            row.alert.wearer_id,
            row.created_at,
            is_on_its_way=row.state == NotificationState.PENDING,
        )
        for row in rows
    ]


def _may_have_gone_out() -> object:
    """Neither cancelled nor failed; or its worker died with it in hand, or its provider: then no one knows."""
    has_not_gone = Notification.state.in_([NotificationState.CANCELLED, NotificationState.FAILED])
    unknown = Attempt.select().where(
        Attempt.notification == Notification.id,
        Attempt.finished_at.is_null() | (Attempt.outcome == outbox.UNKNOWN),
    )
    return ~has_not_gone | fn.EXISTS(unknown)


def _enqueue(alert: Alert, victim: Victim, channel: Channel, purpose: Purpose, now: datetime) -> None:
    # Each text about one alert has its own number: the wearer may come back, and leave, as often as they like.
    earlier = Notification.select().where(
        Notification.alert == alert,
        Notification.victim == victim,
        Notification.channel == channel,
        Notification.purpose == purpose,
    )
    outbox.enqueue(alert, victim, channel, purpose, now, step=earlier.count())
