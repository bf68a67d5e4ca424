"""What stops protecting a place, when and why: compares what is in force before and after an instant. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import IntEnum

from backend.record.facts import LONDON, MonitoringStatus, ZoneTerms
from backend.record.timeline import Case

# No one's protection stops sooner than this after a decision, so that their message goes first.
NOTICE = timedelta(minutes=15)
# A protected person reads of an end that the calendar brings this long before it, at an hour at which a text wakes
# no one and is not strange.
TOLD_AHEAD = timedelta(hours=24)
DECENT_FROM, DECENT_UNTIL = time(9), time(20)
# A decent hour that leaves less time than this is no help: then they read of it at once.
LEAST_AHEAD = timedelta(hours=3)

SUSPENDED_ORDER = "order"


class Guard(IntEnum):
    """How a place is protected: by a zone in force, by one that only a suspension keeps out of force, or by none."""

    NONE = 0
    PAUSED = 1
    WATCHED = 2


@dataclass(frozen=True, slots=True)
class Loss:
    """A place that is protected less than before, and why; a pause is a suspension, which is meant to be lifted."""

    place_id: int
    reason: str
    is_pause: bool

    @property
    def code(self) -> str:
        """Return the outcome of an alert that is closed by it."""
        return f"{'suspended' if self.is_pause else 'ended'}_{self.reason}"

    @property
    def made_good_by(self) -> Guard:
        """Return the least by which the place is protected again as it was."""
        return Guard.WATCHED if self.is_pause else Guard.PAUSED


def guards(case: Case, at: datetime) -> dict[int, Guard]:
    """Return how each place is protected at that instant; one that is not is left out."""
    found = {zone.place_id: Guard.PAUSED for zone in case.zones_meant(at)}
    found.update({zone.place_id: Guard.WATCHED for zone in case.zones_in_force(at)})
    # A place that moves with them is protected for as long as the wearer is monitored.
    life = case.status_at(at)
    if life is not MonitoringStatus.ENDED:
        is_watched = life is MonitoringStatus.ACTIVE
        found |= dict.fromkeys(case.moving_places(at), Guard.WATCHED if is_watched else Guard.PAUSED)
    return found


def losses(before: Case, then: datetime, after: Case, at: datetime) -> list[Loss]:
    """Return the places that ``after`` protects less at ``at`` than ``before`` did at ``then``, by their number."""
    had, has = guards(before, then), guards(after, at)
    found = []
    for place_id, guard in sorted(had.items()):
        now = has.get(place_id, Guard.NONE)
        if now < guard:
            zones = [zone for zone in before.zones_meant(then) if zone.place_id == place_id]
            is_pause = now is Guard.PAUSED
            found.append(Loss(place_id, _why(zones, after, at, is_pause=is_pause), is_pause))
    return found


def losses_at(case: Case, at: datetime) -> list[Loss]:
    """Return the places whose protection stops, or is suspended, at that instant."""
    return losses(case, at - timedelta(microseconds=1), case, at)


def _why(zones: list[ZoneTerms], after: Case, at: datetime, *, is_pause: bool) -> str:
    life = after.status_at(at)
    if life is MonitoringStatus.ENDED or (is_pause and life is MonitoringStatus.SUSPENDED):
        return life_reason(after, at)
    if is_pause:
        return SUSPENDED_ORDER
    for zone in zones:
        terms = after.terms_at(zone.order_id, at) if zone.order_id is not None else None
        if zone.order_id is not None and (terms is None or not terms.cover(at)):
            return (terms.end_reason if terms else None) or "expiry"
        if zone.to_at is not None and zone.to_at <= at:
            return "expiry"
    return "zone_removed"


def life_reason(case: Case, at: datetime) -> str:
    """Return why the wearer is not monitored at that instant."""
    entry = case.status_fact(at)
    return str((entry.value.get("reason") if entry else None) or case.status_at(at))


def told_at(ends_at: datetime, now: datetime) -> datetime:
    """Return when a protected person reads of an end to come: ahead of it, by day in London where that can be."""
    at = max(now, ends_at - TOLD_AHEAD)
    decent = by_day(at)
    return decent if decent == at or decent <= ends_at - LEAST_AHEAD else at


def by_day(at: datetime) -> datetime:
    """Return the instant, or the next one at which London is awake."""
    local = at.astimezone(LONDON)
    if DECENT_FROM <= local.time() < DECENT_UNTIL:
        return at
    day = local.date() if local.time() < DECENT_FROM else local.date() + timedelta(days=1)
    return datetime.combine(day, DECENT_FROM, LONDON)
