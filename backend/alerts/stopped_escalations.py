"""Finds open alerts whose escalation has stopped, and starts it again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import Case, fn

from backend import audit, bulk_statements, channels, db, escalation, outbox
from backend.db import atomic
from backend.models import Alert, AuditEntry, Escalation, Handling, Notification, NotificationState, Wearer
from backend.models.alerts import UNANSWERED

# What should have happened by now and has not happened this long after will not happen by itself.
OVERDUE_S = 30.0
# So long after its escalation began an alert has been tried on every route of its first people.
TRIED_AFTER_S = 30.0
DUE_AFTER_S = 5.0

# A withdrawn alert and a notice ring no one, whatever people do about them.
DUE_AN_ANSWER = UNANSWERED & ((Alert.handling == Handling.OPEN) | Alert.outcome_at.is_null())


@dataclass(frozen=True, slots=True)
class Unreached:
    """An alert of which no warning has gone out since its escalation last began."""

    alert_id: int
    team_id: int
    failed: int


def without_next_action(now: datetime, *, overdue_s: float | None, limit: int = 500) -> list[tuple[int, int]]:
    """Return id and team of each alert that is due an answer and that nothing would move on.

    Its next escalation is lost, or farther ahead than any step; or it should have come ``overdue_s`` ago, where that is
    not None. A message that is on its way is a next action as well. Only keys are read, so that no bad row is.
    """
    query: Any = (
        Alert.select(Alert.id, Alert.team)
        .where(DUE_AN_ANSWER, _is_stuck(now, overdue_s))
        .order_by(Alert.id)
        .limit(limit)
        .tuples()
    )
    return list(query)


def _is_stuck(now: datetime, overdue_s: float | None) -> Any:
    late = now - timedelta(seconds=OVERDUE_S)
    too_far = now + timedelta(seconds=escalation.LONGEST_WAIT_S)
    at = Escalation.next_at
    lost = at.is_null() | (at > too_far)
    stuck = lost if overdue_s is None else (lost | (at < now - timedelta(seconds=overdue_s)))
    lease, due = Notification.lease_until, Notification.due_at
    on_its_way = Notification.select(Notification.alert).where(
        Notification.state == NotificationState.PENDING,
        Notification.person.is_null(False),
        Notification.purpose.in_(list(escalation.WARNINGS)),
        Notification.channel.not_in(channels.HINTS),
        lease.between(late, too_far) | (lease.is_null() & due.between(late, too_far)),
    )
    of_climbs = Escalation.select(Escalation.id).where(stuck)
    told_with = Alert.alias()
    sent_for = told_with.select(told_with.escalation).where(
        told_with.id.in_(on_its_way), told_with.escalation.is_null(False)
    )
    return (Alert.escalation.is_null() | Alert.escalation.in_(of_climbs)) & (
        Alert.id.not_in(on_its_way) & (Alert.escalation.is_null() | Alert.escalation.not_in(sent_for))
    )


def repair(alert_id: int, now: datetime) -> bool:
    """Start the escalation of a stuck alert again; False where something else has moved it on meanwhile.

    An open one is climbed for at once. One that was acknowledged gets back the instant at which its outcome is due,
    and is open again where that has passed.
    """
    with atomic():
        escalation.lock(alert_id)
        alert = Alert.get_or_none(Alert.id == alert_id, DUE_AN_ANSWER, _is_stuck(now, OVERDUE_S))
        if alert is None:
            return False
        audit.record(audit.SYSTEM, "escalation_repaired", f"alert:{alert.id}", now, alert=alert)
        if alert.handling == Handling.OPEN:
            escalation.climb(alert, now)
            return True
        due_at = escalation.outcome_due_at(alert) or now
        if alert.escalation_id is not None:
            at = max(due_at, now)
            Escalation.update(next_at=at).where(Escalation.id == alert.escalation_id).execute()
        return True


def start_over(before: datetime, now: datetime) -> int:
    """Let every escalation that began before this instant start again, in a new episode; return how many.

    Each is due at once and climbed for as any other that is due. Danger may have been told, and answered, in a life
    of the database that is gone: the one who answers first is notified how it stands now.
    """
    with atomic():
        begun = Escalation.select(Escalation.id).where(Escalation.started_at < before)
        mine = (Alert.handling == Handling.OPEN) & DUE_AN_ANSWER & Alert.escalation.in_(begun)
        rows = list(Alert.select(Alert.id, Alert.escalation).where(mine))
        ids = sorted(row.id for row in rows)
        db.lock_rows(Alert, ids)
        Alert.update(episode=Alert.episode + 1).where(Alert.id.in_(ids), mine).execute()
        climbs = sorted({row.escalation_id for row in rows})
        db.lock_rows(Escalation, climbs)
        Escalation.update(step=0, repeats=0, is_anew=False, started_at=now, next_at=now).where(
            Escalation.id.in_(climbs)
        ).execute()
        bulk_statements.insert_rows(
            AuditEntry,
            [
                {
                    "at": now,
                    "actor": audit.SYSTEM,
                    "action": "told_again",
                    "alert": number,
                    "subject": f"alert:{number}",
                }
                for number in ids
            ],
        )
    return len(ids)


def unreached(now: datetime, limit: int = 500) -> list[Unreached]:
    """Return the open alerts of which no warning has gone out since their escalation last began.

    Either everything that was tried has failed, or there was nothing to try: no one of the team has a live route.
    """
    episode = (
        (Notification.alert == Alert.id)
        & (Notification.episode == Alert.episode)
        & Notification.person.is_null(False)
        & Notification.purpose.in_(list(escalation.WARNINGS))
    )
    by_provider = Notification.channel.not_in(channels.HINTS)
    gone_out = _count(Notification.state.in_(list(outbox.GONE_OUT)))
    failed = _count((Notification.state == NotificationState.FAILED) & by_provider)
    pending = _count((Notification.state == NotificationState.PENDING) & by_provider)
    is_tried = Escalation.started_at <= now - timedelta(seconds=TRIED_AFTER_S)
    query: Any = (
        Alert.select(Alert.id, Alert.team, failed)
        # What is shown with another alert is shown by the messages of that one.
        .join(Escalation, on=(Escalation.lead_id == Alert.id))
        .left_outer_join(Notification, on=episode)
        .where(
            UNANSWERED,
            Alert.handling == Handling.OPEN,
            # A canary's alert has an alarm of its own.
            Alert.wearer.not_in(Wearer.select(Wearer.id).where(Wearer.is_canary)),
            Escalation.started_at <= now - timedelta(seconds=DUE_AFTER_S),
        )
        .group_by(Alert.id, Alert.team, Escalation.started_at)
        # What is tried for the first time may still go out; a failure beside it is kept until something has.
        .having((gone_out == 0) & (((failed > 0) & is_tried) | ((failed == 0) & (pending == 0))))
        .order_by(Alert.id)
        .limit(limit)
        .tuples()
    )
    return [Unreached(alert_id, team_id, int(count)) for alert_id, team_id, count in query]


def _count(condition: Any) -> Any:
    return fn.SUM(Case(None, ((condition, 1),), 0))
