"""Judges each wearer's new fixes against all their zones; what cannot be judged is kept, and people are alerted."""

from __future__ import annotations

import logging
import traceback
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from backend import alarms, clock, moving_places, stored_fixes
from backend.db import STORAGE_TROUBLE, apart
from backend.ingest.alert_changes import change_alerts, is_past, tell_unusable
from backend.ingest.context import Ground
from backend.ingest.group import Brought, Group, Judged
from backend.ingest.judge import CANNOT_JUDGE_LEVEL, CONTEXT_S, Past, ZoneJudgement, instant, judge, relevant_to
from backend.ingest.past_fixes import tell_of_past
from backend.ingest.visits import danger_of, level_of
from backend.ingest.zones_of_wearer import InForce, next_change, shape_of
from backend.models import AlarmKind, PlaceState, PlaceZone
from zones import Certainty, Doubt, judge_late
from zones import Fix as JudgedFix

log = logging.getLogger(__name__)


def judge_fixes(group: Group) -> None:
    """Judge the new fixes of each tag, wearer by wearer, by who wore it at the time of each."""
    for tag_id, brought in group.new_fixes.items():
        by_wearer: dict[int, list[Brought]] = defaultdict(list)
        for submission, fix in brought:
            wearer_id = group.ground.wearer_at(tag_id, fix.fix_time)
            if wearer_id is not None:
                by_wearer[wearer_id].append((submission, fix))
        for wearer_id, theirs in by_wearer.items():
            judged = _judge(group.ground, tag_id, wearer_id, theirs, is_careful=group.is_careful)
            group.judged[tag_id, wearer_id] = judged


def tell_of_unusable(group: Group) -> None:
    """Alert people where nothing of a request tells how near the wearer is."""
    for submission in group.fresh:
        why = submission.unusable()
        wearer_id = group.ground.wearer_at(submission.tag_id, submission.received_at) if why else None
        if why and wearer_id is not None:
            _say_unjudged(group.ground, wearer_id, why, submission.received_at, is_careful=group.is_careful)


def _judge(ground: Ground, tag_id: int, wearer_id: int, sent: Sequence[Brought], *, is_careful: bool) -> Judged:
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


def _judge_wearer(ground: Ground, tag_id: int, wearer_id: int, sent: Sequence[Brought]) -> Judged:
    """Judge one wearer's new fixes, keep the states and change the alerts; return how each fix was judged."""
    wearer = ground.wearers[wearer_id]
    new = [fix.fix for _, fix in sent]
    received = {fix.fix_time: submission.received_at for submission, fix in sent}
    judged_zones: list[ZoneJudgement] = []
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
            judged_zones.append(judge(zone, shape_of, text, relevant, past, settled[zone.id], now))
    decided_at = clock.now()
    for one in judged_zones:
        _keep_state(ground, tag_id, wearer_id, one, new, decided_at)
    is_past_concerned = change_alerts(ground, wearer, judged_zones, received, decided_at)
    if ground.moving[wearer_id]:
        for moved in moving_places.judge_wearer(
            wearer, tag_id, ground.moving[wearer_id], ground.states, new, max(received.values()), decided_at
        ):
            ground.keep(moved)
    judged: Judged = {}
    for _, fix in sent:
        decisions = [v.judged[fix.fix.fix_time] for v in judged_zones if fix.fix.fix_time in v.judged]
        worst = max(decisions, key=danger_of, default=None)
        if decisions and all(one.doubt not in (None, Doubt.COARSE) for one in decisions):
            ground.doubted.add((tag_id, fix.fix_time))
        if any(v.error for v in judged_zones):
            judged[fix.fix_time] = (CANNOT_JUDGE_LEVEL, None, decided_at)
        elif worst is not None:
            judged[fix.fix_time] = (level_of(worst), worst.certainty, decided_at)
        else:
            judged[fix.fix_time] = (None, None, decided_at)
    is_late = is_past_concerned or any(v.is_late for v in judged_zones)
    if judged_zones and (is_late or any(is_past(at, decided_at, ground.now_for_s) for at in received)):
        judged |= tell_of_past(ground, wearer, new, max(received.values()), decided_at)
    return judged


def _past_of(force: InForce, zone: PlaceZone, wearer_id: int) -> Past:
    def is_held(at: float) -> bool:
        return force.is_held(zone.id, at)

    def beginnings(after: float, until: float) -> list[float]:
        return force.beginnings(zone, after, until)

    def fixes(after: float, until: float) -> list[JudgedFix]:
        stored = stored_fixes.of_wearer(wearer_id, instant(after), instant(until))
        return [fix for fix in stored if is_held(fix.fix_time)]

    return Past(fixes, is_held, beginnings)


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


def _keep_state(
    ground: Ground,
    tag_id: int,
    wearer_id: int,
    judged: ZoneJudgement,
    new: Iterable[JudgedFix],
    now: datetime,
) -> None:
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
        next_change_at = state.next_change_at if state else None
        if next_change_at is None or next_change_at > now:
            # An instant that is past is judged with its fixes. One that was due and is not judged yet stays due.
            next_change_at = next_change(judged.row, ground.cases[wearer_id], max(at, now))
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
