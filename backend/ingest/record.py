"""Stores, judges and raises in one transaction: what a group of requests brought, with all that follows from it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from backend import alerts, clock, lifecycle, stored_fixes
from backend.alerts import Judgement
from backend.db import atomic, insert_rows, lock_rows
from backend.ingest.judge import (
    CANNOT_JUDGE_LEVEL,
    ZoneVerdict,
    asks_for_fast_reports,
    danger_of,
    instant,
    judge,
)
from backend.ingest.submission import SentFix, Submission
from backend.lifecycle import Danger
from backend.models import (
    Activation,
    Alert,
    AlertKind,
    Fix,
    PlaceState,
    PlaceZone,
    ProtectedPlace,
    QuarantinedFix,
    Tag,
    TagEvent,
    TagRequest,
    Wearer,
)
from backend.settings import Settings
from zones import Certainty, Decision, Level, Zone
from zones import Fix as JudgedFix

Answer = dict[str, Any]

_shapes: dict[int, tuple[str, Zone]] = {}


@dataclass(slots=True)
class _Batch:
    """The new fixes of one tag in this group, each with the request that brought it."""

    tag_id: int
    fixes: list[tuple[Submission, SentFix]] = field(default_factory=list)


def store_group(submissions: Sequence[Submission], settings: Settings) -> list[Answer]:
    """Commit the requests together and return the answer to each, in their order.

    Everything that follows is in the same transaction: fixes, quarantine, place states, alerts, first notifications
    and audit rows. Fixes of one tag are judged one group at a time, whatever process received them, because the
    tag's row is held until the commit.

    Raises: whatever the storage raises, with nothing kept.
    """
    with atomic():
        tag_ids = sorted({submission.tag_id for submission in submissions})
        lock_rows(Tag, tag_ids)
        answered = _earlier_answers(submissions)
        fresh = [s for s in submissions if (s.tag_id, s.webhook_id) not in answered or not s.is_answered]
        batches = _new_fixes(fresh)
        duplicates = {id(s): len(s.fixes) for s in fresh}
        for batch in batches.values():
            for submission, _ in batch.fixes:
                duplicates[id(submission)] -= 1
        _quarantine(fresh)
        fast = _judge_and_keep(batches, tag_ids)
        answers: list[Answer] = []
        requests: list[dict[str, Any]] = []
        for submission in submissions:
            key = (submission.tag_id, submission.webhook_id)
            if key not in answered and submission.is_answered:
                answered[key] = _answer(submission, duplicates[id(submission)], submission.tag_id in fast, settings)
                requests.append(
                    {
                        "tag": submission.tag_id,
                        "webhook_id": submission.webhook_id,
                        "received_at": submission.received_at,
                        "answer": answered[key],
                    }
                )
            answers.append(answered.get(key, {}))
        insert_rows(TagRequest, requests)
        return answers


def _earlier_answers(submissions: Sequence[Submission]) -> dict[tuple[int, str], Answer]:
    rows = TagRequest.select(TagRequest.tag, TagRequest.webhook_id, TagRequest.answer).where(
        TagRequest.tag.in_({s.tag_id for s in submissions}),
        TagRequest.webhook_id.in_({s.webhook_id for s in submissions}),
    )
    return {(row.tag_id, row.webhook_id): row.answer for row in rows}


def _answer(submission: Submission, duplicate: int, is_fast: bool, settings: Settings) -> Answer:
    answer: Answer = {
        "accepted": len(submission.fixes) - duplicate,
        "duplicate": duplicate,
        "refused": [{"index": r.index, "code": r.code, "detail": r.detail} for r in submission.refused],
        "report_interval_s": settings.fast_report_interval_s if is_fast else settings.report_interval_s,
    }
    if submission.is_stale:
        answer["server_time"] = submission.received_at.isoformat()
    return answer


def _new_fixes(submissions: Sequence[Submission]) -> dict[int, _Batch]:
    """Sort out the fixes that nobody has sent before, by tag; the first request that brings one has it."""
    sent = [(s, fix) for s in submissions for fix in s.fixes]
    if not sent:
        return {}
    known: set[Any] = set(
        Fix.select(Fix.tag, Fix.fix_time, Fix.lat, Fix.lon)
        .where(Fix.tag.in_({s.tag_id for s, _ in sent}), Fix.fix_time.in_({fix.fix_time for _, fix in sent}))
        .tuples()
    )
    batches: dict[int, _Batch] = {}
    for submission, fix in sent:
        key = (submission.tag_id, *fix.key)
        if key not in known:
            known.add(key)
            batches.setdefault(submission.tag_id, _Batch(submission.tag_id)).fixes.append((submission, fix))
    return batches


def _quarantine(submissions: Sequence[Submission]) -> None:
    refused = [
        {
            "tag": s.tag_id,
            "webhook_id": s.webhook_id,
            "position": r.index,
            "code": r.code,
            "detail": r.detail,
            "body": r.body,
            "received_at": s.received_at,
        }
        for s in submissions
        for r in s.refused
    ]
    events = [
        {"tag": s.tag_id, "kind": e.kind, "at": e.at, "received_at": s.received_at, "detail": e.detail}
        for s in submissions
        for e in s.events
    ]
    events += [
        {"tag": s.tag_id, "kind": "clock_reset", "at": s.received_at, "received_at": s.received_at, "detail": None}
        for s in submissions
        if s.is_stale
    ]
    insert_rows(QuarantinedFix, refused)
    insert_rows(TagEvent, events)


class _Ground:
    """What is known, before these fixes, of the wearers whose tags reported: read in a handful of queries."""

    def __init__(self, batches: dict[int, _Batch], tag_ids: Sequence[int]) -> None:
        self.activations: dict[int, list[Activation]] = defaultdict(list)
        for activation in Activation.select().where(Activation.tag.in_(tag_ids)).order_by(Activation.from_at):
            self.activations[activation.tag_id].append(activation)
        wearer_ids = {a.wearer_id for rows in self.activations.values() for a in rows}
        self.wearers = {w.id: w for w in Wearer.select().where(Wearer.id.in_(wearer_ids))}
        self.zones: dict[int, list[PlaceZone]] = defaultdict(list)
        self.states: dict[tuple[int, int], PlaceState] = {}
        self._changed: dict[tuple[int, int], PlaceState] = {}
        self.standing: dict[tuple[int, int, str], Alert] = {}
        if not wearer_ids:
            return
        for zone in (
            PlaceZone.select(PlaceZone, ProtectedPlace)
            .join(ProtectedPlace)
            .where(PlaceZone.wearer.in_(wearer_ids))
            .order_by(PlaceZone.id)
        ):
            self.zones[zone.wearer_id].append(zone)
        for state in PlaceState.select().where(PlaceState.wearer.in_(wearer_ids)):
            self.states[state.wearer_id, state.zone_id] = state
        if batches:
            self._lock_standing(wearer_ids)

    def _lock_standing(self, wearer_ids: set[int]) -> None:
        """Hold the alerts that a judgement may change: those that stand, or ended lately enough to go on."""
        since = clock.now() - timedelta(seconds=lifecycle.REENTRY_S)
        where = (
            Alert.wearer.in_(wearer_ids),
            ~Alert.is_late,
            (~Alert.is_over) | (Alert.over_at > since),
        )
        standing = [row.id for row in Alert.select(Alert.id).where(*where)]
        if not standing:
            return
        lock_rows(Alert, standing)
        for alert in Alert.select().where(Alert.id.in_(standing)).order_by(Alert.id):
            self.standing[alert.wearer_id, alert.place_id, alert.kind] = alert

    def wearer_at(self, tag_id: int, at: datetime) -> int | None:
        """Return who wore the tag at that instant."""
        for activation in self.activations[tag_id]:
            if activation.from_at <= at and (activation.to_at is None or at < activation.to_at):
                return activation.wearer_id
        return None

    def keep(self, state: PlaceState) -> None:
        """Take the state of one wearer at one zone for the newest; ``changed_states`` is what has to be stored."""
        key = (state.wearer_id, state.zone_id)
        self.states[key] = self._changed[key] = state

    def changed_states(self) -> list[dict[str, Any]]:
        """Return the rows of the states that these fixes changed."""
        return [
            {
                "wearer": state.wearer_id,
                "zone": state.zone_id,
                "tag": state.tag_id,
                "level": state.level,
                "certainty": state.certainty,
                "fix_time": state.fix_time,
                "state": state.state,
            }
            for state in self._changed.values()
        ]

    def apply(self, judgement: Judgement) -> None:
        """Let a judgement change the standing alert at its place."""
        key = (judgement.wearer.id, judgement.zone.place_id, judgement.kind)
        changed = alerts.change(self.standing.get(key), judgement)
        if changed is not None:
            self.standing[key] = changed


def _judge_and_keep(batches: dict[int, _Batch], tag_ids: Sequence[int]) -> set[int]:
    """Judge and store the new fixes; return the tags that should report fast."""
    ground = _Ground(batches, tag_ids)
    rows: list[dict[str, Any]] = []
    for batch in batches.values():
        by_wearer: dict[int | None, list[tuple[Submission, SentFix]]] = defaultdict(list)
        for submission, fix in batch.fixes:
            by_wearer[ground.wearer_at(batch.tag_id, fix.fix_time)].append((submission, fix))
        for wearer_id, sent in by_wearer.items():
            judged = {} if wearer_id is None else _judge_wearer(ground, batch.tag_id, wearer_id, sent)
            rows += [_row(batch.tag_id, wearer_id, submission, fix, judged) for submission, fix in sent]
    insert_rows(Fix, rows)
    insert_rows(PlaceState, ground.changed_states(), update_on=("wearer", "zone"))
    return {tag_id for tag_id in tag_ids if _is_near(ground, tag_id)}


def _is_near(ground: _Ground, tag_id: int) -> bool:
    wearers = {activation.wearer_id for activation in ground.activations[tag_id] if activation.to_at is None}
    return any(
        asks_for_fast_reports(state.level, state.certainty)
        for (wearer_id, _), state in ground.states.items()
        if wearer_id in wearers
    )


def _judge_wearer(
    ground: _Ground, tag_id: int, wearer_id: int, sent: Sequence[tuple[Submission, SentFix]]
) -> dict[datetime, tuple[int | None, str | None, datetime]]:
    """Judge one wearer's new fixes, keep the states and change the alerts; return how each fix was judged."""
    wearer = ground.wearers[wearer_id]
    new = [fix.fix for _, fix in sent]
    received = {fix.fix_time: submission.received_at for submission, fix in sent}
    verdicts: list[ZoneVerdict] = []
    for zone in ground.zones[wearer_id]:
        in_force = [
            fix for fix in new if zone.from_at <= instant(fix.fix_time) and _before(instant(fix.fix_time), zone.to_at)
        ]
        if in_force:
            state = ground.states.get((wearer_id, zone.id))
            text = state.state if state else None
            verdicts.append(
                judge(zone, shape_of, text, in_force, lambda since: stored_fixes.of_wearer(wearer_id, instant(since)))
            )
    decided_at = clock.now()
    for verdict in verdicts:
        _keep_state(ground, tag_id, wearer_id, verdict, new)
    _change_alerts(ground, wearer, verdicts, received, decided_at)
    judged: dict[datetime, tuple[int | None, str | None, datetime]] = {}
    for _, fix in sent:
        decisions = [v.judged[fix.fix.fix_time] for v in verdicts if fix.fix.fix_time in v.judged]
        worst = max(decisions, key=danger_of, default=None)
        if any(v.error for v in verdicts):
            judged[fix.fix_time] = (CANNOT_JUDGE_LEVEL, None, decided_at)
        elif worst is not None:
            judged[fix.fix_time] = (worst.level, worst.certainty, decided_at)
        else:
            judged[fix.fix_time] = (None, None, decided_at)
    return judged


