"""Announces the end of protection: a text to the protected person before it, or a request to their officer.

No text goes out after it, and none says that the wearer has gone: the wearer may still stand there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from backend import alerts, audit, lifecycle, outbox
from backend.channels import OWN_TEXTS
from backend.db import lock_rows
from backend.escalation.steps import Who
from backend.models import (
    Alert,
    AlertKind,
    CaseDue,
    Handling,
    Notification,
    NotificationState,
    PlaceZone,
    ProtectedPlace,
    Purpose,
    Victim,
    Wearer,
)
from backend.people import numbers
from backend.people.consent import reached, sms_consent
from backend.record import protection_ends, reading
from backend.record.facts import LONDON, MonitoringStatus
from backend.record.protection_ends import Guard, Loss
from backend.record.timeline import Case
from backend.record.zone_geojson import keeps_in

# A message that is not on its way after this time is someone's to give in person.
CHECKED_AFTER = timedelta(minutes=5)
CHECK_TOLD = "victim_told_checked"
# A push that asks to tell them may lie unread; a notice does not escalate, and they would be told by no one.
ANSWERED_WITHIN = timedelta(hours=1)
CHECK_ASKED = "asked_to_tell_victim_checked"


def when(at: datetime) -> str:
    """Return the instant by the clocks of London."""
    return f"{at.astimezone(LONDON):%-d %B %Y, %H:%M}"


def zone_of(wearer_id: int, place_ids: Iterable[int] = ()) -> PlaceZone | None:
    """Return a zone of the wearer on which a notice can hang, of one of these places where there is one."""
    query = PlaceZone.select().where(PlaceZone.wearer == wearer_id).order_by(PlaceZone.moves, PlaceZone.id.desc())
    places = list(place_ids)
    return (query.where(PlaceZone.place.in_(places)).first() if places else None) or query.first()


def tell(case: Case, losses: Sequence[Loss], ends_at: datetime, now: datetime) -> list[int]:
    """Tell each protected person that protection of their places is about to stop, or their officer to tell them.

    Returns the alerts that carry it. They read it in their own words, once, if they chose words for the end and no
    other place of theirs, or of a child who is reached through them, stays protected. Those words are not about a
    suspension, and no text announces what has come. The end of a curfew is reported to the wearer's officer alone.
    """
    if not losses:
        return []
    wearer = Wearer.get_by_id(case.wearer_id)
    by_reader: dict[int, list[Loss]] = defaultdict(list)
    places = {p.id: p for p in ProtectedPlace.select().where(ProtectedPlace.id.in_([loss.place_id for loss in losses]))}
    curfews = _curfews(wearer.id, places)
    for loss in losses:
        victim = places[loss.place_id].victim
        if loss.place_id not in curfews and victim is not None:
            by_reader[reached(victim).id].append(loss)
    raised = _tell_of_curfews(case, wearer, [loss for loss in losses if loss.place_id in curfews], places, ends_at, now)
    for reader in Victim.select().where(Victim.id.in_(list(by_reader))).order_by(Victim.id):
        lost = by_reader[reader.id]
        ending = [loss for loss in lost if not loss.is_pause]
        if ending:
            is_notified = (
                now < ends_at and not wearer.is_training and _has_words(reader) and not _keeps(reader, ends_at)
            )
            names = _names([places[loss.place_id] for loss in ending])
            said = f"Protection of {names} {'ends' if now < ends_at else 'ended'} {when(ends_at)} ({_reasons(ending)})."
            said += _ask(is_notified, now < ends_at)
            raised.append(_raise(wearer, reader, ending, said, ends_at, now, is_notified=is_notified))
        pauses = [loss for loss in lost if loss.is_pause]
        if pauses:
            names = _names([places[loss.place_id] for loss in pauses])
            said = (
                f"Protection of {names} is suspended from {when(ends_at)}{_until(case, ends_at)} ({_reasons(pauses)})."
            )
            said += _ask(False, now < ends_at)
            raised.append(_raise(wearer, reader, pauses, said, ends_at, now, is_notified=False))
    return raised


def _tell_of_curfews(
    case: Case,
    wearer: Wearer,
    losses: Sequence[Loss],
    places: Mapping[int, ProtectedPlace],
    ends_at: datetime,
    now: datetime,
) -> list[int]:
    """Tell the wearer's officer alone: a place to stay in protects no other person."""
    raised = []
    for is_pause in (False, True):
        lost = [loss for loss in losses if loss.is_pause is is_pause]
        if lost:
            names = _names([places[loss.place_id] for loss in lost])
            what = f"{'ends' if now < ends_at else 'ended'} {when(ends_at)}"
            if is_pause:
                what = f"is suspended from {when(ends_at)}{_until(case, ends_at)}"
            zone = zone_of(wearer.id, [loss.place_id for loss in lost])
            assert zone is not None
            said = f"The curfew at {names} {what} ({_reasons(lost)})."
            raised.append(alerts.raise_notice(wearer, zone, [said], now, (Who.OFFICER,)).id)
    return raised


