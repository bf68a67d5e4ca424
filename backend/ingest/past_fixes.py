"""Fixes of the past: what late ones and backlogs change of the visits on record, and of the alerts about them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from backend import alerts, stored_fixes
from backend.alert_kinds import NEVER_THERE
from backend.bulk_statements import update_rows
from backend.ingest.context import Ground
from backend.ingest.derivation import Derived, derive
from backend.ingest.group import Judged
from backend.ingest.judge import CANNOT_JUDGE_LEVEL, CONTEXT_S, TICK_S, instant
from backend.ingest.visit_alerts import Occasion, by_late_fixes, near_alerts, reaches_out, tell, withdraw_unfounded
from backend.ingest.visits import level_of
from backend.models import Fix, PendingReevaluation, Wearer
from backend.record import protection_ends
from backend.record.facts import MonitoringStatus
from zones import Fix as JudgedFix
from zones.late import order

# More than two days of a fix a minute are judged after the answer, by the watchdog: a tag waits for no such work.
MOST_FIXES = 3_000
# A stay that reaches out of what was read is read further by this much, and then by twice as much.
FURTHER_S = 3_600.0

Window = tuple[float, float]


def tell_of_past(
    ground: Ground, wearer: Wearer, new: Sequence[JudgedFix], received_at: datetime, now: datetime
) -> Judged:
    """Derive anew the time that new fixes are of, and bring alerts and the record of fixes into agreement with it.

    Returns how the new fixes are judged among all that are known.
    """
    first, last = min(fix.fix_time for fix in new), max(fix.fix_time for fix in new)
    read = _derive(ground, wearer, new, _with_alerts(wearer, first, last), now)
    if read is None:
        _leave_for_later(wearer, first, now)
        return {}
    derived, fixes, until = read
    # What a zone that came into force after the last of them meets is news too, up to the fix that was known to follow.
    later = next((fix.fix_time for fix in fixes if fix.fix_time > last), None) or _following(wearer, last)
    occasion = Occasion(
        wearer,
        ground.cases[wearer.id],
        received_at,
        now,
        ground.now_for_s,
        by_late_fixes,
        is_newest=_following(wearer, fixes[-1].fix_time) is None,
    )
    raised = tell(occasion, derived, instant(first), now if later is None else instant(later))
    since = instant(min(first, fixes[0].fix_time))
    if not derived.failures:
        # What the fix after it says is not all known.
        before = instant(until - TICK_S)
        withdraw_unfounded(wearer, derived, since, before, NEVER_THERE, now, keeps_outcomes=True)
    case = ground.cases[wearer.id]
    if raised and case.status_at(now) is MonitoringStatus.ENDED:
        # Of an ended case it is kept on record and asks no one for anything.
        reason = protection_ends.life_reason(case, now)
        said = f"Found in fixes that arrived after monitoring ended: {reason}."
        alerts.close_by_system([alert.id for alert in raised], f"ended_{reason}", said, now)
    ground.read_standing_again(wearer.id, [alert for alert in raised if not alert.is_over and not alert.is_late])
    update_rows(Fix, changed_levels(wearer.id, derived, instant(first), instant(fixes[-1].fix_time), now))
    return {
        instant(fix.fix_time): (*_judged(derived, fix.fix_time), now)
        for fix in new
        if fix.fix_time in derived.worst or fix.fix_time in derived.unknown
    }


def _with_alerts(wearer: Wearer, first: float, last: float) -> Window:
    """Return from when to when to read, so that each alert which reaches into that time is judged as a whole."""
    begin, end = first, last
    while True:
        near = near_alerts(wearer.id, None, instant(begin), instant(end))
        wider = (
            min([begin, *(row.fix_time.timestamp() for row in near)]),
            max([end, *(row.last_fix_time.timestamp() for row in near)]),
        )
        if wider == (begin, end):
            return wider
        begin, end = wider


def _derive(
    ground: Ground, wearer: Wearer, new: Sequence[JudgedFix], window: Window, now: datetime
) -> tuple[Derived, list[JudgedFix], float] | None:
    """Derive what is known of a time, and of as much beside it as its stays reach; None where that is too much.

    Returns with it the fixes, and the instant before which they are all that is known.
    """
    begin, end = window[0] - CONTEXT_S, window[1] + CONTEXT_S
    further = FURTHER_S
    known = -1
    while True:
        fixes = _together(stored_fixes.of_wearer(wearer.id, instant(begin), instant(end)), new)
        if len(fixes) > MOST_FIXES:
            return None
        following = _following(wearer, fixes[-1].fix_time)
        is_all = following is None
        # A zone may have come into force before the next fix.
        until = now.timestamp() if following is None else following
        derived = derive(ground.cases[wearer.id], ground.zones[wearer.id], fixes, until)
        edge = None if is_all else instant(fixes[-1].fix_time)
        is_before, is_after = reaches_out(wearer.id, derived, instant(fixes[0].fix_time), edge)
        is_before |= derived.begins_near
        is_after |= derived.ends_near and not is_all
        if len(fixes) == known or not (is_before or is_after):
            return derived, fixes, until
        known = len(fixes)
        begin -= further if is_before else 0.0
        end = max(end, until) + further if is_after else end
        further *= 2


def _following(wearer: Wearer, at: float) -> float | None:
    later = Fix.select(Fix.fix_time).where(Fix.wearer == wearer, Fix.fix_time > instant(at))
    first = later.order_by(Fix.fix_time).limit(1).first()
    return None if first is None else first.fix_time.timestamp()


def _together(stored: Sequence[JudgedFix], new: Sequence[JudgedFix]) -> list[JudgedFix]:
    known = {(fix.fix_time, fix.lat, fix.lon): fix for fix in [*stored, *new]}
    return sorted(known.values(), key=order)


def _judged(derived: Derived, at: float) -> tuple[int | None, str | None]:
    if at in derived.unknown:
        return CANNOT_JUDGE_LEVEL, None
    decision = derived.worst.get(at)
    return (None, None) if decision is None else (int(level_of(decision)), str(decision.certainty))


def changed_levels(
    wearer_id: int, derived: Derived, since: datetime, until: datetime, now: datetime
) -> list[dict[str, Any]]:
    """Return the stored fixes of a time that are judged otherwise now, as rows to keep."""
    stored: Any = (
        Fix.select(Fix.id, Fix.fix_time, Fix.level, Fix.certainty)
        .where(Fix.wearer == wearer_id, Fix.fix_time >= since, Fix.fix_time <= until)
        .tuples()
    )
    changed = []
    for fix_id, fix_time, level, certainty in stored.iterator():
        judged = _judged(derived, fix_time.timestamp())
        if judged != (level, certainty):
            changed.append({"id": fix_id, "level": judged[0], "certainty": judged[1], "decided_at": now})
    return changed


def _leave_for_later(wearer: Wearer, since: float, now: datetime) -> None:
    """Ask for a re-evaluation, which the watchdog takes at its next round."""
    at = instant(since - timedelta(seconds=CONTEXT_S).total_seconds())
    pending = PendingReevaluation.get_or_none(PendingReevaluation.wearer == wearer)
    mark = secrets.token_hex(8)
    if pending is None:
        PendingReevaluation.create(wearer=wearer, since=at, mark=mark, requested_at=now)
    else:
        PendingReevaluation.update(since=min(pending.since, at), mark=mark).where(
            PendingReevaluation.id == pending.id
        ).execute()
