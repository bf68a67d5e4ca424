"""After a restore from backup: begins a new epoch, records the lost time, and checks pending messages again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import fn

from backend import alerts, audit, epoch, heartbeats, outages, outbox
from backend.db import atomic
from backend.errors import DomainError
from backend.models import AuditEntry, Fix, Notification, Outage

# A message that has waited longer than this was written of a state that is long gone.
STALE_AFTER = timedelta(minutes=15)


class StillAtWork(DomainError):
    """A process works on the database that was just restored: what it sends belongs to an epoch that is gone."""

    code, status, title = "still_at_work", 409, "Stop every process first"


@dataclass(frozen=True, slots=True)
class Restored:
    """What the restored database says of itself: its new epoch, and the time of which it knows nothing."""

    epoch: str
    last_write_at: datetime | None
    outage: Outage | None


def last_write_at() -> datetime | None:
    """Return the instant of the newest thing in the database."""
    written: list[datetime | None] = [heartbeats.last_at()]
    for field in (Fix.received_at, AuditEntry.at, Notification.created_at):
        newest: Any = field.model.select(fn.MAX(field)).scalar()
        written.append(field.python_value(newest))
    return max((at for at in written if at is not None), default=None)


def take_up(now: datetime, backup_at: datetime | None = None) -> Restored:
    """Let a restored database begin another epoch, held; keep from when on it knows nothing, and who that concerns.

    ``backup_at`` is when the backup was made, where that is not its newest write.

    Raises: StillAtWork while a process is heard of.
    """
    heard_at = heartbeats.last_at()
    if heard_at is not None and abs((now - heard_at).total_seconds()) <= heartbeats.SILENT_AFTER_S:
        raise StillAtWork(
            "A process of Cordon was heard of just now. Stop web, notifier and watchdog, wait, try again."
        )
    with atomic():
        lost_from = backup_at or last_write_at()
        outage = None
        if lost_from is not None and (now - lost_from).total_seconds() > heartbeats.OUTAGE_AFTER_S:
            outage = outages.note_restore(lost_from, now)
        name = epoch.begin(now)
        heartbeats.count_from(now)
        audit.record(audit.SYSTEM, "restored", "database", now, epoch=name)
    return Restored(name, lost_from, outage)


def release(now: datetime) -> bool:
    """Judge anew what is pending where notifiers are held, and let them send; False where they are not.

    What is older than ``STALE_AFTER`` is not sent. Every escalation that ran before begins again, so
    that people are notified how it stands now, by whatever tags have reported since.
    """
    if epoch.held_since() is None:
        return False
    with atomic():
        held_at = epoch.take_hold()
        if held_at is None:
            return False
        stale_before = now - STALE_AFTER
        begun = alerts.start_over(max(held_at, stale_before), now)
        cancelled = outbox.cancel_stale(stale_before, now, "older than the restore: judged again")
        epoch.let_go()
        audit.record(audit.SYSTEM, "hold_released", "database", now, escalations=begun, cancelled=cancelled)
    return True