def _curfews(wearer_id: int, place_ids: Iterable[int]) -> set[int]:
    """Return at which of these places the wearer has to stay in, which protect no other person."""
    asked = set(place_ids)
    zones = PlaceZone.select().where(PlaceZone.wearer == wearer_id, PlaceZone.place.in_(asked))
    return asked - {zone.place_id for zone in zones if not keeps_in(zone.feature)}


def _ask(is_notified: bool, is_ahead: bool) -> str:
    if is_notified:
        return " The protected person gets a text."
    return " Tell the protected person before then." if is_ahead else " Tell the protected person now."


def _names(places: Sequence[ProtectedPlace]) -> str:
    labels = [place.label for place in places]
    return f"the place {labels[0]}" if len(labels) == 1 else f"the places {', '.join(labels[:-1])} and {labels[-1]}"


def _reasons(losses: Sequence[Loss]) -> str:
    return ", ".join(sorted({loss.reason.replace("_", " ") for loss in losses}))


def _until(case: Case, at: datetime) -> str:
    entry = case.status_fact(at)
    expected = (
        entry.value.get("expected_end_at") if entry and case.status_at(at) is MonitoringStatus.SUSPENDED else None
    )
    return f", as expected until {when(datetime.fromisoformat(expected))}" if expected else ""


def _has_words(reader: Victim) -> bool:
    consent = sms_consent(reader)
    return bool(consent and consent.wording_ending and numbers.is_proved(reader))


def readable_late(place_ids: Iterable[int], alert_ids: Iterable[int], ends_at: datetime) -> set[int]:
    """Return the places of whose end their officer was asked to tell, and whose readers have words for a text by now.

    ``alert_ids`` are the notices that were raised for that end.
    """
    asked = list(place_ids)
    if not asked:
        return set()
    texted = {
        row.victim_id
        for row in Notification.select(Notification.victim).where(
            Notification.alert.in_(list(alert_ids)), Notification.purpose == Purpose.VICTIM_ENDING
        )
    }
    places = ProtectedPlace.select().where(ProtectedPlace.id.in_(asked))
    readers = {place.id: reached(place.victim) for place in places if place.victim is not None}
    return {
        place_id
        for place_id, reader in readers.items()
        if reader.id not in texted and _has_words(reader) and not _keeps(reader, ends_at)
    }


def _keeps(reader: Victim, at: datetime) -> bool:
    """Tell whether a place of theirs, or of a child who is reached through them, is still protected from anyone.

    Their words for the end would say otherwise. Where someone has to stay in is no such place.
    """
    theirs = (Victim.id == reader) | (Victim.reached_through == reader)
    places = {place.id for place in ProtectedPlace.select().join(Victim).where(theirs)}
    zones = PlaceZone.select().where(PlaceZone.place.in_(places))
    kept_out = {(zone.wearer_id, zone.place_id) for zone in zones if not keeps_in(zone.feature)}
    faults: dict[int, str] = {}
    cases = reading.cases({wearer_id for wearer_id, _ in kept_out}, faults=faults).values()
    # Of a case that cannot be read no one knows: then their officer tells them, and not their words.
    return bool(faults) or any(
        (case.wearer_id, place_id) in kept_out for case in cases for place_id in protection_ends.guards(case, at)
    )


