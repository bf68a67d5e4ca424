"""Previews a new or changed zone before it is saved: the alerts it would have raised, and likely mistakes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from backend import zone_replay
from backend.cases import change_warnings, writing, zone_questions
from backend.cases.commands.opening import NewCondition
from backend.errors import NotFound
from backend.models import Order, Person, PlaceZone, Victim, ZoneVersion
from backend.record import reading, zone_geojson
from backend.record.facts import MonitoringStatus
from backend.zone_replay import ZoneReplay

DAYS = 30


@dataclass(frozen=True, slots=True)
class Trial:
    """What the last days would have raised, and what may be wrong, each in sentences."""

    order: Order | None
    # Whom it protects: no one, where the wearer has to stay.
    victim: Victim | None
    alerts: int | None
    said: list[str]
    doubts: list[str]


def try_condition(person: Person, wearer_id: int, new: NewCondition, now: datetime) -> Trial:
    """Say what the condition's zone would have raised over the last ``DAYS`` days, and what to look at again.

    Raises: what saving it would raise.
    """
    order, victim = writing.check_condition(person, wearer_id, new, now)
    told = zone_replay.replay_for(person, wearer_id, new.zone, DAYS, now)
    alerts = len(told.found.alerts) if told.found.fixes else None
    doubts = _doubts(wearer_id, order, new.zone, new.from_at, told, now, line=None)
    return Trial(order, victim, alerts, replay_in_words(told), doubts)


def try_change(
    person: Person, zone_id: int, feature: dict[str, Any], from_at: datetime, order_id: int | None, now: datetime
) -> Trial:
    """Say the same of a zone that is there and would be otherwise, and for how many hours it would warn no more.

    Raises: NotFound, NotAllowed, ZoneNotUsable.
    """
    zone = PlaceZone.get_or_none(PlaceZone.id == zone_id)
    if zone is None:
        raise NotFound("The zone was not found.")
    told = zone_replay.replay_for(person, zone.wearer_id, feature, DAYS, now)
    made = ZoneVersion.get_or_none(ZoneVersion.zone == zone)
    order = Order.get_or_none(Order.id == (order_id or (made.order_id if made else None)))
    doubts = [
        *zone_geojson.hours_lost(zone.feature, feature),
        *_doubts(zone.wearer_id, order, feature, from_at, told, now, line=made.line if made else zone.id),
    ]
    alerts = len(told.found.alerts) if told.found.fixes else None
    return Trial(order, zone.place.victim, alerts, replay_in_words(told), doubts)


def replay_in_words(told: ZoneReplay) -> list[str]:
    """Return what a replay found: how many alerts, of which kinds, and at which hours."""
    found, days = told.found, (told.to_at - told.from_at) // timedelta(days=1)
    if not found.fixes:
        return [f"No fix of the last {days} days is on record, so it is not known what this zone would have raised."]
    if not found.alerts:
        return [f"No alert in the last {days} days, over {found.fixes:,} fixes."]
    kinds = (
        (found.breaches_confirmed, "confirmed breach", "confirmed breaches"),
        (found.breaches_unconfirmed, "breach that stayed unconfirmed", "breaches that stayed unconfirmed"),
        (found.breaches_withdrawn, "breach that was withdrawn", "breaches that were withdrawn"),
        (found.buffers, "time in the buffer only", "times in the buffer only"),
    )
    listed = [f"{count} {one if count == 1 else many}" for count, one, many in kinds if count]
    said = [f"{_alerts(len(found.alerts))} in the last {days} days: {', '.join(listed)}."]
    if found.pass_throughs:
        said.append(f"{found.pass_throughs} of them looked like a bus or a train passing through.")
    hours = [hour for hour, count in enumerate(found.by_hour) if count == max(found.by_hour) and count]
    if hours:
        said.append(f"Most breaches began in the hour from {' or '.join(f'{hour:02d}:00' for hour in hours[:3])}.")
    return said


def _alerts(count: int) -> str:
    return f"{count} alert{'s' if count != 1 else ''}"


def _doubts(
    wearer_id: int,
    order: Order | None,
    feature: dict[str, Any],
    from_at: datetime,
    told: ZoneReplay,
    now: datetime,
    line: int | None,
) -> list[str]:
    case, begins = reading.case(wearer_id), max(from_at, now)
    said = []
    if case.status_at(begins) is not MonitoringStatus.ACTIVE:
        said.append("The case is not monitored then, so nothing is judged by this zone until it is.")
    if order is not None and not case.is_order_in_force(order.id, begins):
        said.append(
            f"The order {order.reference} is not in force on {change_warnings.day(begins)}: the zone waits for it."
        )
    if from_at < now:
        said.append(
            f"It holds from {change_warnings.day(from_at)}: fixes since then are judged again and may raise alerts."
        )
    if any(alert.ended_at is None for alert in told.found.alerts):
        said.append(
            "By the newest fixes the last of these alerts is not over: if the zone is in force, it warns at once."
        )
    order_id = None if order is None else order.id
    said += zone_questions.questions(case, feature, from_at, None, order_id, now, line=line)
    return said
