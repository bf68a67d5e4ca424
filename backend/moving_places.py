"""Judges the distance between a wearer and a protected person who shares their location, when either reports."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from backend import alerts, lifecycle, stored_fixes
from backend.alerts import Judgement
from backend.models import Fix as FixRow
from backend.models import PlaceState, PlaceZone, VictimPosition, Wearer
from backend.record import reading
from backend.record.facts import MonitoringStatus
from zones import Certainty, Fix, Mover, MovingState, Nearness, Whereabouts, decide_moving

log = logging.getLogger(__name__)

# A position older than this says nothing: even a walk since then could have led anywhere in a borough.
MOST_AGE_S = 3_600.0


def judge_wearer(
    wearer: Wearer,
    tag_id: int,
    rows: Sequence[PlaceZone],
    states: Mapping[tuple[int, int], PlaceState],
    new: Iterable[Fix],
    received_at: datetime,
    decided_at: datetime,
) -> list[PlaceState]:
    """Judge a wearer's ``new`` fixes, not stored yet, against each moving place, and change its alert.

    Fixes older than the wearer's newest say nothing of now, and a newest one of the past as little as it still can.
    Returns the states to keep. The wearer's row is held.
    """
    newest = max(new, key=lambda fix: fix.fix_time)
    known = stored_fixes.of_wearer(wearer.id, _instant(newest.fix_time - MOST_AGE_S))
    after = known[-1].fix_time if known else float("-inf")
    way = [*known[-1:], *sorted((fix for fix in new if fix.fix_time > after), key=lambda fix: fix.fix_time)]
    kept: list[PlaceState] = []
    for row in rows:
        victim = whereabouts_of(row.place.victim_id)
        state = states.get((wearer.id, row.id))
        for before, fix in zip([None, *way], way, strict=False):
            was = decided_at.timestamp() - fix.fix_time > lifecycle.NOW_FOR_S and fix is not way[-1]
            if victim is None or was or fix.fix_time <= after or not _is_in_force(row, fix.fix_time, decided_at):
                continue
            state = (
                _judge(wearer, tag_id, row, state, Whereabouts(fix, before), victim, received_at, decided_at) or state
            )
            if state is not None:
                kept.append(state)
    return kept


def judge_position(rows: Sequence[PlaceZone], received_at: datetime, decided_at: datetime) -> list[PlaceState]:
    """Judge a protected person's newest position, stored already, against each wearer who must keep away from them.

    Returns the states to keep. The wearers' rows are held.
    """
    kept: list[PlaceState] = []
    for row in rows:
        victim = whereabouts_of(row.place.victim_id)
        if victim is None or not _is_in_force(row, victim.fix.fix_time, decided_at):
            continue
        last = FixRow.select(FixRow.tag).where(FixRow.wearer == row.wearer_id).order_by(FixRow.fix_time.desc()).first()
        known = stored_fixes.of_wearer(row.wearer_id, _instant(victim.fix.fix_time - MOST_AGE_S))
        if last is None or not known:
            continue
        state = PlaceState.get_or_none(PlaceState.wearer == row.wearer_id, PlaceState.zone == row)
        wearers = Whereabouts(known[-1], known[-2] if len(known) > 1 else None)
        judged = _judge(row.wearer, last.tag_id, row, state, wearers, victim, received_at, decided_at)
        if judged is not None:
            kept.append(judged)
    return kept


def whereabouts_of(victim_id: int) -> Whereabouts | None:
    """Return the newest two positions of a protected person, or None where their phone has told none."""
    rows = (
        VictimPosition.select()
        .where(VictimPosition.victim == victim_id)
        .order_by(VictimPosition.fix_time.desc())
        .limit(2)
    )
    fixes = [Fix(row.fix_time.timestamp(), row.lat, row.lon, row.accuracy_m, row.speed_mps) for row in rows]
    return Whereabouts(fixes[0], fixes[1] if len(fixes) > 1 else None) if fixes else None


def _judge(
    wearer: Wearer,
    tag_id: int,
    row: PlaceZone,
    known: PlaceState | None,
    wearers: Whereabouts,
    victim: Whereabouts,
    received_at: datetime,
    decided_at: datetime,
) -> PlaceState | None:
    """Return the state after this judgement; None where one of the two positions is too old to say anything."""
    state = _read(known)
    at = max(wearers.fix.fix_time, victim.fix.fix_time, state.at if state else float("-inf"))
    if decided_at.timestamp() - at > lifecycle.NOW_FOR_S:
        # Where both were counts as where both may be by now.
        at = decided_at.timestamp()
    if at - min(wearers.fix.fix_time, victim.fix.fix_time) > MOST_AGE_S:
        return None
    rule = row.feature["properties"]
    near = decide_moving(wearers, victim, at, state, float(rule["radius_m"]), float(rule["buffer_m"]))
    alerts.apply(_judgement(wearer, row, near, at, received_at, decided_at))
    return PlaceState(
        wearer=wearer.id,
        zone=row.id,
        tag=tag_id,
        level=near.level,
        certainty=near.certainty,
        fix_time=_instant(at),
        next_change_at=row.to_at if row.to_at and row.to_at > decided_at else None,
        state=near.state.to_json(),
    )


def _read(known: PlaceState | None) -> MovingState | None:
    if known is None or not known.state:
        return None
    try:
        return MovingState.from_json(known.state)
    except ValueError:
        log.warning("the state of moving place %s is of another form: judged from nothing", known.zone_id)
        return None


def _judgement(
    wearer: Wearer, row: PlaceZone, near: Nearness, at: float, received_at: datetime, decided_at: datetime
) -> Judgement:
    edge_m = near.distance_m - float(row.feature["properties"]["radius_m"])
    closing = near.closing_mps
    return Judgement(
        wearer=wearer,
        zone=row,
        level=near.level,
        certainty=near.certainty,
        reasons=near.reasons,
        fix_time=_instant(at),
        received_at=received_at,
        decided_at=decided_at,
        distance_m=edge_m,
        closing_mps=closing,
        time_to_edge_s=edge_m / closing if closing and closing > 0 and edge_m > 0 else None,
        probability_inside=near.probability_within,
        mover=None if near.mover is Mover.NEITHER or near.certainty is Certainty.WITHDRAWN else near.mover,
    )


def _is_in_force(row: PlaceZone, at: float, now: datetime) -> bool:
    """Tell whether the place is agreed on and the wearer is monitored, then and still: a suspended case warns no one.

    What comes only now of the time before says where they were, and no one needs it as a warning.
    """
    case = reading.case(row.wearer_id)
    return all(
        case.status_at(instant) is MonitoringStatus.ACTIVE
        and row.from_at <= instant
        and (row.to_at is None or instant < row.to_at)
        for instant in (_instant(at), now)
    )


def _instant(epoch_s: float) -> datetime:
    return datetime.fromtimestamp(epoch_s, UTC)


def begins_at(now: datetime) -> datetime:
    """Return from when a moving place that is agreed on now is in force: positions of just before count too."""
    return now - timedelta(seconds=MOST_AGE_S)
