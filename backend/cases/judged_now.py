"""Evaluates a wearer's newest stored fix against the zones in force at an instant, when no new fix has arrived."""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import replace
from datetime import datetime

from backend import alerts, silence, stored_fixes
from backend.alerts import Judgement
from backend.bulk_statements import insert_rows, update_rows
from backend.escalation.steps import Who
from backend.ingest.alert_changes import after_order, cannot_judge, judgement_of
from backend.ingest.judge import CANNOT_JUDGE_LEVEL, CONTEXT_S, instant
from backend.ingest.visits import level_of
from backend.ingest.zones_of_wearer import InForce, next_change, shape_of
from backend.models import AlertKind, Fix, PlaceState, PlaceZone, ProtectedPlace, Wearer
from backend.record.facts import MonitoringStatus
from backend.record.timeline import Case
from zones import Certainty, Level, judge_instant, judge_late
from zones import PlaceState as JudgedState

log = logging.getLogger(__name__)

LEFT_WARNED = (
    "A warning ended because the zones in force changed, and no fix says that the person on probation has left. "
    "The protected person was told that the person on probation is near"
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
    known = states(PlaceState.wearer == case.wearer_id)
    _plan_changes(case, known, now)
    # A moving place is no part of the record: only what ends the monitoring as a whole says anything of it.
    is_monitored = case.status_at(at) is MonitoringStatus.ACTIVE
    places = {zone.place_id for zone in zones if not (zone.moves and is_monitored)}
    _judge_places(case, [row for row in known if row.zone.place_id in places], at, now)
    silence.record_changed(case, now)


def _judge_newest(case: Case, rows: dict[int, PlaceZone], newest: Fix, at: datetime, now: datetime) -> None:
    """Judge zones that came into force without a fix against where the wearer was last known to be."""
    wearer = Wearer.get_by_id(case.wearer_id)
    known = {state.zone_id: state for state in PlaceState.select().where(PlaceState.wearer == case.wearer_id)}
    unjudged = [
        rows[terms.zone_id]
        for terms in case.zones_in_force(at)
        if terms.zone_id not in known or known[terms.zone_id].fix_time < newest.fix_time
    ]
    # Where they were last, and how surely, is the same whatever was in force then.
    near = stored_fixes.leading_to(case.wearer_id, newest.fix_time, CONTEXT_S) if unjudged else []
    new_states = []
    for row in unjudged:
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


def _plan_changes(case: Case, known: list[PlaceState], now: datetime) -> None:
    changed = []
    for state in known:
        if state.zone.moves:
            continue
        try:
            due_at = next_change(state.zone, case, max(now, state.fix_time))
        except Exception:
            # The judge says by itself that it cannot judge such a zone, at the next instant or fix.
            due_at = now
        if due_at != state.next_change_at:
            changed.append({"id": state.id, "next_change_at": due_at})
    update_rows(PlaceState, changed)


def judge_place(case: Case, place_id: int, at: datetime, now: datetime) -> None:
    """Let the gravest of what the place's zones say of this instant change its alert."""
    _judge_places(case, states(PlaceState.wearer == case.wearer_id, PlaceZone.place == place_id), at, now)


def _judge_places(case: Case, known: list[PlaceState], at: datetime, now: datetime) -> None:
    by_place: dict[int, list[PlaceState]] = defaultdict(list)
    for row in known:
        by_place[row.zone.place_id].append(row)
    said = {place_id: told for place_id, some in sorted(by_place.items()) if (told := _said_of(case, some, at, now))}
    standing = alerts.newest_of(case.wearer_id, said, AlertKind.ZONE)
    in_force = {zone.place_id for zone in case.zones_in_force(at)}
    for place_id, found in said.items():
        alert = standing.get(place_id)
        heard = [alerts.heard(alert, told) for told in found]
        gravest = max(heard, key=lambda told: (alerts.danger_of(told), told.level))
        changed = alerts.change(alert, gravest)
        # Where no zone is left, whatever ended the last one says so to them or their officer.
        is_free = place_id not in in_force
        if changed is not None and changed.is_over and not is_free and alerts.is_victim_left_warned(changed):
            text = f"{LEFT_WARNED} at the place {gravest.zone.place.label}: tell them."
            alerts.raise_notice(gravest.wearer, gravest.zone, [text], now, (Who.OFFICER,))


def _said_of(case: Case, known: list[PlaceState], at: datetime, now: datetime) -> list[Judgement]:
    """Return what the zones of one place say of this instant; nothing where not all of them can be judged."""
    found: list[Judgement] = []
    in_force = case.zones_in_force(at)
    held = {zone.zone_id for zone in in_force}
    # A version that begins as another ends has to be judged before anything is called over.
    is_free = all(zone.place_id != known[0].zone.place_id for zone in in_force)
    for row in known:
        if row.zone_id not in held:
            if is_free and at >= row.fix_time:
                found.append(_not_in_force(row, at, now))
            continue
        if row.level == CANNOT_JUDGE_LEVEL:
            # What is known of the place is not all: nothing of it may be called over.
            return []
        if not row.state or at < row.fix_time:
            # What was judged later needs no second look.
            continue
        decision = judge_instant(shape_of(row.zone), JudgedState.from_json(row.state), at.timestamp())
        told = judgement_of(row.wearer, row.zone, decision, now, now, is_newest=True)
        # It may have been in force at the fix, and out of it in between.
        begins = InForce(case).beginnings(row.zone, row.fix_time.timestamp(), at.timestamp())
        told = replace(told, is_by_record=True, began_at=instant(begins[-1]) if begins else None)
        found.append(after_order(case, told))
    return found


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
