"""Stores, judges and raises in one transaction: what a group of requests brought, with all that follows from it."""

from __future__ import annotations

import logging
import traceback
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from backend import alarms, clock, moving_places, stored_fixes
from backend.db import STORAGE_TROUBLE, apart, atomic, insert_rows, lock_free_rows, lock_rows, wait_for_rows
from backend.ingest.alert_changes import change_alerts, tell_unusable
from backend.ingest.contacts import keep_contacts
from backend.ingest.context import Ground
from backend.ingest.events import NewEvent, new_events, tell_of_events
from backend.ingest.intervals import intervals_s
from backend.ingest.judge import CANNOT_JUDGE_LEVEL, CONTEXT_S, Past, ZoneJudgement, instant, judge, relevant_to
from backend.ingest.locked_tags import RowsHeld
from backend.ingest.submission import SentFix, Submission
from backend.ingest.visits import danger_of, level_of
from backend.ingest.zones_of_wearer import InForce, next_change, shape_of
from backend.models import (
    AlarmKind,
    Fix,
    PlaceState,
    PlaceZone,
    QuarantinedFix,
    Tag,
    TagEvent,
    TagRequest,
)
from backend.settings import Settings
from zones import Certainty, Doubt, judge_late
from zones import Fix as JudgedFix

log = logging.getLogger(__name__)

Answer = dict[str, Any]
# A row that is held for longer is another tag's matter: its requests are tried again by themselves.
LONGEST_HOLD_S = 1.0


@dataclass(slots=True)
class _Batch:
    """The new fixes of one tag in this group, each with the request that brought it."""

    tag_id: int
    fixes: list[tuple[Submission, SentFix]] = field(default_factory=list)


def store_group(
    submissions: Sequence[Submission], settings: Settings, *, is_careful: bool = False, waits: bool = False
) -> list[Answer]:
    """Commit the requests together and return the answer to each, in their order.

    Everything that follows is in the same transaction: fixes, quarantine, place states, alerts, first notifications
    and audit rows. Fixes of one tag are judged one group at a time, whatever process received them, because the
    tag's row is held until the commit.

    What cannot be judged because of a row that cannot be read fails as a whole at first. ``is_careful`` judges each
    wearer apart, which takes longer: then that one wearer's fixes are kept unjudged, with an alert that says so.

    Raises: RowsHeld where others hold rows of some of the tags, unless it ``waits``; whatever the storage raises, with
    nothing kept.
    """
    with atomic():
        tag_ids = sorted({submission.tag_id for submission in submissions})
        wait_for_rows(LONGEST_HOLD_S)
        if waits:
            lock_rows(Tag, tag_ids)
        elif held := lock_free_rows(Tag, tag_ids):
            raise RowsHeld(held)
        answered = _earlier_answers(submissions)
        fresh = [s for s in submissions if s.key not in answered or not s.is_answered]
        batches = _new_fixes(fresh)
        duplicates = {id(s): len(s.fixes) for s in fresh}
        for batch in batches.values():
            for submission, _ in batch.fixes:
                duplicates[id(submission)] -= 1
        events = new_events(fresh)
        _quarantine(fresh)
        ground = _judge_and_keep(batches, fresh, events, tag_ids, is_careful=is_careful, waits=waits)
        keep_contacts(ground, submissions, {tag_id: batch.fixes for tag_id, batch in batches.items()}, settings)
        asked_s = intervals_s(ground, submissions, settings)
        answers: list[Answer] = []
        requests: list[dict[str, Any]] = []
        for submission in submissions:
            key = submission.key
            if key not in answered and submission.is_answered:
                answered[key] = _answer(submission, duplicates[id(submission)], asked_s[submission.tag_id])
                requests.append(
                    {
                        "tag": submission.tag_id,
                        "webhook_id": submission.webhook_id,
                        "body_digest": submission.body_digest,
                        "received_at": submission.received_at,
                        "answer": answered[key],
                    }
                )
            answers.append(answered.get(key, {}))
        insert_rows(TagRequest, requests)
        return answers


def _earlier_answers(submissions: Sequence[Submission]) -> dict[tuple[int, str, str], Answer]:
    rows = TagRequest.select(TagRequest.tag, TagRequest.webhook_id, TagRequest.body_digest, TagRequest.answer).where(
        TagRequest.tag.in_({s.tag_id for s in submissions}),
        TagRequest.webhook_id.in_({s.webhook_id for s in submissions}),
    )
    return {(row.tag_id, row.webhook_id, row.body_digest): row.answer for row in rows}


def _answer(submission: Submission, duplicate: int, interval_s: int) -> Answer:
    answer: Answer = {
        "accepted": len(submission.fixes) - duplicate,
        "duplicate": duplicate,
        "refused": [{"index": r.index, "code": r.code, "detail": r.detail} for r in submission.refused],
        "report_interval_s": interval_s,
    }
    if submission.is_stale:
        answer["server_time"] = submission.received_at.isoformat()
    return answer


