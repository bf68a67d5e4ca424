"""What judgements mean for alerts: the most serious of a place's zones counts, and late data can raise alerts too."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from backend import alerts, lifecycle
from backend.alerts import Judgement
from backend.ingest.context import Ground
from backend.ingest.judge import ZoneJudgement, instant
from backend.ingest.visits import certainty_of, danger_of, is_on_the_allowed_side, level_of
from backend.ingest.zones_of_wearer import shape_of
from backend.lifecycle import Danger
from backend.models import Alert, AlertKind, PlaceZone, Wearer
from backend.record.timeline import Case
from zones import Certainty, Decision, Level, ZoneKind, are_repeated, judge_instant
from zones.passages import REPEATED_WITHIN_S

AFTER_ORDER = "After the order: protection goes on for a moment, and this is no evidence of a breach."


def change_alerts(
    ground: Ground,
    wearer: Wearer,
    judged_zones: Sequence[ZoneJudgement],
    received: dict[datetime, datetime],
    decided_at: datetime,
) -> bool:
    """Change the alerts of now by the fixes of now, and tell whether what the past was has to be looked at.

    That is so where an alert was raised, or stands again, of a wearer of whom a late one tells too, where a withdrawn
    one stands again, where a return was none and the visit before it has to be found again, where one ends that no fix
    bore out, and where fixes show a breach at a place that is not watched any more.
    """
    places: dict[int, list[ZoneJudgement]] = defaultdict(list)
    for judged in judged_zones:
        places[judged.row.place_id].append(judged)
    latest_received = max(received.values())
    held = {zone.id for zone in ground.in_force(wearer.id, decided_at)}
    watched = {zone.place_id for zone in ground.in_force(wearer.id, decided_at)}

    is_concerned = False
    for place_id, at_place in places.items():
        if place_id not in watched:
            decisions = (decision for v in at_place for decision in v.decisions.values())
            is_concerned |= any(danger_of(decision) >= Danger.BREACH_UNCONFIRMED for decision in decisions)
            continue
        _apply_cannot_judge(ground, wearer, at_place, max(received), latest_received, decided_at)
        times = sorted({time for judged in at_place for time in judged.decisions})
        for time in times:
            told = [
                replace(
                    judgement_of(
                        wearer,
                        v.row,
                        decision,
                        received.get(instant(time), latest_received),
                        decided_at,
                        now_for_s=ground.now_for_s,
                    ),
                    began_at=None if v.began_at is None or time != times[-1] else instant(v.began_at),
                )
                for v in at_place
                if (decision := v.decisions.get(time)) is not None
            ]
            is_concerned |= _change(ground, at_place, time, told)
        if times and is_past(instant(times[-1]), decided_at, ground.now_for_s):
            told = [
                judgement_of(
                    wearer,
                    v.row,
                    v.decisions[times[-1]],
                    latest_received,
                    decided_at,
                    is_newest=True,
                    now_for_s=ground.now_for_s,
                )
                for v in at_place
                if v.row.id in held and _may_go_on(v, times[-1], decided_at)
            ]
            is_concerned |= _change(ground, at_place, times[-1], told)
    return is_concerned


def _change(ground: Ground, at_place: Sequence[ZoneJudgement], time: float, told: Sequence[Judgement]) -> bool:
    """Let the gravest of what a place's zones say of one fix change its alert; tell if the past has to be looked at."""
    heard = [ground.heard(after_order(ground.cases.get(one.wearer.id), one)) for one in told]
    if not heard:
        return False
    gravest = max(heard, key=lambda judgement: (alerts.danger_of(judgement), judgement.level))
    if _matters(ground, gravest) and _is_whole(ground, at_place, time, gravest):
        before = ground.standing.get((gravest.wearer.id, gravest.zone.place_id, gravest.kind))
        was_over = before is not None and before.is_over
        was_withdrawn = before is not None and before.certainty == Certainty.WITHDRAWN
        changed = ground.apply(gravest)
        if changed is not None and changed.is_over and changed.is_pass_through:
            _tell_repeated_passes(changed, gravest)
        if changed is None:
            return False
        is_return_taken_back = gravest.certainty is Certainty.WITHDRAWN and changed.certainty != Certainty.WITHDRAWN
        is_borne_out = not (changed.is_over and alerts.no_fix_shows(changed))
        is_begun = changed is not before or (was_over and not changed.is_over)
        return (
            is_return_taken_back
            or not is_borne_out
            # A withdrawn one began with a visit that was none, or that another alert tells of.
            or (is_begun and (was_withdrawn or gravest.wearer.id in ground.found_late))
        )
    return False


