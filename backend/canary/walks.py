"""Canary walks: started when due, followed step by step, closed, and deleted after a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from peewee import fn

from backend import alerts
from backend.canary.setting_up import WHERE, Canary
from backend.db import atomic
from backend.models import (
    Alert,
    Attempt,
    AuditEntry,
    CanaryWalk,
    Fix,
    Handling,
    Notification,
    NotificationState,
    ProviderEvent,
    QuarantinedFix,
    Receipt,
    SignedRequest,
    TagRequest,
)
from zones.geo import Frame

LONDON = ZoneInfo("Europe/London")
PASSED, FAILED = "passed", "failed"
# No one looked at the walk when its time was up, so that it says nothing of the chain.
INTERRUPTED = "interrupted"
# Between two walks the tag must have had the time to leave at a human pace.
SHORTEST_EVERY_S = 60.0
# For a process to be started again, and for a walk to be late by a look or two.
SLACK_S = 30.0
KEPT_S = 86_400.0
WALKS_KEPT_S = 30 * 86_400.0
MOST_FORGOTTEN = 500
ARRIVED = (NotificationState.DELIVERED, NotificationState.RECEIVED)
# What is missing of the chain when a walk stops at a step.
STOPPED = {
    "post": "our own address did not take its fix",
    "judge": "its fix raised no alert",
    "enqueue": "its alert notified no one",
    "send": "no provider has taken its message",
    "deliver": "nothing says that its message arrived",
}


def newest() -> CanaryWalk | None:
    """Return the walk that began last."""
    return CanaryWalk.select().order_by(CanaryWalk.id.desc()).first()


def under_way() -> CanaryWalk | None:
    """Return the walk that has not ended."""
    return CanaryWalk.get_or_none(CanaryWalk.under_way.is_null(False))


def begin_due(canary: Canary, every_s: float, within_s: float, now: datetime) -> CanaryWalk | None:
    """Begin a walk if one is due and none is under way; what an earlier one left open is closed first.

    Instants are compared, so that a change of the clocks moves no walk; one that seems to be ahead of us is none.
    """
    last = newest()
    pause_s = max(SHORTEST_EVERY_S, every_s if last is None or last.result == PASSED else SHORTEST_EVERY_S)
    if last is not None and (last.under_way or 0 <= (now - last.started_at).total_seconds() < pause_s):
        return None
    close_left(canary, now)
    # Whole milliseconds outlast every way of writing them.
    started_at = now.replace(microsecond=now.microsecond // 1_000 * 1_000)
    values: dict[str, Any] = {"started_at": started_at, "until_at": started_at + timedelta(seconds=within_s)}
    CanaryWalk.insert(**values, under_way="walk", step="post").on_conflict_ignore().execute()
    return under_way()


def fixes_of(walk: CanaryWalk) -> list[dict[str, Any]]:
    """Return the fixes of a walk: beside the zone, and then in the middle of it."""
    frame = Frame(*WHERE)
    found = []
    for ago_s, east_m in ((40.0, 100.0), (20.0, 101.0), (0.0, 0.0)):
        lat, lon = frame.to_degrees(east_m, ago_s / 20)
        at = walk.started_at - timedelta(seconds=ago_s)
        found.append({"fix_time": at.isoformat(), "lat": lat, "lon": lon, "accuracy_m": 5.0})
    return found


def taken(walk: CanaryWalk, now: datetime) -> None:
    """Keep that our address has answered the tag."""
    _keep(walk, taken_at=now, step="judge", detail=None)


def carry(
    walk: CanaryWalk, canary: Canary, looked_at: datetime | None, now: datetime, detail: str | None = None
) -> str | None:
    """Read how far the walk has come, and end it when it arrived or is too late; return the result, if it ended.

    Everything is read from the record: a process that is started again goes on where the last one was. One that had not
    looked at the walk lately (``looked_at``, None for never) when its time was up calls it interrupted and not failed.
    """
    seen = _seen(walk, canary, detail)
    _keep(walk, **seen)
    delivered_at = seen.get("delivered_at")
    has_arrived = delivered_at is not None and delivered_at <= walk.until_at
    # A provider may say that it arrived before our own note of handing it over is kept: that instant is waited for.
    if has_arrived and ("sent_at" in seen or now > walk.until_at):
        return _end(walk, canary, PASSED, now)
    if now <= walk.until_at:
        return None
    was_followed = looked_at is not None and (now - looked_at).total_seconds() <= SLACK_S
    return _end(walk, canary, FAILED if was_followed else INTERRUPTED, now)


def _seen(walk: CanaryWalk, canary: Canary, detail: str | None) -> dict[str, Any]:
    around = timedelta(milliseconds=500)
    from_at, to_at = walk.started_at - around, walk.started_at + around
    alert = (
        Alert.select()
        .where(Alert.wearer == canary.wearer_id, Alert.fix_time.between(from_at, to_at))
        .order_by(Alert.id.desc())
        .first()
    )
    if alert is None:
        return {"step": "judge" if walk.taken_at else "post", "detail": detail}
    seen: dict[str, Any] = {"alert": alert.id, "decided_at": alert.decided_at, "step": "enqueue", "detail": None}
    notifications = list(
        Notification.select()
        .where(Notification.alert == alert, Notification.person == canary.person_id)
        .order_by(Notification.id)
    )
    if not notifications:
        return seen
    seen |= {"enqueued_at": notifications[0].created_at, "step": "send", "detail": notifications[-1].detail}
    tries = Attempt.select().where(
        Attempt.notification.in_([row.id for row in notifications]), Attempt.outcome == "sent"
    )
    first = tries.order_by(Attempt.finished_at).first()
    if first is not None:
        seen |= {"sent_at": first.finished_at, "step": "deliver"}
    # Each channel has to arrive: a text that does says nothing of pushes.
    arrived = {row.channel: row.delivered_at for row in notifications if row.state in ARRIVED and row.delivered_at}
    if {row.channel for row in notifications} <= set(arrived):
        seen |= {"delivered_at": max(arrived.values()), "step": "deliver"}
    return seen


def _keep(walk: CanaryWalk, **values: Any) -> None:
    CanaryWalk.update(**values).where(CanaryWalk.id == walk.id, CanaryWalk.under_way.is_null(False)).execute()
    for name, value in values.items():
        setattr(walk, name, value)


def _end(walk: CanaryWalk, canary: Canary, result: str, now: datetime) -> str:
    close_left(canary, now)
    _keep(walk, ended_at=now, result=result, under_way=None)
    return result


def close_left(canary: Canary, now: datetime) -> int:
    """Close every alert of the canary that is open, such as one that a crash has left; return how many."""
    left = Alert.select(Alert.id).where(Alert.wearer == canary.wearer_id, Alert.handling != Handling.CLOSED)
    return alerts.close_by_system([row.id for row in left], "canary", "The walk of the canary has ended.", now)


def missing(
    canary: Canary | None, every_s: float, watched_since: datetime, now: datetime, *, is_reported: bool = False
) -> str | None:
    """Return what to tell people, where the newest walk did not arrive or none was walked; None where all is well.

    An interrupted walk is reported only if none arrives within the next interval; while something is reported already
    (``is_reported``), only a walk that arrives ends it.
    """
    if canary is None or every_s <= 0:
        return None
    last = CanaryWalk.select().where(CanaryWalk.result == PASSED).order_by(CanaryWalk.id.desc()).first()
    later = CanaryWalk.select().where(CanaryWalk.id > (last.id if last else 0)).order_by(CanaryWalk.id)
    for walk in later:
        if walk.result == INTERRUPTED:
            patience_s = max(every_s, SHORTEST_EVERY_S) + SLACK_S
            if is_reported or now > (walk.ended_at or walk.until_at) + timedelta(seconds=patience_s):
                return f"The walk of {_clock(walk.started_at)} was interrupted, and none has arrived since"
        elif walk.result is None and now > walk.until_at + timedelta(seconds=SLACK_S):
            return f"No process followed the walk of {_clock(walk.started_at)} to its end: its process does not work"
        elif walk.result == FAILED:
            return f"At {_clock(walk.started_at)} {STOPPED[walk.step or 'post']}"
    begun = [walk.started_at for walk in later] + ([last.started_at] if last else [])
    since = max([watched_since, canary.since, *begun])
    if (now - since).total_seconds() > max(every_s, SHORTEST_EVERY_S) + SLACK_S:
        return f"No walk since {_clock(last.started_at) if last else 'it was set up'}: its process does not work"
    return None


@dataclass(frozen=True, slots=True)
class Timing:
    """What one walk showed: how long its fix took to the provider, and to the phone; None for what never was."""

    at: datetime
    result: str | None
    to_provider_s: float | None
    to_phone_s: float | None
    stopped: str

    @property
    def is_under_way(self) -> bool:
        return self.result is None


def timings(most: int) -> list[Timing]:
    """Return the newest walks, the newest first."""
    return [
        Timing(
            walk.started_at,
            walk.result,
            _since(walk.started_at, walk.sent_at),
            _since(walk.started_at, walk.delivered_at),
            STOPPED[walk.step or "post"],
        )
        for walk in CanaryWalk.select().order_by(CanaryWalk.id.desc()).limit(most)
    ]


def _since(began_at: datetime, at: datetime | None) -> float | None:
    return None if at is None else round((at - began_at).total_seconds(), 1)


def _clock(at: datetime) -> str:
    return f"{at.astimezone(LONDON):%H:%M}"


def forget_old(canary: Canary, now: datetime) -> int:
    """Delete the canary's fixes and alerts of more than a day ago, and walks of more than a month; return alerts."""
    old = now - timedelta(seconds=KEPT_S)
    with atomic():
        query = Alert.select(Alert.id).where(
            Alert.wearer == canary.wearer_id, Alert.raised_at < old, Alert.handling == Handling.CLOSED
        )
        ids = [row.id for row in query.order_by(Alert.id).limit(MOST_FORGOTTEN)]
        notifications = [row.id for row in Notification.select(Notification.id).where(Notification.alert.in_(ids))]
        CanaryWalk.update(alert=None).where(CanaryWalk.alert.in_(ids)).execute()
        _forget_callbacks(notifications)
        Attempt.delete().where(Attempt.notification.in_(notifications)).execute()
        for table in (Notification, Receipt, AuditEntry):
            table.delete().where(table.alert.in_(ids)).execute()
        Alert.delete().where(Alert.id.in_(ids)).execute()
        for source in (Fix, TagRequest, SignedRequest, QuarantinedFix):
            source.delete().where(source.tag == canary.tag_id, source.received_at < old).execute()
        CanaryWalk.delete().where(CanaryWalk.started_at < now - timedelta(seconds=WALKS_KEPT_S)).execute()
    return len(ids)


def _forget_callbacks(notifications: list[int]) -> None:
    """Delete what providers said of the attempts at these notifications: a token begins with the attempt's own id."""
    tries = {row.id: row.started_at for row in Attempt.select().where(Attempt.notification.in_(notifications))}
    if tries:
        ids = fn.SUBSTR(ProviderEvent.token, 1, len(next(iter(tries))))
        since = min(tries.values())
        ProviderEvent.delete().where(ProviderEvent.received_at >= since, ids.in_(list(tries))).execute()