def _new_fixes(submissions: Sequence[Submission]) -> dict[int, _Batch]:
    """Sort out the fixes that no one has sent before, by tag; the first request that brings one has it."""
    sent = [(s, fix) for s in submissions for fix in s.fixes]
    if not sent:
        return {}
    times = {time for _, fix in sent for time in (fix.fix_time, fix.said_time) if time is not None}
    tag_ids = {s.tag_id for s, _ in sent}
    by_time, by_said_time = (
        Fix.select(Fix.tag, time, Fix.lat, Fix.lon).where(Fix.tag.in_(tag_ids), time.in_(times))
        for time in (Fix.fix_time, Fix.said_time)
    )
    # Two searches of an index in one statement: either time in one would read every fix of the tag.
    known: set[Any] = set(by_time.union_all(by_said_time).tuples())
    batches: dict[int, _Batch] = {}
    for submission, fix in sent:
        keys = {(submission.tag_id, *key) for key in fix.keys}
        if known.isdisjoint(keys):
            batches.setdefault(submission.tag_id, _Batch(submission.tag_id)).fixes.append((submission, fix))
        known |= keys
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


def _judge_and_keep(
    batches: dict[int, _Batch],
    submissions: Sequence[Submission],
    events: Sequence[NewEvent],
    tag_ids: Sequence[int],
    *,
    is_careful: bool,
    waits: bool,
) -> Ground:
    """Judge and store the new fixes, say where none can be used, ring for events; return what was known of wearers."""
    unusable = [(submission, why) for submission in submissions if (why := submission.unusable())]
    ground = Ground(tag_ids, has_fixes=bool(batches or unusable or events), waits=waits)
    rows: list[dict[str, Any]] = []
    for batch in batches.values():
        by_wearer: dict[int | None, list[tuple[Submission, SentFix]]] = defaultdict(list)
        for submission, fix in batch.fixes:
            by_wearer[ground.wearer_at(batch.tag_id, fix.fix_time)].append((submission, fix))
        for wearer_id, sent in by_wearer.items():
            judged = {} if wearer_id is None else _judge(ground, batch.tag_id, wearer_id, sent, is_careful=is_careful)
            rows += [_row(batch.tag_id, wearer_id, submission, fix, judged) for submission, fix in sent]
    for submission, why in unusable:
        wearer_id = ground.wearer_at(submission.tag_id, submission.received_at)
        if wearer_id is not None:
            _say_unjudged(ground, wearer_id, why, submission.received_at, is_careful=is_careful)
    tell_of_events(ground, events, clock.now())
    insert_rows(Fix, rows)
    insert_rows(PlaceState, ground.changed_states(), update_on=("wearer", "zone"))
    return ground


Judged = dict[datetime, tuple[int | None, str | None, datetime]]


def _judge(
    ground: Ground, tag_id: int, wearer_id: int, sent: Sequence[tuple[Submission, SentFix]], *, is_careful: bool
) -> Judged:
    """Judge one wearer's new fixes; where that cannot be done they are kept, and people are alerted to it."""
    why = ground.faults.get(wearer_id)
    if why is None and not is_careful:
        return _judge_wearer(ground, tag_id, wearer_id, sent)
    before = ground.snapshot()
    if why is None:
        try:
            with apart():
                return _judge_wearer(ground, tag_id, wearer_id, sent)
        except STORAGE_TROUBLE:
            raise
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            why = f"something recorded of the case cannot be read ({type(error).__name__})"
            log.warning("wearer %s not judged: %s at %s:%s", wearer_id, why, place.filename, place.lineno)
            ground.restore(before, wearer_id)
    _say_unjudged(ground, wearer_id, why, max(s.received_at for s, _ in sent), is_careful=is_careful)
    decided_at = clock.now()
    return {fix.fix_time: (CANNOT_JUDGE_LEVEL, None, decided_at) for _, fix in sent}


def _say_unjudged(ground: Ground, wearer_id: int, why: str, received_at: datetime, *, is_careful: bool) -> None:
    """Alert people to it that no one knows how near a wearer is; an alarm where even that cannot be done."""
    wearer, now = ground.wearers[wearer_id], clock.now()
    if not is_careful:
        tell_unusable(ground, wearer, why, received_at, now)
        return
    before = ground.snapshot()
    try:
        with apart():
            tell_unusable(ground, wearer, why, received_at, now)
    except STORAGE_TROUBLE:
        raise
    except Exception as error:
        log.exception("wearer %s: no alert says that they are not judged: %s", wearer_id, type(error).__name__)
        ground.restore(before, wearer_id)
        detail = f"Fixes of wearer {wearer_id} cannot be judged, and no alert can say so"
        alarms.raise_alarm(AlarmKind.NOT_JUDGED, f"wearer:{wearer_id}", detail, now, wearer.team_id)


