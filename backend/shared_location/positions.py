"""Where a protected person is: positions taken, judged and forgotten, and phones that say nothing any more."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from peewee import fn

from backend import alarms, alerts, moving_places, report_interval
from backend.bulk_statements import insert_rows
from backend.db import STORAGE_TROUBLE, apart, atomic, lock_rows
from backend.ingest.alert_changes import cannot_judge
from backend.ingest.context import row_of
from backend.models import (
    AlarmKind,
    LocationConsent,
    PlaceState,
    PlaceZone,
    Victim,
    VictimPhone,
    VictimPosition,
    Wearer,
)
from backend.report_interval import Report
from backend.settings import Settings
from backend.shared_location.agreements import moving_zones
from backend.shared_location.phones import identify_again
from zones import Fix, doubt_of

log = logging.getLogger(__name__)

KEPT_FOR = timedelta(hours=72)


def accept(phone: VictimPhone, fixes: Sequence[Fix], settings: Settings, now: datetime) -> int:
    """Judge where they are now and forget where they were; return in how many seconds their phone should report again.

    Only what is newer than the newest known counts; a position of the future, of long ago, or at which
    no phone can be is passed over. The answer depends on how the phone moves and on nothing else: it must not tell the
    person who holds it who is near.
    """
    victim_id = phone.consent.victim_id
    latest = now.timestamp() + settings.future_tolerance_s
    earliest = now.timestamp() - moving_places.MOST_AGE_S
    with atomic():
        rows = moving_zones(victim_id, now)
        lock_rows(Wearer, sorted({row.wearer_id for row in rows}))
        # Withdrawn in this very moment: nothing of them is kept.
        phone = identify_again(phone)
        VictimPhone.update(heard_at=now).where(VictimPhone.id == phone.id).execute()
        if phone.consent.paused_at is not None:
            return _interval_s(phone, [], settings, now)
        before, taken = _positions(victim_id), []
        for fix in sorted(fixes, key=lambda fix: fix.fix_time):
            if earliest <= fix.fix_time <= latest and doubt_of(fix) is None and _keep(victim_id, fix, now):
                taken.append(fix)
                for row in rows:
                    _judge(row, now)
        return _interval_s(phone, [*before, *taken], settings, now)


def _judge(row: PlaceZone, now: datetime) -> None:
    """Judge how near one wearer is; a case that cannot be read is an alert of its own, and keeps no other from it."""
    try:
        with apart():
            states = moving_places.judge_position([row], now, now)
            insert_rows(PlaceState, [row_of(state) for state in states], update_on=("wearer", "zone"))
        return
    except STORAGE_TROUBLE:
        raise
    except Exception as error:
        log.warning("moving place %s not judged: %s", row.id, type(error).__name__)
        why = type(error).__name__
    try:
        with apart():
            alerts.apply(cannot_judge(row.wearer, row, why, now, now, now))
    except STORAGE_TROUBLE:
        raise
    except Exception:
        log.exception("wearer %s: no alert says that they are not judged", row.wearer_id)
        detail = f"Fixes of wearer {row.wearer_id} cannot be judged, and no alert can say so"
        alarms.raise_alarm(AlarmKind.NOT_JUDGED, f"wearer:{row.wearer_id}", detail, now, row.wearer.team_id)


def _interval_s(phone: VictimPhone, sent: Sequence[Fix], settings: Settings, now: datetime) -> int:
    since = now.timestamp() - report_interval.RECENT_S
    reports = [
        Report(fix.fix_time, fix.lat, fix.lon, fix.accuracy_m, fix.speed_mps) for fix in sent if fix.fix_time > since
    ]
    moved_at_s = report_interval.moved_at_s(reports)
    # Two positions say nothing of the minutes before them: when the phone last moved is kept beside them.
    if moved_at_s is not None and (phone.moved_at is None or moved_at_s > phone.moved_at.timestamp()):
        phone.moved_at = datetime.fromtimestamp(moved_at_s, UTC)
        VictimPhone.update(moved_at=phone.moved_at).where(VictimPhone.id == phone.id).execute()
    known_s = None if phone.moved_at is None else phone.moved_at.timestamp()
    return report_interval.interval_s(known_s, now, False, settings)


def silent(now: datetime, after_s: float) -> list[tuple[int, int, float | None]]:
    """Return victim, team and seconds of silence for each agreed phone that has said nothing for ``after_s``.

    None for a phone that has never said anything, as where the code was never entered.
    """
    since = now - timedelta(seconds=after_s)
    found: list[tuple[int, int, float | None]] = []
    for consent in (
        LocationConsent.select(LocationConsent, Victim)
        .join(Victim)
        .where(
            LocationConsent.withdrawn_at.is_null(),
            LocationConsent.paused_at.is_null(),
            LocationConsent.given_at < since,
        )
        .order_by(LocationConsent.id)
    ):
        newest = VictimPosition.select(fn.MAX(VictimPosition.fix_time)).where(VictimPosition.victim == consent.victim)
        at = VictimPosition.fix_time.python_value(newest.scalar())
        if at is None or at < since:
            found.append(
                (consent.victim_id, consent.victim.team_id, None if at is None else (now - at).total_seconds())
            )
    return found


def newest_position_at(victim: Victim) -> datetime | None:
    """Return of when the newest position is that is kept of them."""
    newest = (
        VictimPosition.select().where(VictimPosition.victim == victim).order_by(VictimPosition.fix_time.desc()).first()
    )
    return None if newest is None else newest.fix_time


def forget_old(now: datetime) -> int:
    """Delete positions that nothing newer replaced for three days; return how many."""
    return VictimPosition.delete().where(VictimPosition.received_at < now - KEPT_FOR).execute()


def _positions(victim_id: int) -> list[Fix]:
    rows = VictimPosition.select().where(VictimPosition.victim == victim_id)
    return [Fix(row.fix_time.timestamp(), row.lat, row.lon, row.accuracy_m, row.speed_mps) for row in rows]


def _keep(victim_id: int, fix: Fix, now: datetime) -> bool:
    """Keep a position and forget all but the one before it; False when a newer one is known."""
    at = datetime.fromtimestamp(fix.fix_time, UTC)
    known = [
        row.fix_time
        for row in VictimPosition.select(VictimPosition.fix_time)
        .where(VictimPosition.victim == victim_id)
        .order_by(VictimPosition.fix_time.desc())
    ]
    if known and at <= known[0]:
        return False
    VictimPosition.create(
        victim=victim_id,
        fix_time=at,
        received_at=now,
        lat=fix.lat,
        lon=fix.lon,
        accuracy_m=fix.accuracy_m,
        speed_mps=fix.speed_mps,
    )
    if len(known) > 1:
        VictimPosition.delete().where(VictimPosition.victim == victim_id, VictimPosition.fix_time < known[0]).execute()
    return True
