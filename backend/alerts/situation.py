"""Turns judgements into alerts: raises, escalates, lowers, withdraws and ends them, with the fix that caused it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from peewee import fn

from backend import audit, channels, escalation, lifecycle
from backend.alerts.codes import store
from backend.change_feed import publish
from backend.lifecycle import Danger, Standing, Transition
from backend.models import Alert, AlertKind, Handling, PlaceZone, Purpose, Wearer
from backend.record.zone_geojson import keeps_in
from backend.vocabulary import RaisedBy
from zones import Certainty, Level

STAFF_CHANNELS = channels.QUIET

SURE = (Danger.BUFFER, Danger.BREACH)
NO_RETURN = "Better fixes show that the person on probation did not come back; the visit before stands as it was told."


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is now held of one wearer at one place, and the clock of the fix that says so."""

    wearer: Wearer
    zone: PlaceZone
    level: Level
    certainty: Certainty
    reasons: tuple[str, ...]
    fix_time: datetime
    received_at: datetime
    decided_at: datetime
    distance_m: float | None = None
    closing_mps: float | None = None
    time_to_edge_s: float | None = None
    probability_inside: float | None = None
    could_be_inside: bool = False
    is_pass_through: bool = False
    # At a moving place: who came nearer to whom (zones.Mover).
    mover: str | None = None
    kind: AlertKind = AlertKind.ZONE
    # What is in force has changed, and no fix says that anyone has moved.
    is_by_record: bool = False
    # The fix is too old to say where the wearer is now.
    is_past: bool = False
    # When the zone came into force around the wearer, where that was after the fix: what is raised began then.
    began_at: datetime | None = None
    # How far it may raise an alert by itself; it may lower one, or leave it, whatever this is.
    raises_to: Level = Level.BREACH
    # The breach that it ends was never sure while it stood; the fixes on both sides now say that the wearer was inside.
    was_inside: bool = False
    # It rests on the grace of protection after an order, and on no order in force.
    is_after_order: bool = False


def newest(wearer_id: int, place_id: int, kind: AlertKind) -> Alert | None:
    """Return the newest alert of this wearer at this place, held until the unit of work ends."""
    found = (
        Alert.select(Alert.id)
        .where(Alert.wearer == wearer_id, Alert.place == place_id, Alert.kind == kind, ~Alert.is_late)
        .order_by(Alert.id.desc())
        .limit(1)
        .first()
    )
    return escalation.lock(found.id) if found else None


def newest_of(wearer_id: int, place_ids: Iterable[int], kind: AlertKind) -> dict[int, Alert]:
    """Return the newest alert of this wearer at each of these places, all held, in as many statements as for one."""
    places = list(place_ids)
    if not places:
        return {}
    newest_at: Any = (
        Alert.select(fn.MAX(Alert.id))
        .where(Alert.wearer == wearer_id, Alert.place.in_(places), Alert.kind == kind, ~Alert.is_late)
        .group_by(Alert.place)
        .tuples()
    )
    held = escalation.lock_all([alert_id for (alert_id,) in newest_at])
    return {alert.place_id: alert for alert in held}


def apply(judgement: Judgement) -> Alert | None:
    """Change the alert at the judged place as the judgement demands, and return it if anything changed."""
    return change(newest(judgement.wearer.id, judgement.zone.place_id, judgement.kind), judgement)


def change(alert: Alert | None, judgement: Judgement) -> Alert | None:
    """The same for an alert already at hand."""
    judgement = heard(alert, judgement)
    if alert is not None and alert.is_over and alert.needs_all_clear:
        _tell_all_clear(alert, judgement)
    if alert is not None and judgement.was_inside:
        _confirm_visit(alert, judgement)
    match lifecycle.transition(_standing(alert, judgement.fix_time), judgement.level, judgement.certainty):
        case Transition.RAISE:
            return raise_alert(judgement)
        case Transition.NOTHING:
            return None
        case Transition.RISE:
            assert alert is not None
            return _rise(alert, judgement)
        case Transition.WITHDRAW | Transition.END as how:
            assert alert is not None
            if alert.kind == AlertKind.ZONE and judgement.fix_time < alert.fix_time and not judgement.is_by_record:
                # Where they were before it began, by the zone that was in force then, says nothing of it.
                return None
            return _finish(alert, judgement, how)
        case Transition.FALL | Transition.SAME:
            assert alert is not None
            return _update(alert, judgement)