def _judge_wearer(ground: Ground, tag_id: int, wearer_id: int, sent: Sequence[tuple[Submission, SentFix]]) -> Judged:
    """Judge one wearer's new fixes, keep the states and change the alerts; return how each fix was judged."""
    wearer = ground.wearers[wearer_id]
    new = [fix.fix for _, fix in sent]
    received = {fix.fix_time: submission.received_at for submission, fix in sent}
    judgements: list[ZoneJudgement] = []
    now = clock.now().timestamp()
    settled = {zone.id: ground.settled_until(wearer_id, zone.place_id, zone.id) for zone in ground.zones[wearer_id]}
    force = InForce(ground.cases[wearer_id])
    for zone in ground.zones[wearer_id]:
        past = _past_of(force, zone, wearer_id)
        relevant = relevant_to(past, sorted(new, key=lambda fix: fix.fix_time), now)
        if relevant:
            state = ground.states.get((wearer_id, zone.id))
            text = state.state if state else None
            if text is None and settled[zone.id] > float("-inf"):
                text = _first_state(zone, wearer_id, min(fix.fix_time for fix in relevant))
            change_at = state.next_change_at.timestamp() if state and state.next_change_at else None
            judgements.append(judge(zone, shape_of, text, relevant, past, settled[zone.id], change_at))
    decided_at = clock.now()
    for judgement in judgements:
        _keep_state(ground, tag_id, wearer_id, judgement, new)
    change_alerts(ground, wearer, judgements, received, decided_at)
    if ground.moving[wearer_id]:
        for moved in moving_places.judge_wearer(
            wearer, tag_id, ground.moving[wearer_id], ground.states, new, max(received.values()), decided_at
        ):
            ground.keep(moved)
    judged: Judged = {}
    for _, fix in sent:
        decisions = [one.judged[fix.fix.fix_time] for one in judgements if fix.fix.fix_time in one.judged]
        worst = max(decisions, key=danger_of, default=None)
        if decisions and all(one.doubt not in (None, Doubt.COARSE) for one in decisions):
            ground.doubted.add((tag_id, fix.fix_time))
        if any(one.error for one in judgements):
            judged[fix.fix_time] = (CANNOT_JUDGE_LEVEL, None, decided_at)
        elif worst is not None:
            judged[fix.fix_time] = (level_of(worst), worst.certainty, decided_at)
        else:
            judged[fix.fix_time] = (None, None, decided_at)
    return judged


def _past_of(force: InForce, zone: PlaceZone, wearer_id: int) -> Past:
    def is_held(at: float) -> bool:
        return force.is_held(zone.id, at)

    def beginnings(after: float, until: float) -> list[float]:
        return force.beginnings(zone, after, until)

    def fixes(after: float, until: float) -> list[JudgedFix]:
        stored = stored_fixes.of_wearer(wearer_id, instant(after), instant(until))
        return [fix for fix in stored if is_held(fix.fix_time)]

    def following(at: float) -> float | None:
        later = Fix.select(Fix.fix_time).where(Fix.wearer == wearer_id, Fix.fix_time > instant(at))
        first = later.order_by(Fix.fix_time).limit(1).first()
        return None if first is None else first.fix_time.timestamp()

    return Past(fixes, following, is_held, beginnings)


def _first_state(zone: PlaceZone, wearer_id: int, before: float) -> str | None:
    """Return where the wearer was just before a version of a zone judges its first fix.

    Without it one fix of the new version could take back what several had made sure under the version before.
    """
    context = stored_fixes.leading_to(wearer_id, instant(before), CONTEXT_S)
    try:
        earlier = [fix for fix in context if fix.fix_time < before]
        return judge_late(shape_of(zone), earlier)[-1].state.to_json() if earlier else None
    except Exception:
        # Whatever is wrong with the zone is said where its fixes are judged.
        return None


def _keep_state(ground: Ground, tag_id: int, wearer_id: int, judged: ZoneJudgement, new: Iterable[JudgedFix]) -> None:
    key = (wearer_id, judged.row.id)
    state = ground.states.get(key)
    if judged.error is not None:
        # The last sound state stays; only what is shown of it says that nothing is known now.
        level, certainty = CANNOT_JUDGE_LEVEL, Certainty.UNCONFIRMED
        at = instant(max(fix.fix_time for fix in new))
        text = state.state if state else ""
        next_change_at = state.next_change_at if state else None
    else:
        last = judged.last
        if last is None or judged.state is None:
            return
        level, certainty, at, text = level_of(last), last.certainty, instant(last.fix_time), judged.state.to_json()
        next_change_at = next_change(judged.row, ground.cases[wearer_id], at)
    ground.keep(
        PlaceState(
            wearer=wearer_id,
            zone=judged.row.id,
            tag=tag_id,
            level=level,
            certainty=certainty,
            fix_time=at,
            next_change_at=next_change_at,
            state=text,
        )
    )


def _row(
    tag_id: int,
    wearer_id: int | None,
    submission: Submission,
    sent: SentFix,
    judged: Judged,
) -> dict[str, Any]:
    fix = sent.fix
    level, certainty, decided_at = judged.get(sent.fix_time, (None, None, None))
    return {
        "tag": tag_id,
        "wearer": wearer_id,
        "fix_time": sent.fix_time,
        "said_time": sent.said_time,
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
        "is_valid": fix.is_valid,
        "battery_pct": sent.battery_pct,
        "extra": sent.extra,
        "level": level,
        "certainty": certainty,
    }
