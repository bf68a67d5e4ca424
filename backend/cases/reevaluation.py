"""Re-evaluates stored fixes after a change about the past: raises, withdraws and records levels.

A change of the record requests a re-evaluation in its own unit of work. The look is taken after the commit and holds no
one up while it judges: only what it came to is written under the case's locks, and only where the record and the fixes
are still those that it judged. What a process that died left pending is taken up by the watchdog.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

from peewee import fn

from backend import alarms, alerts, db, stored_fixes
from backend.alert_kinds import RECORD_CORRECTED
from backend.alerts.alerts_from_visits import REENTRY
from backend.bulk_statements import update_rows
from backend.cases.alert_corrections import causes_in_words
from backend.db import atomic
from backend.ingest.alert_changes import cannot_judge
from backend.ingest.derivation import Derived, derive
from backend.ingest.judge import CONTEXT_S, instant
from backend.ingest.past_fixes import changed_levels
from backend.ingest.visit_alerts import Occasion, reaches_out, tell, withdraw_unfounded
from backend.lifecycle import NOW_FOR_S
from backend.models import AlarmKind, Alert, AlertKind, Fix, PendingReevaluation, PlaceZone, Wearer
from backend.record import reading
from backend.record.recording import lock_cases
from backend.record.timeline import Case

log = logging.getLogger(__name__)

# Fewer than the parameters that any engine takes in one statement.
WRITTEN_AT_ONCE = 1_000

# So often the past may change under a look before the look holds the case while it judges.
FREE_TRIES = 3

# The process that changed the record re-evaluates at once; a request this old was left by one that died.
OVERDUE_S = 60.0

FURTHER = timedelta(hours=1)

T = TypeVar("T")


def request(wearer_id: int, since: datetime, now: datetime) -> None:
    """Enqueue a re-evaluation to ``since`` and take it once the present unit of work is committed; the case is held."""
    has_fixes = Fix.select(Fix.id).where(Fix.wearer == wearer_id, Fix.fix_time >= since).exists()
    if not has_fixes and (since > now or not _touching(wearer_id, since)):
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
        found = _look(wearer_id, now)
        if found is None:
            return
        if _keep(found, now):
            return
    with atomic():
        lock_cases(wearer_id)
        with db.long_thought():
            found = _look(wearer_id, now)
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
    derived: Derived


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
    """Return from when to when the alerts go that reach into the time which changed: each is judged as a whole.

    One that stands reaches to now, however long ago its newest fix was. So did one that the record ended since, or that
    a return within ten minutes would go on with.
    """
    found = (
        Alert.select(Alert.fix_time, Alert.last_fix_time)
        .join(PlaceZone, on=Alert.zone)
        .where(
            Alert.wearer == wearer_id,
            Alert.kind == AlertKind.ZONE,
            PlaceZone.wearer == wearer_id,
            ~PlaceZone.moves,
            (~Alert.is_over) | (~Alert.is_late & (Alert.over_at >= since)) | (Alert.last_fix_time >= since - REENTRY),
        )
    )
    return [(alert.fix_time, alert.last_fix_time) for alert in found]


def _look(wearer_id: int, now: datetime) -> _Look | None:
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
    # Where the wearer was last before that time is what a zone that begins in it is judged by.
    leading = stored_fixes.leading_to(wearer_id, since, CONTEXT_S)
    read_from = since - timedelta(seconds=CONTEXT_S)
    if leading:
        read_from = min(read_from, instant(leading[0].fix_time) - timedelta(milliseconds=1))
    further, known = FURTHER, -1
    while True:
        fixes = stored_fixes.of_wearer(wearer_id, read_from, until)
        derived = derive(case, rows.values(), fixes, max(now, until).timestamp())
        is_cut = bool(fixes) and reaches_out(wearer_id, derived, instant(fixes[0].fix_time), None)[0]
        if not (derived.begins_near or is_cut) or len(fixes) == known:
            break
        # A stay that reaches further back is judged as a whole.
        known, read_from, further = len(fixes), read_from - further, 2 * further
    for row, why, _ in derived.failures:
        log.warning("zone %s not judged again: %s", row.id, why)
    return _Look(Wearer.get_by_id(wearer_id), case, since, until, seen, rows, derived)


def _keep(look: _Look, now: datetime) -> bool:
    """Write what a look came to; False, with the look still due, where it rests on what is no longer so.

    Levels are written some at a time: a month of them in one unit of work would hold the case for seconds.
    """
    for some in _batches(changed_levels(look.wearer.id, look.derived, look.since, look.until, now)):
        with atomic():
            if not _still_stands(look):
                return False
            update_rows(Fix, some)
    with atomic():
        if not _still_stands(look):
            return False
        for row, why, at in look.derived.failures:
            alerts.apply(cannot_judge(look.wearer, row, why, instant(at), now, now))
        if not look.derived.failures:
            _tell(look, now)
        PendingReevaluation.delete().where(PendingReevaluation.wearer == look.wearer).execute()
    return True


def _tell(look: _Look, now: datetime) -> None:
    """Bring alerts into agreement with what was derived, each change in the words of what the record says now."""

    def because(alert: Alert, began_at: datetime, last_at: datetime) -> Sequence[str]:
        return causes_in_words(look.case, alert, began_at, last_at)

    occasion = Occasion(look.wearer, look.case, now, now, NOW_FOR_S, because, ends_what_stands=True, is_newest=True)
    tell(occasion, look.derived, look.since, max(now, look.until + timedelta(seconds=1)))
    withdraw_unfounded(look.wearer, look.derived, look.since, look.until, RECORD_CORRECTED, now)


def _still_stands(look: _Look) -> bool:
    """Hold the case, and tell whether the look rests on what is still so."""
    lock_cases(look.wearer.id)
    return _seen(look.wearer.id, look.since, look.until) == look.seen


def _batches(rows: Sequence[T]) -> Iterator[list[T]]:
    rest = iter(rows)
    while some := list(islice(rest, WRITTEN_AT_ONCE)):
        yield some
