"""Tells protected people who chose to read so that no one can watch now, and that someone can again.

What a text says is what their own page says at that moment. A gap that they agreed to hear nothing of is not told.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from peewee import JOIN

from backend import alerts, audit, outbox
from backend.alerts.protected_person_replies import cases_of
from backend.channels import TO_NUMBERS
from backend.db import atomic, is_lost, lock_rows
from backend.escalation.steps import Who
from backend.models import (
    Activation,
    Alert,
    Channel,
    Consent,
    Handling,
    Notification,
    NotificationState,
    PlaceZone,
    ProtectedPlace,
    Purpose,
    TagContact,
    UnwatchedTold,
    Victim,
    Wearer,
)
from backend.own_pages import status
from backend.own_pages.status import UNWATCHED, Status
from backend.people import numbers
from backend.people.consent import agreed, is_safe_hour, standing
from backend.record.facts import LONDON

log = logging.getLogger(__name__)

EVERY_S = 15.0
AT_ONCE = 50
# No one hears of shorter gaps: tags report once a minute, and their networks have holes.
LEAST_GAP_MIN = 10
# What begins so soon after goes beside it.
BESIDE_WITHIN = timedelta(hours=1)


def tell_due(now: datetime) -> int:
    """Tell up to so many of them what is so now, each in a unit of work of its own; return how many were told.

    One who cannot be told keeps none of the others from being told.
    """
    told = 0
    for victim_id in [*_perhaps_unwatched(now), *_told(AT_ONCE)]:
        try:
            told += _tell(victim_id, now)
        except Exception as error:
            if is_lost(error):
                raise
            log.exception("protected person %s was not told whether they are watched", victim_id)
    return told


def _perhaps_unwatched(now: datetime) -> list[int]:
    """Return, in one statement, who chose such a text and has a wearer whose tag is not seen or not trusted."""
    child = Victim.alias()
    standing = Alert.select(Alert.wearer).where(
        Alert.kind.in_(UNWATCHED), ~Alert.is_over, Alert.handling != Handling.CLOSED
    )
    query = (
        Consent.select(Consent.victim)
        .join(child, on=(child.id == Consent.victim) | (child.reached_through == Consent.victim))
        .join(ProtectedPlace, on=(ProtectedPlace.victim == child.id))
        .join(PlaceZone, on=(PlaceZone.place == ProtectedPlace.id))
        .join(Wearer, on=(PlaceZone.wearer == Wearer.id))
        .join(
            Activation,
            JOIN.LEFT_OUTER,
            on=(Activation.wearer == Wearer.id)
            & (Activation.from_at <= now)
            & (Activation.to_at.is_null() | (Activation.to_at > now)),
        )
        .join(TagContact, JOIN.LEFT_OUTER, on=(TagContact.tag == Activation.tag))
        .where(
            Consent.withdrawn_at.is_null(),
            Consent.wording_unwatched.is_null(False),
            Consent.victim.not_in(UnwatchedTold.select(UnwatchedTold.victim)),
            ~Wearer.is_training,
            (TagContact.located_at < now - timedelta(minutes=LEAST_GAP_MIN)) | Wearer.id.in_(standing),
        )
        .distinct()
        .limit(AT_ONCE)
    )
    return [row.victim_id for row in query]


def _told(limit: int) -> list[int]:
    query = UnwatchedTold.select(UnwatchedTold.victim).order_by(UnwatchedTold.id).limit(limit)
    return [row.victim_id for row in query]


def _tell(victim_id: int, now: datetime) -> bool:
    with atomic():
        lock_rows(Victim, [victim_id])
        victim = Victim.get_by_id(victim_id)
        found = status.of_active(victim, now, victim.least_gap_min)
        told = UnwatchedTold.get_or_none(UnwatchedTold.victim == victim)
        if told is not None:
            return _is_over(victim, told, found, now)
        if found is None or found.is_watched or found.is_short_gap or found.since is None:
            return False
        return _say_unwatched(victim, found.since, now)


def _say_unwatched(victim: Victim, since_at: datetime, now: datetime) -> bool:
    # Their officer knows of it; they read it when a text is safe, if it is still so then.
    ways = [channel for channel in agreed(victim, "wording_unwatched") if _is_safe(victim, channel, now)]
    if not ways:
        return False
    alert = _alert_of(victim, since_at, now)
    if alert is None:
        return False
    UnwatchedTold.create(victim=victim, alert=alert, since_at=since_at, at=now)
    for channel in ways:
        _enqueue(victim, alert, channel, Purpose.VICTIM_UNWATCHED, now)
    audit.record(audit.SYSTEM, "told_unwatched", f"victim:{victim.id}", now, alert=alert)
    return True


def _is_safe(victim: Victim, channel: Channel, now: datetime) -> bool:
    consent = standing(victim, channel)
    is_right = channel not in TO_NUMBERS or numbers.is_proved(victim)
    return consent is not None and is_right and is_safe_hour(consent, now, "wording_unwatched")


def _is_over(victim: Victim, told: UnwatchedTold, found: Status | None, now: datetime) -> bool:
    """Tell that someone can watch again, where the first text went out or may have. A pause is for staff to tell."""
    if found is not None and not found.is_watched:
        return False
    told.delete_instance()
    outbox.cancel_texts_to(victim, Purpose.VICTIM_UNWATCHED, now)
    if found is None:
        return False
    read = Notification.select(Notification.channel).where(
        Notification.victim == victim,
        Notification.purpose == Purpose.VICTIM_UNWATCHED,
        Notification.created_at >= told.at,
        Notification.state.not_in([NotificationState.CANCELLED, NotificationState.FAILED]),
    )
    read_on = {row.channel for row in read}
    ways = [channel for channel in agreed(victim, "wording_watched") if channel in read_on]
    for channel in ways:
        _enqueue(victim, told.alert, channel, Purpose.VICTIM_WATCHED, now)
    if ways:
        audit.record(audit.SYSTEM, "told_watched", f"victim:{victim.id}", now, alert=told.alert)
    return bool(ways)


def _alert_of(victim: Victim, since_at: datetime, now: datetime) -> Alert | None:
    """Return the alert of what stands, or a notice to the officer where it stands for staff as no alert."""
    wearers = cases_of(victim)
    ids = [wearer.id for wearer in wearers]
    alert = (
        Alert.select()
        .where(Alert.wearer.in_(ids), Alert.kind.in_(UNWATCHED), ~Alert.is_over, Alert.handling != Handling.CLOSED)
        .order_by(Alert.id.desc())
        .first()
    )
    if alert is not None:
        return alert
    theirs = (Victim.id == victim) | (Victim.reached_through == victim)
    zone = (
        PlaceZone.select(PlaceZone, Wearer)
        .join(ProtectedPlace)
        .join(Victim)
        .switch(PlaceZone)
        .join(Wearer)
        .where(PlaceZone.wearer.in_(ids), theirs)
        .order_by(PlaceZone.id.desc())
        .first()
    )
    if zone is None:
        return None
    said = f"No one can watch since {since_at.astimezone(LONDON):%H:%M}. The protected person gets a text that says so."
    # One outage of a platform is one message to an officer, however many people they answer for.
    lately = UnwatchedTold.select(UnwatchedTold.alert).where(UnwatchedTold.at > now - BESIDE_WITHIN).distinct()
    ids = [row.alert_id for row in lately]
    return alerts.raise_shared_notice(zone.wearer, zone, said, now, (Who.OFFICER,), lately=ids)


def _enqueue(victim: Victim, alert: Alert, channel: Channel, purpose: Purpose, now: datetime) -> None:
    earlier = Notification.select().where(
        Notification.alert == alert,
        Notification.victim == victim,
        Notification.channel == channel,
        Notification.purpose == purpose,
    )
    outbox.enqueue(alert, victim, channel, purpose, now, step=earlier.count())
