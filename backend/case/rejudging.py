"""Judges stored fixes again after the record changed: what stands now, and what a later entry says of the past."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby, islice

from backend import alerts, instants, stored_fixes
from backend.case.record import Case
from backend.db import insert_rows
from backend.ingest.consequences import cannot_judge, judgement_of
from backend.ingest.judge import CANNOT_JUDGE_LEVEL, danger_of, instant, level_of, wants_fast_reports
from backend.ingest.record import CONTEXT_S
from backend.ingest.shapes import next_change, shape_of
from backend.lifecycle import RAISES_FROM, REENTRY_S, Danger
from backend.models import (
    Activation,
    ActivationCorrection,
    Alert,
    AlertKind,
    Fix,
    PlaceState,
    PlaceZone,
    ProtectedPlace,
    Wearer,
)
from zones import Certainty, Decision, judge_late
from zones import Fix as JudgedFix

log = logging.getLogger(__name__)

# Fewer than the parameters that any engine takes in one statement.
WRITTEN_AT_ONCE = 1_000

# A fix with less than this is likelier outside than inside.
EVEN_ODDS = 0.5

REPLACED = "The record was corrected: by what held at that time there was no breach."


def after_change(case: Case, since: datetime, now: datetime) -> None:
    """Bring states and alerts into agreement with the record; part of the unit of work that changed it."""
    rows = {zone.id: zone for zone in PlaceZone.select().where(PlaceZone.wearer == case.wearer_id)}
    if not rows:
        return
    wearer = Wearer.get_by_id(case.wearer_id)
    newest = _newest_fix(case.wearer_id)
    # A state that rests on fixes which are another wearer's now says nothing of this one.
    beyond = PlaceState.fix_time > newest.fix_time if newest is not None else PlaceState.id.is_null(False)
    PlaceState.delete().where(PlaceState.wearer == case.wearer_id, beyond).execute()
    if newest is not None:
        _judge_present(case, wearer, rows, newest, now)
    _plan_changes(case, rows, now)
    for place_id in sorted({row.place_id for row in rows.values()}):
        instants.judge_place(case, place_id, now, now)
    look_back(case, wearer, rows, since, now)


def _newest_fix(wearer_id: int) -> Fix | None:
    return Fix.select().where(Fix.wearer == wearer_id).order_by(Fix.fix_time.desc()).limit(1).first()


def _judge_present(case: Case, wearer: Wearer, rows: dict[int, PlaceZone], newest: Fix, now: datetime) -> None:
    """Judge zones that came into force without a fix against where the wearer was last known to be."""
    states = {state.zone_id: state for state in PlaceState.select().where(PlaceState.wearer == case.wearer_id)}
    new_states = []
    for terms in case.zones_in_force(now):
        state = states.get(terms.zone_id)
        if state is not None and state.fix_time >= newest.fix_time:
            continue
        row = rows[terms.zone_id]
        # Where he was last, and how surely, is the same whatever was in force then.
        near = stored_fixes.of_wearer(case.wearer_id, newest.fix_time - timedelta(seconds=CONTEXT_S))
        try:
            decision = judge_late(shape_of(row), near)[-1]
        except Exception as error:
            log.warning("zone %s not judged after a change: %s", row.id, type(error).__name__)
            alerts.apply(cannot_judge(wearer, row, type(error).__name__, newest.fix_time, now, now))
            continue
        new_states.append(
            {
                "wearer": wearer.id,
                "zone": row.id,
                "tag": newest.tag_id,
                "level": level_of(decision),
                "certainty": decision.certainty,
                "fix_time": newest.fix_time,
                "wants_fast": wants_fast_reports(decision),
                "next_change_at": next_change(row, now, None, case, now),
                "state": decision.state.to_json(),
            }
        )
    insert_rows(PlaceState, new_states, update_on=("wearer", "zone"))


def _plan_changes(case: Case, rows: dict[int, PlaceZone], now: datetime) -> None:
    for state in PlaceState.select().where(PlaceState.wearer == case.wearer_id):
        try:
            state.next_change_at = next_change(rows[state.zone_id], now, None, case, max(now, state.fix_time))
        except Exception:
            # The judge says by itself that it cannot judge such a zone, at the next instant or fix.
            state.next_change_at = now
        state.save(only=[PlaceState.next_change_at])


def look_back(case: Case, wearer: Wearer, rows: dict[int, PlaceZone], since: datetime, now: datetime) -> None:
    """Judge stored fixes by the record as it is: raise late alerts, withdraw those that no longer hold."""
    # An alert that reaches into the time which changed is judged again as a whole.
    touching = Alert.select(Alert.fix_time).where(
        Alert.wearer == wearer, Alert.kind == AlertKind.ZONE, Alert.last_fix_time >= since
    )
    since = min([since, *(alert.fix_time for alert in touching)])
    fixes = stored_fixes.of_wearer(case.wearer_id, since - timedelta(seconds=CONTEXT_S))
    force = {fix.fix_time: {zone.zone_id for zone in case.zones_in_force(instant(fix.fix_time))} for fix in fixes}
    worst: dict[float, Decision] = {}
    unknown: set[float] = set()
    runs: list[tuple[int, list[Decision]]] = []
    for zone_id in sorted({zone_id for held in force.values() for zone_id in held}):
        row = rows[zone_id]
        for judged in _stretches(fixes, {at for at, held in force.items() if zone_id in held}):
            try:
                decisions = judge_late(shape_of(row), judged)
            except Exception as error:
                log.warning("zone %s not judged again: %s", row.id, type(error).__name__)
                unknown |= {fix.fix_time for fix in judged}
                alerts.apply(cannot_judge(wearer, row, type(error).__name__, instant(judged[-1].fix_time), now, now))
                continue
            for decision in decisions:
                known = worst.get(decision.fix_time)
                if known is None or danger_of(decision) > danger_of(known):
                    worst[decision.fix_time] = decision
            for is_near, near in groupby(decisions, lambda decision: danger_of(decision) >= RAISES_FROM):
                if is_near:
                    runs.append((zone_id, list(near)))
    _rewrite_levels(case.wearer_id, since, worst, unknown, now)
    for zone_id, run in runs:
        if instant(run[-1].fix_time) < since or danger_of(max(run, key=danger_of)) < Danger.BREACH_UNCONFIRMED:
            continue
        untold = _untold(case.wearer_id, rows[zone_id].place_id, run)
        if untold:
            _raise_late(wearer, rows[zone_id], untold, max(untold, key=danger_of), now)
    if not unknown:
        _withdraw_unfounded(case.wearer_id, rows, runs, since, now)


def _stretches(fixes: Sequence[JudgedFix], held: set[float]) -> list[list[JudgedFix]]:
    """Return the unbroken rows of fixes during which a version of a zone was in force."""
    return [list(row) for is_held, row in groupby(fixes, lambda fix: fix.fix_time in held) if is_held]


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

    def is_told(decision: Decision) -> bool:
        at = instant(decision.fix_time)
        return any(begin <= at and (end is None or at <= end) for begin, end in told)

    # An alert that begins later speaks of the end of the stay only.
    if not is_told(run[0]):
        return run
    # The first fix of a departure still belongs to the stay, and by itself tells of none.
    rest = [one for one in run if danger_of(one) >= Danger.BREACH_UNCONFIRMED and not is_told(one)]
    return rest if any(one.probability_inside >= EVEN_ODDS for one in rest) else []


def _raise_late(wearer: Wearer, row: PlaceZone, run: Sequence[Decision], peak: Decision, now: datetime) -> None:
    judgement = judgement_of(wearer, row, peak, now, now)
    alerts.raise_late(judgement, instant(run[0].fix_time), instant(run[-1].fix_time))


def _withdraw_unfounded(
    wearer_id: int,
    rows: dict[int, PlaceZone],
    runs: Sequence[tuple[int, list[Decision]]],
    since: datetime,
    now: datetime,
) -> None:
    """Withdraw alerts about a time at which, by the record as it is now, no zone was near."""
    slack = timedelta(seconds=REENTRY_S)
    founded = [
        (rows[zone_id].place_id, instant(run[0].fix_time) - slack, instant(run[-1].fix_time) + slack)
        for zone_id, run in runs
    ]
    raised = Alert.select(Alert.id, Alert.place, Alert.fix_time, Alert.last_fix_time).where(
        Alert.wearer == wearer_id,
        Alert.kind == AlertKind.ZONE,
        Alert.fix_time >= since,
        Alert.certainty != Certainty.WITHDRAWN,
    )
    for alert in raised.order_by(Alert.id):
        is_founded = any(
            place_id == alert.place_id and begin <= alert.last_fix_time and alert.fix_time <= end
            for place_id, begin, end in founded
        )
        if not is_founded:
            alerts.withdraw(alert.id, REPLACED, now)


def _batches(ids: Sequence[int]) -> Iterator[list[int]]:
    rest = iter(ids)
    while some := list(islice(rest, WRITTEN_AT_ONCE)):
        yield some


def _rewrite_levels(
    wearer_id: int, since: datetime, worst: dict[float, Decision], unknown: set[float], now: datetime
) -> None:
    """Let each stored fix say how it is judged by the record as it is; the audit keeps that it was judged again."""
    query = Fix.select(Fix.id, Fix.fix_time, Fix.level, Fix.certainty).where(
        Fix.wearer == wearer_id, Fix.fix_time >= since
    )
    changed: dict[tuple[int | None, str | None], list[int]] = defaultdict(list)
    for fix in query:
        at = fix.fix_time.timestamp()
        decision = worst.get(at)
        level = CANNOT_JUDGE_LEVEL if at in unknown else level_of(decision) if decision else None
        certainty = str(decision.certainty) if decision and at not in unknown else None
        if (fix.level, fix.certainty) != (level, certainty):
            changed[level, certainty].append(fix.id)
    # One statement for many: a month of fixes written one by one holds the case's tags for a minute.
    for (level, certainty), ids in changed.items():
        for some in _batches(ids):
            Fix.update(level=level, certainty=certainty, decided_at=now).where(Fix.id.in_(some)).execute()


def present_tag(wearer_id: int, now: datetime) -> Activation | None:
    """Return the activation of the tag that the wearer wears now, if any; one recorded in error is none."""
    in_error = ActivationCorrection.select(ActivationCorrection.activation)
    return (
        Activation.select()
        .where(
            Activation.wearer == wearer_id,
            Activation.from_at <= now,
            Activation.to_at.is_null() | (Activation.to_at > now),
            Activation.id.not_in(in_error),
        )
        .order_by(Activation.from_at.desc())
        .first()
    )


def places_of(wearer_id: int) -> list[ProtectedPlace]:
    """Return the places that this wearer has to keep away from, or had to."""
    held = PlaceZone.select(PlaceZone.place).where(PlaceZone.wearer == wearer_id)
    return list(ProtectedPlace.select().where(ProtectedPlace.id.in_(held)).order_by(ProtectedPlace.id))