def _before(at: datetime, end: datetime | None) -> bool:
    return end is None or at < end


def shape_of(row: PlaceZone) -> Zone:
    """Return the zone that a row describes. Raises: ZoneRefused."""
    text = json.dumps(row.feature, sort_keys=True)
    known = _shapes.get(row.id)
    if known is None or known[0] != text:
        known = _shapes[row.id] = (text, Zone.from_geojson(row.feature))
    return known[1]


def _keep_state(ground: _Ground, tag_id: int, wearer_id: int, verdict: ZoneVerdict, new: Iterable[JudgedFix]) -> None:
    key = (wearer_id, verdict.row.id)
    state = ground.states.get(key)
    if verdict.error is not None:
        # The last sound state stays; only what is shown of it says that nothing is known now.
        level, certainty = CANNOT_JUDGE_LEVEL, Certainty.UNCONFIRMED
        at = instant(max(fix.fix_time for fix in new))
        text = state.state if state else ""
    else:
        last = verdict.decisions[max(verdict.decisions)] if verdict.decisions else None
        if last is None or verdict.state is None:
            return
        level, certainty, at, text = last.level, last.certainty, instant(last.fix_time), verdict.state.to_json()
    ground.keep(
        PlaceState(
            wearer=wearer_id,
            zone=verdict.row.id,
            tag=tag_id,
            level=level,
            certainty=certainty,
            fix_time=at,
            state=text,
        )
    )


