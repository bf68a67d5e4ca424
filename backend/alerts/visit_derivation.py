"""Does an alert already cover this visit? What visits found late, or a corrected record, change of alerts. Pure.

A visit is a stay on the forbidden side as the evidence has it; an alert tells of one visit, or of several with no more
than ten minutes between them. What people hear must not depend on the order in which fixes arrived: a visit that
belongs to an alert moves its beginning or its end, one that joins two makes one of them, and any other is an alert of
its own. Only visits and alerts of one wearer at one place may be compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.lifecycle import REENTRY_S

REENTRY = timedelta(seconds=REENTRY_S)


@dataclass(frozen=True, slots=True)
class FoundVisit:
    """A visit that fixes show which arrived late, or that a corrected record makes one."""

    began_at: datetime
    ended_at: datetime
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
    is_passage: bool = False
    # Instants at which it is known to have seen the wearer on the forbidden side. One that stood through hours without
    # a fix tells of no visit in them.
    seen_at: tuple[datetime, ...] = ()
    # Instants on the forbidden side that came to light late: it was extended over them, or another alert that was found
    # late tells of them.
    found_at: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Raise:
    """No alert tells of this visit: it is an alert of its own, found late."""

    visit: FoundVisit


@dataclass(frozen=True, slots=True)
class Extend:
    """The alert tells of this visit, of all of it from now on: where nothing moves it stays as it is."""

    alert_id: int
    began_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Join:
    """The alert tells of a part of what another one tells of now."""

    alert_id: int
    into_id: int


Change = Raise | Extend | Join


@dataclass(frozen=True, slots=True)
class Span:
    """From an instant to another."""

    began_at: datetime
    ended_at: datetime

    def meets(self, other: Span) -> bool:
        """Tell whether the two have an instant in common."""
        return self.began_at <= other.ended_at and other.began_at <= self.ended_at


def cut_to(alert: Span, in_force: Sequence[Span], near: Sequence[Span], *, is_standing: bool) -> Span | None:
    """Return what is left of an alert where the record says that its place was protected only ``in_force``.

    None where nothing has to change: it was protected all the time, or nothing is left and it is withdrawn whole.
    Of several parts with a visit in them (``near``) the first is kept; of an alert that stands the last, if it goes on
    to the end, since what stands now must not seem to be over.
    """
    parts = [part for part in in_force if any(part.meets(one) for one in near)]
    if not parts:
        return None
    goes_on = is_standing and in_force[-1] is parts[-1] and parts[-1].ended_at > alert.ended_at
    kept = parts[-1] if goes_on else parts[0]
    begin, end = max(alert.began_at, kept.began_at), min(alert.ended_at, kept.ended_at)
    if begin > alert.began_at:
        begin = max(begin, min(one.began_at for one in near if kept.meets(one)))
    return None if (begin, end) == (alert.began_at, alert.ended_at) else Span(begin, end)


def covers(alert: AlertSpan, visit: FoundVisit) -> bool:
    """Tell whether the alert tells of the visit, or would have gone on with it had its fixes come in their time."""
    if alert.is_withdrawn:
        # Of a visit that was taken back its withdrawn alert has told already.
        return visit.is_taken_back and _meet(alert, visit, REENTRY)
    if _meet(alert, visit, timedelta(0)):
        # Within its span it tells of what it saw, and of what lies no more than ten minutes from that.
        near = (visit.began_at - REENTRY <= at <= visit.ended_at + REENTRY for at in (alert.began_at, *alert.seen_at))
        reaches_out = visit.began_at < alert.began_at or (alert.is_over and visit.ended_at > alert.last_at)
        return alert.is_late or reaches_out or any(near)
    if alert.is_closed or not _meet(alert, visit, REENTRY):
        # What was found out of a closed one is on record: what lies beside it is a matter of its own.
        return False
    # Of passages each is counted: neither is gone on with.
    first_is_passage = alert.is_passage if alert.last_at <= visit.began_at else visit.is_passage
    return not first_is_passage


def changes_for(visit: FoundVisit, alerts: Sequence[AlertSpan]) -> list[Change]:
    """Return what a visit found late changes of the alerts at its place."""
    covering = sorted((alert for alert in alerts if covers(alert, visit)), key=_rank)
    if not covering:
        is_known = any(_was_extended_over(alert, visit) for alert in alerts)
        return [] if is_known else [Raise(visit)]
    main, others = covering[0], covering[1:]
    if main.is_withdrawn:
        return []
    if main.is_closed:
        is_more = visit.began_at < main.began_at - REENTRY or visit.ended_at > main.last_at + REENTRY
        return [Raise(visit)] if is_more else []
    joined = [alert for alert in others if not alert.is_withdrawn and not alert.is_closed]
    began_at = min(visit.began_at, main.began_at, *(alert.began_at for alert in joined))
    last_at = main.last_at
    if main.is_over:
        last_at = max(visit.ended_at, main.last_at, *(alert.last_at for alert in joined))
    found: list[Change] = [Extend(main.alert_id, began_at, last_at)]
    # Two that people were called about one by one stay two: only what was found late becomes a part of another.
    found += [Join(alert.alert_id, main.alert_id) for alert in joined if alert.is_late]
    return found


def _was_extended_over(alert: AlertSpan, visit: FoundVisit) -> bool:
    is_within = alert.began_at <= visit.began_at and (not alert.is_over or visit.ended_at <= alert.last_at)
    return is_within and not alert.is_withdrawn and any(visit.began_at <= at <= visit.ended_at for at in alert.found_at)


def _meet(alert: AlertSpan, visit: FoundVisit, slack: timedelta) -> bool:
    is_before_its_end = not alert.is_over or visit.began_at <= alert.last_at + slack
    return is_before_its_end and alert.began_at - slack <= visit.ended_at


def _rank(alert: AlertSpan) -> tuple[bool, bool, bool, bool, datetime, int]:
    """Put first what stands, then what people were warned of as it was, then the earliest."""
    return alert.is_withdrawn, alert.is_closed, alert.is_over, alert.is_late, alert.began_at, alert.alert_id
