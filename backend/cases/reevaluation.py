"""Re-evaluates stored fixes after a change about the past: raises, withdraws and records levels.

A change of the record requests a re-evaluation in its own unit of work. The look is taken after the commit and holds no
one up while it judges: only what it came to is written under the case's locks, and only where the record and the fixes
are still those that it judged. What a process that died left pending is taken up by the watchdog.
"""

from __future__ import annotations

import logging
import secrets
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, islice
from typing import Any

from peewee import fn

from backend import alarms, alerts, db, stored_fixes
from backend.alert_kinds import RECORD_CORRECTED
from backend.cases import alert_corrections
from backend.db import atomic
from backend.ingest.alert_changes import cannot_judge, judgement_of
from backend.ingest.judge import CANNOT_JUDGE_LEVEL, CONTEXT_S, instant
from backend.ingest.visits import danger_of, level_of
from backend.ingest.zones_of_wearer import next_change, shape_of
from backend.lifecycle import RAISES_FROM, REENTRY_S, Danger
from backend.models import AlarmKind, Alert, AlertKind, Fix, PendingReevaluation, PlaceZone, Wearer
from backend.record import reading
from backend.record.recording import lock_cases
from backend.record.timeline import Case
from zones import Certainty, Decision, judge_instant, judge_late
from zones import Fix as JudgedFix

log = logging.getLogger(__name__)

# Fewer than the parameters that any engine takes in one statement.
WRITTEN_AT_ONCE = 1_000

# A fix with less than this is likelier outside than inside.
EVEN_ODDS = 0.5

# So often the past may change under a look before the look holds the case while it judges.
FREE_TRIES = 3

# The process that changed the record re-evaluates at once; a request this old was left by one that died.
OVERDUE_S = 60.0

Level = tuple[int | None, str | None]


def request(wearer_id: int, since: datetime, now: datetime) -> None:
    """Enqueue a re-evaluation to ``since`` and take it once the present unit of work is committed; the case is held."""
    has_fixes = Fix.select(Fix.id).where(Fix.wearer == wearer_id, Fix.fix_time >= since).exists()
    if not has_fixes and not _touching(wearer_id, since):
        return
    pending = PendingReevaluation.get_or_none(PendingReevaluation.wearer == wearer_id)
    mark = secrets.token_hex(8)
    if pending is None:
        PendingReevaluation.create(wearer=wearer_id, since=since, mark=mark, requested_at=now)
    else:
        PendingReevaluation.update(since=min(pending.since, since), mark=mark).where(
            PendingReevaluation.wearer == wearer_id
        ).execute()
    db.after_commit(("reevaluation", wearer_id), lambda: settle(wearer_id, now))


def settle(wearer_id: int, now: datetime) -> None:
    """Take the pending re-evaluation of a case, if there is one."""
    for _ in range(FREE_TRIES):
        found = _look(wearer_id)
        if found is None:
            return
        if _keep(found, now):
            return
    with atomic():
        lock_cases(wearer_id)
        with db.long_thought():
            found = _look(wearer_id)
        if found is not None:
            _keep(found, now)


