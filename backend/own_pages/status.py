"""Says honestly whether a protected person is watched over: checked when, or not, since when, and whether staff know.

Never where a wearer is, nor how near, nor which of several.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from backend.alerts.protected_person_replies import cases_of
from backend.db import is_lost
from backend.models import Activation, Alert, AlertKind, Handling, TagContact, Victim
from backend.record import reading
from backend.record.facts import MonitoringStatus

log = logging.getLogger(__name__)

# As long as the quietest tag is waited for before its silence rings.
CHECKED_WITHIN = timedelta(minutes=10)
MONITORED_OR_PAUSED = (MonitoringStatus.ACTIVE, MonitoringStatus.SUSPENDED)
UNWATCHED = (AlertKind.SILENCE, AlertKind.CANNOT_JUDGE, AlertKind.TAMPER)


@dataclass(frozen=True, slots=True)
class Status:
    """Whether they are watched over now; of several wearers the one that was seen longest ago counts."""

    is_watched: bool
    checked_at: datetime | None
    # Whether a member of staff has been told that it is not so, or has decided it.
    is_known: bool = True
    # A gap of which they agreed to hear nothing yet: neither is claimed, and when it was last checked stands.
    is_short_gap: bool = False
    # No case of theirs goes on.
    is_none_left: bool = False
    # From when on they are not watched, as far as is known.
    since: datetime | None = None


def of(victim: Victim, now: datetime, least_gap_min: int = 0) -> Status:
    """Return the status now; where it cannot be read they are not watched, as far as anyone can say.

    A gap of less than ``least_gap_min`` minutes is a short one, whatever caused it.
    """
    try:
        return _read(victim, now, least_gap_min)
    except Exception as error:
        if is_lost(error):
            raise
        log.exception("the status of protected person %s cannot be read", victim.id)
        return Status(False, None, is_known=False)


def of_active(victim: Victim, now: datetime, least_gap_min: int = 0) -> Status | None:
    """Return the status of the cases that are monitored, for what is texted; None where staff paused or ended all.

    Raises: whatever reading it raises: what is not known is not texted.
    """
    found = _read(victim, now, least_gap_min, only=(MonitoringStatus.ACTIVE,))
    return None if found.is_none_left else found


def _read(
    victim: Victim, now: datetime, least_gap_min: int, only: tuple[MonitoringStatus, ...] = MONITORED_OR_PAUSED
) -> Status:
    wearers = cases_of(victim)
    cases = reading.cases([wearer.id for wearer in wearers])
    lasting = [wearer.id for wearer in wearers if cases[wearer.id].status_at(now) in only]
    if not lasting:
        return Status(False, None, is_none_left=True)
    worst: Status | None = None
    for wearer_id in lasting:
        one = _of_wearer(wearer_id, cases[wearer_id].status_at(now), now)
        # A tag that was opened and still sends is checked each minute: what counts is for how long it is not trusted.
        is_short = one.since is not None and one.since > now - timedelta(minutes=least_gap_min)
        one = replace(one, is_short_gap=not one.is_watched and is_short)
        if worst is None or _gravity(one) > _gravity(worst):
            worst = one
    assert worst is not None
    return worst


def _of_wearer(wearer_id: int, life: MonitoringStatus, now: datetime) -> Status:
    contact = (
        TagContact.select()
        .join(Activation, on=(Activation.tag == TagContact.tag))
        .where(
            Activation.wearer == wearer_id,
            Activation.from_at <= now,
            Activation.to_at.is_null() | (Activation.to_at > now),
        )
        .order_by(TagContact.located_at.desc())
        .first()
    )
    located_at = contact.located_at if contact is not None else None
    if life is not MonitoringStatus.ACTIVE:
        return Status(False, located_at, since=located_at)
    if contact is not None and contact.is_at_rest:
        # Beside its beacon, where the wearer has to be, it sends no positions and each contact is a check.
        located_at = contact.contact_at
    is_seen = located_at is not None and located_at > now - CHECKED_WITHIN
    standing = Alert.select(Alert.fix_time).where(
        Alert.wearer == wearer_id, Alert.kind.in_(UNWATCHED), ~Alert.is_over, Alert.handling != Handling.CLOSED
    )
    told_at = [alert.fix_time for alert in standing]
    since = min(filter(None, [located_at, *told_at]), default=None)
    return Status(is_seen and not told_at, located_at, is_known=bool(told_at), since=since)


def _gravity(status: Status) -> tuple[bool, bool, bool, float]:
    """Order by what has to be said first: a gap to speak of outweighs any that is too short for that."""
    at = status.checked_at
    is_spoken_of = not status.is_watched and not status.is_short_gap
    return (is_spoken_of, not status.is_watched, not status.is_known, 0.0 if at is None else -at.timestamp())