def _change_alerts(
    ground: _Ground,
    wearer: Wearer,
    verdicts: Sequence[ZoneVerdict],
    received: dict[datetime, datetime],
    decided_at: datetime,
) -> None:
    places: dict[int, list[ZoneVerdict]] = defaultdict(list)
    for verdict in verdicts:
        places[verdict.row.place_id].append(verdict)
    latest_received = max(received.values())

    def judgement(row: PlaceZone, decision: Decision) -> Judgement:
        at = instant(decision.fix_time)
        return Judgement(
            wearer=wearer,
            zone=row,
            level=decision.level,
            certainty=decision.certainty,
            reasons=decision.reasons,
            fix_time=at,
            received_at=received.get(at, latest_received),
            decided_at=decided_at,
            distance_m=decision.distance_m,
            closing_mps=decision.closing_mps,
            time_to_edge_s=decision.time_to_edge_s,
        )

    for at_place in places.values():
        _apply_cannot_judge(ground, wearer, at_place, max(received), latest_received, decided_at)
        times = sorted({time for verdict in at_place for time in verdict.decisions})
        for time in times:
            candidates = [(v.row, v.decisions[time]) for v in at_place if time in v.decisions]
            row, decision = max(candidates, key=lambda pair: (danger_of(pair[1]), pair[1].level))
            if _matters(ground, wearer.id, row.place_id, decision):
                ground.apply(judgement(row, decision))
        for verdict in at_place:
            peak = verdict.late_peak
            if peak is not None and _is_news(ground, wearer.id, verdict, peak):
                found = judgement(verdict.row, peak)
                alerts.raise_alert(found, is_late=True, over_at=decided_at)