def heard(alert: Alert | None, judgement: Judgement) -> Judgement:
    """Return what a judgement may say beside ``alert``: where it would raise more than it may, it says no more.

    The one place where that is decided, for fixes and for instants: what is still held of earlier fixes raises nothing
    on a fix that lies on the allowed side, and a fix of the past raises nothing.
    """
    if judgement.level <= judgement.raises_to or not _would_raise(alert, judgement):
        return judgement
    if judgement.raises_to is Level.BUFFER:
        near = replace(judgement, level=Level.BUFFER, certainty=Certainty.CONFIRMED)
        if _would_raise(alert, near):
            return near
    # Not enough for danger, and no all-clear.
    return replace(judgement, level=Level.CLEAR, certainty=Certainty.UNCONFIRMED)


def _would_raise(alert: Alert | None, judgement: Judgement) -> bool:
    transition = lifecycle.transition(_standing(alert, judgement.fix_time), judgement.level, judgement.certainty)
    return transition in (Transition.RAISE, Transition.RISE)


def _tell_all_clear(alert: Alert, judgement: Judgement) -> None:
    """Let the protected person read that it is over, once a fix of now says what only fixes of the past had said."""
    is_clear = judgement.level is Level.CLEAR and judgement.certainty is Certainty.CONFIRMED
    if judgement.is_past or judgement.is_by_record or not is_clear:
        return
    alert.needs_all_clear = False
    escalation.tell_victim_it_is_over(alert, judgement.decided_at)
    _save(alert)


def _standing(alert: Alert | None, fix_time: datetime) -> Standing | None:
    if alert is None:
        return None
    return Standing(
        danger=lifecycle.danger_held(alert.kind, alert.level, alert.certainty),
        is_over=alert.is_over,
        handling=lifecycle.handling_held(alert.handling),
        # In the time of the fixes: a backlog tells of hours in a second, and each visit is an alert of its own.
        since_over_s=(fix_time - alert.last_fix_time).total_seconds() if alert.is_over else 0.0,
        is_passage=alert.is_pass_through,
        closed_for_s=(fix_time - alert.outcome_at).total_seconds() if alert.outcome_at else 0.0,
    )


def raise_alert(
    judgement: Judgement,
    *,
    is_late: bool = False,
    over_at: datetime | None = None,
    last_fix_time: datetime | None = None,
) -> Alert:
    """Raise an alert and enqueue its first notifications.

    A late one tells of a stay that is over already: ``last_fix_time`` is the end of the stay that began at the
    judgement's own time.
    """
    now = judgement.decided_at
    alert = Alert(
        kind=judgement.kind,
        wearer=judgement.wearer,
        team=judgement.wearer.team_id,
        place=judgement.zone.place_id,
        zone=judgement.zone,
        peak_danger=Danger.NONE,
        is_late=is_late,
        is_after_order=judgement.is_after_order,
        is_over=over_at is not None,
        over_at=over_at,
        fix_time=judgement.began_at or judgement.fix_time,
        received_at=judgement.received_at,
        decided_at=judgement.decided_at,
        raised_at=now,
    )
    _take_situation(alert, judgement)
    alert.peak_danger = danger_of(judgement)
    alert.last_fix_time = alert.worst_until = max(alert.fix_time, last_fix_time or judgement.fix_time)
    store(alert)
    _note(alert, "alert_raised", judgement)
    escalation.start(alert, now)
    if not is_late:
        _tell_victim(alert, now)
    return alert


def _rise(alert: Alert, judgement: Judgement) -> Alert:
    now = judgement.decided_at
    if alert.handling == Handling.CLOSED:
        # Its outcome is on record: what rises now, or goes on long after, is a matter of its own.
        alert.is_over, alert.over_at = True, now
        _save(alert)
        return raise_alert(judgement)
    risen_to = danger_of(judgement)
    is_return = alert.is_over or alert.certainty == Certainty.WITHDRAWN or _fell_for_s(alert, judgement) is not None
    is_notified = _has_to_be_told(alert, judgement, risen_to)
    if alert.is_over:
        alert.over_before_at = None if alert.certainty == Certainty.WITHDRAWN else alert.last_fix_time
    alert.is_over, alert.over_at = False, None
    _take_situation(alert, judgement)
    alert.peak_danger = max(alert.peak_danger, risen_to)
    _note(alert, "danger_rose", judgement, is_news=is_notified)
    if risen_to >= lifecycle.RAISES_FROM:
        alert.fell_at = None
        _tell_victim(alert, now)
    if not is_notified:
        return _save(alert)
    if alert.handling == Handling.ACKNOWLEDGED:
        escalation.restart(alert, now)
    else:
        escalation.warn_again(alert, now, is_return=is_return)
    return alert


