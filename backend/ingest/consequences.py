"""What judgements mean for alerts: the gravest of a place's zones counts, and what late data shows is told too."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from backend import alerts, lifecycle
from backend.alerts import Judgement
from backend.ingest.ground import Ground
from backend.ingest.judge import LateVisit, ZoneVerdict, certainty_of, danger_of, gravest_visit, instant, level_of
from backend.lifecycle import Danger
from backend.models import Alert, AlertKind, Fix, PlaceZone, Wearer
from backend.record import ends
from backend.record.facts import Life
from zones import Certainty, Decision, Level, are_repeated
from zones.passages import REPEATED_WITHIN_S


def change_alerts(
    ground: Ground,
    wearer: Wearer,
    verdicts: Sequence[ZoneVerdict],
    received: dict[datetime, datetime],
    decided_at: datetime,
) -> None:
    places: dict[int, list[ZoneVerdict]] = defaultdict(list)
    for verdict in verdicts:
        places[verdict.row.place_id].append(verdict)
    latest_received = max(received.values())
    watched = {zone.place_id for zone in ground.in_force(wearer.id, decided_at)}

    for place_id, at_place in places.items():
        if place_id not in watched:
            _tell_afterwards(ground, wearer, at_place, latest_received, decided_at)
            continue
        _apply_cannot_judge(ground, wearer, at_place, max(received), latest_received, decided_at)
        times = sorted({time for verdict in at_place for time in verdict.decisions})
        for time in times:
            candidates = [(v.row, v.decisions[time]) for v in at_place if time in v.decisions]
            row, decision = max(candidates, key=lambda pair: (danger_of(pair[1]), pair[1].level))
            if not _matters(ground, wearer.id, row.place_id, decision):
                continue
            if _is_whole(ground, at_place, time, decision) and not _leaves_a_stay_told_late(ground, row, decision):
                at = instant(decision.fix_time)
                told = judgement_of(wearer, row, decision, received.get(at, latest_received), decided_at)
                changed = ground.apply(told)
                if changed is not None and changed.is_over and changed.is_pass_through:
                    _tell_repeated_passes(changed, told)
        for verdict in at_place:
            visit = verdict.late_visit
            if visit is not None and _is_news(ground, wearer.id, verdict, visit):
                _raise_late(wearer, verdict.row, visit, latest_received, decided_at)


def _tell_afterwards(
    ground: Ground, wearer: Wearer, at_place: Sequence[ZoneVerdict], received_at: datetime, decided_at: datetime
) -> None:
    """Tell officers alone of a stay at a place that is not watched any more: fixes from before came only now.

    Of an ended case it is kept on record and asks nobody for anything.
    """
    for verdict in at_place:
        visit = gravest_visit(sorted(verdict.judged.values(), key=lambda decision: decision.fix_time))
        if visit is None or not _is_news(ground, wearer.id, verdict, visit):
            continue
        if _leaves_a_stay_told_late(ground, verdict.row, visit.peak):
            continue
        raised = _raise_late(wearer, verdict.row, visit, received_at, decided_at)
        case = ground.cases[wearer.id]
        if case.life_at(decided_at) is Life.ENDED:
            reason = ends.life_reason(case, decided_at)
            said = f"Found in fixes that arrived after monitoring ended: {reason}."
            alerts.close_by_system([raised.id], f"ended_{reason}", said, decided_at)


def _is_whole(ground: Ground, at_place: Sequence[ZoneVerdict], time: float, decision: Decision) -> bool:
    """Tell whether a place may be called as safe as ``decision`` says: no zone of it failed or says worse.

    A graver answer than what stands is always taken.
    """
    here = at_place[0].row
    standing = ground.standing.get((here.wearer_id, here.place_id, AlertKind.ZONE))
    if standing is None or standing.is_over:
        return True
    if danger_of(decision) >= lifecycle.danger(Level(standing.level), Certainty(standing.certainty)):
        return True
    if any(verdict.error for verdict in at_place):
        return False
    judged_now = {verdict.row.id for verdict in at_place if time in verdict.decisions}
    others = [zone for zone in ground.in_force(here.wearer_id, instant(time)) if zone.place_id == here.place_id]
    return all(
        ground.danger_at(here.wearer_id, zone.id) <= danger_of(decision) for zone in others if zone.id not in judged_now
    )


def judgement_of(
    wearer: Wearer, row: PlaceZone, decision: Decision, received_at: datetime, decided_at: datetime
) -> Judgement:
    """Return a decision with everything that an alert is made from."""
    return Judgement(
        wearer=wearer,
        zone=row,
        level=level_of(decision),
        certainty=certainty_of(decision),
        reasons=decision.reasons,
        fix_time=instant(decision.fix_time),
        received_at=received_at,
        decided_at=decided_at,
        distance_m=decision.distance_m,
        closing_mps=decision.closing_mps,
        time_to_edge_s=decision.time_to_edge_s,
        probability_inside=decision.probability_inside,
        could_be_inside=decision.could_be_inside,
        is_pass_through=decision.is_pass_through,
    )


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


def _raise_late(wearer: Wearer, row: PlaceZone, visit: LateVisit, received_at: datetime, decided_at: datetime) -> Alert:
    """Raise the alert of a stay that late data shows, with the times of both its ends."""
    peak = judgement_of(wearer, row, visit.peak, received_at, decided_at)
    return alerts.raise_alert(
        replace(peak, fix_time=instant(visit.began_at)),
        is_late=True,
        over_at=decided_at,
        last_fix_time=instant(visit.ended_at),
    )


def _matters(ground: Ground, wearer_id: int, place_id: int, decision: Decision) -> bool:
    return (wearer_id, place_id, AlertKind.ZONE) in ground.standing or danger_of(decision) >= lifecycle.RAISES_FROM


def _leaves_a_stay_told_late(ground: Ground, row: PlaceZone, decision: Decision) -> bool:
    """Tell whether a fix far outside belongs to a stay only as the first after it, and a late alert tells of that stay.

    Without that alert it would prolong the one that stood; as an alert of its own it would tell of nothing.
    """
    standing = ground.standing.get((row.wearer_id, row.place_id, AlertKind.ZONE))
    is_standing = standing is not None and not standing.is_over
    is_near = decision.distance_m <= float(row.feature["properties"].get("buffer_m") or 0.0)
    if is_standing or is_near or danger_of(decision) < lifecycle.RAISES_FROM:
        return False
    at = instant(decision.fix_time)
    before = Fix.select(Fix.fix_time).where(Fix.wearer == row.wearer_id, Fix.fix_time < at)
    last = before.order_by(Fix.fix_time.desc()).first()
    told = (
        (Alert.wearer == row.wearer_id)
        & (Alert.place == row.place_id)
        & (Alert.kind == AlertKind.ZONE)
        & Alert.is_late
        & (Alert.certainty != Certainty.WITHDRAWN)
    )
    return last is not None and Alert.select().where(told, Alert.last_fix_time >= last.fix_time).exists()


def _is_news(ground: Ground, wearer_id: int, verdict: ZoneVerdict, visit: LateVisit) -> bool:
    """Tell whether late data shows a breach that no alert at this place speaks of."""
    standing = ground.standing.get((wearer_id, verdict.row.place_id, AlertKind.ZONE))
    slack = timedelta(seconds=lifecycle.REENTRY_S)
    is_known = standing is not None and not standing.is_over and standing.peak_danger >= Danger.BREACH_UNCONFIRMED
    if is_known and standing is not None and standing.fix_time <= instant(visit.ended_at) + slack:
        # What stands speaks of everything since it began, and of no earlier stay.
        return False
    return not (
        Alert.select()
        .where(
            Alert.wearer == wearer_id,
            Alert.place == verdict.row.place_id,
            Alert.kind == AlertKind.ZONE,
            Alert.peak_danger >= Danger.BREACH_UNCONFIRMED,
            Alert.certainty != Certainty.WITHDRAWN,
            Alert.fix_time <= instant(visit.ended_at) + slack,
            Alert.last_fix_time >= instant(visit.began_at) - slack,
        )
        .exists()
    )


def _apply_cannot_judge(
    ground: Ground,
    wearer: Wearer,
    at_place: Sequence[ZoneVerdict],
    fix_time: datetime,
    received_at: datetime,
    decided_at: datetime,
) -> None:
    """Raise, or end, the alert that says a place is not watched because judging fails."""
    failed = next((verdict for verdict in at_place if verdict.error is not None), None)
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
        reasons=(f"The last fix could not be judged against this zone ({why}): nobody knows how near.",),
        fix_time=fix_time,
        received_at=received_at,
        decided_at=decided_at,
        kind=AlertKind.CANNOT_JUDGE,
    )


def tell_unusable(ground: Ground, wearer: Wearer, why: str, received_at: datetime, decided_at: datetime) -> None:
    """Say at each place of the wearer that what the tag sends cannot be used, so that nobody knows how near."""
    for place_zones in ground.places_of(wearer.id, received_at).values():
        ground.apply(cannot_judge(wearer, place_zones[0], why, received_at, received_at, decided_at))