def after_order(case: Case | None, judgement: Judgement) -> Judgement:
    """Return a judgement that says so itself where it rests on the grace after an order, and on no order in force."""
    if case is None or judgement.level is Level.CLEAR:
        return judgement
    if not case.is_after_order(judgement.zone.id, judgement.fix_time):
        return judgement
    return replace(judgement, reasons=(*judgement.reasons, AFTER_ORDER), is_after_order=True)


def is_past(at: datetime, now: datetime, now_for_s: float) -> bool:
    """Tell whether what was seen at an instant is no evidence of where the wearer is now."""
    return (now - at).total_seconds() > now_for_s


def _may_go_on(judged: ZoneJudgement, time: float, now: datetime) -> bool:
    """Tell whether the newest fix, which is of the past, leaves the wearer on the forbidden side as far as is known."""
    decision = judged.decisions.get(time)
    if decision is None or decision.distance_m > 0 or danger_of(decision) < Danger.BREACH_UNCONFIRMED:
        return False
    aged = judge_instant(shape_of(judged.row), decision.state, now.timestamp())
    return danger_of(aged) >= Danger.BREACH_UNCONFIRMED


def _is_whole(ground: Ground, at_place: Sequence[ZoneJudgement], time: float, told: Judgement) -> bool:
    """Tell whether a place may be called as safe as it is reported: no zone of it failed or says worse.

    A graver answer than what stands is always taken.
    """
    here = at_place[0].row
    standing = ground.standing.get((here.wearer_id, here.place_id, AlertKind.ZONE))
    if standing is None or standing.is_over:
        return True
    said = alerts.danger_of(told)
    if said >= lifecycle.danger(lifecycle.level_held(standing.level), lifecycle.certainty_held(standing.certainty)):
        return True
    if any(judged.error for judged in at_place):
        return False
    judged_now = {judged.row.id for judged in at_place if time in judged.decisions}
    others = [zone for zone in ground.in_force(here.wearer_id, instant(time)) if zone.place_id == here.place_id]
    return all(ground.danger_at(here.wearer_id, zone.id) <= said for zone in others if zone.id not in judged_now)


def judgement_of(
    wearer: Wearer,
    row: PlaceZone,
    decision: Decision,
    received_at: datetime,
    decided_at: datetime,
    *,
    is_newest: bool = False,
    now_for_s: float = lifecycle.NOW_FOR_S,
) -> Judgement:
    """Return a decision with everything that an alert is made from.

    A fix of the past says what was: it raises nothing, unless it is the newest there is, and then nothing for sure.
    One on the allowed side raises no more than what it shows itself.
    """
    at = instant(decision.fix_time)
    level, certainty = level_of(decision), certainty_of(decision)
    was = is_past(at, decided_at, now_for_s)
    if was and is_newest and level is Level.BREACH and certainty is Certainty.CONFIRMED:
        certainty = Certainty.UNCONFIRMED
    is_allowed = is_on_the_allowed_side(decision)
    buffer_m = float(row.feature["properties"].get("buffer_m") or 0.0)
    is_near = decision.kind is ZoneKind.EXCLUSION and decision.distance_m <= buffer_m
    return Judgement(
        wearer=wearer,
        zone=row,
        level=level,
        certainty=certainty,
        reasons=decision.reasons,
        fix_time=at,
        received_at=received_at,
        decided_at=decided_at,
        distance_m=decision.distance_m,
        closing_mps=decision.closing_mps,
        time_to_edge_s=decision.time_to_edge_s,
        probability_inside=decision.probability_inside,
        could_be_inside=decision.could_be_inside,
        is_pass_through=decision.is_pass_through,
        is_past=was,
        raises_to=_raises_to(is_allowed, is_near, was and not is_newest),
        was_inside=decision.visit is Certainty.CONFIRMED,
    )