def settle_overdue(now: datetime) -> None:
    """Take overdue re-evaluations, and raise an alarm for those that fail."""
    late = PendingReevaluation.select().where(PendingReevaluation.requested_at <= now - timedelta(seconds=OVERDUE_S))
    failed: dict[str, tuple[str, int | None]] = {}
    for pending in list(late.order_by(PendingReevaluation.requested_at)):
        try:
            settle(pending.wearer_id, now)
        except db.LOST_CONNECTION:
            raise
        except Exception as error:
            log.warning("case %s could not be judged again: %s", pending.wearer_id, type(error).__name__)
            team_id = Wearer.get_by_id(pending.wearer_id).team_id
            detail = "Stored fixes of a case could not be judged again after its record changed"
            failed[f"reevaluation:{pending.wearer_id}"] = (detail, team_id)
    alarms.reconcile(AlarmKind.CASE_INCOMPLETE, "reevaluation:", failed, now)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a look rests on: it says nothing once any of it is another. Fixes of a later time do not concern it."""

    mark: str
    fixes: int
    newest_id: int | None


@dataclass(slots=True)
class _Look:
    """What the stored fixes of a case come to by the record as it is."""

    wearer: Wearer
    case: Case
    since: datetime
    until: datetime
    seen: _Seen
    rows: dict[int, PlaceZone]
    # The stays near a zone, each with the zone's row.
    runs: list[tuple[int, list[Decision]]]
    # The fixes whose level is another now, by that level.
    changed: dict[Level, list[int]]
    # Zones that could not be judged, with why and the last fix concerned.
    failures: list[tuple[int, str, datetime]]


def _seen(wearer_id: int, since: datetime, until: datetime) -> _Seen | None:
    pending = PendingReevaluation.get_or_none(PendingReevaluation.wearer == wearer_id)
    if pending is None:
        return None
    stored = Fix.select(fn.COUNT(Fix.id), fn.MAX(Fix.id)).where(
        Fix.wearer == wearer_id, Fix.fix_time > since - timedelta(seconds=CONTEXT_S), Fix.fix_time <= until
    )
    counted: Any = stored.tuples().get()
    return _Seen(pending.mark, *counted)


def _fixed_zones(wearer_id: int) -> list[PlaceZone]:
    """Return the zones of the record; how near a moving place was cannot be asked again."""
    return list(PlaceZone.select().where(PlaceZone.wearer == wearer_id, ~PlaceZone.moves))


def _touching(wearer_id: int, since: datetime) -> list[tuple[datetime, datetime]]:
    """Return from when to when the alerts go that reach into the time which changed: each is judged as a whole."""
    found = (
        Alert.select(Alert.fix_time, Alert.last_fix_time)
        .join(PlaceZone, on=Alert.zone)
        .where(
            Alert.wearer == wearer_id,
            Alert.kind == AlertKind.ZONE,
            PlaceZone.wearer == wearer_id,
            ~PlaceZone.moves,
            Alert.last_fix_time >= since,
        )
    )
    return [(alert.fix_time, alert.last_fix_time) for alert in found]


def _look(wearer_id: int) -> _Look | None:
    """Judge what a case's pending re-evaluation asks for, and change nothing; None where nothing is due."""
    pending = PendingReevaluation.get_or_none(PendingReevaluation.wearer == wearer_id)
    if pending is None:
        return None
    touching = _touching(wearer_id, pending.since)
    since = min([pending.since, *(begin for begin, _ in touching)])
    # What comes later than all that is known now is judged by the record as it is, when it comes.
    newest = Fix.select(Fix.fix_time).where(Fix.wearer == wearer_id).order_by(Fix.fix_time.desc()).limit(1).first()
    until = max([since, *(end for _, end in touching), *([newest.fix_time] if newest else [])])
    # First what it rests on: whatever changes after this is found out before anything is kept.
    seen = _seen(wearer_id, since, until)
    if seen is None:
        return None
    case = reading.case(wearer_id)
    rows = {zone.id: zone for zone in _fixed_zones(wearer_id)}
    fixes = stored_fixes.of_wearer(wearer_id, since - timedelta(seconds=CONTEXT_S), until)
    force = _in_force(case, fixes)
    look = _Look(Wearer.get_by_id(wearer_id), case, since, until, seen, rows, [], {}, [])
    worst: dict[float, Decision] = {}
    unknown: set[float] = set()
    for zone_id in sorted(set().union(*force)):
        row = rows[zone_id]
        for judged in _stretches(fixes, [zone_id in held for held in force]):
            try:
                decisions = judge_late(shape_of(row), judged)
            except Exception as error:
                log.warning("zone %s not judged again: %s", row.id, type(error).__name__)
                unknown |= {fix.fix_time for fix in judged}
                look.failures.append((zone_id, type(error).__name__, instant(judged[-1].fix_time)))
                continue
            for decision in decisions:
                known = worst.get(decision.fix_time)
                if known is None or danger_of(decision) > danger_of(known):
                    worst[decision.fix_time] = decision
            for is_near, near in groupby(decisions, lambda decision: danger_of(decision) >= RAISES_FROM):
                if is_near:
                    look.runs.append((zone_id, list(near)))
    look.changed = _changed_levels(look, worst, unknown)
    return look