def _raise(
    wearer: Wearer,
    reader: Victim,
    losses: Sequence[Loss],
    said: str,
    ends_at: datetime,
    now: datetime,
    *,
    is_notified: bool,
) -> int:
    zone = zone_of(wearer.id, [loss.place_id for loss in losses])
    assert zone is not None
    alert = alerts.raise_notice(wearer, zone, [said], now, (Who.OFFICER,))
    if is_notified:
        outbox.enqueue(alert, reader, OWN_TEXTS, Purpose.VICTIM_ENDING, now)
        CaseDue.create(
            what=CHECK_TOLD,
            subject=f"alert:{alert.id}",
            wearer=wearer.id,
            due_at=min(now + CHECKED_AFTER, ends_at),
            detail={"ends_at": ends_at.isoformat()},
        )
    elif not wearer.is_training:
        CaseDue.create(
            what=CHECK_ASKED,
            subject=f"alert:{alert.id}",
            wearer=wearer.id,
            due_at=_asked_again_at(ends_at, now),
            detail={
                "ends_at": ends_at.isoformat(),
                "made_good_by": [[loss.place_id, int(loss.made_good_by)] for loss in losses],
            },
        )
    action = "victim_told_of_end" if is_notified else "officer_asked_to_tell_victim"
    audit.record(audit.SYSTEM, action, f"victim:{reader.id}", now, alert=alert)
    return alert.id


def _asked_again_at(ends_at: datetime, now: datetime) -> datetime:
    """Return by when the request to tell them must be answered: by day, and in time, if possible."""
    if ends_at <= now:
        return protection_ends.by_day(now + ANSWERED_WITHIN)
    latest = max(now + CHECKED_AFTER, ends_at - ANSWERED_WITHIN)
    return min(latest, protection_ends.by_day(now + 3 * ANSWERED_WITHIN))


def check_asked(due: CaseDue, now: datetime) -> None:
    """Notify the supervisors if the request to tell them is still open and unanswered."""
    alert = alerts.lock(int(due.subject.partition(":")[2]))
    at = max(datetime.fromisoformat(due.detail["ends_at"]), now)
    held = protection_ends.guards(reading.case(due.wearer_id), at)
    is_lost = any(held.get(place_id, Guard.NONE) < least for place_id, least in due.detail["made_good_by"])
    if is_lost and alert.handling == Handling.OPEN:
        audit.record(audit.SYSTEM, "request_to_tell_victim_unanswered", due.subject, now, alert=alert)
        alerts.tell(alert, (Who.SUPERVISORS,), Purpose.NOTICE, now)


def is_too_late(alert_id: int, now: datetime) -> bool:
    """Tell whether what their text announces has come: then it is not sent any more."""
    due = CaseDue.select().where(CaseDue.what == CHECK_TOLD, CaseDue.subject == f"alert:{alert_id}").first()
    return due is not None and datetime.fromisoformat(due.detail["ends_at"]) <= now


def check_told(due: CaseDue, now: datetime) -> None:
    """Where their message did not leave, say so: someone has to tell them in another way."""
    alert = alerts.lock(int(due.subject.partition(":")[2]))
    texts = Notification.select().where(Notification.alert == alert, Notification.purpose == Purpose.VICTIM_ENDING)
    fine = [*outbox.GONE_OUT, NotificationState.CANCELLED]
    if not texts.where(Notification.state.in_(fine)).exists():
        alerts.tell(alert, (Who.OFFICER, Who.SUPERVISORS), Purpose.VICTIM_NOT_WARNED, now)


