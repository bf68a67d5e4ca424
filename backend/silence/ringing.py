"""Rings for tags whose silence is due to be told: grave ones one by one, many at once as one alarm."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from backend import alarms, alerts, lifecycle
from backend.db import atomic, is_held, is_lost, lock_rows
from backend.lifecycle import Danger
from backend.models import (
    Activation,
    ActivationCorrection,
    AlarmKind,
    Alert,
    AlertKind,
    Fix,
    Handling,
    PlaceState,
    Tag,
    TagContact,
    Wearer,
)
from backend.record import reading
from backend.record.facts import Case, Life
from backend.settings import Settings
from zones import Certainty, Level

log = logging.getLogger(__name__)

# A silence that rings nobody now, because nothing is in force or people are rung for the same wearer already, is looked
# at again: a case resumes, and the person who acknowledged has to hear that the tag is silent.
LOOKS_AGAIN_S = 60.0
RESTS_S = 600.0
# So many tags at once, and this share of all that were heard of lately, are no tags that fail one by one: a network, a
# vendor's platform, or this service.
MANY = 10
MANY_SHARE = 0.05
HEARD_LATELY_S = 900.0
LEVELS = {Level.BREACH: "in a zone, or out of where they had to be", Level.BUFFER: "near a zone"}


def judge_due(now: datetime, settings: Settings, limit: int = 100) -> int:
    """Ring for up to ``limit`` tags whose silence is due, the gravest and longest first; return how many there were.

    Each is a unit of work of its own: one that cannot be judged keeps none of the others from being told.
    """
    due = TagContact.silent_at <= now
    is_many = _are_many(now)
    if is_many:
        with atomic():
            # They are told as one; each is due again in a minute, and rings if it is silent when the others are back.
            again = now + timedelta(seconds=LOOKS_AGAIN_S)
            TagContact.update(silent_at=again).where(due, ~TagContact.is_grave).execute()
    query = TagContact.select(TagContact.tag).where(due).order_by(TagContact.is_grave.desc(), TagContact.silent_at)
    tag_ids = [row.tag_id for row in query.limit(limit)]
    for tag_id in tag_ids:
        try:
            _judge(tag_id, now, settings)
        except Exception as error:
            if is_lost(error):
                raise
            if is_held(error):
                continue
            log.warning("the silence of tag %s was not told: %s", tag_id, type(error).__name__)
            _look_again(tag_id, now, LOOKS_AGAIN_S)
    return len(tag_ids)


def next_due_at() -> datetime | None:
    """Return when the next silence is due to be told."""
    first = TagContact.select(TagContact.silent_at).where(TagContact.silent_at.is_null(False))
    row = first.order_by(TagContact.silent_at).limit(1).first()
    return row.silent_at if row else None


def _are_many(now: datetime) -> bool:
    """Raise or end the alarm that many tags are silent at once, and tell whether they are."""
    late = TagContact.select().where(TagContact.silent_at <= now).count()
    is_standing = bool(alarms.standing(AlarmKind.MANY_SILENT))
    if late < MANY and not is_standing:
        return False
    since = now - timedelta(seconds=HEARD_LATELY_S)
    silent = TagContact.select().where(TagContact.silent_at <= now + timedelta(seconds=LOOKS_AGAIN_S)).count()
    heard = TagContact.select().where(TagContact.contact_at > since).count()
    if silent >= MANY and silent > MANY_SHARE * (silent + heard):
        told = f"{silent} tags send no position, {heard} report. Those last seen in or near a zone ring one by one"
        alarms.raise_alarm(AlarmKind.MANY_SILENT, "tags", told, now)
        return True
    alarms.end(AlarmKind.MANY_SILENT, "tags", now)
    return False


def _judge(tag_id: int, now: datetime, settings: Settings) -> None:
    with atomic():
        lock_rows(Tag, [tag_id], waits=False)
        contact = TagContact.get_or_none(TagContact.tag == tag_id, TagContact.silent_at <= now)
        if contact is None or contact.located_at is None:
            return
        wearer = _wearer_of(tag_id, now)
        if wearer is None or wearer.is_training:
            # It lies in a drawer, or nobody is protected from whoever wears it. What it sends next makes it due again.
            _set_due(tag_id, None)
            return
        lock_rows(Wearer, [wearer.id], waits=False)
        case = reading.case(wearer.id)
        if case.life_at(now) is not Life.ACTIVE or not case.zones_in_force(now):
            _set_due(tag_id, None if case.life_at(now) is Life.ENDED else now + timedelta(seconds=RESTS_S))
            return
        if _is_rung_for(wearer):
            _set_due(tag_id, now + timedelta(seconds=LOOKS_AGAIN_S))
            return
        is_blind = now - contact.contact_at <= timedelta(seconds=settings.silence_grave_s)
        alerts.ring_for_silence(
            wearer,
            tag_id,
            is_blind=is_blind,
            since=contact.located_at,
            last_seen=_last_seen(case, wearer, now),
            battery_pct=_battery(tag_id),
            now=now,
        )
        _set_due(tag_id, None)


def _wearer_of(tag_id: int, now: datetime) -> Wearer | None:
    in_error = ActivationCorrection.select(ActivationCorrection.activation)
    worn: Activation | None = (
        Activation.select()
        .where(
            Activation.tag == tag_id,
            Activation.from_at <= now,
            Activation.to_at.is_null() | (Activation.to_at > now),
            Activation.id.not_in(in_error),
        )
        .order_by(Activation.id.desc())
        .first()
    )
    return worn.wearer if worn else None


def _is_rung_for(wearer: Wearer) -> bool:
    """Tell whether people are rung for this wearer now, for as grave a reason: silence adds nothing to that."""
    return bool(
        Alert.select()
        .where(
            Alert.wearer == wearer.id,
            Alert.kind.in_([AlertKind.ZONE, AlertKind.CANNOT_JUDGE, AlertKind.TAMPER, AlertKind.SILENCE]),
            Alert.handling == Handling.OPEN,
            ~Alert.is_over,
            Alert.certainty != Certainty.WITHDRAWN,
            Alert.peak_danger >= Danger.BREACH_UNCONFIRMED,
        )
        .exists()
    )


def _last_seen(case: Case, wearer: Wearer, now: datetime) -> str:
    """Return in words how near the wearer was when the tag last said where it is."""
    in_force = {zone.zone_id for zone in case.zones_in_force(now)}
    states = PlaceState.select().where(PlaceState.wearer == wearer.id, PlaceState.zone.in_(in_force))
    worst = max((state for state in states), key=_danger, default=None)
    if worst is None:
        return "Not judged against any zone before."
    if worst.level not in list(Level):
        return "How near they last were could not be judged."
    return f"Last seen {LEVELS.get(Level(worst.level), 'away from every zone')}."


def _danger(state: PlaceState) -> Danger:
    return lifecycle.danger_held(AlertKind.ZONE, state.level, state.certainty)


def _battery(tag_id: int) -> float | None:
    newest = Fix.select(Fix.battery_pct).where(Fix.tag == tag_id).order_by(Fix.fix_time.desc()).first()
    return newest.battery_pct if newest else None


def _look_again(tag_id: int, now: datetime, after_s: float) -> None:
    with atomic():
        _set_due(tag_id, now + timedelta(seconds=after_s))


def _set_due(tag_id: int, at: datetime | None) -> None:
    TagContact.update(silent_at=at).where(TagContact.tag == tag_id).execute()
