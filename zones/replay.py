"""What a zone would have raised over recorded fixes, before it is saved or for a report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from zones.decision import Certainty, Decision, Level, judge
from zones.evidence import MODEL, Model
from zones.fix import Fix
from zones.late import order
from zones.survey import survey
from zones.zone import Zone, ZoneKind

# A stretch is judged from this many fixes before the zone could matter, so that direction and speed are known there:
# of a tag that reports each 15 s they are the two minutes for which a speed counts.
_RUN_UP = 8
# A zone matters within its buffer and this much more, in which any fix of use may err.
_MARGIN_M = 1000.0


class ReplayedAlert(NamedTuple):
    """One alert that would have been raised, from its first fix until the first fix after it.

    `level` and `certainty` are the highest it reached; `nearest_m` is signed to the edge of the forbidden side.
    """

    level: Level
    certainty: Certainty
    began_at: float
    ended_at: float | None
    crossing_at: float | None
    nearest_m: float
    is_pass_through: bool
    reasons: tuple[str, ...]


class Replay(NamedTuple):
    """What a zone would have raised; `by_hour` counts the beginnings of breaches by local hour, 0 to 23."""

    fixes: int
    alerts: tuple[ReplayedAlert, ...]
    breaches_confirmed: int
    breaches_unconfirmed: int
    breaches_withdrawn: int
    buffers: int
    pass_throughs: int
    by_hour: tuple[int, ...]


def _stretches(zone: Zone, fixes: Sequence[Fix], model: Model) -> list[tuple[int, int]]:
    """Return the runs of fixes (first, after last) in which the zone could matter."""
    lats = np.fromiter((fix.lat for fix in fixes), float, len(fixes))
    lons = np.fromiter((fix.lon for fix in fixes), float, len(fixes))
    claimed = np.fromiter((fix.accuracy_m or np.nan for fix in fixes), float, len(fixes))
    gaps = survey(zone, lats, lons, claimed, model).distance_m
    east, north = zone.frame.locals_from_degrees(lats, lons)
    matters = gaps <= zone.buffer_m + _MARGIN_M + 3 * np.nan_to_num(claimed)
    steps = np.hypot(np.diff(east), np.diff(north))
    led_past = gaps[:-1] + gaps[1:] < 1.6 * steps + 60
    matters[:-1] |= led_past
    matters[1:] |= led_past
    stretches: list[tuple[int, int]] = []
    for here in np.flatnonzero(matters):
        first, after = max(0, int(here) - _RUN_UP), min(len(fixes), int(here) + 3)
        if stretches and first <= stretches[-1][1]:
            stretches[-1] = (stretches[-1][0], after)
        else:
            stretches.append((first, after))
    return stretches


def _alert(run: list[Decision], ended_at: float | None) -> ReplayedAlert:
    worst = max(run, key=lambda d: (d.level, d.certainty is Certainty.CONFIRMED))
    breaches = [d for d in run if d.level is Level.BREACH]
    return ReplayedAlert(
        worst.level,
        worst.certainty,
        run[0].fix_time,
        ended_at,
        next((d.crossing_at for d in run if d.crossing_at is not None), None),
        min(d.distance_m for d in run),
        bool(breaches) and all(d.is_pass_through for d in breaches),
        worst.reasons,
    )


def replay(zone: Zone, fixes: Sequence[Fix], zone_name: str = "Europe/London", model: Model = MODEL) -> Replay:
    """Return what `zone` would have raised over `fixes` of one tag, in whatever order they are given.

    Breaches and approaches into the buffer are alerts of their own level; one ends with the first fix at a lower level.
    `zone_name` is the time zone of `by_hour`.
    """
    ordered = sorted(fixes, key=order)
    alerts: list[ReplayedAlert] = []
    withdrawn = 0
    # Far stretches are left out for an exclusion zone; outside the other kinds every fix is a breach.
    runs = _stretches(zone, ordered, model) if zone.kind is ZoneKind.EXCLUSION else [(0, len(ordered))]
    reached = 0
    for first, after in runs:
        state = None
        open_run: list[Decision] = []
        for number in range(max(first, reached), len(ordered)):
            if number >= after and not open_run:
                break
            reached = number + 1
            fix = ordered[number]
            if state is not None and fix.fix_time <= state.fix_time:
                continue
            decision = judge(zone, fix, state, model)
            state = decision.state
            if open_run and decision.level is not open_run[-1].level:
                alerts.append(_alert(open_run, decision.fix_time))
                withdrawn += decision.certainty is Certainty.WITHDRAWN
                open_run = []
            if decision.level is not Level.CLEAR:
                open_run.append(decision)
        if open_run:
            alerts.append(_alert(open_run, None))
    breaches = [alert for alert in alerts if alert.level is Level.BREACH]
    hours = [0] * 24
    local = ZoneInfo(zone_name)
    for alert in breaches:
        hours[datetime.fromtimestamp(alert.began_at, UTC).astimezone(local).hour] += 1
    confirmed = sum(alert.certainty is Certainty.CONFIRMED for alert in breaches)
    return Replay(
        len(ordered),
        tuple(alerts),
        confirmed,
        len(breaches) - confirmed - withdrawn,
        withdrawn,
        len(alerts) - len(breaches),
        sum(alert.is_pass_through for alert in breaches),
        tuple(hours),
    )