def _confirm_visit(alert: Alert, judgement: Judgement) -> None:
    """Take an unconfirmed breach for confirmed as its visit ends, and tell officers where they know of less.

    A passage counts one step lower. The protected person is not warned of what is over; whether it is, is said apart.
    """
    if alert.is_over or alert.is_pass_through or alert.peak_danger != Danger.BREACH_UNCONFIRMED:
        return
    if no_fix_shows(alert):
        return
    now = judgement.decided_at
    visit = replace(judgement, level=Level.BREACH, certainty=Certainty.CONFIRMED)
    is_notified = alert.handling != Handling.CLOSED and _has_to_be_told(alert, visit, Danger.BREACH)
    alert.peak_danger = Danger.BREACH
    if alert.level == Level.BREACH:
        alert.certainty = Certainty.CONFIRMED
    alert.reasons = list(judgement.reasons)
    _note(alert, "danger_rose", visit, is_news=is_notified)
    if not is_notified:
        return
    if alert.handling == Handling.ACKNOWLEDGED:
        escalation.restart(alert, now)
    else:
        escalation.warn_again(alert, now)


def no_fix_shows(alert: Alert) -> bool:
    """Tell whether a zone came into force around where the wearer had been, and no fix since lay inside."""
    return alert.breached_at is not None and alert.breached_at < alert.fix_time


def _fell_for_s(alert: Alert, judgement: Judgement) -> float | None:
    """Return for how long danger had been below what people know of; None where it never fell."""
    return None if alert.fell_at is None else (judgement.fix_time - alert.fell_at).total_seconds()


def _has_to_be_told(alert: Alert, judgement: Judgement, risen_to: Danger) -> bool:
    if risen_to < lifecycle.RAISES_FROM:
        return False
    if alert.certainty == Certainty.WITHDRAWN:
        # People were told that it was nothing.
        return True
    fell_for_s = _fell_for_s(alert, judgement)
    is_acknowledged = alert.handling == Handling.ACKNOWLEDGED
    known = alert.acknowledged_danger if is_acknowledged else alert.peak_danger
    return lifecycle.is_news(risen_to, known, fell_for_s)


def _finish(alert: Alert, judgement: Judgement, how: Transition) -> Alert:
    now = judgement.decided_at
    alert.is_over, alert.over_at = True, now
    alert.is_over_by_fix = not judgement.is_by_record
    alert.last_fix_time = max(alert.fix_time, judgement.fix_time)
    alert.fell_at = alert.fell_at or judgement.fix_time
    alert.reasons = list(judgement.reasons)
    if how is Transition.WITHDRAW and (alert.over_before_at is not None or alert.peak_danger == Danger.BREACH):
        # Only the return was not so; the visit before it was, and stays as it was told.
        how = Transition.END
        alert.last_fix_time = alert.over_before_at or alert.last_fix_time
        alert.level = lifecycle.level_of(Danger(alert.peak_danger))
        alert.reasons = [*alert.reasons, NO_RETURN]
    if how is Transition.WITHDRAW:
        # The level that was feared stays on record; what is withdrawn is the certainty. No one is due an answer.
        alert.certainty = Certainty.WITHDRAWN
    else:
        say_how_sure_it_was(alert)
    if judgement.is_by_record or judgement.is_past:
        # The wearer may be standing there still, or again: no text may say that they have gone.
        escalation.drop_victim_warning(alert, now)
        alert.needs_all_clear = (
            judgement.is_past and not judgement.is_by_record and escalation.is_victim_left_warned(alert)
        )
    else:
        escalation.tell_victim_it_is_over(alert, now)
    if how is Transition.WITHDRAW:
        _note(alert, "alert_withdrawn", judgement)
        escalation.tell_warned(alert, Purpose.WITHDRAWN, STAFF_CHANNELS, now)
        escalation.stop(alert, now)
        return alert
    _note(alert, "alert_over", judgement)
    return _save(alert)


def say_how_sure_it_was(alert: Alert) -> None:
    """Let an alert that is over be as sure as its gravest moment: a doubtful return lessens no visit before it."""
    if alert.level == lifecycle.level_of(Danger(alert.peak_danger)):
        alert.certainty = Certainty.CONFIRMED if alert.peak_danger in SURE else Certainty.UNCONFIRMED