def _raises_to(is_allowed: bool, is_near: bool, is_history: bool) -> Level:
    if is_history:
        return Level.CLEAR
    if is_allowed:
        return Level.BUFFER if is_near else Level.CLEAR
    return Level.BREACH


def _tell_repeated_passes(passage: Alert, ended_by: Judgement) -> None:
    """Raise an alert of its own when passages of one place have become a person who comes back."""
    since = ended_by.fix_time - timedelta(seconds=REPEATED_WITHIN_S)
    at_place = (Alert.wearer == passage.wearer_id) & (Alert.place == passage.place_id) & (Alert.fix_time >= since)
    if Alert.select().where(at_place, Alert.kind == AlertKind.REPEATED_PASSES).exists():
        return
    passages = Alert.select(Alert.fix_time).where(at_place, Alert.is_pass_through, Alert.kind == AlertKind.ZONE)
    times = [row.fix_time.timestamp() for row in passages]
    if not are_repeated(times, ended_by.fix_time.timestamp()):
        return
    count, minutes = len(times), round((ended_by.fix_time.timestamp() - min(times)) / 60)
    alerts.raise_alert(
        replace(
            ended_by,
            level=Level.BREACH,
            certainty=Certainty.CONFIRMED,
            reasons=(f"{count} passages through this zone within {minutes} min.",),
            kind=AlertKind.REPEATED_PASSES,
        ),
        over_at=ended_by.decided_at,
    )


def _matters(ground: Ground, told: Judgement) -> bool:
    key = (told.wearer.id, told.zone.place_id, AlertKind.ZONE)
    return key in ground.standing or alerts.danger_of(told) >= lifecycle.RAISES_FROM


def _apply_cannot_judge(
    ground: Ground,
    wearer: Wearer,
    at_place: Sequence[ZoneJudgement],
    fix_time: datetime,
    received_at: datetime,
    decided_at: datetime,
) -> None:
    """Raise, or end, the alert that says a place is not watched because judging fails."""
    failed = next((judged for judged in at_place if judged.error is not None), None)
    key = (wearer.id, at_place[0].row.place_id, AlertKind.CANNOT_JUDGE)
    standing = ground.standing.get(key)
    if failed is None and (standing is None or standing.is_over):
        return
    ground.apply(
        cannot_judge(wearer, failed.row, failed.error or "", fix_time, received_at, decided_at)
        if failed
        else Judgement(
            wearer=wearer,
            zone=at_place[0].row,
            level=Level.CLEAR,
            certainty=Certainty.CONFIRMED,
            reasons=("Fixes are judged against this zone again.",),
            fix_time=fix_time,
            received_at=received_at,
            decided_at=decided_at,
            kind=AlertKind.CANNOT_JUDGE,
        )
    )


def cannot_judge(
    wearer: Wearer, zone: PlaceZone, why: str, fix_time: datetime, received_at: datetime, decided_at: datetime
) -> Judgement:
    """Return the judgement that there is none: an alert of its own, as grave as an unconfirmed breach."""
    return Judgement(
        wearer=wearer,
        zone=zone,
        level=Level.BREACH,
        certainty=Certainty.UNCONFIRMED,
        reasons=(f"The last fix could not be judged against this zone ({why}): the distance is not known.",),
        fix_time=fix_time,
        received_at=received_at,
        decided_at=decided_at,
        kind=AlertKind.CANNOT_JUDGE,
    )


def tell_unusable(ground: Ground, wearer: Wearer, why: str, received_at: datetime, decided_at: datetime) -> None:
    """Say at each place of the wearer that what the tag sends cannot be used, so that no one knows how near."""
    for place_zones in ground.places_of(wearer.id, received_at).values():
        ground.apply(cannot_judge(wearer, place_zones[0], why, received_at, received_at, decided_at))