def _in_force(case: Case, fixes: Sequence[JudgedFix]) -> list[frozenset[int]]:
    """Return for each fix the versions of zones in force at its time."""
    return [case.timeline.at(instant(fix.fix_time)).ids for fix in fixes]


def _stretches(fixes: Sequence[JudgedFix], held: Sequence[bool]) -> list[list[JudgedFix]]:
    """Return the unbroken rows of fixes during which a version of a zone was in force."""
    paired = zip(fixes, held, strict=True)
    return [[fix for fix, _ in row] for is_held, row in groupby(paired, lambda one: one[1]) if is_held]


def _changed_levels(look: _Look, worst: dict[float, Decision], unknown: set[float]) -> dict[Level, list[int]]:
    """Return the fixes whose stored level is not what they are judged to be now, by that level."""
    stored = Fix.select(Fix.id, Fix.fix_time, Fix.level, Fix.certainty).where(
        Fix.wearer == look.wearer, Fix.fix_time >= look.since, Fix.fix_time <= look.until
    )
    changed: dict[Level, list[int]] = defaultdict(list)
    for fix_id, fix_time, level, certainty in stored.tuples().iterator():
        at = fix_time.timestamp()
        decision = worst.get(at)
        if at in unknown:
            is_now: Level = (CANNOT_JUDGE_LEVEL, None)
        else:
            is_now = (level_of(decision), str(decision.certainty)) if decision else (None, None)
        if (level, certainty) != is_now:
            changed[is_now].append(fix_id)
    return dict(changed)


def _keep(look: _Look, now: datetime) -> bool:
    """Write what a look came to; False, with the look still due, where it rests on what is no longer so.

    Levels are written some at a time: a month of them in one unit of work would hold the case for seconds.
    """
    for level, ids in look.changed.items():
        for some in _batches(ids):
            with atomic():
                if not _still_stands(look):
                    return False
                stored, certainty = level
                Fix.update(level=stored, certainty=certainty, decided_at=now).where(Fix.id.in_(some)).execute()
    with atomic():
        if not _still_stands(look):
            return False
        for zone_id, why, at in look.failures:
            alerts.apply(cannot_judge(look.wearer, look.rows[zone_id], why, at, now, now))
        near = [
            (look.rows[zone].place_id, instant(run[0].fix_time), instant(run[-1].fix_time)) for zone, run in look.runs
        ]
        if not look.failures:
            # First: what an alert does not tell of any more may be a visit that no other one tells of.
            alert_corrections.cut(look.case, look.rows, near, look.since, now)
        for zone_id, run in look.runs:
            _raise_untold(look, zone_id, run, now)
        if not look.failures:
            _withdraw_unfounded(look, now)
        PendingReevaluation.delete().where(PendingReevaluation.wearer == look.wearer).execute()
    return True


def _still_stands(look: _Look) -> bool:
    """Hold the case, and tell whether the look rests on what is still so."""
    lock_cases(look.wearer.id)
    return _seen(look.wearer.id, look.since, look.until) == look.seen


def _raise_untold(look: _Look, zone_id: int, run: Sequence[Decision], now: datetime) -> None:
    if instant(run[-1].fix_time) < look.since or danger_of(max(run, key=danger_of)) < Danger.BREACH_UNCONFIRMED:
        return
    untold = _untold(look.wearer.id, look.rows[zone_id].place_id, run)
    if untold:
        peak = max(untold, key=danger_of)
        judgement = judgement_of(look.wearer, look.rows[zone_id], peak, now, now)
        alerts.raise_late(judgement, instant(untold[0].fix_time), instant(untold[-1].fix_time))