def _update(alert: Alert, judgement: Judgement) -> Alert:
    now = judgement.decided_at
    level, certainty = lifecycle.level_held(alert.level), lifecycle.certainty_held(alert.certainty)
    _take_situation(alert, judgement)
    if judgement.level is Level.CLEAR or (judgement.level is level and certainty is Certainty.CONFIRMED):
        # No one can tell from such a fix, or tell less surely than before: what was known stands. A level that was
        # sure once must not ring again each time that a worse fix is followed by a better one.
        alert.level, alert.certainty = level, certainty
    elif judgement.level is not level:
        alert.fell_at = alert.fell_at or judgement.fix_time
        _note(alert, "danger_fell", judgement)
        if alert.peak_danger < Danger.BREACH and not judgement.is_past:
            # What was feared here may have been all that kept them from hearing that it is over elsewhere.
            escalation.tell_victim_it_is_over(alert, now)
    return _save(alert)


def take_order(alert: Alert, judgement: Judgement) -> None:
    """Make an alert evidence once a fix shows danger while an order is in force, though it began after the order."""
    if judgement.level is not Level.CLEAR and not judgement.is_after_order:
        alert.is_after_order = False


def _take_situation(alert: Alert, judgement: Judgement) -> None:
    _take_worst(alert, judgement)
    take_order(alert, judgement)
    alert.level, alert.certainty = judgement.level, judgement.certainty
    alert.zone = judgement.zone
    alert.reasons = list(judgement.reasons)
    alert.distance_m = judgement.distance_m
    alert.closing_mps = judgement.closing_mps
    alert.time_to_edge_s = judgement.time_to_edge_s
    alert.probability_inside = judgement.probability_inside
    alert.could_be_inside = judgement.could_be_inside
    if judgement.level is Level.BREACH:
        # A passage for as long as every breach of it looked like one.
        is_first = alert.peak_danger < Danger.BREACH_UNCONFIRMED
        alert.is_pass_through = judgement.is_pass_through and (is_first or alert.is_pass_through)
        if judgement.raises_to is Level.BREACH:
            alert.breached_at = judgement.fix_time
    if judgement.mover is not None and danger_of(judgement) > alert.peak_danger:
        alert.mover = judgement.mover
    alert.last_fix_time = max(alert.fix_time, judgement.fix_time)


def _take_worst(alert: Alert, judgement: Judgement) -> None:
    """Keep from when to when the gravest level lasted, and how deep it was: that is said once it is over."""
    level, gravest = (lifecycle.level_of(danger) for danger in (danger_of(judgement), Danger(alert.peak_danger)))
    if level < gravest or level is Level.CLEAR:
        return
    distances = [judgement.distance_m]
    if level > gravest or alert.worst_from is None:
        alert.worst_from = alert.worst_until = judgement.fix_time
    else:
        alert.worst_until = max(alert.worst_until, judgement.fix_time)
        distances.append(alert.worst_m)
    alert.worst_m = min((one for one in distances if one is not None), default=None)


def danger_of(judgement: Judgement) -> Danger:
    """Return the danger that a judgement tells of."""
    return lifecycle.danger(judgement.level, judgement.certainty)


def _tell_victim(alert: Alert, now: datetime) -> None:
    if alert.wearer.is_training:
        # A drill never reaches a protected person.
        return
    if alert.zone is None or keeps_in(alert.zone.feature):
        # Their words say that the wearer is near. A wearer who leaves a place where they must stay may be anywhere.
        return
    if alert.kind == AlertKind.ZONE and (alert.level, alert.certainty) == (Level.BREACH, Certainty.CONFIRMED):
        escalation.tell_victim_of_breach(alert, now)


def _save(alert: Alert) -> Alert:
    alert.save()
    publish(alert)
    return alert


def _note(alert: Alert, action: str, judgement: Judgement, **more: bool) -> None:
    by = RaisedBy.LATE if alert.is_late else RaisedBy.RECORD if judgement.is_by_record else RaisedBy.FIX
    audit.record(
        audit.SYSTEM,
        action,
        f"alert:{alert.id}",
        judgement.decided_at,
        alert=alert,
        level=judgement.level.name.lower(),
        certainty=judgement.certainty,
        danger=int(lifecycle.danger_held(alert.kind, judgement.level, judgement.certainty)),
        by=by,
        fix_time=judgement.fix_time.isoformat(),
        **more,
        **({} if judgement.mover is None else {"mover": judgement.mover}),
    )
