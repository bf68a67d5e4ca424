"""Detects silent tags and raises alerts for them one by one, or one alarm when many fall silent at once."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from backend import alarms, alerts, clock, lifecycle
from backend.db import atomic, is_held, is_lost, lock_rows, skip_locked
from backend.lifecycle import Danger
from backend.models import (
    Activation,
    AlarmKind,
    Alert,
    AlertKind,
    Fix,
    Handling,
    PlaceState,
    PlaceZone,
    Tag,
    TagContact,
    Wearer,
)
from backend.record.timeline import Case
from backend.settings import Settings
from backend.silence.address import at_address
from backend.silence.gaps import gaps_of
from backend.silence.margins import margin_s
from backend.silence.possible_places import in_words, possible_places, zones_of
from backend.silence.watched_tags import WatchedTag, tags_on, watched, watched_of
from zones import Certainty, Level

log = logging.getLogger(__name__)

# A silence that rings no one now, because the same wearer has an alert already, is looked at again: the person
# who acknowledged has to hear that the tag is silent.
LOOKS_AGAIN_S = 60.0
# So long a tag has to say where it is once it was fitted, or its case resumed.
BEGINS_WITHIN_S = 600.0
# A silence that was closed and goes on so long rings again: a dead tag is no one's decision for ever.
RINGS_AGAIN_S = 86_400.0
# Tags report once a minute at rest, and send again what was not taken: so long they have after a pause of our own.
LISTENS_FIRST_S = 90.0
# A look at due tags ends after so long: reading what each has shown in weeks takes time.
AT_MOST_S = 1.0
# So many due tags are asked about at once whether anyone has to hear of them.
ASKED_AT_ONCE = 500
# So many tags at once, and this share of all that were heard of lately, are no tags that fail one by one: a network, a
# vendor's platform, or this service.
MANY = 10
MANY_SHARE = 0.05
HEARD_LATELY_S = 900.0
LEVELS = {Level.BREACH: "in a zone, or out of where they had to be", Level.BUFFER: "near a zone"}


def judge_due(now: datetime, settings: Settings, limit: int = 100, *, began_at: datetime | None = None) -> int:
    """Ring for up to ``limit`` tags whose silence is due, the gravest and longest first; return how many there were.

    Each is a unit of work of its own: one that cannot be judged keeps none of the others from being told. ``began_at``
    is when the caller began to work: what was silent while Cordon itself was down is given time to be heard.
    """
    due = TagContact.silent_at <= now
    if began_at is not None and now < (listened := began_at + timedelta(seconds=LISTENS_FIRST_S)):
        with atomic():
            _put_off(due, listened)
        return 0
    _hasten(now, settings)
    is_many = _are_many(now)
    if is_many:
        with atomic():
            # They are reported as one; each is due again in a minute, and rings if still silent when others are back.
            _put_off(due & ~TagContact.is_grave, now + timedelta(seconds=LOOKS_AGAIN_S))
    query = TagContact.select(TagContact.tag).where(due).order_by(TagContact.is_grave.desc(), TagContact.silent_at)
    tag_ids = [row.tag_id for row in query.limit(limit)]
    begun = clock.monotonic()
    for tag_id in tag_ids:
        if clock.monotonic() - begun > AT_MOST_S:
            # The rest are due still, at the next look: no other work waits for all of them.
            break
        try:
            _judge(tag_id, now, settings)
        except Exception as error:
            if is_lost(error):
                raise
            if is_held(error):
                continue
            log.warning("the silence of tag %s was not told: %s", tag_id, type(error).__name__)
            with atomic():
                _set_due(tag_id, now + timedelta(seconds=LOOKS_AGAIN_S))
                said = f"The silence of tag {tag_id} cannot be told as an alert"
                alarms.raise_alarm(AlarmKind.NOT_JUDGED, f"tag:{tag_id}", said, now)
    return len(tag_ids)


def record_changed(case: Case, now: datetime) -> None:
    """Let the tags that a wearer has on be looked at again, where no one had to hear of their silence until now.

    While no one has to, what was told before counts as not told: a case that resumes with a dead tag rings. The
    wearer is held.
    """
    worn = tags_on(case.wearer_id, now)
    if not worn:
        return
    tag_ids = sorted(worn)
    far_off = now + timedelta(seconds=RINGS_AGAIN_S / 2)
    is_settled = TagContact.silent_at.is_null() | (TagContact.silent_at > far_off)
    told_of = list(watched_of(worn, now, {case.wearer_id: case}))
    TagContact.update(is_resting=True).where(
        is_settled, TagContact.tag.in_(tag_ids), TagContact.tag.not_in(told_of)
    ).execute()
    TagContact.update(silent_at=now + timedelta(seconds=BEGINS_WITHIN_S), is_resting=False).where(
        is_settled, TagContact.tag.in_(told_of), TagContact.is_resting
    ).execute()


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
    _let_rest(now)
    since = now - timedelta(seconds=HEARD_LATELY_S)
    silent = TagContact.select().where(TagContact.silent_at <= now + timedelta(seconds=LOOKS_AGAIN_S)).count()
    heard = TagContact.select().where(TagContact.contact_at > since).count()
    if silent >= MANY and silent > MANY_SHARE * (silent + heard):
        told = f"{silent} tags send no position, {heard} report. Those last seen in or near a zone ring one by one"
        alarms.raise_alarm(AlarmKind.MANY_SILENT, "tags", told, now)
        return True
    alarms.end(AlarmKind.MANY_SILENT, "tags", now)
    return False


def _put_off(which: Any, until: datetime) -> None:
    free = [row.tag_id for row in skip_locked(TagContact.select().where(which))]
    TagContact.update(silent_at=until).where(TagContact.tag.in_(free)).execute()


def _hasten(now: datetime, settings: Settings) -> None:
    """Let tags be due whose wearers are held to be in a place of danger since they were last seen elsewhere.

    A curfew or a zone has begun around them, or a protected person came near.
    """
    in_danger = Alert.select(Alert.wearer).where(
        Alert.kind == AlertKind.ZONE,
        ~Alert.is_over,
        ~Alert.is_late,
        Alert.certainty != Certainty.WITHDRAWN,
        Alert.peak_danger >= Danger.BREACH_UNCONFIRMED,
    )
    worn = Activation.select(Activation.tag).where(Activation.wearer.in_(in_danger), Activation.to_at.is_null())
    since = now - timedelta(seconds=settings.silence_grave_s)
    which = (TagContact.silent_at > now, ~TagContact.is_grave, TagContact.located_at <= since)
    with atomic():
        found = TagContact.select().where(*which, TagContact.tag.in_(worn))
        tag_ids = [row.tag_id for row in skip_locked(found)]
        if tag_ids:
            TagContact.update(silent_at=now, is_grave=True).where(TagContact.tag.in_(tag_ids)).execute()


def _let_rest(now: datetime) -> None:
    """Count out the due tags that no one has to hear of: in a drawer, or of cases that are not monitored.

    Those that were not heard of for longest come first: the tags of a network that fails were heard of just now.
    """
    with atomic():
        late = TagContact.select().where(TagContact.silent_at <= now)
        ids = [row.tag_id for row in skip_locked(late.order_by(TagContact.contact_at).limit(ASKED_AT_ONCE))]
        told_of = watched(ids, now)
        _rest([tag_id for tag_id in ids if tag_id not in told_of])


def _judge(tag_id: int, now: datetime, settings: Settings) -> None:
    with atomic():
        lock_rows(Tag, [tag_id], waits=False)
        contact = TagContact.get_or_none(TagContact.tag == tag_id, TagContact.silent_at <= now)
        if contact is None:
            return
        worn = watched([tag_id], now).get(tag_id)
        if worn is None:
            # What it sends next makes it due again, and so does a change of the record.
            _rest([tag_id])
            return
        wearer = worn.wearer
        lock_rows(Wearer, [wearer.id], waits=False)
        known_until = _known_until(worn, contact, now)
        if known_until is not None:
            # People act on it until it ends. What a tag with a slow clock sends must not undo each answer.
            _set_due(tag_id, known_until)
            return
        if _is_alerted_for(wearer):
            _set_due(tag_id, now + timedelta(seconds=LOOKS_AGAIN_S))
            return
        # What it sent before it was fitted says nothing of this wearer.
        located_at = max(contact.located_at or worn.since, worn.since)
        is_own = contact.located_at == located_at
        is_blind = now - contact.contact_at <= timedelta(seconds=settings.silence_grave_s)
        is_tampered = _is_tampered(wearer, tag_id)
        if is_blind and is_own and not contact.is_grave and not is_tampered and _is_at_rest(tag_id, worn, now):
            # Shown, and told to no one. While it is in contact each contact puts off when it is looked at again.
            until = contact.contact_at + timedelta(seconds=settings.silence_least_s)
            TagContact.update(silent_at=until, is_at_rest=True).where(TagContact.tag == tag_id).execute()
            return
        since = located_at if is_blind else max(contact.contact_at, worn.since)
        if not contact.is_grave:
            waits_s = _waits_s(tag_id, worn, since, now, settings) if is_own else settings.silence_least_s
            if (due_at := since + timedelta(seconds=waits_s)) > now:
                _set_due(tag_id, due_at)
                return
        found = possible_places(tag_id, located_at, worn.case, now) if is_own else None
        event = alerts.BLIND if is_blind else alerts.AFTER_TAMPER if is_tampered else alerts.NO_CONTACT
        calls_after_s = settings.silence_calls_s if contact.is_grave and not is_tampered else 0.0
        silence = alerts.Silence(
            tag_id,
            event,
            since=since,
            located_at=located_at,
            last_seen=_last_seen(worn.case, wearer, now),
            battery_pct=_battery(tag_id),
            reach=in_words(found, now),
            possible_from=found.places[0].from_at if found and found.places else None,
            quiet_s=max(calls_after_s - (now - located_at).total_seconds(), 0.0),
        )
        alerts.ring_for_silence(wearer, silence, now)
        _set_due(tag_id, now + timedelta(seconds=RINGS_AGAIN_S))


def _is_tampered(wearer: Wearer, tag_id: int) -> bool:
    """Tell whether an alert that the tag was tampered with, or switched off, stands."""
    about = (Alert.kind == AlertKind.TAMPER, Alert.wearer == wearer.id, Alert.tag == tag_id)
    return bool(Alert.select().where(*about, Alert.handling != Handling.CLOSED).exists())


def _is_at_rest(tag_id: int, worn: WatchedTag, now: datetime) -> bool:
    """Tell whether the last position was at the address where the wearer has to be."""
    return at_address(_last_fix(tag_id, now), zones_of(worn.case, now))


def _waits_s(tag_id: int, worn: WatchedTag, since: datetime, now: datetime, settings: Settings) -> float:
    """Return how long this tag is waited for at this hour where it was last seen, by what it has shown in weeks."""
    last = _last_fix(tag_id, now)
    place = (last.lat, last.lon) if last else None
    gaps = gaps_of(tag_id, worn.since, worn.case, zones_of(worn.case, now), since)
    return margin_s(gaps, since, place, settings)


def _last_fix(tag_id: int, now: datetime) -> Fix | None:
    query = Fix.select(Fix.lat, Fix.lon).where(Fix.tag == tag_id, Fix.fix_time <= now)
    return query.order_by(Fix.fix_time.desc()).first()


def _known_until(worn: WatchedTag, contact: TagContact, now: datetime) -> datetime | None:
    """Return until when people know of this silence; None where they have to hear of it now.

    An alert of it stands, or was closed within a day and nothing was recorded since. A tag that has sent positions
    since is silent by its clock alone: that was told.
    """
    about = (Alert.kind == AlertKind.SILENCE, Alert.wearer == worn.wearer.id, Alert.tag == contact.tag_id)
    alert = Alert.select().where(*about, ~Alert.is_over).order_by(Alert.id.desc()).first()
    if alert is None:
        return None
    again_at = now + timedelta(seconds=RINGS_AGAIN_S)
    if alert.handling != Handling.CLOSED:
        return again_at
    closed_at = alert.outcome_at or alert.raised_at
    if worn.case is None or worn.since > closed_at:
        return None
    if any(closed_at < change <= now for change in worn.case.changes()):
        return None
    if contact.located_at is not None and contact.located_at > alert.last_fix_time:
        return again_at
    forgotten_at: datetime = closed_at + timedelta(seconds=RINGS_AGAIN_S)
    return forgotten_at if forgotten_at > now else None


def _is_alerted_for(wearer: Wearer) -> bool:
    """Tell whether people are notified for this wearer now, for as grave a reason: silence adds nothing to that."""
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


def _last_seen(case: Case | None, wearer: Wearer, now: datetime) -> str:
    """Return in words how near the wearer was when the tag last said where it is."""
    unknown = "How near they last were could not be judged."
    if case is None:
        return unknown
    in_force = {zone.zone_id for zone in case.zones_in_force(now)}
    of_now = PlaceZone.moves & (PlaceZone.to_at.is_null() | (PlaceZone.to_at > now))
    states = (
        PlaceState.select()
        .join(PlaceZone)
        .where(PlaceState.wearer == wearer.id, PlaceState.zone.in_(in_force) | of_now)
    )
    worst = max((state for state in states), key=_danger, default=None)
    if worst is None:
        return "Not judged against any zone before."
    if worst.level not in list(Level):
        return unknown
    return f"Last seen {LEVELS.get(Level(worst.level), 'away from every zone')}."


def _danger(state: PlaceState) -> Danger:
    return lifecycle.danger_held(AlertKind.ZONE, state.level, state.certainty)


def _battery(tag_id: int) -> float | None:
    newest = Fix.select(Fix.battery_pct).where(Fix.tag == tag_id).order_by(Fix.fix_time.desc()).first()
    return newest.battery_pct if newest else None


def _rest(tag_ids: list[int]) -> None:
    """No one has to hear of these tags, until they are heard of or the record changes."""
    TagContact.update(silent_at=None, is_resting=True).where(TagContact.tag.in_(tag_ids)).execute()


def _set_due(tag_id: int, at: datetime | None) -> None:
    TagContact.update(silent_at=at).where(TagContact.tag == tag_id).execute()