def _untold(wearer_id: int, place_id: int, run: Sequence[Decision]) -> Sequence[Decision]:
    """Return what of a stay no alert tells of: all of it where none tells of its beginning, or the rest of it.

    An alert of its beginning is not enough: that of its end may have been withdrawn by an entry which is corrected now.
    """
    slack = timedelta(seconds=REENTRY_S)
    told = [
        (alert.fix_time - slack, alert.last_fix_time + slack if alert.is_over else None)
        for alert in Alert.select(Alert.fix_time, Alert.last_fix_time, Alert.is_over).where(
            Alert.wearer == wearer_id,
            Alert.place == place_id,
            Alert.kind == AlertKind.ZONE,
            Alert.certainty != Certainty.WITHDRAWN,
            Alert.peak_danger >= Danger.BREACH_UNCONFIRMED,
        )
    ]

    def is_reported(decision: Decision) -> bool:
        at = instant(decision.fix_time)
        return any(begin <= at and (end is None or at <= end) for begin, end in told)

    # An alert that begins later speaks of the end of the stay only.
    if not is_reported(run[0]):
        return run
    # The first fix of a departure still belongs to the stay, and by itself tells of none.
    rest = [one for one in run if danger_of(one) >= Danger.BREACH_UNCONFIRMED and not is_reported(one)]
    return rest if any(one.probability_inside >= EVEN_ODDS for one in rest) else []


def _withdraw_unfounded(look: _Look, now: datetime) -> None:
    """Withdraw alerts about a time at which, by the record as it is now, no zone was near."""
    slack = timedelta(seconds=REENTRY_S)
    founded = [
        (look.rows[zone_id].place_id, instant(run[0].fix_time) - slack, instant(run[-1].fix_time) + slack)
        for zone_id, run in look.runs
    ]
    raised = Alert.select(Alert.id, Alert.place, Alert.fix_time, Alert.last_fix_time).where(
        Alert.wearer == look.wearer,
        Alert.kind == AlertKind.ZONE,
        Alert.zone.in_(list(look.rows)),
        Alert.fix_time >= look.since,
        Alert.fix_time <= look.until,
        Alert.certainty != Certainty.WITHDRAWN,
    )
    for alert in raised.order_by(Alert.id):
        is_founded = any(
            place_id == alert.place_id and begin <= alert.last_fix_time and alert.fix_time <= end
            for place_id, begin, end in founded
        )
        if not is_founded and not _is_founded_on_an_instant(look, alert, now):
            alerts.withdraw(alert.id, RECORD_CORRECTED, now)


def _is_founded_on_an_instant(look: _Look, alert: Alert, now: datetime) -> bool:
    """Tell whether a zone came into force around the wearer between a fix of the alert and the next one.

    After its first fix it may have begun so. After its last one it goes on so: the wearer is not known to have left.
    """
    fixes = {alert.fix_time, alert.last_fix_time}
    return any(_begins_around(look, alert.place_id, at, now) for at in sorted(fixes))


def _begins_around(look: _Look, place_id: int, at: datetime, now: datetime) -> bool:
    seen = Fix.select(Fix.fix_time).where(Fix.wearer == look.wearer).order_by(Fix.fix_time)
    last = seen.where(Fix.fix_time <= at).order_by(Fix.fix_time.desc()).first()
    if last is None:
        return False
    following = seen.where(Fix.fix_time > last.fix_time).first()
    until = following.fix_time if following else now
    near = stored_fixes.leading_to(look.wearer.id, last.fix_time, CONTEXT_S)
    for row in look.rows.values():
        if row.place_id != place_id:
            continue
        begins_at = next_change(row, look.case, last.fix_time)
        while begins_at is not None and begins_at < until:
            if look.case.is_in_force(row.id, begins_at):
                state = judge_late(shape_of(row), near)[-1].state
                if danger_of(judge_instant(shape_of(row), state, begins_at.timestamp())) >= RAISES_FROM:
                    return True
            begins_at = next_change(row, look.case, begins_at)
    return False


def _batches(ids: Sequence[int]) -> Iterator[list[int]]:
    rest = iter(ids)
    while some := list(islice(rest, WRITTEN_AT_ONCE)):
        yield some
