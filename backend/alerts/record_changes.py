"""What changes of the record do to alerts: raise late ones, withdraw unfounded ones, close those of ended cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from backend import audit, escalation
from backend.alerts.alerts_from_visits import AlertSpan
from backend.alerts.codes import store
from backend.alerts.situation import STAFF_CHANNELS, Judgement, danger_of, raise_alert, say_how_sure_it_was, take_order
from backend.change_feed import publish
from backend.db import atomic, lock_rows
from backend.escalation.steps import Who
from backend.lifecycle import Danger
from backend.models import Alert, AlertKind, Handling, PlaceZone, Purpose, Team, Wearer
from backend.vocabulary import RaisedBy
from zones import Certainty, Level


def raise_late(judgement: Judgement, began_at: datetime, ended_at: datetime) -> Alert:
    """Raise the alert of a stay that an entry made later shows to have been a breach."""
    return raise_alert(
        replace(judgement, fix_time=began_at),
        is_late=True,
        over_at=judgement.decided_at,
        last_fix_time=ended_at,
    )


def raise_standing(judgement: Judgement, began_at: datetime, last_at: datetime) -> Alert:
    """Raise the alert of a stay that late fixes show, and of which nothing that is known says that it has ended.

    How sure it was is on record; what is past is sure of nothing now, and warns no protected person.
    """
    shown = replace(
        judgement,
        certainty=Certainty.UNCONFIRMED,
        fix_time=last_at,
        began_at=began_at,
        raises_to=Level.BREACH,
    )
    alert = raise_alert(shown, last_fix_time=last_at)
    alert.peak_danger = max(alert.peak_danger, danger_of(judgement))
    alert.save()
    publish(alert)
    return alert


JOINED = "joined"
# In the sentences that say when an alert was, now that more is known.
IT_LASTED, IT_BEGAN = "that it lasted", "that it began at"


def with_reason(judgement: Judgement, reason: str) -> Judgement:
    """Return a judgement with one more reason."""
    return replace(judgement, reasons=(*judgement.reasons, reason))


def span_of(alert: Alert) -> AlertSpan:
    """Return what an alert spans."""
    return AlertSpan(
        alert.id,
        alert.fix_time,
        alert.last_fix_time,
        is_over=alert.is_over,
        is_late=alert.is_late,
        is_withdrawn=alert.certainty == Certainty.WITHDRAWN,
        is_closed=_has_outcome(alert),
        is_acknowledged=alert.handling == Handling.ACKNOWLEDGED,
        is_passage=alert.is_pass_through,
    )


def _has_outcome(alert: Alert) -> bool:
    """Tell whether a person has found out what came of it. What was closed by itself may still turn out otherwise."""
    return alert.handling == Handling.CLOSED and alert.outcome_by_id is not None


def retell(
    alert_id: int,
    judgement: Judgement,
    began_at: datetime,
    last_at: datetime,
    words: Sequence[str] = (),
    *,
    is_ended: bool = False,
) -> Alert | None:
    """Let an alert tell of its visit as the evidence and the record have it now: from when to when, and how grave.

    Newer fixes say how what stands goes on. Where the visit was graver than people know of, they are asked again, also
    about one that was closed by itself: that one is returned.
    """
    with atomic():
        alert = escalation.lock(alert_id)
        now = judgement.decided_at
        is_past = alert.is_over or is_ended
        is_graver = is_past and not _has_outcome(alert) and danger_of(judgement) > alert.peak_danger
        is_moved = (began_at, last_at) != (alert.fix_time, alert.last_fix_time)
        if not (is_graver or is_moved or is_ended):
            return None
        is_shorter = began_at > alert.fix_time or last_at < alert.last_fix_time
        alert.fix_time, alert.last_fix_time = began_at, last_at
        take_order(alert, judgement)
        if danger_of(judgement) >= alert.peak_danger:
            alert.worst_from = min(began_at, alert.worst_from or began_at)
        if alert.worst_from is not None:
            alert.worst_from = min(max(alert.worst_from, began_at), last_at)
        if alert.worst_until is not None:
            alert.worst_until = max(min(alert.worst_until, last_at), began_at)
        if is_graver:
            alert.level, alert.certainty = judgement.level, judgement.certainty
            alert.reasons, alert.distance_m = list(judgement.reasons), judgement.distance_m
            alert.peak_danger = danger_of(judgement)
        if words:
            # What was said before of when it was counts no more.
            kept = (said for said in alert.reasons if IT_LASTED not in said and IT_BEGAN not in said)
            alert.reasons = [*kept, *words]
        if is_ended:
            # No fix of now says so: no text may say that they have gone.
            _end_by_record(alert, last_at, now)
            escalation.drop_victim_warning(alert, now)
        alert.save()
        if is_moved:
            action = "alert_shortened" if is_shorter else "alert_extended"
            span = {"from_at": began_at.isoformat(), "until": last_at.isoformat()}
            audit.record(audit.SYSTEM, action, f"alert:{alert.id}", now, alert=alert, **span)
        if is_graver:
            audit.record(
                audit.SYSTEM,
                "danger_rose",
                f"alert:{alert.id}",
                now,
                alert=alert,
                level=judgement.level.name.lower(),
                certainty=judgement.certainty,
                danger=int(danger_of(judgement)),
                by=RaisedBy.LATE,
                is_news=True,
            )
        is_opened = is_graver and alert.handling == Handling.CLOSED
        if is_opened:
            alert.handling, alert.outcome_code, alert.outcome_note, alert.outcome_at = Handling.OPEN, None, None, None
        is_acknowledged = alert.handling == Handling.ACKNOWLEDGED
        if is_opened or (is_graver and is_acknowledged and alert.acknowledged_danger < alert.peak_danger):
            escalation.restart(alert, now)
        else:
            publish(alert)
        return alert if is_opened else None


def _end_by_record(alert: Alert, ended_at: datetime | None, now: datetime) -> None:
    """Let an alert be over though no fix says that they have gone: as far as is known they were there until then."""
    alert.is_over, alert.over_at, alert.is_over_by_fix = True, now, False
    if alert.kind == AlertKind.ZONE:
        say_how_sure_it_was(alert)
        if ended_at is not None:
            alert.last_fix_time = max(alert.last_fix_time, ended_at)


def join(alert_id: int, into_id: int, now: datetime) -> None:
    """Close an alert that tells of a part of what another one tells of, now that the fixes between them are known."""
    with atomic():
        into = Alert.get_by_id(into_id)
        said = f"It is a part of what alert {into.code} tells of."
        close_by_system([alert_id], JOINED, said, now)
        alert = escalation.lock(alert_id)
        if alert.outcome_code != JOINED and not _has_outcome(alert):
            alert.outcome_code, alert.outcome_note = JOINED, said
            alert.save()
            publish(alert)


def raise_notice(
    wearer: Wearer,
    zone: PlaceZone | None,
    reasons: Sequence[str],
    now: datetime,
    to: Sequence[Who],
    *,
    and_answering: bool = False,
    **about: Any,
) -> Alert:
    """Notify people of something about a case that is no danger: it rings once and does not escalate.

    Without ``to`` it is on record, and the caller notifies people.
    With ``and_answering`` the one who answers for the case is among them, on duty or not. ``about`` are further
    columns: which tag and event it is about.
    """
    with atomic():
        alert = Alert(
            kind=AlertKind.NOTICE,
            wearer=wearer,
            team=wearer.team_id,
            place=zone.place_id if zone else None,
            zone=zone,
            level=Level.CLEAR,
            certainty=Certainty.CONFIRMED,
            peak_danger=Danger.NONE,
            is_over=True,
            over_at=now,
            reasons=list(reasons),
            fix_time=now,
            received_at=now,
            decided_at=now,
            last_fix_time=now,
            raised_at=now,
            **about,
        )
        store(alert)
        audit.record(audit.SYSTEM, "notice_raised", f"alert:{alert.id}", now, alert=alert)
        if to or and_answering:
            escalation.tell(alert, to, Purpose.NOTICE, now, and_answering=and_answering)
        publish(alert)
        return alert


def withdraw(alert_id: int, reason: str, now: datetime) -> None:
    """Withdraw an alert that the record no longer bears out, and tell those who were warned."""
    with atomic():
        alert = escalation.lock(alert_id)
        if alert.certainty == Certainty.WITHDRAWN:
            return
        alert.certainty = Certainty.WITHDRAWN
        alert.reasons = [reason]
        if not alert.is_over:
            alert.is_over, alert.over_at = True, now
            escalation.tell_victim_it_is_over(alert, now)
        audit.record(audit.SYSTEM, "alert_withdrawn", f"alert:{alert.id}", now, alert=alert, why="record_corrected")
        escalation.tell_warned(alert, Purpose.WITHDRAWN, STAFF_CHANNELS, now)
        escalation.stop(alert, now)


def tell_changed(alert: Alert) -> None:
    """Let phones fetch the alert again: something was recorded beside it."""
    publish(alert)


def ring_again(alert_ids: Sequence[int], now: datetime) -> None:
    """Begin a new episode of open alerts, since other people answer for them now; notices ring no one."""
    with atomic():
        lock_rows(Alert, alert_ids)
        for alert_id in sorted(alert_ids):
            alert = escalation.lock(alert_id)
            if alert.handling == Handling.OPEN and alert.kind != AlertKind.NOTICE:
                escalation.restart(alert, now)


def move(alert_ids: Sequence[int], team: Team, now: datetime) -> None:
    """Let alerts that are not closed belong to another team, and ring it where no one acts."""
    with atomic():
        lock_rows(Alert, alert_ids)
        for alert_id in sorted(alert_ids):
            alert = escalation.lock(alert_id)
            alert.team = team
            alert.save()
            publish(alert)
            audit.record(audit.SYSTEM, "alert_moved", f"alert:{alert.id}", now, alert=alert, team=team.id)
    ring_again(alert_ids, now)


def hand_over_desk(leaver_id: int, heir_id: int | None, now: datetime) -> int:
    """Let the climbs under way end with a colleague in place of a duty desk that leaves; return how many did.

    Each keeps the policy that it began with, and would go on asking a person who is gone.
    """
    with atomic():
        ids = escalation.hand_over_desk(leaver_id, heir_id)
        for alert_id in ids:
            audit.record(
                audit.SYSTEM,
                "duty_desk_handed_over",
                f"alert:{alert_id}",
                now,
                alert=Alert(id=alert_id),
                person=heir_id,
            )
        return len(ids)


def close_by_system(
    alert_ids: Sequence[int], code: str, reason: str, now: datetime, *, ended_at: datetime | None = None
) -> int:
    """Close open alerts because what they rest on has ended; return how many were closed.

    Where that was the protection of a place, what stood there lasted until it ``ended_at``.
    """
    closed = 0
    with atomic():
        lock_rows(Alert, alert_ids)
        for alert_id in sorted(alert_ids):
            alert = escalation.lock(alert_id)
            if alert.handling == Handling.CLOSED:
                if not alert.is_over:
                    # Closed while it stood, with an outcome of its own: no one watches whether it stands any more.
                    _end_by_record(alert, ended_at, now)
                    alert.reasons = [*alert.reasons, reason]
                    alert.save()
                    publish(alert)
                continue
            alert.handling = Handling.CLOSED
            alert.outcome_code, alert.outcome_note = code, reason
            alert.outcome_by, alert.outcome_at = None, now
            # A person who opens the alert reads why no one is asked about it any more.
            alert.reasons = [*alert.reasons, reason]
            if not alert.is_over:
                _end_by_record(alert, ended_at, now)
            if alert.place is not None:
                escalation.drop_victim_warning(alert, now)
            audit.record(audit.SYSTEM, "closed", f"alert:{alert.id}", now, alert=alert, code=code)
            escalation.stop(alert, now)
            closed += 1
    return closed
