"""What people were told against what the evidence and the record come to: the difference, alert by alert. Pure.

A visit is a stay on the forbidden side as the evidence has it. Each visit is one alert, whatever the order in which its
fixes arrived and whatever the record said meanwhile: an alert that begins or ends elsewhere is moved, one that tells of
two visits keeps one of them and the other is raised, two that tell of one visit are made one. Only visits and alerts of
one wearer at one place may be compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from backend.lifecycle import REENTRY_S

REENTRY = timedelta(seconds=REENTRY_S)
NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FoundVisit:
    """A visit that the evidence shows by the record as it is."""

    began_at: datetime
    ended_at: datetime
    # Since when the wearer had been near before it; an alert may begin as early as that.
    near_from: datetime
    # When it was known to be over; an alert may end as late as that. None where nothing says that it is.
    over_by: datetime | None = None
    is_passage: bool = False
    # It was never sure, and the next fix took it back.
    is_taken_back: bool = False


@dataclass(frozen=True, slots=True)
class AlertSpan:
    """What an alert tells: from when to when, and what may still be done with it."""

    alert_id: int
    began_at: datetime
    # The newest fix that it tells of; one that stands may tell of more.
    last_at: datetime
    is_over: bool = True
    is_late: bool = False
    is_withdrawn: bool = False
    is_closed: bool = False
    # A person acts on it.
    is_acknowledged: bool = False
    is_passage: bool = False


@dataclass(frozen=True, slots=True)
class Raise:
    """No alert tells of this visit: it is an alert of its own, found late."""

    visit: FoundVisit
    # The alert that told of it together with another visit, or with a time between the two.
    part_of: int | None = None


@dataclass(frozen=True, slots=True)
class Tell:
    """The alert tells of this visit from now on, from when to when; where nothing moves it may still become graver."""

    alert_id: int
    visit: FoundVisit
    began_at: datetime
    last_at: datetime
    # It stood, and the visit is over.
    is_ended: bool = False


@dataclass(frozen=True, slots=True)
class Join:
    """The alert tells of a part of what another one tells of now."""

    alert_id: int
    into_id: int


Change = Raise | Tell | Join


def difference(
    visits: Sequence[FoundVisit], alerts: Sequence[AlertSpan], *, ends_what_stands: bool = False
) -> list[Change]:
    """Return what has to change of the alerts at a place so that each visit there is one of them.

    ``alerts`` are all that reach into the time of the visits. One that tells of no visit is left as it is. How
    what stands goes on is for the fixes of now to say, unless the record has changed: then it ``ends_what_stands``.
    """
    mine: dict[int, list[AlertSpan]] = {number: [] for number in range(len(visits))}
    for alert in alerts:
        number = _told_by(alert, visits)
        if number is not None:
            mine[number].append(alert)
    changes: list[Change] = []
    for number, visit in enumerate(visits):
        changes += _changes(visit, sorted(mine[number], key=_rank), alerts, ends_what_stands=ends_what_stands)
    return changes


def _told_by(alert: AlertSpan, visits: Sequence[FoundVisit]) -> int | None:
    """Return the number of the visit that an alert tells of: the one that goes on where it stands, else most of it."""
    if not alert.is_over and visits and visits[-1].over_by is None and _common(alert, visits[-1]) >= -REENTRY:
        return len(visits) - 1
    best = max(range(len(visits)), key=lambda number: (_common(alert, visits[number]), -number), default=None)
    if best is None:
        return None
    is_kept_apart = alert.is_closed or alert.is_withdrawn or alert.is_passage or visits[best].is_passage
    least = timedelta(0) if is_kept_apart else -REENTRY
    return best if _common(alert, visits[best]) >= least else None


def _common(alert: AlertSpan, visit: FoundVisit) -> timedelta:
    """Return how long an alert and a visit have in common; less than nothing where they lie apart."""
    alert_ends = alert.last_at if alert.is_over else NEVER
    return min(alert_ends, visit.over_by or NEVER) - max(alert.began_at, visit.near_from)


def _changes(
    visit: FoundVisit, mine: Sequence[AlertSpan], alerts: Sequence[AlertSpan], *, ends_what_stands: bool
) -> list[Change]:
    if any(one.is_withdrawn for one in mine) and visit.is_taken_back:
        # Of a visit that was taken back its withdrawn alert has told already.
        return []
    live = [one for one in mine if not one.is_withdrawn]
    if not live:
        told = (one for one in alerts if not one.is_withdrawn and _common(one, visit) >= timedelta(0))
        return [Raise(visit, next((one.alert_id for one in told), None))]
    if visit.is_passage:
        # Each passage is counted by itself.
        return []
    main, others = live[0], live[1:]
    if main.is_closed:
        # What was found out of a closed one is on record: what goes far beyond it is a matter of its own.
        is_more = visit.began_at < main.began_at - REENTRY or visit.ended_at > main.last_at + REENTRY
        if is_more:
            return [Raise(visit, main.alert_id)]
        # It may have said too much, and never says more than what was closed.
        began_at = max(main.began_at, min(visit.near_from, main.last_at))
        last_at = max(min(main.last_at, visit.over_by or NEVER), began_at)
        is_shorter = (began_at, last_at) != (main.began_at, main.last_at)
        return [Tell(main.alert_id, visit, began_at, last_at)] if is_shorter else []
    began_at = min(max(main.began_at, visit.near_from), visit.began_at)
    last_at = main.last_at
    if main.is_over:
        last_at = max(min(main.last_at, visit.over_by or NEVER), visit.ended_at)
    elif visit.over_by is not None and ends_what_stands:
        last_at = max(min(main.last_at, visit.over_by), visit.ended_at)
    is_ended = not main.is_over and visit.over_by is not None and ends_what_stands
    found: list[Change] = [Tell(main.alert_id, visit, began_at, max(began_at, last_at), is_ended)]
    # One that a person acts on, or has closed, stays what it is.
    joined = (one for one in others if not one.is_closed and not one.is_acknowledged)
    found += [Join(one.alert_id, main.alert_id) for one in joined]
    return found


def _rank(alert: AlertSpan) -> tuple[bool, bool, bool, bool, bool, datetime, int]:
    """Put first what stands, then what a person acts on, then what was told as it was, then the earliest."""
    return (
        alert.is_withdrawn,
        alert.is_closed,
        alert.is_over,
        not alert.is_acknowledged,
        alert.is_late,
        alert.began_at,
        alert.alert_id,
    )
