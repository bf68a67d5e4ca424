"""Before a shift, asks Firebase without sending whether the phones of the staff coming on duty are still registered."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from backend import alarms, db
from backend.models import AlarmKind, Person
from backend.people import devices, rota
from notifier.channels.push import Push
from notifier.retries import Result

log = logging.getLogger(__name__)

EVERY_S = 30.0
AHEAD = timedelta(hours=1)


def check_due(push: Push, now: datetime) -> int:
    """Check the phones of each shift that begins within the hour, once; return how many shifts were checked.

    Where Firebase did not answer, the shift is looked at again until it has begun.
    """
    if not push.can_check:
        return 0
    shifts = rota.claim_to_check(now, AHEAD)
    for shift in shifts:
        if not check(push, shift.person, now):
            rota.check_again(shift)
    return len(shifts)


def forget_old(now: datetime) -> None:
    """End the alarms about phones of those who are on duty neither now nor soon: they wait for no push."""
    for alarm in alarms.standing(AlarmKind.PUSH_LOST):
        if not rota.is_on_duty(int(alarm.subject.partition(":")[2]), now, now + AHEAD):
            alarms.end(AlarmKind.PUSH_LOST, alarm.subject, now)


def check(push: Push, person: Person, now: datetime) -> bool:
    """End tokens that Firebase knows no more, and raise an alarm with the last one; False where it did not answer."""
    outcomes = []
    for device in devices.tokens_of(person):
        if device.platform == devices.WEB_PUSH:
            # A browser's push service can be asked nothing without showing something.
            continue
        # Nothing is held while a provider takes its time.
        db.release_connection()
        outcome = push.check(device)
        outcomes.append(outcome.result)
        if outcome.result is Result.DEAD_ROUTE:
            with db.atomic():
                devices.end(device, outcome.detail, now)
                if not devices.tokens_of(person):
                    detail = f"Staff member {person.id} is on duty soon and no phone of theirs takes pushes any more"
                    alarms.raise_alarm(AlarmKind.PUSH_LOST, f"person:{person.id}", detail, now, person.team_id)
    return Result.RETRY not in outcomes
