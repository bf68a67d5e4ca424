"""Evaluates a wearer's newest stored fix against the zones in force at an instant, when no new fix has arrived."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime

from backend import alerts, silence, stored_fixes
from backend.alerts import Judgement
from backend.db import insert_rows
from backend.escalation.steps import Who
from backend.ingest.alert_changes import cannot_judge, judgement_of
from backend.ingest.judge import CANNOT_JUDGE_LEVEL, CONTEXT_S
from backend.ingest.visits import level_of
from backend.ingest.zones_of_wearer import next_change, shape_of
from backend.models import AlertKind, Fix, PlaceState, PlaceZone, ProtectedPlace, Wearer
from backend.record.facts import Case, Life
from zones import Certainty, Level, judge_instant, judge_late
from zones import PlaceState as JudgedState

log = logging.getLogger(__name__)

LEFT_WARNED = (
    "A warning ended because the zones in force changed, and no fix says that the wearer has left. "
    "The protected person was told that the wearer is near"
)


def judge(case: Case, at: datetime, now: datetime) -> None:
    """Bring the wearer's states, and the alerts of all places, into agreement with what is in force at ``at``.

    The case is held. ``at`` is ``now`` or the instant, just passed, at which what is in force changed.
    """
    zones = list(PlaceZone.select().where(PlaceZone.wearer == case.wearer_id))
    rows = {zone.id: zone for zone in zones if not zone.moves}
    newest = Fix.select().where(Fix.wearer == case.wearer_id).order_by(Fix.fix_time.desc()).limit(1).first()
    # A state that rests on fixes which are another wearer's now says nothing of this one.
    beyond = PlaceState.fix_time > newest.fix_time if newest is not None else PlaceState.id.is_null(False)
    PlaceState.delete().where(PlaceState.wearer == case.wearer_id, beyond).execute()
    if newest is not None:
        _judge_newest(case, rows, newest, at, now)
    _plan_changes(case, rows, now)
    # A moving place is no part of the record: only what ends the monitoring as a whole says anything of it.
    is_monitored = case.life_at(at) is Life.ACTIVE
    for place_id in sorted({zone.place_id for zone in zones if not (zone.moves and is_monitored)}):
        judge_place(case, place_id, at, now)
    silence.record_changed(case.wearer_id, now)


def _judge_newest(case: Case, rows: dict[int, PlaceZone], newest: Fix, at: datetime, now: datetime) -> None:
    """Judge zones that came into force without a fix against where the wearer was last known to be."""
    wearer = Wearer.get_by_id(case.wearer_id)
    known = {state.zone_id: state for state in PlaceState.select().where(PlaceState.wearer == case.wearer_id)}
    new_states = []
    for terms in case.zones_in_force(at):
        state = known.get(terms.zone_id)
        if state is not None and state.fix_time >= newest.fix_time:
            continue
        row = rows[terms.zone_id]
        # Where the wearer was last, and how surely, is the same whatever was in force then.
        near = stored_fixes.leading_to(case.wearer_id, newest.fix_time, CONTEXT_S)
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
                "next_change_at": next_change(row, case, at),
                "state": decision.state.to_json(),
            }
        )
    insert_rows(PlaceState, new_states, update_on=("wearer", "zone"))


def _plan_changes(case: Case, rows: dict[int, PlaceZone], now: datetime) -> None:
    for state in PlaceState.select().where(PlaceState.wearer == case.wearer_id, PlaceState.zone.in_(list(rows))):
        try:
            state.next_change_at = next_change(rows[state.zone_id], case, max(now, state.fix_time))
        except Exception:
            # The judge says by itself that it cannot judge such a zone, at the next instant or fix.
            state.next_change_at = now
        state.save(only=[PlaceState.next_change_at])


def judge_place(case: Case, place_id: int, at: datetime, now: datetime) -> None:
    """Let the gravest of what the place's zones say of this instant change its alert."""
    found: list[Judgement] = []
    in_force = case.zones_in_force(at)
    held = {zone.zone_id for zone in in_force}
    # A version that begins as another ends has to be judged before anything is called over.
    is_free = all(zone.place_id != place_id for zone in in_force)
    for row in states(PlaceState.wearer == case.wearer_id, PlaceZone.place == place_id):
        if row.zone_id not in held:
            if is_free and at >= row.fix_time:
                found.append(_not_in_force(row, at, now))
            continue
        if row.level == CANNOT_JUDGE_LEVEL:
            # What is known of the place is not all: nothing of it may be called over.
            return
        if not row.state or at < row.fix_time:
            # What was judged later needs no second look.
            continue
        decision = judge_instant(shape_of(row.zone), JudgedState.from_json(row.state), at.timestamp())
        told = judgement_of(row.wearer, row.zone, decision, now, now, is_newest=True)
        found.append(replace(told, is_by_record=True))
    if not found:
        return
    alert = alerts.newest(case.wearer_id, place_id, AlertKind.ZONE)
    heard = [alerts.heard(alert, told) for told in found]
    gravest = max(heard, key=lambda told: (alerts.danger_of(told), told.level))
    changed = alerts.change(alert, gravest)
    # Where no zone is left, whatever ended the last one says so to them or their officer.
    if changed is not None and changed.is_over and not is_free and alerts.is_victim_left_warned(changed):
        said = f"{LEFT_WARNED} at the place {gravest.zone.place.label}: tell them."
        alerts.raise_notice(gravest.wearer, gravest.zone, [said], now, (Who.OFFICER,))


def _not_in_force(row: PlaceState, at: datetime, now: datetime) -> Judgement:
    return Judgement(
        wearer=row.wearer,
        zone=row.zone,
        level=Level.CLEAR,
        certainty=Certainty.CONFIRMED,
        reasons=("The zone is no longer in force.",),
        fix_time=at,
        received_at=now,
        decided_at=now,
        is_by_record=True,
    )


def states(*where: object) -> list[PlaceState]:
    """Return states with their zones, places and wearers, read at once."""
    query = (
        PlaceState.select(PlaceState, PlaceZone, ProtectedPlace, Wearer)
        .join(PlaceZone)
        .join(ProtectedPlace)
        .switch(PlaceState)
        .join(Wearer)
        .where(*where)
        .order_by(PlaceState.id)
    )
    return list(query)