def _matters(ground: _Ground, wearer_id: int, place_id: int, decision: Decision) -> bool:
    return (wearer_id, place_id, AlertKind.ZONE) in ground.standing or danger_of(decision) >= lifecycle.RAISES_FROM


def _is_news(ground: _Ground, wearer_id: int, verdict: ZoneVerdict, peak: Decision) -> bool:
    """Tell whether late data shows a breach that no alert at this place speaks of."""
    if danger_of(peak) < Danger.BREACH_UNCONFIRMED:
        return False
    standing = ground.standing.get((wearer_id, verdict.row.place_id, AlertKind.ZONE))
    if standing is not None and not standing.is_over and standing.peak_danger >= Danger.BREACH_UNCONFIRMED:
        return False
    at = instant(peak.fix_time)
    slack = timedelta(seconds=lifecycle.REENTRY_S)
    return not (
        Alert.select()
        .where(
            Alert.wearer == wearer_id,
            Alert.place == verdict.row.place_id,
            Alert.kind == AlertKind.ZONE,
            Alert.peak_danger >= Danger.BREACH_UNCONFIRMED,
            Alert.fix_time <= at + slack,
            Alert.last_fix_time >= at - slack,
        )
        .exists()
    )


def _apply_cannot_judge(
    ground: _Ground,
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
        Judgement(
            wearer=wearer,
            zone=(failed or at_place[0]).row,
            level=Level.BREACH if failed else Level.CLEAR,
            certainty=Certainty.UNCONFIRMED if failed else Certainty.CONFIRMED,
            reasons=(
                (f"The last fix could not be judged against this zone ({failed.error}): nobody knows how near.",)
                if failed
                else ("Fixes are judged against this zone again.",)
            ),
            fix_time=fix_time,
            received_at=received_at,
            decided_at=decided_at,
            kind=AlertKind.CANNOT_JUDGE,
        )
    )


def _row(
    tag_id: int,
    wearer_id: int | None,
    submission: Submission,
    sent: SentFix,
    judged: dict[datetime, tuple[int | None, str | None, datetime]],
) -> dict[str, Any]:
    fix = sent.fix
    level, certainty, decided_at = judged.get(sent.fix_time, (None, None, None))
    return {
        "tag": tag_id,
        "wearer": wearer_id,
        "fix_time": sent.fix_time,
        "received_at": submission.received_at,
        "decided_at": decided_at,
        "lat": fix.lat,
        "lon": fix.lon,
        "accuracy_m": fix.accuracy_m,
        "speed_mps": fix.speed_mps,
        "course_deg": fix.course_deg,
        "satellites": None if fix.satellites is None else int(fix.satellites),
        "hdop": fix.hdop,
        "source": fix.source,
        "battery_pct": sent.battery_pct,
        "extra": sent.extra,
        "level": level,
        "certainty": certainty,
    }