def call_off(case: Case, place_ids: Sequence[int], told_in: Sequence[int], ends_at: datetime, now: datetime) -> None:
    """Ask the officer to tell them that an announced end does not come, or did not last."""
    zone = zone_of(case.wearer_id, place_ids)
    assert zone is not None
    is_by_text = False
    lock_rows(Alert, told_in)
    for alert_id in sorted(told_in):
        alert = alerts.lock(alert_id)
        outbox.cancel_pending(alert, now, [Purpose.VICTIM_ENDING])
        texts = Notification.select().where(Notification.alert == alert, Notification.purpose == Purpose.VICTIM_ENDING)
        is_by_text |= texts.where(Notification.state != NotificationState.CANCELLED).exists()
    wearer = Wearer.get_by_id(case.wearer_id)
    places = list(ProtectedPlace.select().where(ProtectedPlace.id.in_(place_ids)).order_by(ProtectedPlace.id))
    curfews = _curfews(wearer.id, place_ids)
    goes_on = f"does not stop {when(ends_at)} as was said: it goes on."
    if ends_at <= now:
        goes_on = f"ended {when(ends_at)} as was said, and goes on again."
    said = []
    if curfews:
        said.append(f"The curfew at {_names([place for place in places if place.id in curfews])} {goes_on}")
    if theirs := [place for place in places if place.id not in curfews]:
        # They chose no words for this: whatever a text of theirs says, it is not that.
        by_text = "The protected person was told by text that it ends: tell them."
        perhaps = "If the protected person was told, tell them."
        perhaps = "If the protected person was told, tell them."
        said.append(f"Protection of {_names(theirs)} {goes_on} {by_text if is_by_text else perhaps}")
    alert = alerts.raise_notice(wearer, zone, said, now, (Who.OFFICER,))
    audit.record(audit.SYSTEM, "end_called_off", f"wearer:{wearer.id}", now, alert=alert, ends_at=ends_at.isoformat())


def stop_now(before: Case, after: Case, now: datetime) -> None:
    """Take the consequences of a change by which protection has stopped already; the case is held."""
    lost = protection_ends.losses(before, now, after, now)
    close(after, lost, now)
    if before.status_at(now) is MonitoringStatus.ACTIVE and after.status_at(now) is not MonitoringStatus.ACTIVE:
        close_all(after, now)
    tell(after, lost, now, now)


def close(case: Case, losses: Sequence[Loss], now: datetime, ended_at: datetime | None = None) -> None:
    """Close what stands at these places with the reason for which they are not watched any more since ``ended_at``."""
    held = protection_ends.guards(case, now)
    for loss in losses:
        if held.get(loss.place_id, Guard.NONE) is not Guard.WATCHED:
            at_place = _open(case.wearer_id).where(Alert.place == loss.place_id)
            _close(at_place, loss.code, loss.reason, loss.is_pause, now, ended_at or now)


def close_all(case: Case, now: datetime, ended_at: datetime | None = None) -> None:
    """Close every alert of a wearer who is not monitored any more since ``ended_at``."""
    life, reason = case.status_at(now), protection_ends.life_reason(case, now)
    is_pause = life is MonitoringStatus.SUSPENDED
    code = f"{'suspended' if is_pause else 'ended'}_{reason}"
    _close(_open(case.wearer_id), code, reason, is_pause, now, ended_at or now)


def _open(wearer_id: int) -> Any:
    # What stands until a person clears it outlives the case: that someone has to look is no less so.
    stays = [AlertKind.NOTICE, *lifecycle.LATCHED]
    # What people closed while it stood is still listed.
    is_listed = (Alert.handling != Handling.CLOSED) | ~Alert.is_over
    is_open = (Alert.wearer == wearer_id) & is_listed & Alert.kind.not_in(stays)
    return Alert.select(Alert.id).where(is_open)


def _close(query: Any, code: str, reason: str, is_pause: bool, now: datetime, ended_at: datetime) -> None:
    words = "is suspended" if is_pause else "ended"
    said = f"Monitoring {words}: {reason.replace('_', ' ')}."
    alerts.close_by_system([row.id for row in query], code, said, now, ended_at=ended_at)
